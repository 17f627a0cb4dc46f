# SPDX-License-Identifier: GPL-3.0-or-later
import logging
import os
import signal
import threading
import time
import warnings

import pytest

import hotstage
from hotstage import _hotstage


quiet = pytest.mark.filterwarnings("ignore::hotstage.HotstageWarning")


def test_every_code_has_a_class():
    codes = dict(_hotstage.error_codes())
    assert codes.pop("stopped") == 130  # KeyboardInterrupt
    assert set(codes.values()) == set(hotstage.errors.by_exit_code)
    assert all(issubclass(kind, hotstage.Error) for kind in hotstage.errors.by_exit_code.values())


def test_an_error_says_where_and_what_to_do(tmp_path):
    file = tmp_path / "study.toml"
    file.write_text('[study]\nname = "x"\ntitel = "y"\n[data.a]\nfile = "a.dm4"\n[step.b]\nuse = "eels.quantify"\n')
    with pytest.raises(hotstage.BadInput) as caught:
        hotstage.run(file)
    error = caught.value
    assert error.code == "bad_input" and error.exit_code == 3
    assert error.file == str(file) and error.line == 3
    assert "title" in error.hint
    assert error.message in str(error) and error.hint in str(error)


def test_a_missing_file_is_an_oserror(tmp_path):
    with pytest.raises(OSError) as caught:
        hotstage.load(tmp_path / "nothing.dm4")
    assert isinstance(caught.value, hotstage.IoError)


def test_a_file_of_no_known_format_is_refused(tmp_path):
    file = tmp_path / "x.nothing"
    file.write_bytes(bytes(range(1, 200)))
    with pytest.raises(hotstage.Unsupported):
        hotstage.load(file)


def test_an_empty_file_is_bad_input(tmp_path):
    file = tmp_path / "x.msa"
    file.touch()
    with pytest.raises(hotstage.BadInput):
        hotstage.load(file)


def test_a_broken_contract_is_a_bug():
    with pytest.raises(hotstage.Bug, match="core.cpp"):
        _hotstage.fail_contract()
    assert not issubclass(hotstage.Bug, hotstage.Error)


def test_ctrl_c_stops_a_long_call():
    threading.Timer(0.2, lambda: os.kill(os.getpid(), signal.SIGINT)).start()
    begin = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        _hotstage.count_slowly(10000, 0.01, {})
    assert time.monotonic() - begin < 5.0  # of 100 s


def test_an_exception_in_progress_stops_the_call():
    def refuse(fraction, phase):
        raise ZeroDivisionError(phase)

    with pytest.raises(ZeroDivisionError, match="counting"):
        _hotstage.count_slowly(10000, 0.01, {"progress": refuse})


@quiet
def test_progress_comes_in_order_on_the_calling_thread():
    seen = []
    _hotstage.count_slowly(30, 0.01, {"progress": lambda fraction, phase: seen.append((fraction, phase, threading.get_ident()))})
    fractions = [fraction for fraction, _, _ in seen]
    assert len(seen) > 1 and fractions == sorted(fractions)
    assert {(phase, thread) for _, phase, thread in seen} == {("counting", threading.get_ident())}


@quiet
def test_other_python_threads_run_meanwhile():
    turns = 0
    done = threading.Event()

    def count():
        nonlocal turns
        while not done.is_set():
            turns += 1
            time.sleep(0.001)

    thread = threading.Thread(target=count)
    thread.start()
    _hotstage.count_slowly(20, 0.01, {})
    done.set()
    thread.join()
    assert turns > 20


def test_warnings_and_log_use_pythons_own(caplog):
    with caplog.at_level(logging.INFO, logger="hotstage"), pytest.warns(hotstage.HotstageWarning, match="this computes nothing"):
        _hotstage.count_slowly(1, 0.0, {})
    assert [record.message for record in caplog.records] == ["counted"]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(hotstage.HotstageWarning):
            _hotstage.count_slowly(1, 0.0, {})


def test_impossible_settings_are_refused():
    with pytest.raises(hotstage.BadInput, match="0 threads"):
        _hotstage.count_slowly(1, 0.0, {"threads": 0})
    with pytest.raises(hotstage.BadInput, match="threads"):
        _hotstage.count_slowly(1, 0.0, {"thread": 1})
