#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Opens frame series with HyperSpy and prints axes, units, metadata and mean counts: what a stranger's program sees.

Usage: open_frames.py FRAMES.dm4 [FRAMES.tif …]; exit code 1 when an axis has lost its unit.
"""
import sys

import hyperspy
import hyperspy.api as hs


def describe(path):
    """One frame series; True when time and both lengths came through."""
    signal = hs.load(path)
    print(f"{path}: HyperSpy {hyperspy.__version__}, {signal.data.dtype}, shape {signal.data.shape}")
    units = []
    for axis in signal.axes_manager.navigation_axes + signal.axes_manager.signal_axes:
        units.append(str(axis.units))
        last = axis.offset + axis.scale * (axis.size - 1)
        print(f"  {axis.name}: {axis.size} x {axis.scale:.6g} {axis.units}, {axis.offset:.6g} to {last:.6g}")
    for key in ("Acquisition_instrument.TEM.beam_energy", "Acquisition_instrument.TEM.beam_current",
                "Acquisition_instrument.TEM.dwell_time", "General.date", "General.time"):
        if signal.metadata.has_item(key):
            print(f"  {key} = {signal.metadata.get_item(key)}")
    means = signal.data.reshape(-1, *signal.data.shape[-2:]).mean(axis=(1, 2))
    print(f"  mean counts: first frame {means[0]:.2f}, last {means[-1]:.2f}, all {means.mean():.2f}")
    return units == ["s", "nm", "nm"]


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    complete = [describe(path) for path in sys.argv[1:]]
    sys.exit(0 if all(complete) else 1)
