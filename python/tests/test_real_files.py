# SPDX-License-Identifier: GPL-3.0-or-later
import numpy as np
import pytest

import hotstage


def test_a_linescan_loads_lazily_and_reads_by_parts(shared_eels):
    signal = hotstage.load(shared_eels / "exspy" / "EELS_LL_linescan_simulated_thickness_variation.hspy")
    assert signal.shape == (17, 1024)
    assert signal.metadata["collection_mrad"] == pytest.approx(20)
    assert np.array_equal(signal.read(items=5)[0], signal.data[5])


def test_the_thickness_of_a_simulated_linescan_is_recovered(shared_eels):
    signal = hotstage.load(shared_eels / "exspy" / "EELS_LL_linescan_simulated_thickness_variation.hspy")
    # From 1.7 on the plasmon is higher than the zero-loss peak, so the search ends below it.
    thickness = hotstage.eels.find_zero_loss(signal, search_high_eV=10).thickness
    # The title says 0.3 to 1.9 t/λ; the plain ratio misses what lies beyond the axis, 1 % covers it.
    assert thickness == pytest.approx(np.linspace(0.3, 1.9, 17), rel=0.01)


@pytest.mark.parametrize("name", ["BN_A3r3_SI_LL_cal.dm3", "TiO2_B3r1_SI_LL_cal.dm3"])
def test_a_dm3_spectrum_image_has_its_zero_loss_near_zero(shared_eels, name):
    if "dm" not in {entry["id"] for entry in hotstage.formats()}:
        pytest.skip("this build reads no DM files")
    signal = hotstage.load(shared_eels / "roundrobin_emat" / name)
    peaks = hotstage.eels.find_zero_loss(signal)
    assert signal.axes[-1]["unit"] == "eV" and peaks.thickness.shape == signal.shape[:-1]
    assert np.abs(np.median(peaks.centre_eV)) < 5.0  # the calibrated files differ from 0 by less than a ZLP or two
