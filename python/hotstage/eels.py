# SPDX-License-Identifier: GPL-3.0-or-later
"""EELS on arrays: every function takes a Signal, or an array of any leading shape with the energies of its last axis.

Options are those of the study files and of the program; hotstage.eels.options lists them with their defaults. A quantity
is text ("40 eV") or a number with the unit in the keyword (tail_window_eV=40).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from . import _hotstage
from ._hotstage import Signal
from .errors import BadInput

_eels = _hotstage.eels

#: name of a function → its options: name, keyword, type, default, help
options: dict[str, list[dict]] = _eels.options

_HOW = ("threads", "progress")


class Record(dict):
    """Named arrays of one shape, also as attributes: record.thickness is record["thickness"]."""

    def __getattr__(self, name):
        try:
            return self[name]
        except KeyError:
            raise AttributeError(f"{name}; there are: {', '.join(self)}") from None

    def __dir__(self):
        return [*super().__dir__(), *self]

    def to_pandas(self):
        """One row per item."""
        import pandas

        return pandas.DataFrame({name: np.ravel(values) for name, values in self.items()})


class Background(NamedTuple):
    """What subtract_background gives."""

    net: np.ndarray  #: counts − background from the start of the fit window on, 0 below it
    fit: Record  #: A, r, … of every spectrum: counts per eV = A·(E/reference_eV)^−r


class Integral(NamedTuple):
    """What net_integral gives."""

    integral: Record  #: net, net_sigma, raw, background, covered_low_eV, covered_high_eV
    fit: Record


class Deconvolved(NamedTuple):
    """What fourier_ratio gives."""

    spectra: np.ndarray  #: single scattering; spectra that were refused are unchanged
    quality: Record  #: done, status, thickness, sum_rule, floored, extended_fraction


class _Spectra:
    """Spectra as the kernels take them: float32, items × channels, with their energies."""

    def __init__(self, data, energies: dict, what: str):
        if isinstance(data, Signal):
            given = [name for name, value in energies.items() if value is not None and name != "shift_eV"]
            if given:
                raise TypeError(f"{what} is a Signal and knows its energies; leave out {', '.join(given)}")
            offset, step, factor = data._energy_axis
            self.counts = data.read()
            self.leading = data.shape[:-1]
            shift = energies["shift_eV"]
            if shift is None and data.item_offset is not None:
                shift = factor * data.item_offset
        else:
            offset, step, shift = energies["energy_offset_eV"], energies["energy_step_eV"], energies["shift_eV"]
            if offset is None or step is None:
                raise TypeError(f"{what} is an array: its energies are needed (energy_offset_eV of the first channel, energy_step_eV)")
            array = np.asarray(data)
            if array.ndim == 0 or array.shape[-1] == 0 or array.dtype.kind not in "buif":
                raise BadInput(f"{what} has the shape {array.shape} and type {array.dtype}; expected real numbers, energies last")
            self.leading = array.shape[:-1]
            self.counts = np.ascontiguousarray(array.reshape(-1, array.shape[-1]), dtype=np.float32)
        if shift is not None:
            shift = np.ravel(np.broadcast_to(np.asarray(shift, dtype=float), self.leading))
        self.energies = {"offset_eV": offset, "step_eV": step, "shift_eV": shift}

    def shaped(self, columns: dict) -> Record:
        out = Record()
        for name, values in columns.items():
            array = np.asarray(values).reshape(self.leading)
            out[name] = array if self.leading else array[()]
        return out

    def spectra(self, flat: np.ndarray) -> np.ndarray:
        return flat.reshape(*self.leading, flat.shape[-1])


def _split(keywords: dict) -> tuple[dict, dict]:
    """Options and what concerns the computation (threads, progress)."""
    how = {name: keywords.pop(name) for name in _HOW if name in keywords}
    return keywords, how


def _energies(offset, step, shift=None) -> dict:
    return {"energy_offset_eV": offset, "energy_step_eV": step, "shift_eV": shift}


def find_zero_loss(low, *, energy_offset_eV: float | None = None, energy_step_eV: float | None = None, **keywords) -> Record:
    """Zero-loss peak and t/λ of every low-loss spectrum.

    Gives centre_eV, centre_sigma_eV, centre_channel, fwhm_eV, height, I0, It, thickness, thickness_sigma, the same with
    the mirrored tail (I0_mirror, thickness_mirror, …), minimum_channel, found, and flags in words.
    """
    spectra = _Spectra(low, _energies(energy_offset_eV, energy_step_eV), "low")
    chosen, how = _split(keywords)
    return spectra.shaped(_eels.find_zero_loss(spectra.counts, spectra.energies, chosen, how))


def subtract_background(
    core, *, window_eV: tuple[float, float], energy_offset_eV: float | None = None, energy_step_eV: float | None = None,
    shift_eV=None, **keywords,
) -> Background:
    """Fits A·E^−r in `window_eV` and subtracts it, every channel integrated exactly. `shift_eV` moves the axis of each item."""
    spectra = _Spectra(core, _energies(energy_offset_eV, energy_step_eV, shift_eV), "core")
    chosen, how = _split(keywords)
    net, fit = _eels.subtract_background(spectra.counts, spectra.energies, tuple(window_eV), chosen, how)
    return Background(spectra.spectra(net), spectra.shaped(fit))


def net_integral(
    core, *, fit_window_eV: tuple[float, float], window_eV: tuple[float, float], energy_offset_eV: float | None = None,
    energy_step_eV: float | None = None, shift_eV=None, **keywords,
) -> Integral:
    """Background-free counts of `window_eV` with their standard uncertainty (counting and extrapolation)."""
    spectra = _Spectra(core, _energies(energy_offset_eV, energy_step_eV, shift_eV), "core")
    chosen, how = _split(keywords)
    windows = {"fit": tuple(fit_window_eV), "signal": tuple(window_eV)}
    integral, fit = _eels.net_integral(spectra.counts, spectra.energies, windows, chosen, how)
    return Integral(spectra.shaped(integral), spectra.shaped(fit))


def fourier_ratio(
    core, low, *, energy_offset_eV: float | None = None, energy_step_eV: float | None = None,
    low_energy_offset_eV: float | None = None, low_energy_step_eV: float | None = None, zero_loss: dict | None = None,
    **keywords,
) -> Deconvolved:
    """Removes plural scattering from background-free core-loss spectra; one low loss for each, or one for all.

    `energy_…` belong to `core`, `low_energy_…` to `low` (the same as `core`'s step when left out); `zero_loss` holds
    options of find_zero_loss.
    """
    spectra = _Spectra(core, _energies(energy_offset_eV, energy_step_eV), "core")
    low_step = spectra.energies["step_eV"] if low_energy_step_eV is None else low_energy_step_eV
    low_spectra = _Spectra(low, _energies(low_energy_offset_eV, None if isinstance(low, Signal) else low_step), "low")
    chosen, how = _split(keywords)
    energies = {"core": spectra.energies, "low": {**low_spectra.energies, "shift_eV": None}}
    both = {"fourier_ratio": chosen, "zero_loss": zero_loss or {}}
    out, quality = _eels.fourier_ratio(spectra.counts, low_spectra.counts, {**energies}, both, how)
    return Deconvolved(spectra.spectra(out), spectra.shaped(quality))


def cross_section(edge: str, *, window_eV: tuple[float, float], **keywords) -> Record:
    """Partial cross-section per atom of an edge ("O K", "Ti L3") in an energy window: value_barn and its model_uncertainty.

    Needs beam_energy_keV, convergence_mrad and collection_mrad. model: "hydrogenic", "gos" (our tables) or "gosh" with gosh=FILE.
    """
    return Record(_eels.cross_section(edge, tuple(window_eV), keywords))


def differential_cross_section(edge: str, energy_eV, **keywords) -> np.ndarray:
    """dσ/dE in barn/eV at energy losses, with the same keywords as cross_section."""
    energies = np.asarray(energy_eV, dtype=float)
    return _eels.differential_cross_section(edge, energies.ravel(), keywords).reshape(energies.shape)


def mean_free_path_nm(*, density_g_per_cm3: float, **keywords) -> float:
    """Inelastic mean free path from the density (Iakoubovskii 2008), with the same keywords as cross_section."""
    return _eels.mean_free_path_nm(density_g_per_cm3, keywords)


def edges(element: str | None = None) -> list[dict]:
    """Ionisation edges of an element, or all: name, element, number, shell, onset_eV, has_cross_section."""
    return _eels.edges(element or "")


def find_edge(name: str) -> dict:
    """The edge of a name as spectroscopists write it: "Ti L3", "O K", "Mn L2,3"."""
    return _eels.find_edge(name)
