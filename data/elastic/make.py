#!/usr/bin/env python3
# SPDX-License-Identifier: CC0-1.0
"""Writes lobato.csv and kirkland.csv from JSON copies {element: [[numbers], …]} of the published tables (SOURCE.md).

Usage: make.py LOBATO.json KIRKLAND.json
"""
import csv
import json
import pathlib
import sys

here = pathlib.Path(__file__).resolve().parent
columns = {"lobato": [f"{letter}{i} ({unit})" for letter, unit in (("a", "angstrom"), ("b", "angstrom^2")) for i in range(1, 6)],
           "kirkland": [f"{letter}{i} ({unit})" for letter, unit in (("a", "1/angstrom"), ("b", "1/angstrom^2"), ("c", "angstrom"),
                                                                     ("d", "angstrom^2")) for i in range(1, 4)]}
for name, source in zip(columns, sys.argv[1:], strict=True):
    table = json.loads(pathlib.Path(source).read_text())
    with (here / f"{name}.csv").open("w", newline="") as out:
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow(["element", *columns[name]])
        for element, groups in table.items():
            writer.writerow([element, *(repr(number) for group in groups for number in group)])
