# SPDX-License-Identifier: GPL-3.0-or-later
import numpy as np
import pytest

import hotstage
from hotstage import atoms, calc


def displaced():
    cell = atoms.phase("LiCoO2", cell="primitive")
    cell.positions = cell.positions + np.array([[0, 0, 0], [0, 0, 0.05], [0, 0.03, 0], [0, 0, 0]])
    return cell


def test_forces_are_the_slopes_of_the_energy():
    step = 1e-3
    cell = displaced()
    here = calc.energy(cell)
    assert here.forces_eV_per_A.shape == (4, 3) and here.settings["engine"] == "pair"
    sides = []
    for sign in (-1, 1):
        moved = displaced()
        moved.positions[2, 1] += sign * step
        sides.append(calc.energy(moved).energy_eV)
    # third-order term of a potential whose stiffness changes by about its value per angstrom
    assert here.forces_eV_per_A[2, 1] == pytest.approx(-(sides[1] - sides[0]) / (2 * step), abs=1e-3)


def test_a_relaxed_structure_lies_lower_and_comes_back_as_it_went_in():
    done = calc.relax(displaced(), force_eV_A=0.02)
    assert isinstance(done.structure, atoms.Structure)
    assert done.energy_eV < calc.energy(displaced()).energy_eV
    assert np.abs(calc.energy(done.structure).forces_eV_per_A).max() < 0.021


def test_ase_atoms_go_in_and_out():
    ase = pytest.importorskip("ase")
    done = calc.relax(displaced().to_ase(), force_eV_A=0.05)
    assert isinstance(done.structure, ase.Atoms) and len(done.structure) == 4


def test_a_band_between_two_places_of_lithium():
    host = atoms.repeated(atoms.phase("LiCoO2"), (2, 2, 1))
    lithium = [k for k, symbol in enumerate(host.symbols) if symbol == "Li"]
    first = lithium[0]
    distance = [np.linalg.norm(host.positions[k] - host.positions[first]) for k in lithium]
    second = min((d, k) for d, k in zip(distance, lithium) if d > 0.1)[1]
    keep = [k for k in range(len(host)) if k != first]
    start = atoms.Structure(host.cell, [host.symbols[k] for k in keep], host.positions[keep])
    end = atoms.Structure(host.cell, list(start.symbols), start.positions.copy())
    end.positions[keep.index(second)] = host.positions[first]
    band = calc.neb(start, end, images=1, force_eV_A=0.05)
    assert len(band.images) == 3 and band.path_A[0] == 0 and band.path_A[-1] > 2
    assert band.reaction_eV == pytest.approx(0, abs=5e-3)  # both ends are the same by symmetry, at rest to 0.05 eV/Å
    assert band.energy_eV[1] > 0.1


def test_wrong_names_are_told():
    with pytest.raises(hotstage.BadInput, match="no engine"):
        calc.energy(displaced(), engine="gpw")
