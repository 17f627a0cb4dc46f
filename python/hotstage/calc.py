# SPDX-License-Identifier: GPL-3.0-or-later
"""Energies, relaxations and barriers by the built-in pair potential or an engine ("pair", "gpaw", "qe", "ase").

Structures are hotstage.atoms.Structure or ase.Atoms; what comes back is of the kind that went in. Options are those of the
steps calc.energy, calc.relax and calc.neb: cutoff_eV=400, kpts=[4, 4, 4], hubbard_U_eV=3.91, calculator="emt", folder="…".
"""

from __future__ import annotations

import pathlib
import tempfile
from dataclasses import dataclass

import numpy as np

from . import atoms as _atoms
from . import steps as _steps
from .study import StepResult


@dataclass
class Energy:
    """One evaluation, or the end of a relaxation."""

    structure: object  #: as it was given, or at rest
    energy_eV: float
    forces_eV_per_A: np.ndarray | None  #: n × 3; None after a relaxation
    settings: dict  #: engine, parameters, label
    step: StepResult


@dataclass
class Band:
    """A nudged elastic band; energies count from the first image."""

    images: list  #: ends included
    path_A: np.ndarray
    energy_eV: np.ndarray
    barrier_eV: float | None  #: None when the band did not come to rest
    reaction_eV: float
    step: StepResult


class _Files:
    """Structures go to the steps as files of a folder that is removed at the end."""

    def __enter__(self):
        self._folder = tempfile.TemporaryDirectory(prefix="hotstage-")
        return self

    def __exit__(self, *how):
        self._folder.cleanup()

    def save(self, structure, name: str) -> str:
        file = pathlib.Path(self._folder.name) / f"{name}.extxyz"
        _atoms.save(structure if isinstance(structure, _atoms.Structure) else _atoms.from_ase(structure), file)
        return str(file)

    def load(self, text: str, like) -> list:
        file = pathlib.Path(self._folder.name) / "back.extxyz"
        file.write_text(text)
        back = _atoms.load_all(file)
        return back if isinstance(like, _atoms.Structure) else [structure.to_ase() for structure in back]


def energy(structure, engine: str = "pair", **options) -> Energy:
    """Energy (eV per cell) and forces (eV/Å) of a structure."""
    with _Files() as files:
        done = _steps.calc_energy(structure=files.save(structure, "given"), engine=engine, **options)
    table = done.tables["forces"]
    forces = np.stack([table[f"force_{axis}"] for axis in "xyz"], axis=1)
    return Energy(structure, done["energy"]["value"], forces, done.records["record"]["settings"], done)


def relax(structure, engine: str = "pair", **options) -> Energy:
    """The structure at rest in its fixed cell."""
    with _Files() as files:
        done = _steps.calc_relax(structure=files.save(structure, "given"), engine=engine, **options)
        (at_rest,) = files.load(done.texts["relaxed"], structure)
    return Energy(at_rest, done["energy"]["value"], None, done.records["record"]["settings"], done)


def neb(initial, final, engine: str = "pair", **options) -> Band:
    """The lowest pass between two structures whose atoms are in the same order."""
    with _Files() as files:
        done = _steps.calc_neb(initial=files.save(initial, "initial"), final=files.save(final, "final"), engine=engine, **options)
        images = files.load(done.texts["band"], initial)
    table = done.tables["images"]
    found = {result["id"]: result["value"] for result in done.results}
    return Band(images, np.asarray(table["path"]), np.asarray(table["energy"]), found.get("barrier"), found["reaction"], done)
