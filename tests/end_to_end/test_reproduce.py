"""The main job at toy size: every step wired end to end, every claim judged, the same bytes again, resumed after a kill."""
import json
import os
import pathlib
import re
import signal
import subprocess
import time

import pytest

PROGRAM = os.environ["HOTSTAGE_PROGRAM"]
SOURCE = pathlib.Path(os.environ["HOTSTAGE_SOURCE"])
MAY_DECIDE = {"measured", "computed", "predicted"}


def reproduce(out, *arguments):
    return subprocess.run([PROGRAM, "reproduce", "--variant", "smoke", "--out", str(out), *arguments], capture_output=True,
                          text=True, timeout=600)


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """Killed once in the middle, then run to its end."""
    out = tmp_path_factory.mktemp("reproduce") / "out"
    first = subprocess.Popen([PROGRAM, "reproduce", "--variant", "smoke", "--out", str(out)], stdout=subprocess.DEVNULL,
                             stderr=subprocess.DEVNULL)
    for _ in range(600):  # until a few steps are in the store
        if len(list((out / ".store").glob("*/step.json"))) >= 4 or first.poll() is not None:
            break
        time.sleep(0.1)
    first.send_signal(signal.SIGKILL)
    first.wait()
    kept = len(list((out / ".store").glob("*/step.json")))
    done = reproduce(out, "--json", "--threads", "2")
    assert done.returncode == 0, done.stderr
    return out, kept, done


def test_a_killed_run_goes_on_where_it_stopped(finished):
    out, kept, _ = finished
    assert kept >= 4
    steps = json.loads((out / "provenance.json").read_text())["steps"]
    assert sum(step["from_store"] for step in steps) >= kept - 1  # the last one may have been written as the kill came


def test_every_claim_of_the_file_is_judged_in_its_order(finished):
    out, _, done = finished
    assert json.loads(done.stdout) == json.loads((out / "results.json").read_text())
    claims = json.loads(done.stdout)["claims"]
    listed = re.findall(r"^\[claim\.(\w+)\]", (SOURCE / "studies/wang2023/claims.toml").read_text(), re.M)
    assert [claim["id"] for claim in claims] == listed
    assert {f"C{n}" for n in range(1, 21)} | {f"P{n}" for n in range(1, 6)} | {"C10f", "C11t"} <= set(listed)
    for claim in claims:
        if claim["kind"] not in MAY_DECIDE:
            assert claim["verdict"] not in ("supported", "not_supported"), claim
        if "twin" in claim["evidence"]:
            assert claim["kind"] in ("recovered", "fitted", "input"), claim


def test_no_result_of_a_simulated_experiment_is_called_real(finished):
    _, _, done = finished
    for result in json.loads(done.stdout)["results"]:
        assert result["evidence"] in ("twin", "literature", "engine"), result


def test_another_run_with_another_thread_count_gives_the_same_bytes(finished, tmp_path):
    out, _, _ = finished
    again = reproduce(tmp_path / "again", "--threads", "1")
    assert again.returncode == 0, again.stderr
    assert (tmp_path / "again/results.json").read_bytes() == (out / "results.json").read_bytes()


def test_raw_files_and_report_are_there(finished):
    out, _, _ = finished
    raw = {path.name for path in (out / "raw").iterdir()}
    assert {"cell.cycler.csv", "holder.log.csv", "frames_aged.frames.dm4", "scan.core.dm4", "scan.low.dm4"} <= raw
    page = (out / "report.html").read_text()
    assert page.index('id="claims"') < page.index("<h2>The paper")
    assert "Recovery: the hidden truth" in page
