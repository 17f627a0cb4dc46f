# SPDX-License-Identifier: GPL-3.0-or-later
import os
import subprocess
import sys

import numpy as np
import pytest

import hotstage
from conftest import METADATA

TEM = "Acquisition_instrument.TEM."


def test_hotstage_does_not_import_hyperspy():
    code = "import sys, hotstage; sys.exit('hyperspy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.fixture
def hs():
    return pytest.importorskip("hyperspy.api")


def test_a_spectrum_image_becomes_an_eels_spectrum(hs, image):
    s = image.to_hyperspy()
    assert type(s).__name__ == "EELSSpectrum"
    assert s.data.dtype == np.uint16 and np.array_equal(s.data, image.to_numpy(native=True))
    axis = s.axes_manager.signal_axes[0]
    assert (axis.name, axis.offset, axis.scale, axis.units, axis.size) == ("Energy loss", 400.0, 0.5, "eV", 256)
    x, y = s.axes_manager.navigation_axes  # HyperSpy lists them fastest first
    assert (x.name, x.scale, y.name, y.scale) == ("x", 3.0, "y", 2.0)
    assert s.metadata.get_item(TEM + "beam_energy") == pytest.approx(300)
    assert s.metadata.get_item(TEM + "convergence_angle") == pytest.approx(17.5)
    assert s.metadata.get_item(TEM + "Detector.EELS.collection_angle") == pytest.approx(33)
    assert s.metadata.General.title == METADATA["title"]


def test_there_and_back_changes_nothing(hs, image):
    again = hotstage.from_hyperspy(image.to_hyperspy())
    assert again.axes == image.axes
    assert again.metadata == pytest.approx(image.metadata)
    assert again.dtype == image.dtype and np.array_equal(again.data, image.data)


def test_images_and_shifts_cross_over(hs):
    picture = hotstage.from_array(np.arange(12.0).reshape(3, 4), signal_dimension=2)
    s = picture.to_hyperspy()
    assert type(s).__name__ == "Signal2D"
    assert [axis["navigate"] for axis in hotstage.from_hyperspy(s).axes] == [False, False]
    shifted = hotstage.from_array(np.zeros((2, 8)), item_offset=[0.5, -0.5])
    assert np.array_equal(hotstage.from_hyperspy(shifted.to_hyperspy()).item_offset, [0.5, -0.5])


def test_non_uniform_axes_cross_over(hs):
    signal = hotstage.from_array(np.zeros(4), axes=[{"name": "E", "unit": "eV", "points": [1.0, 2.0, 4.0, 8.0]}])
    s = signal.to_hyperspy()
    assert np.array_equal(s.axes_manager[0].axis, [1.0, 2.0, 4.0, 8.0])
    assert hotstage.from_hyperspy(s).axes[0]["points"] == [1.0, 2.0, 4.0, 8.0]


def test_signals_made_by_hyperspy_are_understood(hs):
    s = hs.signals.Signal1D(np.arange(24, dtype=np.int32).reshape(4, 6)).transpose(signal_axes=[0])
    signal = hotstage.from_hyperspy(s.as_lazy())
    assert signal.shape == s.data.shape and np.array_equal(signal.to_numpy(native=True), s.data)
    assert signal.axes[0]["unit"] == "" and "beam_energy_keV" not in signal.metadata


def test_hyperspy_reads_the_files_we_write(hs, image, tmp_path):
    hotstage.save(image, tmp_path / "image.hspy")
    s = hs.load(str(tmp_path / "image.hspy"))
    direct = image.to_hyperspy()
    assert np.array_equal(s.data, direct.data)
    for place in ("beam_energy", "convergence_angle", "Detector.EELS.collection_angle", "Detector.EELS.exposure"):
        assert s.metadata.get_item(TEM + place) == pytest.approx(direct.metadata.get_item(TEM + place))


PEERS = """
import numpy as np, hyperspy, hotstage
numbers = np.arange(24, dtype="uint16").reshape(2, 3, 4)
axes = [{"name": "y", "unit": "nm", "navigate": True}, {"name": "x", "unit": "nm", "navigate": True},
        {"name": "Energy loss", "unit": "eV", "offset": 5.0, "scale": 0.5, "navigate": False}]
metadata = {"title": "t", "signal_type": "EELS", "beam_energy_keV": 300.0, "collection_mrad": 33.0}
signal = hotstage.from_array(numbers, axes=axes, metadata=metadata)
s = signal.to_hyperspy()
again = hotstage.from_hyperspy(s)
assert int(hyperspy.__version__.split(".")[0]) >= 2 and type(s).__name__ == "EELSSpectrum", type(s)
assert again.axes == signal.axes and np.array_equal(again.data, signal.data), again
assert all(abs(again.metadata[key] - metadata[key]) < 1e-9 for key in ("beam_energy_keV", "collection_mrad"))
peaks = hotstage.eels.find_zero_loss(np.ones((2, 64)), energy_offset_eV=-5, energy_step_eV=0.5)
assert peaks.thickness.shape == (2,) and peaks.thickness.dtype == float
"""


def test_hyperspy_2_with_numpy_2_is_understood():
    python = os.environ.get("HOTSTAGE_PEERS_PYTHON", "")
    probe = [python, "-c", "import exspy, numpy, sys; sys.exit(numpy.__version__ < '2')"]
    if not os.path.exists(python) or subprocess.run(probe, check=False, capture_output=True).returncode:
        pytest.skip("build/venv-peers is not set up (./dev test --all)")
    done = subprocess.run([python, "-c", PEERS], check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
