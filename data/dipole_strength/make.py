#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Dipole oscillator strength of the first 100 eV of each edge, from tabulated photo-absorption.

usage: make.py MU_RHO.json ../eels_edges/edges.csv > strength.csv
MU_RHO.json: {"O": {"mass_u": 15.999, "energy_eV": [...], "mu_cm2_per_g": [...]}, ...}, NIST FFAST (doi:10.18434/T4HS32).

f = sum over [onset, onset + 100 eV] of (sigma - sigma_lower)/(1.0976e8 barn eV); sigma_lower is the power law through the
absorption at 0.75 and 0.95 of the edge energy (lower shells), and the edge energy is where the table itself jumps.
"""
import csv, json, math, sys

BARN_EV = 1.0976e8  # 2 pi^2 e^2 hbar / (m c 4 pi eps0), per unit oscillator strength
K = range(3, 15)
L = range(13, 37)


def interpolate(x, xs, ys):
    i = 1
    while i + 1 < len(xs) and xs[i] < x:
        i += 1
    t = math.log(x / xs[i - 1]) / math.log(xs[i] / xs[i - 1])
    return math.exp(math.log(ys[i - 1]) + t * math.log(ys[i] / ys[i - 1]))


def jump(onset, xs, ys):
    """Energy of the largest relative rise within 6 % of the onset; the point behind it."""
    best, where = 1.0, None
    for i in range(1, len(xs)):
        if abs(xs[i] / onset - 1) < 0.06 and ys[i] / ys[i - 1] > best:
            best, where = ys[i] / ys[i - 1], xs[i]
    return where if best > 1.3 else None


def strength(onset, entry):
    xs, ys = zip(*[(e, m) for e, m in zip(entry["energy_eV"], entry["mu_cm2_per_g"]) if e > 0 and m > 0])
    start = jump(onset, xs, ys)
    if start is None:
        return None
    low, near = 0.75 * onset, 0.95 * min(onset, start)
    if low < xs[0]:
        return None
    a, b = interpolate(low, xs, ys), interpolate(near, xs, ys)
    slope = math.log(b / a) / math.log(near / low)
    barn = entry["mass_u"] / 6.02214076e23 * 1e24
    total = 0.0
    for k in range(200):
        e = start + 0.25 + 0.5 * k
        total += 0.5 * (interpolate(e, xs, ys) - b * (e / near) ** slope) * barn
    return total / BARN_EV


mu = json.load(open(sys.argv[1]))
print("element,shell,strength_100eV")
for row in csv.DictReader(open(sys.argv[2])):
    entry = mu.get(row["element"])
    if entry is None or not (row["shell"] == "K" and entry["Z"] in K or row["shell"] == "L3" and entry["Z"] in L):
        continue
    f = strength(float(row["onset_eV"]), entry)
    if f is not None:
        print(f"{row['element']},{row['shell']},{f:.4f}")
