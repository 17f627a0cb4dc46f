# SPDX-License-Identifier: GPL-3.0-or-later
import numpy as np
import pytest

import hotstage
from hotstage import eels

CORE = {"energy_offset_eV": 380.0, "energy_step_eV": 0.5}
LOW = {"energy_offset_eV": -30.0, "energy_step_eV": 0.5}
EDGES = ["Ti L3", "O K"]


@pytest.fixture(scope="module")
def oxide():
    """One edge on a clean background, 2 × 3 items."""
    made = hotstage.steps.eels_simulate(edges=["O K"], atoms=[1], rows=2, columns=3, core_start_eV=420)
    return made.raw["core"][0], made.raw["low"][0]


def test_fourier_log_gives_the_thickness_of_the_simulation(pair):
    _, low = pair
    single, sigma, quality = eels.fourier_log(low)
    assert single.shape == sigma.shape == low.shape and quality.done.all()
    assert quality.thickness == pytest.approx(np.full((3, 4), 0.5), abs=0.02)
    assert np.array_equal(single, eels.fourier_log(low.data, **LOW).spectra)
    refused = eels.fourier_log(low, max_thickness=0.1)
    assert not refused.quality.done.any() and not refused.spectra.any()


def test_richardson_lucy_agrees_with_fourier_ratio(oxide):
    core, low = oxide
    window = (460, 520)
    lucy = eels.richardson_lucy(core, low, window_eV=window)
    ratio = eels.fourier_ratio(eels.subtract_background(core, window_eV=window).net, low, **{**CORE, "energy_offset_eV": 420.0})
    assert lucy.quality.done.all() and (lucy.spectra >= 0).all() and (lucy.quality.iterations >= 30).all()
    summed = [spectra[..., 224:324].sum() for spectra in (lucy.spectra, ratio.spectra)]
    assert summed[0] / summed[1] == pytest.approx(1.0, abs=0.05)
    with pytest.raises(hotstage.BadInput, match="one dispersion"):
        eels.richardson_lucy(core.data, low.data, window_eV=window, energy_offset_eV=420, energy_step_eV=0.25,
                             low_energy_offset_eV=-30, low_energy_step_eV=0.5)


def test_thickness_needs_angles_only_for_nanometres(pair):
    _, low = pair
    assert set(eels.thickness(low.data, **LOW)) == {"status", "t_over_lambda", "t_over_lambda_sigma", "systematic"}
    known = eels.thickness(low, density_g_per_cm3=4.23)
    assert known.nm.shape == (3, 4) and (known.nm_sigma > known.nm_counting).all()
    assert known.nm / known.t_over_lambda == pytest.approx(np.full((3, 4), eels.mean_free_path_nm(
        density_g_per_cm3=4.23, **{key: low.metadata[key] for key in ("beam_energy_keV", "convergence_mrad", "collection_mrad")})))
    with pytest.raises(hotstage.BadInput, match="collection angle"):
        eels.thickness(low.data, density_g_per_cm3=4.23, **LOW)


def test_a_spike_is_found_where_it_was_put(pair):
    counts = pair[0].data.copy()
    counts[1, 2, 700] += 100 * counts[1, 2, 700]
    clean, spikes = eels.remove_spikes(counts)
    assert clean.shape == counts.shape and (6, 700) in set(zip(spikes.item, spikes.channel))
    assert clean[1, 2, 700] < 2 * pair[0].data[1, 2, 700]


def test_quantify_is_the_step(pair):
    core, low = pair
    result = eels.quantify(core, low, edges=EDGES, signal_width_eV=50)
    step = hotstage.steps.eels_quantify(core=core, low=low, edges=EDGES, signal_width_eV=50)
    assert result.items["Ti/O"].shape == (3, 4)
    assert np.array_equal(result.items["Ti/O"].ravel(), step.tables["items"]["Ti/O"])
    assert result.ratios["Ti/O"].mean_sigma > 0 and result.more.edges[0]["name"] == "Ti L3"
    plain = eels.quantify(core, low, edges=EDGES, signal_width_eV=50, low_loss_noise="ignore")
    assert (plain.items["Ti/O_sigma"] < result.items["Ti/O_sigma"]).all()


def test_a_standard_makes_its_own_items_exact(pair):
    core, low = pair
    result = eels.quantify(core.data, low.data, edges=EDGES, standard={"atoms": [1, 2], "region": [0, 3, 0, 0]},
                           low_energy_offset_eV=-30, **CORE)
    assert result.items["Ti/O"][0].mean() == pytest.approx(0.5, rel=0.02) and result.ratios["Ti/O"]["items"] == 8
    with pytest.raises(hotstage.BadInput, match="one positive number"):
        eels.quantify(core, low, edges=EDGES, standard={"atoms": [1]})


def test_the_model_fit_finds_the_simulated_ratio(pair):
    result = eels.fit_model(*pair, edges=EDGES)
    ratio = result.ratios["Ti/O"]
    assert (result.items.status == "ok").all()
    assert ratio.mean == pytest.approx(0.5, abs=4 * np.hypot(ratio.mean_sigma, 0.05 * ratio.mean))
    assert result.more["mean"]["fit"].shape == (1024,)


def test_white_lines_give_every_method(pair):
    items = eels.white_lines(*pair, edge="Ti L3").items
    methods = [name[len("ratio_"):] for name in items if name.startswith("ratio_") and not name.endswith("_sigma")]
    assert {"arctan_step", "sharp_step", "cross_section_step", "second_derivative", "height", "fit"} == set(methods)
    assert items.status.shape == (3, 4) and (items.ratio[items.status != "ok"] == 0).all()


def test_a_missing_pre_peak_is_said(oxide):
    items = eels.pre_peak(*oxide).items
    assert items.area.shape == (2, 3) and (items.area_sigma > 0).all()  # a bare continuum has none
    assert (items.area[items.status == "below noise"] < 3 * items.area_sigma[items.status == "below noise"]).all()


def test_a_reference_is_found_with_coefficient_one(pair):
    core, _ = pair
    part = hotstage.from_array(core.data[0, 0], axes=[{"offset": 380.0, "scale": 0.5, "unit": "eV"}])
    result = eels.mlls(core, [part], low_eV=400, high_eV=600, names=["first"])
    assert result.more.references == ["first"] and result.items["first"].shape == (3, 4)
    assert result.items["first"] == pytest.approx(np.ones((3, 4)), abs=0.05)
    assert result.items["first_share"] == pytest.approx(np.ones((3, 4)))


def test_valence_needs_a_curve_of_the_same_method():
    with pytest.raises(hotstage.BadInput):
        eels.valence([2.0], [0.1], element="Co", method="no such method")


def test_contrast_is_the_difference_of_region_means():
    out = eels.contrast({"a": ([3.0, 3.0], 0.1), "b": ([2.0, 2.0], 0.1)}, {"a": ([1.0, 1.0], 0.1), "b": ([1.0, 1.0], 0.1)})
    assert out.mean == pytest.approx(1.5) and out.spread == pytest.approx(np.std([2.0, 1.0], ddof=1))
    assert list(out.method) == ["a", "b"] and out.difference == pytest.approx([2.0, 1.0])
    with pytest.raises(hotstage.BadInput, match='no values of "b"'):
        eels.contrast({"b": ([1.0], [0.1])}, {"a": ([1.0], [0.1])})


def test_metadata_of_an_xray_detector_travels():
    data = hotstage.from_array(np.zeros((2, 8)), metadata={"live_time_s": 12.5, "elevation_deg": 18.0, "resolution_eV": 131.0})
    assert data.metadata["live_time_s"] == 12.5 and data.metadata["resolution_eV"] == pytest.approx(131.0)
    assert data.metadata["elevation_deg"] == pytest.approx(18.0)
    assert "live_time_s" not in data.with_metadata(live_time_s=None).metadata
