# SPDX-License-Identifier: GPL-3.0-or-later
import inspect
import json

import numpy as np
import pytest

import hotstage
from hotstage import steps

EDGES = ["Ti L3", "O K"]
pytestmark = pytest.mark.filterwarnings("ignore::hotstage.HotstageWarning")

STUDY = """
[study]
name = "made-by-a-test"
title = "A pair"
evidence = "twin"

[data.core]
file = "core.hspy"

[data.low]
file = "low.hspy"

[step.ratio]
use = "eels.quantify"
core = "data.core"
low = "data.low"
edges = ["Ti L3", "O K"]
signal_width = "40 eV"
"""


@pytest.fixture(scope="module")
def quantified(pair):
    return steps.eels_quantify(core=pair[0], low=pair[1], edges=EDGES, signal_width_eV=40)


def test_every_step_is_a_documented_function():
    assert set(steps.__all__) == {id.replace(".", "_") for id in steps.registry}
    for id, step in steps.registry.items():
        function = getattr(steps, id.replace(".", "_"))
        names = list(inspect.signature(function).parameters)
        assert step["help"] in function.__doc__
        assert len(names) == len(set(names)), "an option of the step hides an input or threads, memory_MiB, progress"
        assert set(steps.HOW) <= set(names)


def test_a_step_gives_numbers_tables_and_figures(quantified):
    first = quantified.results[0]
    assert quantified[first["id"]] is first
    assert first["value"] > 0 and first["sigma"] > 0 and first["unit"] == ""
    items = quantified.tables["items"]
    assert items.rows == 12 and items["x"].dtype == float and items.units["x"] == "nm"
    assert all(figure["schema"].startswith("hotstage.figure/") for figure in quantified.figures.values())
    assert "Ti/O" in repr(quantified) and "<table>" in quantified._repr_html_() and "<table>" in items._repr_html_()
    with pytest.raises(KeyError, match=first["id"]):
        quantified["nothing"]


def test_tables_become_data_frames(quantified):
    pytest.importorskip("pandas")
    frame = quantified.tables["items"].to_pandas()
    assert len(frame) == 12 and "x (nm)" in frame.columns


def test_inputs_may_be_files(pair, quantified, tmp_path):
    for name, signal in zip(("core", "low"), pair):
        hotstage.save(signal, tmp_path / f"{name}.hspy")
    again = steps.eels_quantify(core=tmp_path / "core.hspy", low=str(tmp_path / "low.hspy"), edges=EDGES, signal_width="40 eV")
    assert [result["value"] for result in again.results] == [result["value"] for result in quantified.results]


def test_options_change_the_result(pair, quantified):
    other = steps.eels_quantify(core=pair[0], low=pair[1], edges=EDGES, signal_width_eV=30, background={"method": "two_area"})
    assert other.results[0]["value"] != quantified.results[0]["value"]


def test_wrong_calls_are_refused_with_the_reason(pair):
    with pytest.raises(hotstage.BadInput, match='input "core" of eels.quantify is missing'):
        steps.eels_quantify(edges=EDGES)
    with pytest.raises(hotstage.BadInput, match="hotstage.Signal"):
        steps.eels_quantify(core=np.zeros((3, 4)), edges=EDGES)
    with pytest.raises(hotstage.BadInput, match="edges"):
        steps.eels_quantify(core=pair[0], low=pair[1])
    with pytest.raises(hotstage.BadInput, match="signal_widht"):
        steps.eels_quantify(core=pair[0], low=pair[1], edges=EDGES, signal_widht_eV=3)


def test_the_simulated_truth_comes_as_a_record():
    made = steps.eels_simulate(edges=["O K"], atoms=[1], rows=1, columns=2, core_start_eV=400, seed=7)
    assert made.records["truth"]["composition"] == [{"edge": "O K", "atoms": 1.0}]
    assert made.raw["core"][0].axes[-1]["offset"] == 400.0
    again = steps.eels_simulate(edges=["O K"], atoms=[1], rows=1, columns=2, core_start_eV=400, seed=7, threads=2)
    assert np.array_equal(again.raw["core"][0].data, made.raw["core"][0].data)


@pytest.fixture
def study(pair, tmp_path):
    for name, signal in zip(("core", "low"), pair):
        hotstage.save(signal, tmp_path / f"{name}.hspy")
    (tmp_path / "study.toml").write_text(STUDY)
    return tmp_path / "study.toml"


def test_a_study_runs_and_agrees_with_the_step(study, quantified, tmp_path):
    seen = []
    outcome = hotstage.run(study, out=tmp_path / "out", progress=lambda fraction, phase: seen.append(fraction))
    assert [r["value"] for r in outcome["ratio"].results] == [r["value"] for r in quantified.results]
    assert outcome.report.is_file() and outcome.out == tmp_path / "out"
    assert outcome.results == json.loads((tmp_path / "out" / "results.json").read_text())
    assert outcome.options["ratio"]["signal_width"] == "40 eV"
    assert seen and not outcome.from_store["ratio"] and "Ti/O" in repr(outcome) and "<table>" in outcome._repr_html_()
    assert hotstage.run(study, out=tmp_path / "out").from_store["ratio"]
    assert not hotstage.run(study, out=tmp_path / "out", fresh=True).from_store["ratio"]


def test_data_of_a_study_may_be_replaced(study, pair, tmp_path):
    doubled = hotstage.from_array(2 * pair[0].data, axes=pair[0].axes, metadata=pair[0].metadata)
    outcome = hotstage.run(study, out=tmp_path / "out", data={"core": doubled, "low": tmp_path / "low.hspy"})
    assert outcome["ratio"].results[0]["value"] > 0
    assert np.array_equal(hotstage.load(tmp_path / "out" / "inputs" / "core.hspy").data, doubled.data)
    with pytest.raises(hotstage.BadInput, match='no data "cor"'):
        hotstage.run(study, out=tmp_path / "out", data={"cor": doubled})
