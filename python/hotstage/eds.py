# SPDX-License-Identifier: GPL-3.0-or-later
"""EDS: X-ray line areas and composition."""

from __future__ import annotations

import numpy as np

from . import steps
from ._hotstage import Signal
from ._signal import from_array
from .eels import Record
from .errors import BadInput


def quantify(
    spectrum, *, k_factors: dict | None = None, energy_offset_eV: float | None = None, energy_step_eV: float | None = None,
    metadata: dict | None = None, **keywords,
) -> Record:
    """Line areas of the summed spectrum, and with k factors the composition (Cliff–Lorimer).

    `spectrum`: Signal, or array (…, channels) of counts with its energies; of an array `metadata` may say live_time_s,
    elevation_deg, resolution_eV, beam_energy_keV. `k_factors`: {"Co K": 1.0, "O K": (2.1, 0.1)}, relative to one
    reference, with σ or taken at k_uncertainty. Options are those of step eds.quantify (elements=["Co", "O"], …).
    Gives lines and, with k factors, composition: tables as dictionaries of columns, with units in the names where they
    have one; counting and k-factor σ apart. Refused below 20 photons or when lines cannot be told apart.
    """
    if not isinstance(spectrum, Signal):
        array = np.asarray(spectrum)
        if energy_offset_eV is None or energy_step_eV is None:
            raise TypeError("spectrum is an array: its energies are needed (energy_offset_eV of the first channel, energy_step_eV)")
        if array.ndim == 0 or array.shape[-1] == 0 or array.dtype.kind not in "buif":
            raise BadInput(f"spectrum has the shape {array.shape} and type {array.dtype}; expected real numbers, energies last")
        axes = [{"navigate": True} for _ in array.shape[:-1]]
        axes.append({"name": "Energy", "offset": energy_offset_eV, "scale": energy_step_eV, "unit": "eV", "navigate": False})
        spectrum = from_array(array, axes=axes, metadata={"signal_type": "EDS_TEM", **(metadata or {})})
    elif energy_offset_eV is not None or energy_step_eV is not None or metadata is not None:
        raise TypeError("spectrum is a Signal and knows its energies and metadata")
    if k_factors:
        pairs = {line: value if isinstance(value, (tuple, list)) else (value, None) for line, value in k_factors.items()}
        table: dict = {"line": list(pairs), "k": [float(k) for k, _ in pairs.values()]}
        sigmas = [sigma for _, sigma in pairs.values()]
        if any(sigma is not None for sigma in sigmas):
            if any(sigma is None for sigma in sigmas):
                raise BadInput("give σ for every k factor or for none")
            table["sigma"] = [float(sigma) for sigma in sigmas]
        keywords["k_factors"] = table
    result = steps.eds_quantify(spectrum=spectrum, **keywords)
    return Record({name: result.tables[name] for name in ("lines", "composition") if name in result.tables})
