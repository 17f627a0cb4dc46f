"""The command line as a user meets it: wrong arguments, broken files, a run, a second run, an interrupted run."""
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
GENERATED = SOURCE / "studies/generated-pair/study.toml"


def hotstage(*arguments, cwd, **environment):
    return subprocess.run([PROGRAM, *map(str, arguments)], cwd=cwd, capture_output=True, text=True,
                          env={**os.environ, **environment}, timeout=300)


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """One finished run of the generated study, shared by the tests that only look at it."""
    folder = tmp_path_factory.mktemp("finished")
    done = hotstage("run", GENERATED, "--out", "out", "--json", cwd=folder)
    assert done.returncode == 0, done.stderr
    return folder / "out", done


def test_help_has_examples_and_every_verb_is_listed(tmp_path):
    done = hotstage("--help", cwd=tmp_path)
    assert done.returncode == 0
    for verb in ("run", "reproduce", "info", "convert", "doctor", "eels"):
        assert re.search(rf"^\s+{verb}\b", done.stdout, re.M), verb
    assert "Example" in hotstage("eels", "quantify", "--help", cwd=tmp_path).stdout


def test_wrong_usage_is_exit_code_2(tmp_path):
    assert hotstage(cwd=tmp_path).returncode == 2
    assert hotstage("frobnicate", cwd=tmp_path).returncode == 2
    assert hotstage("run", cwd=tmp_path).returncode == 2
    assert hotstage("run", "x.toml", "--nonsense", cwd=tmp_path).returncode == 2


def test_a_mistyped_option_is_named_before_a_missing_one(tmp_path):
    done = hotstage("eels", "quantify", "--coree", "x.dm4", "--edges", "O K", cwd=tmp_path)
    assert done.returncode == 2 and "--coree" in done.stderr and "--core\"" in done.stderr, done.stderr
    assert not (tmp_path / "hotstage-out").exists()


def test_missing_empty_and_foreign_files_say_what_is_wrong(tmp_path):
    missing = hotstage("info", "absent.dm4", cwd=tmp_path)
    assert missing.returncode == 5 and "absent.dm4" in missing.stderr
    (tmp_path / "empty.dm4").touch()
    empty = hotstage("info", "empty.dm4", cwd=tmp_path)
    assert empty.returncode == 3 and "empty" in empty.stderr
    (tmp_path / "noise.dm4").write_bytes(bytes(range(256)) * 8)
    assert hotstage("info", "noise.dm4", cwd=tmp_path).returncode in (3, 4)


def test_unknown_key_in_a_study_names_line_and_nearest_word(tmp_path):
    text = GENERATED.read_text().replace("edges =", "edgess =")
    (tmp_path / "study.toml").write_text(text)
    done = hotstage("run", "study.toml", cwd=tmp_path)
    assert done.returncode == 3
    assert re.search(r"study\.toml:\d+:\d+", done.stderr) and 'Did you mean "edges"' in done.stderr


def test_json_output_is_only_json(finished):
    _, done = finished
    document = json.loads(done.stdout)
    assert document["study"] == "generated-pair" and document["results"]


def test_a_run_leaves_report_results_tables_figures(finished):
    out, _ = finished
    page = (out / "report.html").read_text()
    outside_scripts = re.sub(r"<script.*?</script>", "", page, flags=re.S)
    assert "<html" in page and not re.search(r'(?:src|href)="https?://', outside_scripts)
    assert list((out / "tables").glob("*.csv")) and list((out / "figures").glob("*.svg"))
    provenance = json.loads((out / "provenance.json").read_text())
    assert provenance["steps"] and provenance["threads"] >= 1
    for result in json.loads((out / "results.json").read_text())["results"]:
        assert {"id", "value", "sigma", "unit", "method", "step", "evidence"} <= result.keys()


def test_the_generated_truth_is_recovered_within_its_uncertainty(finished):
    out, _ = finished
    results = {r["id"]: r for r in json.loads((out / "results.json").read_text())["results"]}
    ratio = results["ratio.Ti/O"]
    assert abs(ratio["value"] - 0.5) < 3 * ratio["sigma"]


def test_two_runs_and_any_thread_count_give_the_same_bytes(finished, tmp_path):
    out, _ = finished
    again = hotstage("run", GENERATED, "--out", "again", "--threads", "1", "--memory", "64MiB", cwd=tmp_path)
    assert again.returncode == 0, again.stderr
    assert (tmp_path / "again/results.json").read_bytes() == (out / "results.json").read_bytes()


def test_second_run_comes_from_the_store(finished):
    out, _ = finished
    done = hotstage("run", GENERATED, "--out", out, cwd=out.parent)
    assert done.returncode == 0 and done.stdout.count("from the store") == len(json.loads((out / "provenance.json").read_text())["steps"])


def test_an_interrupted_run_leaves_nothing_half_and_resumes(tmp_path):
    child = subprocess.Popen([PROGRAM, "run", str(GENERATED), "--out", "out"], cwd=tmp_path, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    time.sleep(0.05)
    child.send_signal(signal.SIGINT)
    child.communicate(timeout=60)
    assert child.returncode in (0, 130, -signal.SIGINT)
    store = tmp_path / "out/.store"
    if store.exists():
        assert not [p for p in store.iterdir() if ".tmp-" in p.name] or child.returncode == -signal.SIGINT
    done = hotstage("run", GENERATED, "--out", "out", cwd=tmp_path)
    assert done.returncode == 0, done.stderr


def test_a_pass_interrupted_again_and_again_ends_with_the_bytes_of_an_undisturbed_run(tmp_path):
    made = hotstage("eels", "simulate", "--edges", "O K", "--atoms", "1", "--rows", "32", "--columns", "48", "--channels", "1024",
                    "--core_start", "440 eV", "--low_start", "-30 eV", "--out", "made", cwd=tmp_path)
    assert made.returncode == 0, made.stderr
    core, low = (next((tmp_path / "made/raw").glob(f"*{part}*.dm4")) for part in ("core", "low"))
    step = ("eels", "deconvolve", "--core", str(core), "--low", str(low), "--edge", "O K", "--keep", "cube",
            "--threads", "1", "--out")
    undisturbed = hotstage(*step, "undisturbed", "--memory", "8MiB", cwd=tmp_path)
    assert undisturbed.returncode == 0, undisturbed.stderr
    on_disk = hotstage(*step, "on-disk", "--memory", "4MiB", cwd=tmp_path)  # the cube has 6 MiB
    assert on_disk.returncode == 0, on_disk.stderr
    cube = "signals/deconvolve.cube.hspy"
    assert (tmp_path / "on-disk" / cube).read_bytes() == (tmp_path / "undisturbed" / cube).read_bytes()
    for seconds, how in ((0.08, signal.SIGINT), (0.12, signal.SIGKILL), (0.16, signal.SIGINT), (0.24, signal.SIGKILL)):
        child = subprocess.Popen([PROGRAM, *step, "out", "--memory", "8MiB"], cwd=tmp_path, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        time.sleep(seconds)
        child.send_signal(how)
        _, said = child.communicate(timeout=60)
        assert child.returncode in (0, 130, -how)
        if child.returncode == 130 and "stopped by the user" in said:
            assert "run the same command again to go on" in said
    done = hotstage(*step, "out", "--memory", "8MiB", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    for part in ("results.json", "signals", "tables"):
        found = [tmp_path / "out" / part] if part.endswith("json") else sorted((tmp_path / "out" / part).iterdir())
        for file in found:
            assert file.read_bytes() == (tmp_path / "undisturbed" / part / file.name if file.name != part else tmp_path / "undisturbed" / part).read_bytes(), file


def test_generated_raw_pair_reads_back_and_converts(finished, tmp_path):
    out, _ = finished
    raw = next((out / "raw").glob("*core*.dm4"))
    described = json.loads(hotstage("info", raw, "--json", cwd=tmp_path).stdout)
    assert described[0]["signals"][0]["axes"][0]["unit"] == "eV"
    done = hotstage("convert", raw, "copy.hspy", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    again = json.loads(hotstage("info", "copy.hspy", "--json", cwd=tmp_path).stdout)
    assert again[0]["signals"][0]["shape"] == described[0]["signals"][0]["shape"]
    exists = hotstage("convert", raw, "copy.hspy", cwd=tmp_path)
    assert exists.returncode == 2 and "--force" in exists.stderr


def test_truncated_raw_file_is_refused_with_the_place(finished, tmp_path):
    out, _ = finished
    raw = next((out / "raw").glob("*core*.dm4"))
    data = raw.read_bytes()
    (tmp_path / "cut.dm4").write_bytes(data[: len(data) // 2])
    done = hotstage("info", "cut.dm4", cwd=tmp_path)
    assert done.returncode == 3 and re.search(r"byte \d+", done.stderr) and "truncated" in done.stderr


def test_macos_companion_is_named(tmp_path):
    (tmp_path / "._scan.dm4").write_bytes(bytes.fromhex("00051607") + bytes(64))
    done = hotstage("info", "._scan.dm4", cwd=tmp_path)
    assert done.returncode == 3 and "macOS" in done.stderr


def test_an_unwritable_folder_is_an_io_error(tmp_path):
    (tmp_path / "out").write_text("a file, not a folder")
    assert hotstage("run", GENERATED, "--out", "out", cwd=tmp_path).returncode == 5
