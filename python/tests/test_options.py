# SPDX-License-Identifier: GPL-3.0-or-later
import numpy as np
import pytest

import hotstage

WINDOW = (532.0, 582.0)
ANGLES = {"beam_energy_keV": 300, "convergence_mrad": 17.5, "collection_mrad": 33}


def section(**keywords):
    return hotstage.eels.cross_section("O K", window_eV=WINDOW, **keywords).value_barn


@pytest.mark.parametrize(
    "same",
    [
        {"collection": "33 mrad"},
        {"collection": "0.033 rad"},
        {"collection_rad": 0.033},
        {"collection_mrad": np.float32(33)},
        {"collection_mrad": np.int64(33)},
    ],
)
def test_a_quantity_is_text_or_a_number_with_the_unit_in_the_keyword(same):
    others = {name: value for name, value in ANGLES.items() if name != "collection_mrad"}
    assert section(**others, **same) == pytest.approx(section(**ANGLES), rel=1e-12)  # rounding of the conversion


def test_another_value_makes_a_difference():
    assert section(**{**ANGLES, "collection_mrad": 10}) < section(**ANGLES)


def test_a_bare_number_has_no_unit_and_is_refused():
    with pytest.raises(hotstage.BadInput, match="needs a unit") as caught:
        section(beam_energy_keV=300, convergence_mrad=17.5, collection=33)
    assert "collection_mrad=33" in caught.value.hint


@pytest.mark.parametrize(
    "wrong, words",
    [
        ({"colection_mrad": 33}, "colection_mrad"),
        ({"collection_eV": 33}, "collection_eV"),
        ({"collection": "33 eV"}, "dimension"),
        ({"collection": "33 mrad", "collection_mrad": 33}, "twice"),
        ({"collection_mrad": -1}, "below the smallest"),
        ({"collection_mrad": 33, "interaction": "none"}, "longitudinal"),
    ],
)
def test_wrong_options_are_refused_by_name(wrong, words):
    with pytest.raises(hotstage.BadInput, match=words):
        section(beam_energy_keV=300, convergence_mrad=17.5, **wrong)


def test_a_required_option_must_be_there():
    with pytest.raises(hotstage.BadInput, match="collection"):
        section(beam_energy_keV=300, convergence_mrad=17.5)


def test_none_means_the_default():
    assert section(**ANGLES, interaction=None) == section(**ANGLES) == section(**ANGLES, interaction="full")


def test_nested_options_are_dictionaries_with_units_too(pair):
    core, low = pair
    with pytest.raises(hotstage.BadInput, match="noise_factr"):
        hotstage.steps.eels_quantify(core=core, low=low, edges=["O K"], background={"noise_factr": 1})
    with pytest.raises(hotstage.BadInput, match="needs a unit"):
        hotstage.steps.eels_quantify(core=core, low=low, edges=["O K"], deconvolution={"tail_window": 40})


def test_the_defaults_shown_are_those_that_act():
    shown = {option["keyword"]: option for option in hotstage.eels.options["cross_section"]}
    assert shown["interaction"]["default"] == '"full"'
    assert shown["collection_mrad"]["required"]
