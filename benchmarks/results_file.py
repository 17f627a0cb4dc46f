"""benchmarks/results.json (a contract that other programs read) and the table of it in benchmarks/README.md."""
import json
import pathlib
import re

IDS = ("eels.dm4", "eels.align", "eels.align_shift", "eels.background", "eels.poisson", "eels.fourier_ratio", "eels.fourier_ratio_memory",
       "eels.fourier_log", "eels.white_lines", "eels.scaling", "eels.pass", "eels.pass_memory",
       "series.register", "series.pipeline", "echem.dfn", "echem.read_csv", "atoms.slabs", "calc.neb", "meso.two_field",
       "meso.kmc", "stem.multislice_512", "stem.multislice_1024")
KEYS = {"id": str, "ours": float, "unit": str, "peer": str, "peer_value": float, "ratio": float, "bound": str,
        "fraction_of_bound": float, "checked": bool, "how": str}
MAY_BE_NULL = {"peer", "peer_value", "ratio"}  # no peer installed
ALONE = {"eels.scaling", "eels.pass", "eels.pass_memory", "series.pipeline"}  # no peer does this: never checked against one
MARKS = ("<!-- results: written by run.py from results.json -->", "<!-- end of results -->")


def faults(entries):
    """What breaks the contract, in words; empty when nothing does."""
    found = []
    if not isinstance(entries, list):
        return ["not a list"]
    for number, entry in enumerate(entries):
        name = entry.get("id", f"entry {number}")
        if list(entry) != list(KEYS):
            found.append(f"{name}: keys are {list(entry)}, not {list(KEYS)}")
            continue
        if name not in IDS:
            found.append(f"{name}: unknown id")
        for key, kind in KEYS.items():
            value = entry[key]
            if value is None and key in MAY_BE_NULL:
                continue
            if not isinstance(value, (int, float) if kind is float else kind) or (kind is float and isinstance(value, bool)):
                found.append(f"{name}: {key} is {value!r}")
        if isinstance(entry["ours"], (int, float)) and not entry["ours"] > 0:
            found.append(f"{name}: ours is {entry['ours']}")
        if entry["checked"] and entry["peer"] is None:
            found.append(f"{name}: checked without a peer")
    names = [entry.get("id") for entry in entries]
    found += [f"{name}: given twice" for name in sorted({n for n in names if names.count(n) > 1}, key=str)]
    return found


def load(path):
    path = pathlib.Path(path)
    return json.loads(path.read_text()) if path.exists() else []


def store(path, new):
    """Replaces the entries of `new`, keeps the others, in the order of IDS."""
    entries = {entry["id"]: entry for entry in load(path)}
    entries.update({entry["id"]: entry for entry in new})
    ordered = [entries[name] for name in IDS if name in entries]
    broken = faults(ordered)
    if broken:
        raise ValueError("; ".join(broken))
    pathlib.Path(path).write_text(json.dumps(ordered, indent=1, ensure_ascii=False) + "\n")
    return ordered


def three_digits(value):
    return "–" if value is None else f"{value:.3g}"


def table(entries):
    lines = ["| id | ours | peer | ratio | bound | of bound | checked |", "|---|---|---|---|---|---|---|"]
    for e in entries:
        peer = "–" if e["peer"] is None else f"{three_digits(e['peer_value'])} ({e['peer']})"
        lines.append(f"| `{e['id']}` | **{three_digits(e['ours'])}** {e['unit']} | {peer} | {three_digits(e['ratio'])} | {e['bound']} | "
                     f"{e['fraction_of_bound']:.0%} | {'yes' if e['checked'] else 'no'} |")
    lines += [""] + [f"- `{e['id']}`: {e['how']}" for e in entries]
    return "\n".join(lines)


def with_table(readme, entries, machine=None):
    """The text of the README with the part between the marks replaced; `machine` None keeps the line of the machine."""
    begin, end = (readme.index(mark) for mark in MARKS)
    old = re.search(r"^Machine: .*$", readme[begin:end], re.M)
    line = f"Machine: {machine}" if machine else old[0] if old else "Machine: not measured"
    return f"{readme[:begin]}{MARKS[0]}\n{line}\n\n{table(entries)}\n{readme[end:]}"
