# SPDX-License-Identifier: GPL-3.0-or-later
import numpy as np
import pytest

import hotstage
from hotstage import eels

CORE = {"energy_offset_eV": 380.0, "energy_step_eV": 0.5}
LOW = {"energy_offset_eV": -30.0, "energy_step_eV": 0.5}
# float32 in and out: half a unit in the last place of the counts, and the same of the result
FLOAT32 = 2e-7


def power_law(shape=(), r=3.0):
    """∫ 1e9·E^−r over every channel."""
    low = 380.0 - 0.25 + 0.5 * np.arange(1024)
    counts = 1e9 * 400.0**2 / (r - 1) * (low ** (1 - r) - (low + 0.5) ** (1 - r))
    return np.broadcast_to(counts, (*shape, 1024))


def test_results_have_the_leading_shape_of_the_data(pair):
    _, low = pair
    assert eels.find_zero_loss(low).thickness.shape == (3, 4)
    assert eels.find_zero_loss(low.data.reshape(2, 3, 2, 1024), **LOW).flags.shape == (2, 3, 2)
    one = eels.find_zero_loss(low.data[0, 0], **LOW)
    assert np.ndim(one.thickness) == 0 and one.found and one.flags == ""


def test_a_signal_and_its_array_give_the_same(pair):
    core, low = pair
    of_signal, of_array = eels.find_zero_loss(low), eels.find_zero_loss(low.data, **LOW)
    assert np.array_equal(of_signal.centre_eV, of_array.centre_eV)
    a = eels.subtract_background(core, window_eV=(400, 448))
    b = eels.subtract_background(core.data.astype(float), window_eV=(400, 448), **CORE)
    assert np.array_equal(a.net, b.net) and np.array_equal(a.fit.r, b.fit.r)


def test_the_number_of_threads_changes_nothing(pair):
    core, low = pair
    net = eels.subtract_background(core, window_eV=(400, 448)).net
    one, four = (eels.fourier_ratio(net, low, threads=threads, **CORE) for threads in (1, 4))
    assert one.spectra.tobytes() == four.spectra.tobytes()


def test_options_reach_the_kernel(pair):
    _, low = pair
    assert (eels.find_zero_loss(low, vacuum=1.0).flags == "vacuum").all()


@pytest.mark.parametrize("method", ["poisson", "two_area", "least_squares"])
def test_a_power_law_leaves_nothing(method):
    counts = power_law((2, 3))
    net, fit = eels.subtract_background(counts, window_eV=(400, 480), method=method, **CORE)
    assert net.shape == counts.shape and net.dtype == np.float32
    assert np.abs(net / counts).max() < 10 * FLOAT32  # the fit averages rounding over its window
    assert fit.r == pytest.approx(np.full((2, 3), 3.0), rel=1e-5)
    assert fit.usable.all() and (fit.status == "ok").all()


def test_shifts_move_the_axis_of_each_item(pair):
    counts = pair[0].data[0, :2]
    moved = eels.subtract_background(counts, window_eV=(430, 470), shift_eV=[0.0, 30.0], **CORE)
    for item, offset in enumerate((380.0, 410.0)):
        alone = eels.subtract_background(counts[item], window_eV=(430, 470), energy_offset_eV=offset, energy_step_eV=0.5)
        assert np.array_equal(moved.net[item], alone.net) and moved.fit.r[item] == pytest.approx(alone.fit.r, rel=1e-12)
    signal = hotstage.from_array(
        counts, axes=[{"navigate": True}, {"offset": 380.0, "scale": 0.5, "unit": "eV"}], item_offset=[0.0, 30.0])
    assert np.array_equal(eels.subtract_background(signal, window_eV=(430, 470)).net, moved.net)
    with pytest.raises(ValueError):
        eels.subtract_background(counts, window_eV=(430, 470), shift_eV=[1.0, 2.0, 3.0], **CORE)


def test_a_net_integral_is_raw_less_background(pair):
    core, _ = pair
    integral, fit = eels.net_integral(core, fit_window_eV=(400, 448), window_eV=(456, 506))
    assert integral.net == pytest.approx(integral.raw - integral.background)
    assert (integral.net_sigma > 0).all() and fit.usable.all()
    raw = core.read(channels=slice(152, 252)).sum(axis=1, dtype=float).reshape(3, 4)
    assert integral.raw == pytest.approx(raw, rel=FLOAT32)


def test_one_low_loss_serves_many_core_losses(pair):
    core, low = pair
    net = eels.subtract_background(core, window_eV=(400, 448)).net
    each = eels.fourier_ratio(net, np.broadcast_to(low.data[0, 0], low.shape), low_energy_offset_eV=-30.0, **CORE)
    one = eels.fourier_ratio(net, low.data[0, 0], low_energy_offset_eV=-30.0, **CORE)
    assert one.spectra.shape == core.shape and one.quality.done.all()
    assert np.array_equal(each.spectra, one.spectra)
    with pytest.raises(hotstage.BadInput, match="12 core-loss and 4 low-loss"):
        eels.fourier_ratio(net, low.data[0], low_energy_offset_eV=-30.0, **CORE)


def test_what_could_not_be_done_is_said_and_left_alone(pair):
    core, low = pair
    out, quality = eels.fourier_ratio(core, low, max_thickness=0.1)
    assert not quality.done.any() and all("thick" in status for status in quality.status.flat)
    assert np.array_equal(out, core.data)


def test_energies_are_needed_once_and_only_once(pair):
    core, _ = pair
    with pytest.raises(TypeError, match="energy_offset_eV"):
        eels.subtract_background(core.data, window_eV=(400, 448))
    with pytest.raises(TypeError, match="knows its energies"):
        eels.subtract_background(core, window_eV=(400, 448), **CORE)


def test_data_that_are_no_spectra_are_refused(image):
    with pytest.raises(hotstage.BadInput):
        eels.find_zero_loss(np.zeros((3, 0)), **LOW)
    with pytest.raises(hotstage.BadInput):
        eels.find_zero_loss(np.zeros(8, dtype=complex), **LOW)
    with pytest.raises(hotstage.BadInput, match="must be positive|It must be positive"):
        eels.find_zero_loss(np.zeros(8), energy_offset_eV=0.0, energy_step_eV=-1.0)
    picture = hotstage.from_array(np.zeros((8, 9)), signal_dimension=2)
    with pytest.raises(hotstage.BadInput, match="not a spectrum"):
        eels.find_zero_loss(picture)


def test_edges_and_cross_sections_are_found_by_name():
    assert eels.find_edge("Mn L2,3")["shell"] == "L3"
    assert [edge["element"] for edge in eels.edges("O")] == ["O"]
    assert len(eels.edges()) > 100
    angles = {"beam_energy_keV": 300, "convergence_mrad": 17.5, "collection_mrad": 33}
    energies = np.array([[500.0, 540.0, 580.0]])
    sigma = eels.differential_cross_section("O K", energies, **angles)
    assert sigma.shape == energies.shape and sigma[0, 0] == 0.0 and sigma[0, 1] > sigma[0, 2] > 0.0
    section = eels.cross_section("O K", window_eV=(532, 582), **angles)
    assert section.model == "hydrogenic K" and section.value_barn > 0.0
    tabulated = eels.cross_section("O K", window_eV=(532, 582), model="gos", **angles)
    assert tabulated.model == "own GOS K" and 0.7 < tabulated.value_barn / section.value_barn < 1.1
    assert 50.0 < eels.mean_free_path_nm(density_g_per_cm3=4.23, **angles) < 200.0  # TiO2 at 300 kV
    with pytest.raises(hotstage.BadInput, match="empty"):
        eels.cross_section("O K", window_eV=(582, 532), **angles)


def test_records_show_what_they_hold(pair):
    record = eels.find_zero_loss(pair[1])
    assert record.thickness is record["thickness"] and "thickness" in dir(record)
    with pytest.raises(AttributeError, match="thickness"):
        record.thicknes
