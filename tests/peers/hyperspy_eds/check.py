#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Line areas of `hotstage eds quantify` beside HyperSpy's windows, on the real FePt spectrum that HyperSpy ships.

usage: check.py HOTSTAGE FOLDER   (77: HyperSpy or its example is not installed)
"""
import csv, logging, pathlib, subprocess, sys, warnings

# HyperSpy sums +- 1 FWHM (98 % of a line) over a background from two windows and takes alpha lines at one energy; M beta lies in the window of
# Pt M alpha, which is therefore left out.
WINDOW_METHOD = 0.05
INSIDE = 0.981
LINES = {"Fe Ka": "Fe_Ka", "Cu Ka": "Cu_Ka", "Pt La": "Pt_La"}


def main():
    program, folder = sys.argv[1], pathlib.Path(sys.argv[2]) / "eds"
    try:
        warnings.filterwarnings("ignore")
        logging.disable(logging.CRITICAL)
        import hyperspy.api as hs
        spectrum = hs.datasets.example_signals.EDS_TEM_Spectrum()
    except (ImportError, AttributeError, OSError):
        print("hyperspy or its example spectrum is not installed")
        return 77
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / "fept.hspy"
    spectrum.save(str(file), overwrite=True)
    done = subprocess.run([program, "eds", "quantify", "--spectrum", file, "--elements", "C", "O", "Si", "Fe", "Cu", "Pt", "--low", "190 eV",
                           "--high", "14000 eV", "--out", folder / "out"], capture_output=True, text=True)
    if done.returncode != 0:
        print(f"hotstage: exit {done.returncode}: {done.stderr.strip()}")
        return 1
    with open(folder / "out/tables/quantify.lines.csv") as table:
        ours = {row["line"]: row for row in csv.DictReader(table)}
    spectrum.set_elements(["Fe", "Cu", "Pt"])
    spectrum.add_lines(list(LINES.values()))
    windows = spectrum.estimate_background_windows(line_width=[5.0, 2.0], xray_lines=list(LINES.values()))
    theirs = spectrum.get_lines_intensity(xray_lines=list(LINES.values()), integration_windows=2.0, background_windows=windows)
    areas = {signal.metadata.Sample.xray_lines[0]: float(signal.data[0]) / INSIDE for signal in theirs}
    failed = 0
    for line, name in LINES.items():
        area, sigma = float(ours[line]["area (counts)"]), float(ours[line]["sigma_counting (counts)"])
        good = abs(area - areas[name]) < WINDOW_METHOD * areas[name] + 3.0 * sigma
        failed += not good
        print(f"{line}: {area:.0f} ± {sigma:.0f}, HyperSpy {areas[name]:.0f}: {'agrees' if good else 'DIFFERS'}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
