#!/usr/bin/env python3
"""A vacancy in fcc copper hops: our band on EMT through the i-PI server against ASE's own NEB on the same EMT.

usage: check.py HOTSTAGE WORK   (needs ase; exits 77 without). Prints barriers and energies computed by both; same ends, same
straight first guess, same number of images, same force limit.
"""
import json
import pathlib
import subprocess
import sys

try:
    from ase.build import bulk
    from ase.calculators.emt import EMT
    from ase.io import write
    from ase.neb import NEB
    from ase.optimize import BFGS, FIRE
except ImportError:
    print("ase is not installed: apt install python3-ase")
    sys.exit(77)

IMAGES, LIMIT_EV_A, BARRIER_EV = 5, 0.01, 1e-3
CALLS = 0


class Counted(EMT):
    def calculate(self, *given, **named):
        global CALLS
        CALLS += 1
        super().calculate(*given, **named)


def ends():
    crystal = bulk("Cu", cubic=True).repeat((3, 3, 3))
    gone = 0
    near = min(range(1, len(crystal)), key=lambda k: crystal.get_distance(gone, k, mic=True))
    start = crystal.copy()
    del start[gone]
    stop = start.copy()
    stop.positions[near - 1] = crystal.positions[gone]
    for atoms in (start, stop):
        atoms.calc = EMT()
        BFGS(atoms, logfile=None).run(fmax=1e-3)
    return start, stop


def peer(start, stop, optimiser):
    global CALLS
    images = [start.copy() for _ in range(IMAGES + 1)] + [stop.copy()]
    band = NEB(images, climb=True, method="improvedtangent")
    band.interpolate(mic=True)
    for image in images:
        image.calc = Counted()
    CALLS = 0
    done = optimiser(band, logfile=None).run(fmax=LIMIT_EV_A, steps=500)
    energies = [image.get_potential_energy() for image in images]
    return max(energies) - energies[0], CALLS, done


def main(program, work):
    work = pathlib.Path(work) / "ase_vacancy"
    work.mkdir(parents=True, exist_ok=True)
    start, stop = ends()
    write(work / "from.extxyz", start)
    write(work / "to.extxyz", stop)
    subprocess.run([program, "calc", "neb", "--initial", work / "from.extxyz", "--final", work / "to.extxyz", "--engine", "ase",
                    "--calculator", "emt", "--images", str(IMAGES), "--path", "straight", "--ends", "keep", "--force_eV_A", str(LIMIT_EV_A),
                    "--fresh", "--out", work / "ours"], check=True, stdout=subprocess.DEVNULL)
    results = {r["id"]: r for r in json.loads((work / "ours" / "results.json").read_text())["results"]}
    ours = results["neb.barrier"] if "neb.barrier" in results else results["barrier"]
    print(f"ours: {ours['value']:.6f} eV ({ours['method']})")
    failed = False
    for optimiser in (FIRE, BFGS):
        barrier, calls, done = peer(start, stop, optimiser)
        print(f"ase {optimiser.__name__}: {barrier:.6f} eV, {calls} energies, {'at rest' if done else 'not at rest'}")
        failed |= done and abs(barrier - ours["value"]) > BARRIER_EV
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2]))
