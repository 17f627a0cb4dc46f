#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every image and log of the shared data, read by us and by a peer: values equal, axes equal; and the table of the README.

    check.py HOTSTAGE FOLDER [--table]

Ours go through `hotstage convert` to HDF5. Peers: HyperSpy for microscopes' formats, NumPy for MRC and raw numbers (HyperSpy 1.7.3 fails on
the MRC). Where a peer is wrong the difference is listed in WRONG_PEERS with its reason; a difference that is not listed fails, and so
does a listed one that is gone. Exit 0: agree. 1: a difference. 77: HyperSpy, h5py or the shared data are missing.
"""
import json
import logging
import os
import pathlib
import subprocess
import sys
import warnings
import zipfile

import numpy as np

FLOAT32 = 2e-6  # tags of DM and MRC are float32
METRES = {"m": 1.0, "mm": 1e-3, "µm": 1e-6, "μm": 1e-6, "microns": 1e-6, "um": 1e-6, "nm": 1e-9, "pm": 1e-12, "Å": 1e-10,
          "1/nm": 1e9, "1 / nm": 1e9, "1/m": 1.0, "s": 1.0, "ms": 1e-3}
NO_UNIT = ("", "None", "<undefined>", "[]", "px", "t.UndefinedObject")

# HyperSpy 1.7.3 is wrong or of no use, by what it says: (part of the file's name, kind of difference) → why.
WRONG_PEERS = {
    (".ser", "offset"): "offsets stay in metres beside a scale in nm",
    (".emi", "offset"): "offsets stay in metres beside a scale in nm",
    ("fei_example_tem_stack", "offset"): "nm taken for pm (right in rosettasciio 0.15)",
    ("ncem_example_image", "values"): "HyperSpy turns the axes of NCEM's EMD around; ncempy reads them as they lie",
    ("dm_3D_test-23", "refused"): "colours: .hspy cannot hold them, not compared",
    ("Test SI 16x16", "peer"): "HyperSpy 1.7.3 cannot read Velox 11",
}


def signals_of_ours(h5py, program, file, target):
    done = subprocess.run([program, "convert", "--force", str(file), str(target)], capture_output=True, text=True)
    if done.returncode != 0:
        return None, done.stderr.strip().splitlines()[-1]
    out = []
    with h5py.File(target) as opened:
        for group in opened["Experiments"].values():
            axes = [dict(group[f"axis-{i}"].attrs) for i in range(group["data"].ndim)]
            out.append((group["data"][...], axes))
    return out, ""


def unit_of(text):
    text = str(text)
    return None if text in NO_UNIT else METRES.get(text)


def axis_differences(ours, theirs, name):
    """Kinds of difference between one axis of ours (attributes) and of HyperSpy."""
    mine, other = unit_of(ours.get("units", "")), unit_of(theirs.units)
    found = []
    if mine is None or other is None or "scale" not in ours:
        return found if (mine is None) == (other is None) or other is None else [("unit", f"{ours.get('units')} / {theirs.units}")]
    step, their_step = ours["scale"] * mine, theirs.scale * other
    if not np.isclose(step, their_step, rtol=FLOAT32):
        found.append(("scale", f"{name}: {step:.8g} / {their_step:.8g}"))
    elif not np.isclose(ours["offset"] * mine, theirs.offset * other, rtol=FLOAT32, atol=FLOAT32 * abs(step)):
        found.append(("offset", f"{name}: {ours['offset'] * mine:.8g} / {theirs.offset * other:.8g}"))
    return found


def compare(ours, theirs):
    """Pairs each signal of the peer with one of ours that holds the same numbers."""
    found = []
    for signal in theirs:
        data = np.asarray(signal.data)
        if data.dtype.names or data.size > 1 << 24:
            continue
        same = [o for o in ours if o[0].shape == data.shape and np.array_equal(np.asarray(o[0], data.dtype), data)]
        if not same:
            found.append(("values", f"nothing of ours holds the {data.shape} {data.dtype} of {signal.metadata.General.title!r}"))
            continue
        candidates = []
        for match in same:
            candidates.append([d for mine, other in zip(match[1], signal.axes_manager._axes)
                               for d in axis_differences(mine, other, other.name)])
        found += min(candidates, key=len)
    return found


def raw_arrays(file):
    """What NumPy reads at known places: MRC after its two headers, raw frames by info.txt, PNG not at all."""
    if file.suffix == ".mrc":
        header = np.fromfile(file, "<i4", 24)
        shape = header[:3][::-1]
        data = np.fromfile(file, {1: "<i2", 2: "<f4", 6: "<u2"}[int(header[3])], offset=1024 + int(header[23])).reshape(shape)
        return data[0] if shape[0] == 1 else data
    if file.is_dir():
        names = sorted(file.glob("img_*.raw"), key=lambda p: int(p.stem.split("_")[1]))
        return np.stack([np.fromfile(p, "<u2").reshape(512, 512) for p in names])
    return None


def check(hs, h5py, program, file, folder):
    ours, refused = signals_of_ours(h5py, program, file, folder / "ours.hspy")
    if ours is None:
        return [("refused", refused)]
    array = raw_arrays(file)
    if array is not None:
        return [] if any(np.array_equal(o[0], array) for o in ours) else [("values", "NumPy reads other numbers")]
    try:
        theirs = hs.load(str(file), reader="HSPY") if file.suffix == ".hdf5" else hs.load(str(file))
    except Exception as error:  # noqa: BLE001: any failure of the peer
        return [("peer", f"HyperSpy: {type(error).__name__}: {error}")]
    return compare(ours, theirs if isinstance(theirs, list) else [theirs])


def check_logs(program, shared):
    """Rows and temperatures of the logs against plain splitting."""
    folder, found = shared / "stem/heating_logs", []
    numbers = {"digiheater_file1.dens": lambda lines: [float(line.split("\t")[3]) for line in lines if line[:1].isdigit() and ":" in line.split("\t")[1]],
               "protochips_thermal.csv": lambda lines: [float(line.split(",")[-1]) for line in lines[1:] if line.strip() and " = " not in line],
               "impulse_StubExperiment_Heat raw.csv": lambda lines: [float(line.split(",")[2]) for line in lines[1:] if line.strip()],
               "impulse_StubExperiment_Synchronized data.csv": lambda lines: [float(line.split(",")[2]) for line in lines[1:] if line.strip()]}
    for name, read in numbers.items():
        said = subprocess.run([program, "info", "--json", str(folder / name)], capture_output=True, text=True)
        log = json.loads(said.stdout)[0]["log"]
        plain = read((folder / name).read_text(encoding="latin-1").splitlines())
        good = log["rows"] == len(plain) - log["repairs"] and np.isclose(log["hottest_degC"], max(plain), rtol=1e-12)
        print(f"{name}: {log['rows']} rows, {log['coldest_degC']:.6g} … {log['hottest_degC']:.6g} degC", "agrees" if good else f"DIFFERS {len(plain)}")
        found += [] if good else [name]
    return found


def print_table(program, files):
    print("| file | shape | type | pixel | time | kV | notes |\n|---|---|---|---|---|---|---|")
    for file in files:
        said = subprocess.run([program, "info", "--json", str(file)], capture_output=True, text=True)
        if said.returncode != 0:
            print(f"| `{file.name}` | {said.stderr.strip()[-80:]} |")
            continue
        for signal in json.loads(said.stdout)[0]["signals"]:
            known, axis = signal["metadata"], signal["axes"][-1]
            time = [a for a in signal["navigation"] if a["name"] == "time"]
            stamp = f"{time[0]['step']:.4g} s" if time and time[0]["step"] else (f"{known['exposure_s']:.4g} s" if "exposure_s" in known else "–")
            pixel = f"{axis['step']:.6g} {axis['unit']}" if axis["step"] and axis["unit"] else "–"
            print(f"| `{file.name}` | {signal['shape'].replace('|', chr(92) + '|')} | {signal['dtype']} | {pixel} | {stamp} | {known.get('beam_energy_keV', '–')} | {known.get('detector', '')} |")


def main():
    program, folder = sys.argv[1], pathlib.Path(sys.argv[2]) / "images"
    shared = pathlib.Path(os.environ.get("HOTSTAGE_SHARED_DATA", "/nonexistent"))
    try:
        warnings.filterwarnings("ignore")
        logging.disable(logging.CRITICAL)
        import h5py
        import hyperspy.api as hs
    except ImportError:
        print("hyperspy or h5py is not installed")
        return 77
    if not (shared / "stem").is_dir():
        print("no shared data (HOTSTAGE_SHARED_DATA)")
        return 77
    folder.mkdir(parents=True, exist_ok=True)
    for archive in sorted((shared / "stem/formats").glob("*.zip")):
        zipfile.ZipFile(archive).extractall(folder / archive.stem)
    files = [f for f in sorted((shared / "stem/images").iterdir()) + sorted((shared / "stem/formats").iterdir()) if f.suffix != ".zip"]
    files += sorted(folder.glob("*/*")) + [shared / "stem/series_tem_carbon"]
    if "--table" in sys.argv:
        print_table(program, files)
        return 0
    failed, used = 0, set()
    for file in files:
        found = check(hs, h5py, program, file, folder)
        listed = [(part, kind) for kind, _ in found for (part, of) in WRONG_PEERS if of == kind and part in file.name]
        left = [f"{kind}: {text}" for kind, text in found if not any(kind == of and part in file.name for part, of in WRONG_PEERS)]
        used.update(listed)
        failed += bool(left)
        print(file.name, "; ".join(left) if left else ("agrees" if not listed else "listed: " + "; ".join(sorted({WRONG_PEERS[k] for k in listed}))))
    for key in set(WRONG_PEERS) - used:
        print(f"listed as wrong in the peer, and is not: {key}")
        failed += 1
    failed += len(check_logs(program, shared))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
