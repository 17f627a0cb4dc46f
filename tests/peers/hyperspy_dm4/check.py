#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""HyperSpy opens every DM4 file of a folder and finds what expected.json says: type, axes, units, values, conditions.

    check.py FOLDER        (made by make.cpp beside this file; needs hyperspy, Debian: /usr/bin/python3)

Exit 0: all agree. 1: a difference, printed. 77: HyperSpy is not installed (CTest: skipped).
"""
import json
import logging
import pathlib
import sys
import warnings

import numpy as np

FLOAT64_ROUNDING = 1e-12  # offset = -(-offset / scale) * scale on the way


def expected_values(shape, channels, minimum):
    """The same numbers as value_at() in make.cpp: 41 per item, 7 per channel, modulo 251."""
    items = int(np.prod(shape)) // channels
    item, channel = np.meshgrid(np.arange(items), np.arange(channels), indexing="ij")
    return ((item * 41 + channel * 7) % 251 + minimum).reshape(shape)


def differences(signal, want):
    axes = signal.axes_manager._axes
    shape = tuple(axis["size"] for axis in want["axes"])
    if signal.data.shape != shape:
        return [f"shape {signal.data.shape}, expected {shape}"]
    found = []
    if signal.data.dtype != np.dtype(want["dtype"]):
        found.append(f"type {signal.data.dtype}, expected {want['dtype']}")
    for number, (axis, wanted) in enumerate(zip(axes, want["axes"])):
        for name, value in (("offset", axis.offset), ("scale", axis.scale)):
            if not np.isclose(value, wanted[name], rtol=FLOAT64_ROUNDING, atol=FLOAT64_ROUNDING):
                found.append(f"axis {number}: {name} {value!r}, expected {wanted[name]!r}")
        if axis.units != wanted["unit"]:
            found.append(f"axis {number}: unit {axis.units!r}, expected {wanted['unit']!r}")
        if axis.navigate != wanted["navigate"]:
            found.append(f"axis {number}: navigate {axis.navigate}, expected {wanted['navigate']}")
    channels = int(np.prod([axis["size"] for axis in want["axes"] if not axis["navigate"]]))
    if not np.array_equal(signal.data, expected_values(shape, channels, want["minimum"])):
        found.append("values differ")
    tem = signal.metadata.get_item("Acquisition_instrument.TEM")
    conditions = {"beam_energy": 300.0}
    if want["eels"]:
        # HyperSpy's exposure is the sum over the frames.
        conditions |= {"convergence_angle": 17.8, "Detector.EELS.collection_angle": 33.5,
                       "Detector.EELS.exposure": 1.0, "Detector.EELS.frame_number": 4.0}
        if type(signal).__name__ != "EELSSpectrum":
            found.append(f"class {type(signal).__name__}, expected EELSSpectrum")
    for name, value in conditions.items():
        read = tem.get_item(name) if tem is not None else None
        if name == "Detector.EELS.exposure" and read is None:  # named dwell_time in spectrum images
            read = tem.get_item("Detector.EELS.dwell_time")
        if read is None or not np.isclose(read, value, rtol=FLOAT64_ROUNDING):
            found.append(f"{name} {read!r}, expected {value!r}")
    return found


def main():
    try:
        warnings.filterwarnings("ignore")
        logging.disable(logging.CRITICAL)
        import hyperspy.api as hs
    except ImportError:
        print("hyperspy is not installed")
        return 77
    folder = pathlib.Path(sys.argv[1])
    failed = 0
    for want in json.loads((folder / "expected.json").read_text()):
        found = differences(hs.load(str(folder / want["file"])), want)
        failed += bool(found)
        print(want["file"], "; ".join(found) if found else "agrees")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
