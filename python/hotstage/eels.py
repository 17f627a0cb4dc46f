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
from ._signal import from_array
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


class SingleScattering(NamedTuple):
    """What fourier_log gives."""

    spectra: np.ndarray  #: single-scattering distribution, counts per channel; 0 where refused
    sigma: np.ndarray  #: counting σ of every channel
    quality: Record  #: done, status, thickness, thickness_sigma, tail_difference, sum_rule, largest_phase, resolved_eV


class Despiked(NamedTuple):
    """What remove_spikes gives."""

    counts: np.ndarray  #: float32, spikes replaced
    spikes: Record  #: one entry per replaced channel: item (flat), channel, counts, replacement, deviation (σ)


class Pass(NamedTuple):
    """What a pass over a whole measurement gives."""

    items: Record  #: arrays of the leading shape of the data; a number comes with its counting σ as <name>_sigma
    ratios: dict  #: atomic ratios over all items: mean, mean_sigma, of_sums, scatter, model_uncertainty (relative), …
    more: Record  #: edges, mean spectra, … whatever else there is
    warnings: list  #: (kind, text)


def fourier_log(
    low, *, energy_offset_eV: float | None = None, energy_step_eV: float | None = None, zero_loss: dict | None = None, **keywords
) -> SingleScattering:
    """Single scattering of low-loss spectra and t/λ (Fourier-log, phase unwrapped).

    `low`: Signal, or array (…, channels) with the energies of its last axis. Spectra that cannot be done hold 0 and say why in
    quality.status. `zero_loss` holds options of find_zero_loss.
    """
    spectra = _Spectra(low, _energies(energy_offset_eV, energy_step_eV), "low")
    chosen, how = _split(keywords)
    both = {"fourier_log": chosen, "zero_loss": zero_loss or {}}
    out, sigma, quality = _eels.fourier_log(spectra.counts, spectra.energies, both, how)
    return SingleScattering(spectra.spectra(out), spectra.spectra(sigma), spectra.shaped(quality))


def richardson_lucy(
    core, low, *, window_eV: tuple[float, float], energy_offset_eV: float | None = None, energy_step_eV: float | None = None,
    low_energy_offset_eV: float | None = None, low_energy_step_eV: float | None = None, zero_loss: dict | None = None,
    background: dict | None = None, **keywords,
) -> Deconvolved:
    """Removes plural scattering from *raw* core-loss counts by Richardson–Lucy; the power law fitted in `window_eV` stands in the model.

    Non-negative, broadened by the zero-loss peak as the result of fourier_ratio is, 0 up to the end of the fit window; no σ. One
    dispersion for both (BadInput otherwise), one low loss for each core loss or one for all. `background` and `zero_loss` hold
    options of subtract_background and find_zero_loss. quality: done, status, stopped, iterations, thickness, chi2_per_channel.
    """
    spectra = _Spectra(core, _energies(energy_offset_eV, energy_step_eV), "core")
    low_step = spectra.energies["step_eV"] if low_energy_step_eV is None else low_energy_step_eV
    low_spectra = _Spectra(low, _energies(low_energy_offset_eV, None if isinstance(low, Signal) else low_step), "low")
    chosen, how = _split(keywords)
    given = {
        "core": {**spectra.energies, "shift_eV": None}, "low": {**low_spectra.energies, "shift_eV": None}, "window": tuple(window_eV)
    }
    every = {"richardson_lucy": chosen, "zero_loss": zero_loss or {}, "background": background or {}}
    out, quality = _eels.richardson_lucy(spectra.counts, low_spectra.counts, given, every, how)
    return Deconvolved(spectra.spectra(out), spectra.shaped(quality))


def _with_optics(data, keywords: dict) -> dict:
    """Beam energy and angles of a Signal, where the caller gives none."""
    if isinstance(data, Signal):
        for name in ("beam_energy_keV", "convergence_mrad", "collection_mrad"):
            plain = name.rsplit("_", 1)[0]
            if name in data.metadata and name not in keywords and plain not in keywords:
                keywords = {**keywords, name: data.metadata[name]}
    return keywords


def thickness(low, *, energy_offset_eV: float | None = None, energy_step_eV: float | None = None, **keywords) -> Record:
    """t/λ of low-loss spectra, and the thickness in nm when the specimen is known (material, density_g_per_cm3, effective_z).

    Gives status, t_over_lambda, t_over_lambda_sigma (counting), systematic (of the end of the zero-loss peak); with a specimen nm,
    nm_sigma and its parts nm_counting, nm_systematic, nm_model (of the mean free path, common to all items). Beam energy and
    angles come from a Signal when it has them, else beam_energy_keV, convergence_mrad, collection_mrad are needed for nm.
    """
    spectra = _Spectra(low, _energies(energy_offset_eV, energy_step_eV), "low")
    chosen, how = _split(_with_optics(low, keywords))
    return spectra.shaped(_eels.thickness(spectra.counts, spectra.energies, chosen, how))


def remove_spikes(data, **keywords) -> Despiked:
    """Finds X-ray spikes and replaces them by a straight line.

    `data`: Signal or array (…, channels); spectra along the last leading axis are each other's neighbours (a scan row), which keeps
    sharp real peaks: give scans, not single spectra. Needs no energies.
    """
    spectra = _Spectra(data, {"shift_eV": None} if isinstance(data, Signal) else _energies(0.0, 1.0), "data")
    chosen, how = _split(keywords)
    row = spectra.leading[-1] if spectra.leading else 1
    counts, spikes = _eels.remove_spikes(spectra.counts, row, chosen, how)
    return Despiked(spectra.spectra(counts), Record(spikes))


def valence(quantity, sigma, *, element: str, method: str, metal="oxide", **keywords) -> Record:
    """Valence from L3/L2 ratios, or from L3 shifts in eV with reference_compound=…, by the shipped calibration table.

    `quantity` and `sigma` (counting) of one shape; `method` is the one they were measured with ("arctan_step", "fit", …): another
    method's curve is not used (BadInput). `metal`: "oxide", "metal" or "undecided", one for all or one each; a metal gives no number.
    Gives status, valence, valence_sigma (counting) and calibration_sigma (of the standards, common to all).
    """
    values, errors = np.broadcast_arrays(np.asarray(quantity, dtype=float), np.asarray(sigma, dtype=float))
    calls = [metal] if isinstance(metal, str) else [str(call) for call in np.broadcast_to(metal, values.shape).ravel()]
    columns = _eels.valence(element, values.ravel(), errors.ravel(), calls, {"method": method, **keywords})
    out = Record()
    for name, column in columns.items():
        array = np.asarray(column).reshape(values.shape)
        out[name] = array if values.shape else array[()]
    return out


def contrast(first: dict, second: dict) -> Record:
    """Difference of two regions, first − second, by several methods: {method: (values, sigmas)} for each region.

    Gives method, difference, difference_sigma per method; mean, counting, spread (over methods), sigma, significance.
    """

    def members(region):
        return {
            name: tuple(np.ravel(np.asarray(part, dtype=float)) for part in np.broadcast_arrays(*pair)) for name, pair in region.items()
        }

    return Record(_eels.contrast(members(first), members(second)))


def _signal(data, energies: dict, what: str) -> Signal:
    if isinstance(data, Signal):
        given = [name for name, value in energies.items() if value is not None]
        if given:
            raise TypeError(f"{what} is a Signal and knows its energies; leave out {', '.join(given)}")
        return data
    spectra = _Spectra(data, {**energies, "shift_eV": None}, what)
    axes = [{"navigate": True} for _ in spectra.leading]
    axes.append({
        "name": "Energy loss", "offset": energies["energy_offset_eV"], "scale": energies["energy_step_eV"], "unit": "eV", "navigate": False
    })
    return from_array(spectra.spectra(spectra.counts), axes=axes, metadata={"signal_type": "EELS"})


def _pass(function, core, low, energies: dict, keywords: dict) -> Pass:
    core_signal = _signal(core, {name: energies[name] for name in ("energy_offset_eV", "energy_step_eV")}, "core")
    low_signal = None
    if low is not None:
        step = energies["low_energy_step_eV"]
        if step is None and not isinstance(low, Signal):
            step = energies["energy_step_eV"]
        low_signal = _signal(low, {"energy_offset_eV": energies["low_energy_offset_eV"], "energy_step_eV": step}, "low")
    chosen, how = _split(keywords)
    out = dict(function(core_signal, low_signal, chosen, how))
    leading = core_signal.shape[:-1]
    items = Record({name: np.asarray(values).reshape(leading) for name, values in out.pop("items").items()})
    ratios = {name: Record(ratio) for name, ratio in out.pop("ratios", {}).items()}
    warnings = out.pop("warnings")
    return Pass(items, ratios, Record(out), warnings)


def _energy_keywords(keywords: dict) -> tuple[dict, dict]:
    names = ("energy_offset_eV", "energy_step_eV", "low_energy_offset_eV", "low_energy_step_eV")
    return {name: keywords.pop(name, None) for name in names}, keywords


def quantify(core, low=None, *, edges: list[str], **keywords) -> Pass:
    """Atomic ratios of a dual measurement: align → background → Fourier-ratio → window integrals → cross-sections or k factors.

    `core`, `low`: Signals, or arrays (…, channels) with energy_offset_eV, energy_step_eV, low_energy_offset_eV (low_energy_step_eV).
    σ holds the counting noise of both spectra; model_uncertainty is that of the cross-sections or of the k factor, relative and
    apart. standard={"atoms": [1, 2], "region": [0, 9]} calibrates by items of known composition. BadInput for unknown edges and
    missing angles, Refused when the standard shows an element with less than 3σ.
    """
    energies, keywords = _energy_keywords({**keywords, "edges": edges})
    return _pass(_eels.quantify, core, low, energies, keywords)


def fit_model(core, low=None, *, edges: list[str], **keywords) -> Pass:
    """Atomic ratios by a model of the whole spectrum: background + cross-sections ⊗ low loss + free fine structure, item by item.

    Arguments as quantify. items: <edge>_amplitude (counts per barn) with σ, chi2_per_dof, status; more.mean: energy_eV, core, fit,
    background, residual, residual_sigma of the mean spectrum.
    """
    energies, keywords = _energy_keywords({**keywords, "edges": edges})
    return _pass(_eels.fit_model, core, low, energies, keywords)


def white_lines(core, low=None, *, edge: str, **keywords) -> Pass:
    """L3/L2 and the position of L3 of every item, by all six methods and their spread.

    items: status, ratio, l3, l2 of the method asked for; ratio_<method> and status_<method> of each (arctan_step, sharp_step,
    cross_section_step, second_derivative, height, fit); spread (standard deviation over methods); l3_eV_fit, l3_shift_eV_fit and
    the same by maximum; oxygen_per_metal. σ are counting only. Values are 0 where the status is not ok.
    """
    energies, keywords = _energy_keywords({**keywords, "edge": edge})
    return _pass(_eels.white_lines, core, low, energies, keywords)


def pre_peak(core, low=None, **keywords) -> Pass:
    """O K pre-peak of every item: area, to_main, to_post, position_eV, the same by a fit, and the spread of the two methods.

    Windows are energies on the calibrated axis (peak_low_eV, peak_high_eV, main_low_eV, …). σ are counting only.
    """
    energies, keywords = _energy_keywords(keywords)
    return _pass(_eels.pre_peak, core, low, energies, keywords)


def mlls(
    data, references=(), *, energy_offset_eV: float | None = None, energy_step_eV: float | None = None, **keywords
) -> Pass:
    """Fits every item by reference spectra (Signals on any axis; or regions of the data): coefficients, σ, shares.

    low_eV, high_eV: the fitted window (needed). items: <reference>, <reference>_sigma, <reference>_share, chi2_per_dof, misfit,
    valid. more: references (names), condition, mean, fit. Refused when references cannot be told apart.
    """
    def call(signal, _low, chosen, how):
        return _eels.mlls(signal, list(references), chosen, how)

    energies = {
        "energy_offset_eV": energy_offset_eV, "energy_step_eV": energy_step_eV, "low_energy_offset_eV": None, "low_energy_step_eV": None
    }
    return _pass(call, data, None, energies, keywords)


def find_edge(name: str) -> dict:
    """The edge of a name as spectroscopists write it: "Ti L3", "O K", "Mn L2,3"."""
    return _eels.find_edge(name)
