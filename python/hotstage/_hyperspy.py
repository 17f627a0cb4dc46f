# SPDX-License-Identifier: GPL-3.0-or-later
"""To and from HyperSpy (1.7 and newer). HyperSpy is imported only here, and only when called."""

from __future__ import annotations

import numpy as np

from . import _hotstage
from .errors import MissingTool

# exposure_s is that of one frame, HyperSpy's exposure that of all frames together
# metadata key → place in HyperSpy's tree; the units are the same (keV, mrad, s)
_PLACES = {
    "beam_energy_keV": "Acquisition_instrument.TEM.beam_energy",
    "convergence_mrad": "Acquisition_instrument.TEM.convergence_angle",
    "collection_mrad": "Acquisition_instrument.TEM.Detector.EELS.collection_angle",
    "exposure_s": "Acquisition_instrument.TEM.Detector.EELS.exposure",
    "frames": "Acquisition_instrument.TEM.Detector.EELS.frame_number",
    "magnification": "Acquisition_instrument.TEM.magnification",
}


def _axis(axis: dict) -> dict:
    out = {"name": axis["name"], "units": axis["unit"], "navigate": axis["navigate"]}
    if "points" in axis:
        return {**out, "axis": np.asarray(axis["points"], dtype=float)}
    return {**out, "size": axis["size"], "offset": axis["offset"], "scale": axis["scale"]}


def _numbers(signal) -> np.ndarray:
    """The stored type when its numbers are counts already."""
    plain = signal.intensity_scale == 1.0 and signal.intensity_offset == 0.0
    return signal.to_numpy(native=plain and signal.dtype != "rgba8")


def to_hyperspy(signal):
    try:
        import hyperspy.api as hs
    except ImportError as error:
        raise MissingTool("HyperSpy is not installed. Debian: apt install python3-hyperspy") from error
    axes = [_axis(axis) for axis in signal.axes]
    dimension = sum(not axis["navigate"] for axis in axes)
    kind = {1: hs.signals.Signal1D, 2: hs.signals.Signal2D}.get(dimension, hs.signals.BaseSignal)
    out = kind(_numbers(signal), axes=axes)
    metadata = signal.metadata
    if metadata.get("signal_type") == "EELS":
        out.set_signal_type("EELS")
    out.metadata.set_item("General.title", metadata.get("title", ""))
    for key, place in _PLACES.items():
        if key in metadata:
            frames = metadata.get("frames", 1.0) if key == "exposure_s" else 1.0
            out.metadata.set_item(place, metadata[key] * frames)
    if signal.intensity_unit:
        out.metadata.set_item("Signal.quantity", f"Intensity ({signal.intensity_unit})")
    if signal.item_offset is not None:  # HyperSpy has one energy axis for all items
        out.metadata.set_item("Hotstage.item_offset", signal.item_offset)
    out.original_metadata.add_dictionary(signal.original)
    return out


def _text(value) -> str:
    return value if isinstance(value, str) else ""  # traits' Undefined


def _axis_dict(axis) -> dict:
    out = {"name": _text(axis.name), "unit": _text(axis.units), "navigate": bool(axis.navigate), "size": int(axis.size)}
    if hasattr(axis, "scale"):
        return {**out, "offset": float(axis.offset), "scale": float(axis.scale)}
    return {**out, "points": [float(value) for value in axis.axis]}


def from_hyperspy(s):
    """A hotstage.Signal with the numbers, axes and metadata of a HyperSpy signal; lazy ones are computed."""
    data = np.asarray(s.data)
    axes = [_axis_dict(axis) for axis in s.axes_manager._axes]
    order = sorted(range(len(axes)), key=lambda i: not axes[i]["navigate"])  # stable: navigation axes first
    metadata = {"title": s.metadata.get_item("General.title", "") or ""}
    kind = getattr(s, "_signal_type", "") or s.metadata.get_item("Signal.signal_type", "")
    if kind:
        metadata["signal_type"] = kind
    for key, place in _PLACES.items():
        value = s.metadata.get_item(place)
        if value is None and key == "exposure_s":  # of spectrum images
            value = s.metadata.get_item("Acquisition_instrument.TEM.Detector.EELS.dwell_time")
        if isinstance(value, (int, float, np.number)):
            metadata[key] = float(value)
    if metadata.get("frames") and "exposure_s" in metadata:
        metadata["exposure_s"] /= metadata["frames"]
    offsets = s.metadata.get_item("Hotstage.item_offset")
    return _hotstage.from_array(
        np.transpose(data, order),
        {
            "axes": [axes[i] for i in order],
            "signal_dimension": 1,
            "metadata": metadata,
            "original": s.original_metadata.as_dictionary(),
            "item_offset": None if offsets is None else np.ravel(offsets),
            "intensity_unit": "",
        },
    )
