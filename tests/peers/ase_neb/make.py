#!/usr/bin/env python3
"""Makes expected.json: a lithium hop in LiCoO2 on the pair potential, found by ASE's own NEB, and the two ends.

The potential is written here a second time (numpy, plain sums), so that the numbers share nothing with our code but the table of
parameters. usage: make.py   (needs numpy, scipy, ase; about three minutes)
"""
import json
import math
import pathlib

import ase
import numpy as np
from ase import Atoms
from ase.build import make_supercell
from ase.calculators.calculator import Calculator, all_changes
from ase.neb import NEB
from ase.optimize import BFGS, FIRE
from scipy.special import erfc

HERE = pathlib.Path(__file__).resolve().parent
CHARGES = {"Li": 1.0, "Co": 3.0, "O": -2.0}
TERMS = {("Li", "O"): (632.1018, 0.2906, 0.0), ("Co", "O"): (1329.82, 0.3087, 0.0), ("O", "O"): (22764.30, 0.1490, 27.89)}
CUTOFF, COULOMB, REACH = 12.0, 14.399645478425667, math.sqrt(-math.log(1e-10))


class Pair(Calculator):
    implemented_properties = ["energy", "forces"]
    calls = 0

    def calculate(self, atoms=None, properties=("energy",), system_changes=all_changes):
        super().calculate(atoms, properties, system_changes)
        Pair.calls += 1
        r, cell, symbols = atoms.positions, atoms.cell.array, atoms.get_chemical_symbols()
        q = np.array([CHARGES[s] for s in symbols])
        volume, n = abs(np.linalg.det(cell)), len(q)
        alpha = 0.42
        real, waves = REACH / alpha, 2 * alpha * REACH
        inverse = np.linalg.inv(cell)
        reach = max(real, CUTOFF)
        most = [int(math.floor(reach * np.linalg.norm(inverse[:, k]) + 1)) for k in range(3)]
        images = np.array([[i, j, k] for i in range(-most[0], most[0] + 1) for j in range(-most[1], most[1] + 1)
                           for k in range(-most[2], most[2] + 1)]) @ cell
        energy, forces = 0.0, np.zeros((n, 3))
        base = r - np.floor(r @ inverse) @ cell
        for i in range(n):
            d = base[None, :, :] + images[:, None, :] - base[i]
            d2 = (d ** 2).sum(-1)
            keep = (d2 > 1e-12) & (d2 < reach ** 2)
            which = np.nonzero(keep)[1]
            step, dist = d[keep], np.sqrt(d2[keep])
            qq = COULOMB * q[i] * q[which]
            near = dist < real
            screened = np.where(near, erfc(alpha * dist) / dist, 0.0)
            energy += 0.5 * (qq * screened).sum()
            slope = -qq * (screened + np.where(near, 2 * alpha / math.sqrt(math.pi) * np.exp(-(alpha * dist) ** 2), 0)) / dist ** 2
            table = np.array([[TERMS.get((symbols[i], s)) or TERMS.get((s, symbols[i])) or (0.0, 1.0, 0.0)] for s in symbols])[:, 0]
            a, rho, c = table[which].T
            close = dist < CUTOFF
            energy += 0.5 * np.where(close, a * np.exp(-dist / rho) - c / dist ** 6 - (a * np.exp(-CUTOFF / rho) - c / CUTOFF ** 6), 0).sum()
            slope = slope + np.where(close, (-a / rho * np.exp(-dist / rho) + 6 * c / dist ** 7) / dist, 0)
            forces[i] += (slope[:, None] * step).sum(0)
        reciprocal = 2 * math.pi * inverse.T
        most = [int(math.ceil(waves * np.linalg.norm(cell[k]) / (2 * math.pi))) for k in range(3)]
        g = np.array([[i, j, k] for i in range(-most[0], most[0] + 1) for j in range(-most[1], most[1] + 1)
                      for k in range(-most[2], most[2] + 1) if (i, j, k) != (0, 0, 0)]) @ reciprocal
        g = g[(g ** 2).sum(1) < waves ** 2]
        g2 = (g ** 2).sum(1)
        phase = np.exp(1j * g @ base.T)
        density = phase @ q
        weight = COULOMB * 2 * math.pi / volume * np.exp(-g2 / (4 * alpha ** 2)) / g2
        energy += (weight * abs(density) ** 2).sum()
        forces += q[:, None] * np.einsum("g,gi,gk->ik", 2 * weight, (phase * density.conj()[:, None]).imag, g)
        energy -= COULOMB * alpha / math.sqrt(math.pi) * (q ** 2).sum()
        energy -= COULOMB * math.pi * q.sum() ** 2 / (2 * volume * alpha ** 2)
        self.results = {"energy": energy, "forces": forces}


def crystal():
    a, c, z = 2.816, 14.05, 0.2605
    h = np.array([[a, 0, 0], [-a / 2, a * math.sqrt(3) / 2, 0], [0, 0, c]])
    rows = np.array([[2 / 3, 1 / 3, 1 / 3], [-1 / 3, 1 / 3, 1 / 3], [-1 / 3, -2 / 3, 1 / 3]]) @ h
    prim = Atoms("CoLiOO", cell=rows, scaled_positions=[[0] * 3, [.5] * 3, [z] * 3, [1 - z] * 3], pbc=True)
    cell = make_supercell(prim, np.rint(h @ np.linalg.inv(rows)).astype(int)).repeat((2, 2, 1))
    cell.wrap(eps=1e-6)
    return cell[np.argsort(["Co Li O".split().index(s) for s in cell.get_chemical_symbols()], kind="stable")]


def main():
    host = crystal()
    lithium = [k for k, s in enumerate(host.get_chemical_symbols()) if s == "Li"]
    empty = lithium[0]
    d = host.get_distances(empty, lithium[1:], mic=True)
    mover = lithium[1:][int(np.argmin(np.round(d, 4)))]
    ends = []
    for hopped in (False, True):
        atoms = host.copy()
        if hopped:
            atoms.positions[mover] += host.get_distance(mover, empty, mic=True, vector=True)
        del atoms[empty]
        atoms.calc = Pair()
        BFGS(atoms, logfile=None, maxstep=0.05).run(fmax=0.001, steps=300)
        ends.append(atoms)
    relaxing = Pair.calls
    out = {"ase": ase.__version__, "inner_images": 5, "fmax_eV_A": 0.01, "spring_eV_A2": 1.0, "calls_of_both_relaxations": relaxing,
           "symbols": ends[0].get_chemical_symbols(), "cell_A": ends[0].cell.array.tolist(),
           "from_A": ends[0].positions.tolist(), "to_A": ends[1].positions.tolist(),
           "energy_from_eV": ends[0].get_potential_energy(), "energy_to_eV": ends[1].get_potential_energy(), "runs": []}
    for name, optimiser in (("FIRE", FIRE), ("BFGS", BFGS)):
        images = [ends[0].copy()] + [ends[0].copy() for _ in range(5)] + [ends[1].copy()]
        for image in images:
            image.calc = Pair()
        band = NEB(images, k=1.0, climb=False, method="improvedtangent")
        band.interpolate(mic=True)
        Pair.calls = 0
        optimiser(band, logfile=None, maxstep=0.1).run(fmax=0.5, steps=300)
        band.climb = True
        done = optimiser(band, logfile=None, maxstep=0.1).run(fmax=0.01, steps=600)
        energies = [image.get_potential_energy() for image in images]
        out["runs"].append({"optimiser": name, "converged": bool(done), "calls": Pair.calls,
                            "energies_eV": [e - energies[0] for e in energies], "barrier_eV": max(energies) - energies[0]})
        print(out["runs"][-1], flush=True)
    (HERE / "expected.json").write_text(json.dumps(out) + "\n")


main()
