# SPDX-License-Identifier: GPL-3.0-or-later
"""Structures: built, cut, read and written here, and crossed over to ASE. Lengths in Å, moments in Bohr magnetons.

ase is imported only by to_ase and from_ase.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field

import numpy as np

from . import _hotstage

_atoms = _hotstage.atoms


@dataclass
class Structure:
    """Atoms in a cell."""

    cell: np.ndarray  #: 3 × 3, rows are the lattice vectors
    symbols: list[str]
    positions: np.ndarray  #: n × 3, Cartesian
    pbc: list[bool] = field(default_factory=lambda: [True, True, True])
    moments: np.ndarray | None = None  #: starting moments, one per atom
    fixed: list[bool] | None = None  #: atoms that must not move
    comment: str = ""

    def __len__(self) -> int:
        return len(self.symbols)

    def to_ase(self):
        """ase.Atoms with the same places, cell, moments and fixed atoms."""
        import ase
        from ase.constraints import FixAtoms

        out = ase.Atoms(self.symbols, positions=self.positions, cell=self.cell, pbc=self.pbc)
        if self.moments is not None:
            out.set_initial_magnetic_moments(self.moments)
        if self.fixed is not None:
            out.set_constraint(FixAtoms(mask=self.fixed))
        if self.comment:
            out.info["comment"] = self.comment
        return out


def _made(raw: dict) -> Structure:
    return Structure(**raw)


def from_ase(atoms) -> Structure:
    """The structure of an ase.Atoms; of its constraints FixAtoms is kept."""
    from ase.constraints import FixAtoms

    fixed = None
    for constraint in atoms.constraints:
        if isinstance(constraint, FixAtoms):
            fixed = np.zeros(len(atoms), dtype=bool) if fixed is None else fixed
            fixed[constraint.index] = True
    return Structure(
        cell=np.array(atoms.cell),
        symbols=atoms.get_chemical_symbols(),
        positions=atoms.get_positions(),
        pbc=[bool(p) for p in atoms.pbc],
        moments=atoms.get_initial_magnetic_moments() if atoms.has("initial_magmoms") else None,
        fixed=None if fixed is None else [bool(f) for f in fixed],
        comment=str(atoms.info.get("comment", "")),
    )


def load_all(file) -> list[Structure]:
    """Every frame of a POSCAR or extended XYZ file."""
    return [_made(raw) for raw in _atoms.load(os.fspath(file))]


def load(file) -> Structure:
    """The only structure of a file, or its last one."""
    return load_all(file)[-1]


def save(structures: Structure | list[Structure], file) -> None:
    """By extension or name: .extxyz, .xyz, .vasp, POSCAR…"""
    several = [structures] if isinstance(structures, Structure) else structures
    _atoms.save([vars(s) for s in several], os.fspath(file))


def phases() -> list[str]:
    """Names that `phase` knows."""
    return _atoms.phases()


def phase(name: str, *, a_angstrom: float | None = None, c_angstrom: float | None = None, z: float | None = None,
          cell: str = "conventional") -> Structure:
    """A phase around LiCoO2, at its measured lattice constants unless others are given."""
    return _made(_atoms.phase(name, a_angstrom, c_angstrom, z, cell))


def repeated(structure: Structure, count: tuple[int, int, int]) -> Structure:
    """Copies along a, b, c; atoms grouped by element."""
    return _made(_atoms.repeated(vars(structure), list(count)))


def slab(bulk: Structure, miller: tuple[int, int, int], *, thickness_angstrom: float = 12.0,
         vacuum_angstrom: float = 12.0) -> tuple[Structure, dict]:
    """The best stoichiometric slab of (hkl) in the cell of `bulk`, and its area (Å²), thickness (Å), units and faces."""
    raw, facts = _atoms.slab(vars(bulk), list(miller), thickness_angstrom, vacuum_angstrom)
    return _made(raw), facts


@dataclass
class Vacancy:
    structure: Structure
    site: int  #: atom of the host that is gone
    multiplicity: int  #: equivalent sites
    neighbours: str  #: what it was bonded to


def vacancies(host: Structure, element: str) -> list[Vacancy]:
    """One for each site of the element that symmetry tells apart."""
    return [Vacancy(_made(raw), *rest) for raw, *rest in _atoms.vacancies(vars(host), element)]


def path(start: Structure, end: Structure, *, images: int = 4) -> list[Structure]:
    """Both ends and the images between them by pair distances (IDPP). Refuses ends whose atoms are in another order."""
    return [_made(raw) for raw in _atoms.path(vars(start), vars(end), images)]
