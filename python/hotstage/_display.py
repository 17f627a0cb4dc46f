# SPDX-License-Identifier: GPL-3.0-or-later
"""How signals and results look in a terminal and in a notebook."""

from __future__ import annotations

import html as escape_html

import numpy as np


def energies_eV(signal) -> np.ndarray:
    offset, step, _ = signal._energy_axis
    return offset + step * np.arange(signal.axes[-1]["size"])


def _extent(axis: dict) -> str:
    if "points" in axis:
        first, last, step = axis["points"][0], axis["points"][-1], "not uniform"
    else:
        first, last = axis["offset"], axis["offset"] + (axis["size"] - 1) * axis["scale"]
        step = f"step {axis['scale']:.6g}"
    return f"{first:.6g} … {last:.6g} {axis['unit']}".rstrip() + f", {step}"


def _rows(signal) -> list[tuple[str, str]]:
    rows = []
    for axis in signal.axes:
        role = "item" if axis["navigate"] else "channel"
        rows.append((axis["name"] or f"({role})", f"{axis['size']} {role}s: {_extent(axis)}"))
    for key, value in signal.metadata.items():
        if key != "title":
            rows.append((key, f"{value:.6g}" if isinstance(value, float) else str(value)))
    if signal.file:
        rows.append(("file", signal.file))
    return rows


def text(signal) -> str:
    title = signal.metadata.get("title", "")
    head = f"<Signal {signal.shape_text} {signal.dtype}" + (f", {title!r}" if title else "")
    rows = _rows(signal)
    width = max((len(name) for name, _ in rows), default=0)
    return "\n".join([head] + [f"  {name:<{width}}  {value}" for name, value in rows]) + ">"


def table_html(caption: str, rows: list[tuple[str, str]]) -> str:
    def cells(row):
        return "".join(f"<td style='text-align:left'>{escape_html.escape(str(cell))}</td>" for cell in row)

    body = "".join(f"<tr>{cells(row)}</tr>" for row in rows)
    return f"<table><caption style='text-align:left'>{escape_html.escape(caption)}</caption>{body}</table>"


def html(signal) -> str:
    title = signal.metadata.get("title", "Signal")
    return table_html(f"{title}: {signal.shape_text} {signal.dtype}", _rows(signal))
