#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Slabs of LiCoO2 by pymatgen, and whether ours are the same.

    make.py --write              writes VERSION and 104.extxyz … beside this file; peers_test.cpp compares with them
    make.py HOTSTAGE FOLDER      makes ours with `hotstage atoms slab` in FOLDER and asks pymatgen's StructureMatcher

Exit 0: all match. 1: a difference, printed. 77: pymatgen or ASE is not installed (CTest: skipped).
"""
import pathlib
import subprocess
import sys
import warnings

HERE = pathlib.Path(__file__).resolve().parent
A, C, Z = 2.816, 14.05, 0.2605
FACES = ((1, 0, 4), (1, 1, 0), (1, 0, 0))
THICKNESS = VACUUM = 12.0
PLANE_TOLERANCE = 0.3
MATCHING = dict(primitive_cell=False, scale=False, ltol=0.01, stol=0.01, angle_tol=0.5)
RMS = 1e-6  # of normalised displacements: the same crystal up to rounding


def peers_slab(hkl):
    """The only non-polar slab, its vacuum replaced by ours, orthogonal c."""
    from pymatgen.core import Lattice, Structure
    from pymatgen.core.surface import SlabGenerator
    bulk = Structure.from_spacegroup("R-3m", Lattice.hexagonal(A, C), ["Li", "Co", "O"], [[0, 0, 0.5], [0, 0, 0], [0, 0, Z]])
    slabs = SlabGenerator(bulk, hkl, THICKNESS, VACUUM, primitive=True, lll_reduce=True).get_slabs(tol=PLANE_TOLERANCE)
    assert len(slabs) == 1 and slabs[0].is_symmetric() and not slabs[0].is_polar()
    slab = slabs[0].get_orthogonal_c_slab()
    z = slab.cart_coords[:, 2]
    rows = slab.lattice.matrix
    cell = Lattice([rows[0], rows[1], [0, 0, z.max() - z.min() + VACUUM]])
    return Structure(cell, slab.species, slab.cart_coords - [0, 0, z.min() - VACUUM / 2], coords_are_cartesian=True)


def write():
    import pymatgen.core
    from ase.io import write as save
    from pymatgen.io.ase import AseAtomsAdaptor
    (HERE / "VERSION").write_text(f"pymatgen {pymatgen.core.__version__}\n")
    for hkl in FACES:
        atoms = AseAtomsAdaptor.get_atoms(peers_slab(hkl))
        atoms.calc = None
        save(HERE / "{}{}{}.extxyz".format(*hkl), atoms, format="extxyz", columns=["symbols", "positions"], write_info=False)


def compare(program, folder):
    import numpy as np
    from ase.io import read
    from pymatgen.analysis.structure_matcher import StructureMatcher
    from pymatgen.io.ase import AseAtomsAdaptor
    failures = 0
    for hkl in FACES:
        out = pathlib.Path(folder) / "slab_{}{}{}".format(*hkl)
        subprocess.run([program, "atoms", "slab", "--c", f"{C} angstrom", "--miller", *map(str, hkl), "--fresh", "--out", str(out)],
                       check=True, stdout=subprocess.DEVNULL)
        ours = AseAtomsAdaptor.get_structure(read(next(out.glob("raw/*.extxyz"))))
        theirs = peers_slab(hkl)
        distance = StructureMatcher(**MATCHING).get_rms_dist(ours, theirs)
        areas = [np.linalg.norm(np.cross(*s.lattice.matrix[:2])) for s in (ours, theirs)]
        same = distance is not None and distance[0] < RMS and abs(areas[0] - areas[1]) < 1e-6
        failures += not same
        print(f"{hkl}: {len(ours)} and {len(theirs)} atoms, {areas[0]:.4f} and {areas[1]:.4f} Å², rms {distance}{'' if same else '  DIFFERENT'}")
    return failures


if __name__ == "__main__":
    warnings.filterwarnings("ignore")
    try:
        import ase  # noqa: F401
        import pymatgen.core  # noqa: F401
    except ImportError:
        print("pymatgen or ASE is not installed")
        sys.exit(77)
    sys.exit(write() if sys.argv[1:] == ["--write"] else min(1, compare(*sys.argv[1:])))
