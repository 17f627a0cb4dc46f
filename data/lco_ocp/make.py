#!/usr/bin/env python3
"""Writes ocp.csv: nodes of the published curve and the extension. usage: make.py lico2_ocp_Ai2020.csv > ocp.csv"""
import bisect
import sys

rows = [line.split(",") for line in open(sys.argv[1]) if not line.startswith("#")]
x = [float(a) for a, _ in rows]
u = [float(b) for _, b in rows]
published = [0.40, 0.41, 0.42, 0.43, 0.44, 0.45, 0.46, 0.48, 0.50, 0.52, 0.54, 0.56, 0.58, 0.60, 0.62, 0.64, 0.66, 0.68, 0.70, 0.72, 0.74,
             0.76, 0.78, 0.80, 0.82, 0.84, 0.86, 0.88, 0.90, 0.92, 0.93, 0.94, 0.95, 0.96, 0.97, 0.98, 0.985, 0.99, 0.9925, 0.995, 0.9965,
             0.9975, 0.9985]
# Chosen, not measured: see SOURCE.md for what they are tied to.
below = [(0.05, 5.2), (0.10, 4.95), (0.15, 4.74), (0.175, 4.64), (0.19, 4.598), (0.205, 4.575), (0.225, 4.562), (0.25, 4.555),
         (0.275, 4.548), (0.30, 4.535), (0.325, 4.513), (0.35, 4.481), (0.375, 4.442), (0.39, 4.414)]
above = [(0.9992, 3.36), (0.9996, 3.2), (0.9999, 2.9), (1.0, 2.5)]


def at(value):
    i = min(max(bisect.bisect(x, value) - 1, 0), len(x) - 2)
    return u[i] + (value - x[i]) / (x[i + 1] - x[i]) * (u[i + 1] - u[i])


print("x,voltage (V),source")
for a, b in below:
    print(f"{a:g},{b:g},fitted")
for a in published:
    print(f"{a:g},{at(a):.4f},Ai2020")
for a, b in above:
    print(f"{a:g},{b:g},fitted")
