# SPDX-License-Identifier: GPL-3.0-or-later
import numpy as np
import pytest

import hotstage
from hotstage import eds

ENERGIES = {"energy_offset_eV": 0.0, "energy_step_eV": 10.0}


def spectrum(areas):
    """Gaussian Kα lines of Co and O on a flat background, counts."""
    energy = 10.0 * np.arange(1024)
    counts = np.full(1024, 5.0)
    for centre, fwhm, area in areas:
        counts += area * 10.0 * 2.3548 / fwhm / np.sqrt(2 * np.pi) * np.exp(-0.5 * ((energy - centre) * 2.3548 / fwhm) ** 2)
    return np.round(counts)


def test_composition_by_given_k_factors():
    counts = spectrum([(6930.0, 138.0, 20000.0), (7649.0, 143.0, 2600.0), (525.0, 80.0, 10000.0)])
    out = eds.quantify(counts, elements=["Co", "O"], k_factors={"Co K": (1.0, 0.05), "O K": (1.5, 0.1)},
                       metadata={"beam_energy_keV": 200.0, "resolution_eV": 130.0}, **ENERGIES)
    assert {"lines", "composition"} == set(out)
    assert len(out.lines[next(iter(out.lines))]) >= 2
    assert "composition" not in eds.quantify(counts, elements=["Co", "O"], metadata={"beam_energy_keV": 200.0}, **ENERGIES)


def test_what_is_missing_is_said():
    with pytest.raises(TypeError, match="energy_offset_eV"):
        eds.quantify(np.ones(64), elements=["Co"])
    with pytest.raises(hotstage.BadInput, match="σ for every"):
        eds.quantify(np.ones(64), k_factors={"Co K": (1.0, 0.1), "O K": 2.0}, **ENERGIES)
    with pytest.raises(hotstage.Refused):
        eds.quantify(np.zeros(1024), elements=["Co"], metadata={"beam_energy_keV": 200.0}, **ENERGIES)
