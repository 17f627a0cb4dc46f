# SPDX-License-Identifier: GPL-3.0-or-later
import numpy as np
import pytest

import hotstage
from hotstage import series

pytestmark = pytest.mark.filterwarnings("ignore::hotstage.HotstageWarning")

DRIFT = np.array([[0.4 * f, -0.25 * f] for f in range(12)])
FRAME_S, PIXEL_NM = 2.0, 0.5


@pytest.fixture(scope="module")
def frames():
    """Three grains and a void that drift, 40 electrons of 8 counts per pixel over 100 counts."""
    rng = np.random.default_rng(3)
    rows, columns = 160, 144
    y, x = np.mgrid[0:rows, 0:columns]
    seeds = np.array([[30, 30], [60, 120], [130, 60]])
    out = []
    for dy, dx in DRIFT:
        sy, sx = y - dy, x - dx
        grain = np.argmin((sy[..., None] - seeds[:, 0]) ** 2 + (sx[..., None] - seeds[:, 1]) ** 2, axis=-1)
        mean = 40.0 * np.array([0.8, 1.0, 1.2])[grain]
        mean *= 1.0 - 0.7 / (1.0 + np.exp((np.hypot(sy - 100.0, sx - 110.0) - 8.0) / 0.5))
        out.append(100 + 8 * rng.poisson(mean))
    return np.array(out, dtype=np.uint16)


@pytest.fixture(scope="module")
def registered(frames):
    return series.register(frames, frame_s=FRAME_S, pixel_nm=PIXEL_NM)


def test_drift_comes_back_with_its_uncertainty(registered, frames):
    for name, axis in (("dy", 0), ("dx", 1)):
        error = registered.drift[name] - DRIFT[:, axis]
        assert np.sqrt(np.mean((error - error[0]) ** 2)) < 0.25  # px; sparse edges at 40 electrons
        assert (registered.drift[f"sigma_{name[1]}"] > 0).all()
    assert registered.drift["time"][1] == FRAME_S
    assert registered.mean.shape == frames.shape[1:]
    assert registered["gain"]["value"] == pytest.approx(8.0, rel=0.15)
    assert "drift" in dir(registered) and "Outcome" in repr(registered)
    with pytest.raises(AttributeError, match="drift"):
        registered.nothing


def test_tables_become_data_frames(registered):
    pytest.importorskip("pandas")
    table = registered.drift.to_pandas()
    assert len(table) == len(DRIFT) and "dy (px)" in table.columns


def test_the_chain_from_arrays_to_grains_and_corrections(frames, registered, tmp_path):
    how = {"frame_s": FRAME_S, "pixel_nm": PIXEL_NM}
    found = series.segment(frames, registered, **how)
    assert found.labels.shape == frames.shape[1:] and found.grains.rows == 3
    voids = [i for i, kind in enumerate(found.spots["kind"]) if kind == "void"]
    assert len(voids) == 1 and found.spots["radius"][voids[0]] == pytest.approx(8.0 * PIXEL_NM, abs=0.3 * PIXEL_NM)
    edits = tmp_path / "edits.toml"
    edits.write_text('author = "A. Author"\ndate = 2026-03-31\n[[edit]]\naction = "remove"\nat = [100, 110]\nreason = "a test"\n')
    edited = series.edit(frames, registered, found, edits, **how)
    assert edited.edits["reason"] == ["a test"] and edited.edits["area_after"][0] == 0
    assert "void" not in edited.spots["kind"]
    assert any("1 manual edit by A. Author" in check["measured"] for check in edited.step.checks)
    with pytest.raises(hotstage.BadInput, match=r"edits.toml:3"):
        edits.write_text(edits.read_text().replace("[100, 110]", "[10, 10]"))
        series.edit(frames, registered, found, edits, **how)
    mean = series.average(frames, registered, **how)
    assert mean.step.signals and mean.step["frames"]["value"] == len(frames)


def test_a_lattice_of_an_array_has_the_period_it_was_drawn_with():
    y, x = np.mgrid[0:200, 0:210]
    period = 9.5
    image = 100 + 40 * np.cos(2 * np.pi * x / period) + 40 * np.cos(2 * np.pi * y / 12.25)
    image += np.random.default_rng(1).normal(0, 3, image.shape)
    found = series.lattice(image, pixel_nm=0.02)
    assert min(abs(found.spots["spacing"] - 0.2 * period)) < 0.01 * 0.2 * period


def test_wrong_calls_say_what_is_missing(frames):
    with pytest.raises(TypeError, match="frame_s"):
        series.register(frames)
    with pytest.raises(hotstage.BadInput, match="frames, y, x"):
        series.register(frames[0], frame_s=1, pixel_nm=1)
    with pytest.raises(TypeError, match="leave out"):
        series.register(series.as_series(frames, frame_s=1, pixel_nm=1), frame_s=1)
    with pytest.raises(hotstage.BadInput, match="12 frames"):
        series.as_series(frames, frame_s=[0.0, 1.0], pixel_nm=1)
    pause = series.as_series(frames, frame_s=[*np.arange(11.0), 60.0], pixel_nm=1)
    assert pause.metadata["exposure_s"] == 1.0
