#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Opens the simulated cycler file in pandas: capacity of the first and the last cycle by the tester's own counters.

usage: open_cycler.py RESULTS/raw/cell.cycler.csv
"""
import sys

import pandas

with open(sys.argv[1]) as file:
    header = next(i for i, line in enumerate(file) if line.startswith("channel_index"))
table = pandas.read_csv(sys.argv[1], skiprows=header, index_col=False)
print(table.dtypes[["test_time_s", "current_A", "voltage_V", "discharge_capacity_Ah"]])
print(f"{len(table)} rows, {table.cycle_index.nunique()} cycles, {table.test_time_s.iloc[-1] / 3600:.1f} h, "
      f"{table.voltage_V.min():.3f} ... {table.voltage_V.max():.3f} V")
capacity = table.groupby("cycle_index").discharge_capacity_Ah.max() * 1000
print(f"discharge capacity {capacity.iloc[0]:.4f} -> {capacity.iloc[-1]:.4f} mA h, "
      f"left {capacity.iloc[-1] / capacity.iloc[0]:.3f}")
