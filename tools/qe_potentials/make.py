#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Makes PBE ultrasoft potentials of Co, Li and O for Quantum ESPRESSO, which Debian ships only for other functionals.

The generation inputs of Li and O stand in the headers of the PBEsol files of quantum-espresso-data; with PBE in their place that
package's ld1.x makes the potentials in seconds. Co is a soft one of our own with nine electrons (cobalt.in, suggested 39 Ry).

usage: make.py FOLDER [SOURCES]     (SOURCES: where the shipped UPF files lie, default /usr/share/espresso/pseudo)
"""
import pathlib
import re
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
SHIPPED = {"Li": "Li.pbesol-s-rrkjus_psl.0.2.1.UPF", "O": "O.pbesol-n-rrkjus_psl.0.1.UPF"}


def generation_input(source, target):
    """The input file in a UPF header, turned to PBE and to another output name."""
    text = source.read_text(errors="replace")
    found = re.search(r"<PP_INPUTFILE>\n(.*?)</PP_INPUTFILE>", text, re.S)
    if not found:
        raise SystemExit(f"{source} holds no generation input: install quantum-espresso-data")
    deck = found.group(1).replace("&amp;", "&").replace("PBESOL", "PBE").replace(source.name, target)
    return deck if re.search(r"^\s*&input\s*$", deck, re.M) else "&input\n" + deck


def main(folder, sources="/usr/share/espresso/pseudo"):
    folder, sources = pathlib.Path(folder), pathlib.Path(sources)
    folder.mkdir(parents=True, exist_ok=True)
    decks = {"Co": (HERE / "cobalt.in").read_text()}
    for symbol, name in SHIPPED.items():
        if not (sources / name).is_file():
            raise SystemExit(f"{sources / name} is missing: apt install quantum-espresso-data")
        decks[symbol] = generation_input(sources / name, f"{symbol}.UPF")
    for symbol, deck in decks.items():
        done = subprocess.run(["ld1.x"], input=deck, text=True, capture_output=True, cwd=folder)
        if done.returncode or not (folder / f"{symbol}.UPF").is_file():
            raise SystemExit(f"ld1.x failed for {symbol}:\n{done.stdout[-2000:]}{done.stderr[-2000:]}")
        print(folder / f"{symbol}.UPF")


if __name__ == "__main__":
    if len(sys.argv) < 2:
        raise SystemExit(__doc__)
    main(*sys.argv[1:])
