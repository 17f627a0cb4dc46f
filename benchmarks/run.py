#!/usr/bin/env python3
"""Measures Hotstage beside its peers on the same data and writes benchmarks/results.json and the table in benchmarks/README.md.

usage: run.py [NAME ...] [--rounds N] [--size ROWSxCOLUMNS] [--no-peers]
       run.py --toy      tiny cube, one round, nothing stored: does it run, is the result valid?
       run.py --agree    small cube, one round, nothing stored: does every result agree with every peer? 77 without peers
       run.py --check    is results.json valid and the table in README.md that of results.json?

NAME is a module (eels, series) or an id (eels.background); without one everything is measured.
"""
import argparse
import json
import os
import pathlib
import platform
import re
import shutil
import subprocess
import sys
import tempfile

import results_file

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent


def find_program(given):
    program = given or shutil.which("hotstage_bench")
    if not program or not pathlib.Path(program).exists():
        sys.exit("run.py: hotstage_bench is not built: use ./dev bench, or give --program")
    return str(program)


def find_peers():
    """Interpreters that have HyperSpy: Debian's, and that of build/venv-peers."""
    found = {}
    for name, python in (("debian", "/usr/bin/python3"), ("pypi", str(ROOT / "build/venv-peers/bin/python"))):
        works = os.path.exists(python) and subprocess.run([python, "-c", "import hyperspy"], capture_output=True).returncode == 0
        if works:
            found[name] = python
        else:
            print(f"run.py: no HyperSpy for {python}: left out", file=sys.stderr)
    return found


def machine():
    text = pathlib.Path("/proc/cpuinfo").read_text()
    model = re.search(r"model name\s*: (.*)", text)
    compiler = subprocess.run(["c++", "-dumpfullversion"], capture_output=True, text=True).stdout.strip()
    system = platform.freedesktop_os_release().get("PRETTY_NAME", platform.system())
    return (f"{model[1] if model else platform.machine()}, {os.cpu_count()} cores shared with other work, {system}, g++ {compiler}, "
            f"Release build for x86-64-v2; load average at the end {os.getloadavg()[0]:.1f}.")


def measure_eels(names, options, work):
    import eels_cases
    import eels_more_cases
    import measure
    import synthetic

    rows, columns = map(int, options.size.split("x"))
    data = synthetic.make(work / options.size, rows, columns)
    toy = synthetic.make(work / "3x3", 3, 3)
    program = find_program(options.program)
    entries = []
    with tempfile.TemporaryDirectory(dir=work) as scratch:
        bounds = measure.run_once([program, "bounds", "--core", str(data / "core.dm4")])
        peers = {} if options.no_peers else find_peers()
        session = eels_cases.Session(program, peers, data, toy, pathlib.Path(scratch), options.rounds, bounds)
        for name in names:
            entries.append(eels_more_cases.ALL[name](session))
            e = entries[-1]
            against = f"{e['peer']} {e['peer_value']} -> {e['ratio']}x" if e["peer"] else "no peer"
            print(f"{name}: {e['ours']} {e['unit']}, {against}, {e['fraction_of_bound']:.0%} of bound, checked {e['checked']}", flush=True)
    return entries


def measure_series(names, options, work):
    import series_cases

    work.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=work) as scratch:
        return series_cases.run(names, find_program(options.program), work, pathlib.Path(scratch), options.toy or options.agree,
                                not options.no_peers, options.rounds)


def check():
    readme = (HERE / "README.md").read_text()
    entries = results_file.load(HERE / "results.json")
    broken = results_file.faults(entries)
    if results_file.with_table(readme, entries) != readme:
        broken.append("the table in README.md is not that of results.json: run ./dev bench")
    print("\n".join(broken) or f"{len(entries)} entries, valid, and the table is theirs")
    return bool(broken)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", metavar="NAME")
    parser.add_argument("--toy", action="store_true")
    parser.add_argument("--agree", action="store_true")
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--no-peers", action="store_true")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--size", default="128x128")
    parser.add_argument("--program", help="hotstage_bench; default: the one in PATH")
    parser.add_argument("--work", type=pathlib.Path, default=ROOT / "build/bench-data")
    options = parser.parse_args()
    if options.check:
        return check()
    import eels_more_cases
    import series_cases

    cases = [*eels_more_cases.ALL, *series_cases.ALL]
    names = [name for name in cases if not options.names or name in options.names or name.split(".")[0] in options.names]
    if not names:
        sys.exit(f"run.py: nothing is called {' '.join(options.names)}: there are {', '.join(cases)}")
    if options.agree and not find_peers():
        return 77
    if options.toy or options.agree:
        options.size, options.rounds = "6x5" if options.toy else "16x12", 1
    eels = [name for name in names if name in eels_more_cases.ALL]
    entries = measure_eels(eels, options, options.work) if eels else []
    entries += measure_series([name for name in names if name in series_cases.ALL], options, options.work)
    unchecked = [entry["id"] for entry in entries if not entry["checked"] and entry["id"] not in results_file.ALONE]
    if options.toy or options.agree:
        broken = results_file.faults(entries) + ([f"{name}: results differ" for name in unchecked] if options.agree else [])
        print(json.dumps(entries, indent=1), *broken, sep="\n")
        return bool(broken)
    ordered = results_file.store(HERE / "results.json", entries)
    readme = HERE / "README.md"
    readme.write_text(results_file.with_table(readme.read_text(), ordered, machine()))
    if unchecked:
        print(f"run.py: not checked against a peer: {', '.join(unchecked)}", file=sys.stderr)
    return bool(unchecked)


if __name__ == "__main__":
    sys.exit(main())
