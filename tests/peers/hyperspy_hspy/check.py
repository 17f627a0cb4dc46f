#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""HyperSpy opens the .hspy files we write, and we open those that HyperSpy writes.

    check.py HOTSTAGE FOLDER    (FOLDER holds the DM4 files and expected.json of ../hyperspy_dm4/make.cpp)

DM4 → `hotstage convert` → .hspy → HyperSpy, compared with expected.json; then HyperSpy → .hspy → `hotstage convert` → .dm4 →
HyperSpy, compared with what was saved. Exit 0: all agree. 1: a difference, printed. 77: HyperSpy is not installed.
"""
import importlib.util
import json
import logging
import pathlib
import subprocess
import sys
import warnings

import numpy as np

FLOAT32_ROUNDING = 1e-6  # DM4 holds scales and origins as float32


def dm4_check():
    path = pathlib.Path(__file__).resolve().parents[1] / "hyperspy_dm4/check.py"
    spec = importlib.util.spec_from_file_location("dm4_check", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def convert(program, source, target):
    done = subprocess.run([program, "convert", "--force", source, target], capture_output=True, text=True)
    return "" if done.returncode == 0 else f"hotstage convert: exit {done.returncode}: {done.stderr.strip()}"


def signals_of_hyperspy(hs):
    """Small signals of the kinds that HyperSpy and DM4 both know; non-square, every axis calibrated differently."""
    rng = np.random.default_rng(7)

    def with_axes(signal, calibration):
        for axis, (name, offset, scale, units) in zip(signal.axes_manager._axes, calibration):
            axis.name, axis.offset, axis.scale, axis.units = name, offset, scale, units
        return signal

    y, x, energy = ("y", 1.5, 0.5, "nm"), ("x", -2.0, 0.25, "nm"), ("Energy loss", 450.0, 0.3, "eV")
    yield "spectrum_image", with_axes(hs.signals.EELSSpectrum(rng.poisson(50, (5, 7, 23)).astype("f4")), (y, x, energy))
    yield "spectrum", with_axes(hs.signals.EELSSpectrum(rng.poisson(50, 23).astype("f4")), (energy,))
    yield "image", with_axes(hs.signals.Signal2D(rng.poisson(50, (5, 7)).astype("u2")), (y, x))


def round_trip(hs, program, folder, name, signal):
    """HyperSpy → .hspy → hotstage → .dm4 → HyperSpy."""
    original, back = str(folder / f"from_hyperspy_{name}.hspy"), str(folder / f"from_hyperspy_{name}.dm4")
    signal.save(original, overwrite=True)
    failure = convert(program, original, back)
    if failure:
        return [failure]
    read = hs.load(back)
    found = [] if np.array_equal(read.data, signal.data) else [f"values differ (shape {read.data.shape}, expected {signal.data.shape})"]
    for axis, wanted in zip(read.axes_manager._axes, signal.axes_manager._axes):
        same = np.isclose([axis.offset, axis.scale], [wanted.offset, wanted.scale], rtol=FLOAT32_ROUNDING, atol=FLOAT32_ROUNDING).all()
        if not same or axis.units != wanted.units or axis.navigate != wanted.navigate:
            found.append(f"axis {axis}, expected {wanted}")
    return found


def main():
    program, folder = sys.argv[1], pathlib.Path(sys.argv[2])
    try:
        warnings.filterwarnings("ignore")
        logging.disable(logging.CRITICAL)
        import hyperspy.api as hs
    except ImportError:
        print("hyperspy is not installed")
        return 77
    differences = dm4_check().differences
    failed = 0
    for want in json.loads((folder / "expected.json").read_text()):
        hspy = folder / want["file"].replace(".dm4", ".hspy")
        failure = convert(program, str(folder / want["file"]), str(hspy))
        found = [failure] if failure else differences(hs.load(str(hspy)), want)
        failed += bool(found)
        print(hspy.name, "; ".join(found) if found else "agrees")
    for name, signal in signals_of_hyperspy(hs):
        found = round_trip(hs, program, folder, name, signal)
        failed += bool(found)
        print(f"HyperSpy's {name}", "; ".join(found) if found else "agrees")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
