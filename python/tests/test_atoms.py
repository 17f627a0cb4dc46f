# SPDX-License-Identifier: GPL-3.0-or-later
import subprocess
import sys

import numpy as np
import pytest

import hotstage
from hotstage import atoms


def test_hotstage_does_not_import_ase():
    code = "import sys, hotstage; sys.exit('ase' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_phases_and_slabs_have_shapes_and_units():
    bulk = atoms.phase("LiCoO2", c_angstrom=14.05)
    assert len(bulk) == 12 and bulk.positions.shape == (12, 3) and bulk.cell[2, 2] == pytest.approx(14.05)
    cut, facts = atoms.slab(bulk, (1, 0, 4))
    assert len(cut) == 24 and facts["area"] == pytest.approx(16.055, abs=1e-3)
    assert facts["top"] == facts["bottom"] and facts["symmetric"]


def test_errors_are_the_packages_own():
    with pytest.raises(hotstage.BadInput, match="Did you mean"):
        atoms.phase("LiCO2")
    with pytest.raises(hotstage.Refused, match="polar"):
        atoms.slab(atoms.phase("LiCoO2"), (0, 0, 3))
    broken = atoms.phase("Li")
    broken.positions = broken.positions[:1]
    with pytest.raises(hotstage.BadInput, match="places"):
        atoms.repeated(broken, (2, 1, 1))


def test_files_come_back(tmp_path):
    s = atoms.phase("CoO")
    atoms.save(s, tmp_path / "x.extxyz")
    again = atoms.load(tmp_path / "x.extxyz")
    assert np.array_equal(again.positions, s.positions) and np.array_equal(again.moments, s.moments)
    atoms.save([s, s], tmp_path / "two.xyz")
    assert len(atoms.load_all(tmp_path / "two.xyz")) == 2


def test_vacancies_and_paths():
    host = atoms.repeated(atoms.phase("LiCoO2"), (2, 2, 1))
    (only,) = atoms.vacancies(host, "O")
    assert only.multiplicity == 24 and only.neighbours == "Li3Co3" and len(only.structure) == 47
    end = atoms.vacancies(host, "O")[0].structure
    images = atoms.path(only.structure, end, images=2)
    assert len(images) == 4


def test_ase_there_and_back_changes_nothing():
    pytest.importorskip("ase")
    s = atoms.phase("CoO")
    s.fixed = [i == 1 for i in range(len(s))]
    a = s.to_ase()
    assert a.get_chemical_formula(mode="reduce") == "Co6O6" and list(a.constraints[0].index) == [1]
    again = atoms.from_ase(a)
    assert again.symbols == s.symbols and again.fixed == s.fixed and again.comment == s.comment and again.pbc == s.pbc
    for name in ("cell", "positions", "moments"):
        assert np.array_equal(getattr(again, name), getattr(s, name))


def test_ase_reads_what_we_write(tmp_path):
    io = pytest.importorskip("ase.io")
    s = atoms.phase("Co3O4", cell="primitive")
    for name in ("x.extxyz", "POSCAR"):
        atoms.save(s, tmp_path / name)
        read = io.read(tmp_path / name)
        assert read.get_chemical_symbols() == s.symbols
        assert np.allclose(read.positions, s.positions, atol=1e-9) and np.allclose(read.cell.array, s.cell, atol=1e-9)
    assert np.array_equal(io.read(tmp_path / "x.extxyz").get_initial_magnetic_moments(), s.moments)
    io.write(tmp_path / "ase.extxyz", s.to_ase(), format="extxyz")
    io.write(tmp_path / "ase.vasp", s.to_ase(), format="vasp", direct=True)
    for name in ("ase.extxyz", "ase.vasp"):
        ours = atoms.load(tmp_path / name)
        assert ours.symbols == s.symbols and np.allclose(ours.positions, s.positions, atol=1e-7)
