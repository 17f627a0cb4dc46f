# SPDX-License-Identifier: GPL-3.0-or-later
import os
import pathlib

import numpy as np
import pytest

import hotstage

SHAPE = (3, 4, 256)  # no two sizes alike, so that swapped axes show
AXES = [
    {"name": "y", "offset": 0.0, "scale": 2.0, "unit": "nm", "navigate": True},
    {"name": "x", "offset": 1.0, "scale": 3.0, "unit": "nm", "navigate": True},
    {"name": "Energy loss", "offset": 400.0, "scale": 0.5, "unit": "eV", "navigate": False},
]
METADATA = {
    "title": "made by a test",
    "signal_type": "EELS",
    "beam_energy_keV": 300.0,
    "convergence_mrad": 17.5,
    "collection_mrad": 33.0,
    "exposure_s": 0.25,
}


@pytest.fixture
def image():
    """A spectrum image whose every number is different and an integer that float32 holds."""
    numbers = np.arange(np.prod(SHAPE), dtype=np.uint16).reshape(SHAPE)
    return hotstage.from_array(numbers, axes=AXES, metadata=METADATA)


@pytest.fixture(scope="session")
def pair():
    """Simulated core and low loss, 3 × 4 items."""
    made = hotstage.steps.eels_simulate(edges=["Ti L3", "O K"], atoms=[1, 2], rows=3, columns=4)
    return made.raw["core"][0], made.raw["low"][0]


@pytest.fixture(scope="session")
def shared_eels():
    """Folder of the shared measurements."""
    chosen = os.environ.get("HOTSTAGE_SHARED_DATA")
    root = pathlib.Path(__file__).resolve().parents[2]
    folder = (pathlib.Path(chosen) if chosen else root.parent / "shared" / "data") / "eels"
    if not folder.is_dir():
        pytest.skip("shared data not found (HOTSTAGE_SHARED_DATA)")
    return folder
