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


def family_lines(atom, family):
    out = {}
    for shell, edge in atom.edges.items():
        if shell[0] == family and shell in ELECTRONS:
            for name, energy, rate in edge["lines"]:
                # The rates of M zeta are arbitrary in the table: a fit must leave them free.
                out[name] = (energy, vacancies(atom, shell) * edge["yield"] * rate, name if name == "Mz" else shell)
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
                lines = family_lines(atoms[element], family)
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
