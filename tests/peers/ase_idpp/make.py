#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""A cobalt hop interpolated by ASE's IDPP, and how far ours lies from it.

    make.py --write HOTSTAGE     writes VERSION and path.extxyz beside this file; peers_test.cpp compares with them
    make.py HOTSTAGE FOLDER      compares `hotstage atoms path` with ASE now

ASE counts nearest images of a pair only, ours all of them within reach, so both agree closely, not exactly. Exit 0: close. 1: not, printed. 77: ASE is not installed (CTest: skipped).
"""
import pathlib
import subprocess
import sys
import tempfile
import warnings

HERE = pathlib.Path(__file__).resolve().parent
HOP = ["--landing", "octahedral", "--supercell", "2", "2", "1"]  # straight across an edge of the octahedron: O–Co 1.4 Å
FAR, MEAN = 0.05, 0.02  # Å: largest and root-mean-square difference


def our_path(program, folder):
    """Only the ends of the hop are taken, so that both start from the same straight line."""
    from ase.io import read, write as save
    folder = pathlib.Path(folder)

    def run(name, *options):
        subprocess.run([program, "atoms", "path", *options, "--fresh", "--out", str(folder / name)], check=True, stdout=subprocess.DEVNULL)
        return read(next((folder / name).glob("raw/*.extxyz")), ":")

    hop = run("hop", *HOP)
    for name, atoms in (("start", hop[0]), ("end", hop[-1])):
        save(folder / f"{name}.extxyz", atoms, format="extxyz")
    return run("path", "--structure", str(folder / "start.extxyz"), "--end", str(folder / "end.extxyz"), "--images", "4")


def peers_path(ends, count):
    from ase.neb import NEB
    images = [ends[0].copy() for _ in range(count - 1)] + [ends[-1].copy()]
    band = NEB(images)
    band.interpolate(mic=True)
    band.idpp_interpolate(traj=None, log=None, mic=True, fmax=0.01, steps=500)
    return images


def write(program):
    import ase
    from ase.io import write as save
    with tempfile.TemporaryDirectory() as folder:
        ours = our_path(program, folder)
    images = peers_path(ours, len(ours))
    for image in images:
        image.calc = None
        image.info.clear()
    (HERE / "VERSION").write_text(f"ASE {ase.__version__}\n")
    save(HERE / "path.extxyz", images, format="extxyz", columns=["symbols", "positions"])


def compare(program, folder):
    import numpy as np
    ours = our_path(program, folder)
    failures = 0
    for n, (a, b) in enumerate(zip(ours, peers_path(ours, len(ours)))):
        off = np.linalg.norm(a.positions - b.positions, axis=1)
        close = off.max() < FAR and np.sqrt((off**2).mean()) < MEAN
        failures += not close
        print(f"image {n}: rms {np.sqrt((off**2).mean()):.4f} Å, largest {off.max():.4f} Å{'' if close else '  FAR'}")
    return failures


if __name__ == "__main__":
    warnings.filterwarnings("ignore")
    try:
        import ase.neb  # noqa: F401
    except ImportError:
        print("ASE is not installed")
        sys.exit(77)
    sys.exit(write(sys.argv[2]) if sys.argv[1] == "--write" else min(1, compare(*sys.argv[1:])))
