# SPDX-License-Identifier: GPL-3.0-or-later
"""What a step and a study give back."""

from __future__ import annotations

import pathlib

from . import _hotstage
from ._display import table_html
from .errors import BadInput


class Table(dict):
    """Columns by name: NumPy arrays of numbers, lists of texts. The units stand in `units`."""

    def __init__(self, columns: dict, units: dict | None = None):
        super().__init__(columns)
        self.units = units or {}

    def to_pandas(self):
        """A pandas.DataFrame; columns are named "name (unit)"."""
        import pandas

        return pandas.DataFrame({self.label(name): values for name, values in self.items()})

    def label(self, name: str) -> str:
        unit = self.units.get(name, "")
        return f"{name} ({unit})" if unit else name

    def _repr_html_(self) -> str:
        shown = [[column[i] for column in self.values()] for i in range(min(20, self.rows))]
        return table_html(f"{self.rows} rows", [tuple(self.label(name) for name in self), *map(tuple, shown)])

    @property
    def rows(self) -> int:
        return len(next(iter(self.values()), ()))


class StepResult:
    """Everything a step gives: results (numbers), tables, records, signals, figures, checks, assumptions, warnings."""

    def __init__(self, output: dict):
        self.results: list[dict] = output["results"]
        self.tables = {name: Table(table["columns"], table["units"]) for name, table in output["tables"].items()}
        self.records: dict[str, dict] = output["records"]
        self.signals = output["signals"]
        self.raw = output["raw"]  #: simulated instrument files: a list of signals each
        self.texts: dict[str, str] = output["texts"]  #: text files: logs, cycler files, structures as extended XYZ
        self.figures = {figure["id"]: figure for figure in output["figures"]}  #: schema hotstage.figure
        self.checks: list[dict] = output["checks"]
        self.assumptions: list[dict] = output["assumptions"]
        self.warnings: list[dict] = output["warnings"]

    def __getitem__(self, id: str) -> dict:
        """The result of that id."""
        for result in self.results:
            if result["id"] == id:
                return result
        raise KeyError(f"{id}; there are: {', '.join(result['id'] for result in self.results)}")

    def _rows(self) -> list[tuple[str, str]]:
        rows = []
        for result in self.results:
            sigma = "" if result["sigma"] is None else f" ± {result['sigma']:.2g}"
            rows.append((result["label"] or result["id"], f"{result['value']:.6g}{sigma} {result['unit']}".rstrip()))
        rows += [(f"warning: {warning['kind']}", warning["example"]) for warning in self.warnings]
        return rows

    def __repr__(self) -> str:
        made = {"tables": self.tables, "records": self.records, "signals": self.signals, "raw": self.raw, "texts": self.texts, "figures": self.figures}
        lines = [f"<StepResult, {len(self.results)} results"]
        lines += [f"  {name}: {value}" for name, value in self._rows()]
        lines += [f"  {name}: {', '.join(items)}" for name, items in made.items() if items]
        return "\n".join(lines) + ">"

    def _repr_html_(self) -> str:
        return table_html(f"{len(self.results)} results", self._rows())


class StudyResult:
    """A finished study: steps by name, `results` as in results.json, and where the report is."""

    def __init__(self, outcome: dict):
        self.name: str = outcome["name"]
        self.title: str = outcome["title"]
        self.steps = {name: StepResult(step) for name, step in outcome["steps"].items()}
        self.options = {name: step["options"] for name, step in outcome["steps"].items()}  #: resolved
        self.from_store = {name: step["from_store"] for name, step in outcome["steps"].items()}
        self.results: dict = outcome["results"]
        self.report = pathlib.Path(outcome["report"])
        self.out = pathlib.Path(outcome["out"])

    def __getitem__(self, step: str) -> StepResult:
        return self.steps[step]

    def __repr__(self) -> str:
        parts = [f"{name}: {step!r}" for name, step in self.steps.items()]
        return "\n".join([f"<StudyResult {self.name!r}: {self.title}", f"  report: {self.report}", *parts]) + ">"

    def _repr_html_(self) -> str:
        rows = [(f"{name}: {label}", value) for name, step in self.steps.items() for label, value in step._rows()]
        return table_html(f"{self.title} ({self.report})", rows)


def run(study, *, out=None, data: dict | None = None, fresh: bool = False, threads: int | None = None,
        memory_MiB: int | None = None, progress=None) -> StudyResult:
    """Runs a study file: the same as `hotstage run`.

    out: folder for results and report (default: the study's name below the current folder).
    data: replaces files of [data] by other files or by Signals.
    fresh: compute again what the store holds. progress: called with (fraction, phase).
    """
    how = {"threads": threads, "memory_MiB": memory_MiB, "progress": progress}
    if not isinstance(fresh, bool):
        raise BadInput(f"fresh is {fresh!r}, expected True or False")
    return StudyResult(_hotstage.run_study(study, {"out": out, "data": data or {}, "fresh": fresh}, how))
