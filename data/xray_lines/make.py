#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""X-ray lines by family and the mass absorption of the alpha lines, from the tables of Elam, Ravel and Sieber.

usage: make.py elam.dat FOLDER   (writes FOLDER/lines.csv and FOLDER/absorption.csv)
elam.dat: version 1.3 as in xraypy/XrayDB, data_sources/elam.dat (public domain).

Weight of a line in its family = vacancies of the subshell x fluorescence yield x emission rate. Vacancies: electrons of the subshell
(ionisation in proportion to 2j + 1) plus those that arrive by Coster-Kronig transitions (total probabilities).
"""
import csv, math, pathlib, sys

ELEMENTS = ("Li B C N O F Na Mg Al Si P S Cl K Ca Ti V Cr Mn Fe Co Ni Cu Zn Ga Ge As Sr Y Zr Nb Mo Ru Pd Ag In Sn Sb Ba La "
            "Ta W Re Ir Pt Au Pb Bi").split()
ELECTRONS = {"K": 2, "L1": 2, "L2": 2, "L3": 4, "M1": 2, "M2": 2, "M3": 4, "M4": 4, "M5": 6}
LOWEST, HIGHEST = 45.0, 40000.0  # eV: what Si(Li) and silicon drift detectors see
SMALLEST = 0.003                 # of the family
# K beta / K alpha of light elements, where the emission rates of elam.dat are extrapolated and far too large: NIST's EPQ library, as kept
# in HyperSpy 1.7.3.
K_BETA = {"Na": 0.01, "Mg": 0.01, "Al": 0.0132, "Si": 0.0278, "P": 0.0498, "S": 0.0653, "Cl": 0.0838, "K": 0.1039, "Ca": 0.112}
# Measured energies (eV) where elam.dat has differences of levels: Chantler et al. 2005 (NIST), as kept in HyperSpy 1.7.3.
ENERGY = {("Ta", "Ma"): 1710.1, ("Ta", "Mb"): 1768.2, ("Ta", "Mg"): 1964.7, ("Ta", "Mz"): 1330.6,
          ("W", "Ma"): 1775.6, ("W", "Mb"): 1835.1, ("W", "Mg"): 2035.6, ("W", "Mz"): 1383.9,
          ("Re", "Ma"): 1842.3, ("Re", "Mb"): 1908.3, ("Re", "Mg"): 2107.1, ("Re", "Mz"): 1438.5,
          ("Ir", "Ma"): 1979.9, ("Ir", "Mb"): 2052.7, ("Ir", "Mg"): 2255.8, ("Ir", "Mz"): 1546.1,
          ("Pt", "Ma"): 2050.5, ("Pt", "Mb"): 2127.6, ("Pt", "Mg"): 2332.1, ("Pt", "Mz"): 1602.6,
          ("Au", "Ma"): 2122.9, ("Au", "Mb"): 2204.7, ("Au", "Mg"): 2409.1, ("Au", "Mz"): 1660.3,
          ("Pb", "Ma"): 2345.9, ("Pb", "Mb"): 2442.7, ("Pb", "Mg"): 2653.5, ("Pb", "Mz"): 1839.5,
          ("Bi", "Ma"): 2422.2, ("Bi", "Mb"): 2525.7, ("Bi", "Mg"): 2736.9, ("Bi", "Mz"): 1900.7,
          ("P", "Ka1"): 2013.7, ("P", "Ka2"): 2012.7, ("S", "Ka1"): 2307.8, ("S", "Ka2"): 2306.6}


class Atom:
    def __init__(self):
        self.edges, self.photo = {}, []


def read(path):
    atoms, atom, edge, mode = {}, None, None, ""
    for line in path.read_text().splitlines():
        words = line.split()
        if not words or words[0].startswith("//"):
            continue
        key = words[0]
        if key == "Element":
            atom = atoms[words[1]] = Atom()
        elif key == "Edge":
            edge = atom.edges[words[1]] = {"yield": float(words[3]), "lines": [], "to": {}}
        elif key == "CKtotal":
            edge["to"] = {shell: float(p) for shell, p in zip(words[1::2], words[2::2])}
        elif key in ("Lines", "CK", "Photo", "Scatter", "EndElement"):
            mode = key
        elif mode == "Lines":
            edge["lines"].append((words[1], float(words[2]), float(words[3])))
        elif mode == "Photo":
            atom.photo.append(tuple(float(w) for w in words))
    return atoms


def vacancies(atom, shell):
    family = [s for s in ELECTRONS if s[0] == shell[0] and s in atom.edges]
    return ELECTRONS[shell] + sum(ELECTRONS[s] * atom.edges[s]["to"].get(shell, 0.0) for s in family if s < shell)


def family_lines(element, atom, family):
    out = {}
    for shell, edge in atom.edges.items():
        if shell[0] == family and shell in ELECTRONS:
            for name, energy, rate in edge["lines"]:
                # The rates of M zeta are arbitrary in the table: a fit must leave them free.
                energy = ENERGY.get((element, name), energy)
                out[name] = (energy, vacancies(atom, shell) * edge["yield"] * rate, name if name == "Mz" else shell)
    if family == "K" and element in K_BETA:
        alpha = sum(line[1] for name, line in out.items() if name.startswith("Ka"))
        beta = sum(line[1] for name, line in out.items() if name.startswith("Kb"))
        for name in [n for n in out if n.startswith("Kb")]:
            energy, weight, shell = out[name]
            out[name] = (energy, weight * K_BETA[element] * alpha / beta, shell)
    for both, one, two in (("Ka", "Ka1", "Ka2"), ("La", "La1", "La2")):
        if one in out and two in out and out[one][0] == out[two][0]:
            out[both] = (out[one][0], out.pop(one)[1] + out.pop(two)[1], family if family == "K" else "L3")
    total = sum(line[1] for line in out.values())
    kept = {n: line for n, line in out.items()
            if total > 0 and (n == "Mz" or line[1] > SMALLEST * total) and LOWEST < line[0] < HIGHEST}
    if not any("a" in name for name in kept):
        return {}
    total = sum(line[1] for line in kept.values())
    return {n: (e, w / total, shell) for n, (e, w, shell) in sorted(kept.items(), key=lambda i: -i[1][1])}


def absorption(photo, energy):
    x = math.log(energy)
    i = max(k for k in range(len(photo) - 1) if photo[k][0] <= x)
    (x0, y0, s0), (x1, y1, s1) = photo[i], photo[i + 1]
    h = x1 - x0
    b = (x - x0) / h
    a = 1.0 - b
    return math.exp(a * y0 + b * y1 + ((a**3 - a) * s0 + (b**3 - b) * s1) * h * h / 6.0)


def main():
    atoms = read(pathlib.Path(sys.argv[1]))
    folder = pathlib.Path(sys.argv[2])
    alphas = []
    with open(folder / "lines.csv", "w", newline="") as file:
        out = csv.writer(file, lineterminator="\n")
        out.writerow(["element", "family", "line", "vacancy", "energy (eV)", "weight"])
        for element in ELEMENTS:
            for family in "KLM":
                lines = family_lines(element, atoms[element], family)
                for name, (energy, weight, shell) in lines.items():
                    out.writerow([element, family, name, shell, f"{energy:.1f}", f"{weight:.5f}"])
                alpha = [(e, w) for n, (e, w, _) in lines.items() if n.startswith(family + "a")]
                if alpha:
                    alphas.append((element, family, sum(e * w for e, w in alpha) / sum(w for _, w in alpha)))
    with open(folder / "absorption.csv", "w", newline="") as file:
        out = csv.writer(file, lineterminator="\n")
        out.writerow(["element", "family"] + [f"{e} (cm^2/g)" for e in ELEMENTS])
        for element, family, energy in alphas:
            if energy > 100.0:
                out.writerow([element, family] + [f"{absorption(atoms[e].photo, energy):.4g}" for e in ELEMENTS])


if __name__ == "__main__":
    main()
