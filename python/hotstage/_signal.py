# SPDX-License-Identifier: GPL-3.0-or-later
"""Files and arrays to signals and back."""

from __future__ import annotations

import os
from collections.abc import Iterable

import numpy as np

from . import _hotstage
from ._hotstage import Signal

PathLike = "str | os.PathLike[str]"


def load(file: PathLike, signal: int | None = None) -> Signal:
    """The signal of a file; `signal` (from 0) chooses when there are several. Numbers are read when they are used."""
    return _hotstage.load(file, signal, {})


def load_all(file: PathLike) -> list[Signal]:
    """Every signal of a file, thumbnails left out."""
    return _hotstage.load_all(file, {})


def save(signals: Signal | Iterable[Signal], file: PathLike) -> None:
    """Writes one or more signals; the extension chooses the format (see hotstage.formats())."""
    _hotstage.save([signals] if isinstance(signals, Signal) else list(signals), file, {})


def from_array(
    data,
    *,
    axes: list[dict] | None = None,
    signal_dimension: int = 1,
    metadata: dict | None = None,
    original: dict | None = None,
    item_offset=None,
    intensity_unit: str = "",
) -> Signal:
    """A signal with a copy of an array, navigation axes first.

    axes: one dictionary per dimension with name, offset, scale, unit, navigate (or points); as Signal.axes gives them.
    signal_dimension: how many of the last axes are signal axes, for axes that do not say `navigate`.
    metadata: as Signal.metadata gives it, for example {"signal_type": "EELS", "beam_energy_keV": 300}.
    item_offset: added to the energy axis of each item, in the unit of the axis.
    """
    return _hotstage.from_array(
        np.asarray(data),
        {
            "axes": axes,
            "signal_dimension": signal_dimension,
            "metadata": metadata or {},
            "original": original or {},
            "item_offset": item_offset,
            "intensity_unit": intensity_unit,
        },
    )


def formats() -> list[dict]:
    """The file formats: id, title, extensions, and whether they are written."""
    return _hotstage.formats()


def sniff(file: PathLike) -> str:
    """The id of the format of a file, by its content."""
    return _hotstage.sniff(file)


Signal.from_array = staticmethod(from_array)
