# SPDX-License-Identifier: GPL-3.0-or-later
"""Frame series on arrays: every function takes a Signal, or an array (frames, y, x) with the times and the pixel size.

Options are those of the steps series.register, …, as keywords: help(hotstage.steps.series_register). What one function
gives the next one takes: track(frames, log, register(frames), segment(frames, register(frames))).
"""

from __future__ import annotations

import numpy as np

from . import steps
from ._display import table_html
from ._hotstage import Signal
from ._signal import from_array
from .errors import BadInput
from .study import StepResult, Table


class Outcome:
    """What a function gives: tables and signals as attributes, numbers with their σ by name: outcome["gain"].

    Images are NumPy arrays; tables are dictionaries of columns with .to_pandas(). `step` is the whole StepResult (signals
    with their axes, figures, checks, assumptions).
    """

    def __init__(self, step: StepResult):
        self.step = step

    def __getattr__(self, name):
        step = self.__dict__.get("step")
        if step is not None and name in step.tables:
            return step.tables[name]
        if step is not None and name in step.signals:
            return step.signals[name].data
        raise AttributeError(f"{name}; there are: {', '.join(self._names() if step is not None else ())}")

    def __getitem__(self, id: str) -> dict:
        """The number of that name: value, sigma, unit, method, …"""
        return self.step[id]

    def _names(self) -> list[str]:
        return [*self.step.tables, *self.step.signals]

    def __dir__(self):
        return ["step", *self._names()]

    def __repr__(self) -> str:
        return repr(self.step).replace("<StepResult", "<Outcome", 1)

    def _repr_html_(self) -> str:
        return table_html(f"{len(self.step.results)} results", self.step._rows())


def as_series(data, *, frame_s=None, pixel_nm=None, exposure_s: float | None = None) -> Signal:
    """A frame series from an array (frames, y, x).

    frame_s: start of one frame to the start of the next, or the start of every frame; pixel_nm: one number, or (y, x).
    exposure_s: time a frame takes; by default the (least) time from one frame to the next. Signals pass unchanged.
    """
    if isinstance(data, Signal):
        if any(value is not None for value in (frame_s, pixel_nm, exposure_s)):
            raise TypeError("frames is a Signal and knows its times and pixels; leave out frame_s, pixel_nm, exposure_s")
        return data
    array = np.asarray(data)
    if array.ndim != 3 or array.dtype.kind not in "buif":
        raise BadInput(f"frames has the shape {array.shape} and type {array.dtype}; expected real numbers, (frames, y, x)")
    if frame_s is None or pixel_nm is None:
        raise TypeError("frames is an array: frame_s (time from frame to frame) and pixel_nm are needed")
    time: dict = {"name": "time", "unit": "s", "navigate": True}
    if np.ndim(frame_s) == 0:
        time["scale"] = float(frame_s)
        shortest = float(frame_s)
    else:
        starts = np.asarray(frame_s, dtype=float)
        if starts.shape != (array.shape[0],) or starts.size < 2:
            raise BadInput(f"frame_s holds {starts.shape} times for {array.shape[0]} frames")
        time["points"] = starts
        shortest = float(np.min(np.diff(starts)))
    metadata = {"exposure_s": float(exposure_s) if exposure_s is not None else shortest}
    return from_array(array, axes=[time, *_pixels(pixel_nm)], metadata=metadata)


def as_image(data, *, pixel_nm=None) -> Signal:
    """An image (y, x), or a registered stack (frames, y, x), from an array. Signals pass unchanged."""
    if isinstance(data, Signal):
        if pixel_nm is not None:
            raise TypeError("image is a Signal and knows its pixels; leave out pixel_nm")
        return data
    array = np.asarray(data)
    if array.ndim not in (2, 3) or array.dtype.kind not in "buif":
        raise BadInput(f"image has the shape {array.shape} and type {array.dtype}; expected real numbers, (y, x) or (frames, y, x)")
    axes = _pixels(pixel_nm) if pixel_nm is not None else [{"name": name, "navigate": False} for name in ("y", "x")]
    return from_array(array, axes=[{"name": "frame", "navigate": True}] * (array.ndim - 2) + axes)


def _pixels(pixel_nm) -> list[dict]:
    sizes = np.broadcast_to(np.asarray(pixel_nm, dtype=float), (2,))
    return [{"name": name, "scale": float(size), "unit": "nm", "navigate": False} for name, size in zip(("y", "x"), sizes)]


_SERIES = ("frame_s", "pixel_nm", "exposure_s")


def _series(frames, keywords: dict) -> Signal:
    return as_series(frames, **{name: keywords.pop(name) for name in _SERIES if name in keywords})


def _image(image, keywords: dict) -> Signal:
    return as_image(image, **({"pixel_nm": keywords.pop("pixel_nm")} if "pixel_nm" in keywords else {}))


def _drift(drift) -> Table | str:
    return drift.drift if isinstance(drift, Outcome) else drift


def register(frames, **keywords) -> Outcome:
    """Drift of every frame with σ (table drift), mean image (mean), gain and black level."""
    return Outcome(steps.series_register(frames=_series(frames, keywords), **keywords))


def average(frames, drift=None, **keywords) -> Outcome:
    """Mean of the frames moved back by their drift, its σ and number of frames per pixel, noise against √n."""
    bound = {} if drift is None else {"drift": _drift(drift)}
    return Outcome(steps.series_average(frames=_series(frames, keywords), **bound, **keywords))


def segment(frames, drift, **keywords) -> Outcome:
    """Grains (labels, grains, boundaries), voids and cracks (spots), their radius over time (voids), tracks and events."""
    return Outcome(steps.series_segment(frames=_series(frames, keywords), drift=_drift(drift), **keywords))


def edit(frames, drift, segmentation: Outcome, edits, **keywords) -> Outcome:
    """As segment, corrected by a file of edits; the table edits says what was changed, by whom and why."""
    made = segmentation.step
    return Outcome(steps.series_edit(frames=_series(frames, keywords), drift=_drift(drift), labels=made.signals["labels"],
                                     spots=made.tables["spots"], edits=edits, **keywords))


def track(frames, log, drift, segmentation: Outcome, **keywords) -> Outcome:
    """Onset map in °C (onset), onset of every grain (onsets), fronts, entries, crossings. `log`: file of the holder."""
    made = segmentation.step
    return Outcome(steps.series_track(frames=_series(frames, keywords), log=log, drift=_drift(drift), labels=made.signals["labels"],
                                      boundaries=made.tables["boundaries"], spots=made.tables["spots"], **keywords))


def lattice(image, **keywords) -> Outcome:
    """Lattice of an image; with a known crystal the true pixel size and the shear of the scan."""
    return Outcome(steps.series_lattice(image=_image(image, keywords), **keywords))


def phases(image, **keywords) -> Outcome:
    """Layered, spinel, rock salt, Co metal, or unknown, window by window, with strain."""
    return Outcome(steps.series_phases(image=_image(image, keywords), **keywords))


def columns(image, **keywords) -> Outcome:
    """Place and strength of every atomic column with σ, sublattices, brightness of the layers."""
    return Outcome(steps.series_columns(image=_image(image, keywords), **keywords))
