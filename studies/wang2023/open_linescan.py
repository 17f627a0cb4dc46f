#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Opens both members of a dual-EELS line scan with HyperSpy and prints axes, units and metadata: what a stranger's program sees.

Usage: open_linescan.py CORE.dm4 LOW.dm4; exit code 1 when an axis has lost its unit, the beam energy is missing or the members do
not belong together.
"""
import sys

import hyperspy
import hyperspy.api as hs

TEM = "Acquisition_instrument.TEM."


def describe(path):
    """One member: prints it, returns (complete, number of positions)."""
    signal = hs.load(path, signal_type="EELS")
    signal = signal[-1] if isinstance(signal, list) else signal
    print(f"{path}: HyperSpy {hyperspy.__version__}, {type(signal).__name__}, {signal.data.dtype}, shape {signal.data.shape}")
    units = []
    for axis in signal.axes_manager.navigation_axes + signal.axes_manager.signal_axes:
        units.append(str(axis.units))
        last = axis.offset + axis.scale * (axis.size - 1)
        print(f"  {axis.name}: {axis.size} x {axis.scale:.6g} {axis.units}, {axis.offset:.6g} to {last:.6g}")
    for key in ("beam_energy", "convergence_angle", "Detector.EELS.collection_angle", "Detector.EELS.exposure"):
        if signal.metadata.has_item(TEM + key):
            print(f"  {key} = {signal.metadata.get_item(TEM + key)}")
    print(f"  mean counts per channel {signal.data.mean():.1f}, tallest channel at "
          f"{signal.axes_manager[-1].index2value(int(signal.data.reshape(-1, signal.data.shape[-1]).sum(axis=0).argmax())):.2f} eV")
    complete = units == ["nm", "eV"] and signal.metadata.has_item(TEM + "beam_energy")
    return complete, signal.axes_manager.navigation_size


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    members = [describe(path) for path in sys.argv[1:]]
    together = members[0][1] == members[1][1]
    sys.exit(0 if together and all(complete for complete, _ in members) else 1)
