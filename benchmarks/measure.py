"""Runs programs one after the other on one core with one thread each and collects what they and the system measured."""
import json
import os
import shutil
import statistics
import subprocess
import sys
import time

SINGLE_THREAD = {name: "1" for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS",
                                        "NUMBA_NUM_THREADS", "BLIS_NUM_THREADS")}


class Failed(Exception):
    """A program ended with an error or without a line of JSON."""


def pinned(argv, cores=1):
    """The last core of those allowed: the first one gets the interrupts."""
    if cores == 1 and shutil.which("taskset"):
        return ["taskset", "-c", str(max(os.sched_getaffinity(0))), *argv]
    return argv


def run_once(argv, cores=1):
    """Runs one process to its end: its JSON line, plus `process_cpu_s` and `process_wall_s` as the system counts them."""
    environment = dict(os.environ, **SINGLE_THREAD, PYTHONWARNINGS="ignore", MPLBACKEND="Agg")
    began = time.perf_counter()
    process = subprocess.Popen(pinned(argv, cores), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment)
    output, errors = process.stdout.read(), process.stderr.read()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    lines = [line for line in output.splitlines() if line.startswith("{")]
    if process.returncode != 0 or not lines:
        raise Failed(f"{' '.join(map(str, argv))}: exit {process.returncode}\n{errors[-2000:]}")
    result = json.loads(lines[-1])
    result.update(process_cpu_s=usage.ru_utime + usage.ru_stime, process_wall_s=time.perf_counter() - began)
    return result


def interleaved(programs, rounds, cores=1):
    """{name: argv} run A B C A B C …; returns {name: merged result}. Programs that fail are left out with a note.

    Times are medians: of the kernel over all its repetitions in all rounds, of the process over the rounds.
    """
    results = {name: [] for name in programs}
    for _ in range(rounds):
        for name, argv in programs.items():
            if results[name] is None:
                continue
            try:
                results[name].append(run_once(argv, cores))
            except Failed as failure:
                print(f"  {name} failed: {failure}", file=sys.stderr)
                results[name] = None
    return {name: merged(runs) for name, runs in results.items() if runs}


def merged(runs):
    result = dict(runs[0])
    for key in runs[0]:
        values = [run[key] for run in runs]
        if key.endswith(("cpu_s", "wall_s")):
            flat = [x for value in values for x in (value if isinstance(value, list) else [value])]
            result[key] = statistics.median(flat)
            result[key + "_spread"] = (max(flat) - min(flat)) / statistics.median(flat) if statistics.median(flat) else 0.0
        elif isinstance(values[0], (int, float)):
            result[key] = statistics.median(values)
    return result
