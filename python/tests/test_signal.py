# SPDX-License-Identifier: GPL-3.0-or-later
import numpy as np
import pytest

import hotstage
from conftest import AXES, METADATA, SHAPE


def test_an_array_comes_back_with_its_axes_and_metadata(image):
    assert image.shape == SHAPE
    assert image.data.dtype == np.float32
    assert np.array_equal(image.data.ravel(), np.arange(np.prod(SHAPE)))
    assert image.axes == [{**axis, "size": size} for axis, size in zip(AXES, SHAPE)]
    assert image.metadata == pytest.approx(METADATA)


def test_data_is_read_once_and_cannot_be_written(image):
    assert image.data is image.data
    with pytest.raises(ValueError):
        image.data[0] = 1
    assert np.asarray(image) is image.data
    assert np.array(image, dtype=float).dtype == np.float64


@pytest.mark.parametrize("kind", ["uint8", "int8", "uint16", "int16", "uint32", "int32", "uint64", "int64", "float32", "float64"])
def test_the_stored_type_is_kept(kind):
    numbers = np.arange(12).reshape(3, 4).astype(kind)
    signal = hotstage.from_array(numbers)
    assert signal.dtype == kind
    assert signal.to_numpy(native=True).dtype == np.dtype(kind)
    assert np.array_equal(signal.to_numpy(native=True), numbers)


def test_complex_numbers_read_as_their_magnitude():
    signal = hotstage.from_array(np.array([3 + 4j, 5 + 12j]))
    assert np.array_equal(signal.data, [5.0, 13.0])
    assert signal.to_numpy(native=True)[0] == 3 + 4j


def test_other_byte_orders_and_layouts_are_understood():
    numbers = np.arange(12, dtype=">u2").reshape(3, 4)
    assert np.array_equal(hotstage.from_array(numbers).data, numbers)
    assert np.array_equal(hotstage.from_array(numbers.T).data, numbers.T)
    assert np.array_equal(hotstage.from_array(numbers[:, ::2] > 4).data, numbers[:, ::2] > 4)


def test_parts_are_read_as_items_by_channels(image):
    flat = image.to_numpy().reshape(12, 256)
    assert np.array_equal(image.read(), flat)
    assert np.array_equal(image.read(items=slice(2, 5), channels=slice(10, 20)), flat[2:5, 10:20])
    assert np.array_equal(image.read(items=-1), flat[-1:])
    assert image.read(channels=slice(250, 400)).shape == (12, 6)
    assert image.read(items=slice(0, 0)).shape == (0, 256)
    assert image.read(items=1, native=True).dtype == np.uint16
    with pytest.raises(hotstage.BadInput, match="step 2"):
        image.read(items=slice(0, 4, 2))
    with pytest.raises(IndexError):
        image.read(items=12)


def test_axes_without_navigate_take_the_last_ones_as_signal():
    image = hotstage.from_array(np.zeros((2, 3, 4)), signal_dimension=2)
    assert [axis["navigate"] for axis in image.axes] == [True, False, False]
    assert image.shape_text == "2 | 3 × 4"


def test_non_uniform_axes_keep_their_points():
    points = [1.0, 2.0, 4.0, 8.0]
    signal = hotstage.from_array(np.zeros(4), axes=[{"name": "E", "unit": "eV", "points": points}])
    assert signal.axes[0]["points"] == points
    with pytest.raises(hotstage.BadInput, match="not uniform"):
        signal.energies_eV


def test_energies_follow_the_unit_of_the_axis():
    signal = hotstage.from_array(np.zeros(3), axes=[{"offset": 0.4, "scale": 0.001, "unit": "keV"}])
    assert signal.energies_eV == pytest.approx([400.0, 401.0, 402.0])


@pytest.mark.parametrize(
    "axes, words",
    [
        ([{}], "1 axes for an array of 2"),
        ([{"navigate": False}, {"navigate": True}], "navigation axis behind"),
        ([{"navigate": True}, {"navigate": True}], "no signal axis"),
        ([{"size": 5}, {}], "says 5 elements"),
        ([{"ofset": 5}, {}], "offset"),
        ([{}, {"points": [1.0]}], "1 points"),
        ([{}, {"scale": float("nan")}], "scale is nan"),
    ],
)
def test_axes_that_do_not_fit_are_refused(axes, words):
    with pytest.raises(hotstage.BadInput, match=words):
        hotstage.from_array(np.zeros((2, 3)), axes=axes)


def test_what_cannot_be_a_signal_is_refused():
    for numbers in (np.zeros((0, 3)), np.array(["a"]), np.zeros(3, dtype="float16")):
        with pytest.raises(hotstage.BadInput):
            hotstage.from_array(numbers)


def test_metadata_changes_make_a_new_signal(image):
    changed = image.with_metadata(collection_mrad=20, detector="K2", exposure_s=None)
    assert changed.metadata["collection_mrad"] == pytest.approx(20)
    assert changed.metadata["detector"] == "K2"
    assert "exposure_s" not in changed.metadata
    assert image.metadata == pytest.approx(METADATA)
    with pytest.raises(hotstage.BadInput, match="collection_mrad"):
        image.with_metadata(colection_mrad=20)


def test_it_can_be_looked_at(image):
    assert "3 × 4 | 256" in repr(image) and "collection_mrad" in repr(image)
    html = image.with_metadata(title="<b>")._repr_html_()
    assert "&lt;b&gt;" in html and "<b>" not in html


def test_a_file_gives_back_what_was_saved(image, tmp_path):
    file = tmp_path / "image.hspy"
    hotstage.save(image, file)
    again = hotstage.load(file)
    assert hotstage.sniff(file) == "hspy"
    assert again.dtype == "uint16"
    assert np.array_equal(again.data, image.data)
    assert [axis["scale"] for axis in again.axes] == [2.0, 3.0, 0.5]
    assert again.metadata["collection_mrad"] == pytest.approx(33.0)
    assert again.file == str(file)
    assert len(hotstage.load_all(str(file))) == 1


def test_the_energy_shift_of_each_item_travels():
    shifts = np.linspace(-1, 1, 6)
    signal = hotstage.from_array(np.zeros((2, 3, 8)), item_offset=shifts.reshape(2, 3))
    assert np.array_equal(signal.item_offset, shifts)
    with pytest.raises(hotstage.BadInput, match="6 items"):
        hotstage.from_array(np.zeros((2, 3, 8)), item_offset=[1.0])


def test_tags_of_any_kind_are_kept():
    tags = {"a": [1, 2.5, "x", None, True], "b": {"c": np.float32(0.5), "d": np.arange(3)}, "huge": 2**70}
    kept = hotstage.from_array(np.zeros(4), original=tags).original
    assert kept == {"a": [1, 2.5, "x", None, True], "b": {"c": 0.5, "d": [0, 1, 2]}, "huge": float(2**70)}


def test_the_formats_are_listed():
    assert {"msa", "hspy"} <= {entry["id"] for entry in hotstage.formats()}
