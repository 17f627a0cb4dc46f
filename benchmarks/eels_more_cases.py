"""More EELS benchmarks: fits, Fourier-log, resampling, and the whole pass on two cores. One function per id; ALL has every case."""
import sys

import eels_cases
import measure
import numpy as np
import synthetic
from eels_cases import CHANNEL_EV, FIT_WINDOW_EV, MB, RESIDUAL_EV, best, each, entry, peers_of, processes, sentence, title

# Tolerances, each with its reason.
THICKNESS = 1e-2  # t/lambda: the end of the zero-loss peak is chosen in different ways
RATIO = 2e-2  # mean L3/L2: HyperSpy weights all channels alike, ours by their variance
PRE_EDGE = 2e-3  # least squares weights the window differently from likelihood; the foot of O K lies in it
LIMIT = 512e6  # bytes: what a pass over 20 GB may hold, the mapped tile included
PASS_ITEMS = 1_250_000  # 20.5 GB of 2 x 2048 float32 channels
PASS_ROUNDS = 3


def few(session, rows):
    """How many items the slow peers get: whole rows."""
    shape = session.cube("core").shape
    return min(rows, shape[0]) * shape[1]


def slow_peer_entry(session, name, programs, items, verdict, bound, how, rounds=1):
    """Ours and peers with a number of items of their own: `programs` as {name: argv}, results of `verdict(measured)`."""
    measured = measure.interleaved(programs, rounds)
    if "ours" not in measured:
        raise measure.Failed(f"our own program failed on {name}")
    for key, result in measured.items():
        result["out"] = session.scratch / f"{name}.{key}.npy"

    def value(result):
        key = next(key for key, other in measured.items() if other is result)
        return 1e6 * result["cpu_s"] / items[key]

    ours = value(measured["ours"])
    winner, others = best(measured, value)
    peer = (winner, value(winner), value(winner) / ours) if winner else None
    count = ", ".join(f"{title(key, result)} {items[key]} spectra" for key, result in measured.items())
    how = sentence(f"2048 channels, {CHANNEL_EV} eV/channel; one thread on one core, CPU time of the kernel, median of {rounds} interleaved runs: {count}",
                   how, each(others, lambda _, r: f"{value(r):.3g} us/spectrum"), processes(measured))
    return entry(name, "us/spectrum", ours, peer, verdict(measured), (f"{bound[0]}: {bound[1]:.2g} us/spectrum", bound[1] / ours), how)


def with_out(session, name, key, argv):
    return [*argv, "--out", str(session.scratch / f"{name}.{key}.npy")]


def align_shift(session):
    measured = session.run("align_shift", core=session.data / "core.npy", low=session.data / "low_jitter.npy", rounds=min(3, session.rounds))
    sys.path.insert(0, str(eels_cases.HERE / "peers"))
    import hyperspy_eels

    shape = session.cube("low_jitter").shape
    ours = np.load(measured["ours"]["out"], mmap_mode="r").reshape(shape)
    residual = {"ours": hyperspy_eels.zero_loss_centroids(ours, synthetic.LOW_OFFSET_EV, CHANNEL_EV).std()}
    residual.update({name: np.load(r["out"]).astype("f8").std() for name, r in peers_of(measured).items()})
    words = (f"standard deviation of the peak's centroid afterwards: {each(measured, lambda n, _: f'{residual[n]:.2g} eV')} "
             f"(tolerance {RESIDUAL_EV:g} eV)")
    how = ("zero-loss peak of every pixel, then low and core loss moved by it; ours: one band-limited shift of each, HyperSpy: "
           "align_zero_loss_peak(subpixel=True, also_align=[core]), which resamples twice")
    points = session.bounds["shift_points"]
    bound = f"two bare FFTW transforms of {points:.0f} floats and back in the cache", session.bounds["shift_fft_s"] * 1e6
    agreed = all(value < RESIDUAL_EV for value in residual.values())
    return eels_cases.timed_entry(session, measured, "eels.align_shift", (agreed, words), bound, how)


def poisson(session):
    rows, columns, channels = session.cube("core").shape
    items = {name: few(session, 2) for name in session.peers} | {"ours": rows * columns}
    programs = {"ours": session.ours("background", core=session.data / "core.npy", method="poisson")}
    programs.update({name: session.peer(python, "background_fit", "--items", items[name]) for name, python in session.peers.items()})
    programs = {key: with_out(session, "eels.poisson", key, argv) for key, argv in programs.items()}
    windows = (FIT_WINDOW_EV, (528, 534))

    def verdict(measured):
        def removed(key, result):
            net = np.load(result["out"], mmap_mode="r").reshape(-1, channels)
            raw = session.cube("core").reshape(-1, channels)[: len(net)]
            return [a - b for a, b in zip(eels_cases.window_sums(raw, windows), eels_cases.window_sums(net, windows))]

        ours = removed("ours", measured["ours"])
        truth = eels_cases.window_sums(np.load(session.data / "truth.npz")["background"].reshape(-1, channels), windows)
        within, beyond = (np.mean(o / t - 1) for o, t in zip(ours, truth))
        apart = {}
        for name, result in peers_of(measured).items():
            theirs = removed(name, result)
            apart[name] = max(abs(float(np.mean(t / o[: len(t)] - 1))) for t, o in zip(theirs, ours))
        words = f"ours against the true background: {within:+.1e} in the fit window, {beyond:+.1e} at 528-534 eV"
        if apart:
            words = sentence(words, f"mean difference from ours at most {each(peers_of(measured), lambda n, _: f'{apart[n]:.1e}')} "
                                    f"(tolerance {PRE_EDGE:g})")
        return all(x < PRE_EDGE for x in apart.values()), words

    bound = eels_cases.bandwidth_bound(session, "reading and writing the cube once", 8, "triad")
    how = "power law fitted in 470-525 eV and subtracted from the whole cube; ours: Poisson likelihood, theirs: least squares (fast=False)"
    return slow_peer_entry(session, "eels.poisson", programs, items, verdict, bound, how, min(3, session.rounds))


def fourier_log(session):
    measured = session.run("fourier_log", low=session.data / "low.npy", rounds=min(3, session.rounds))
    truth = np.load(session.data / "truth.npz")["thickness"]
    found = {name: np.load(r["out"]).reshape(truth.shape).astype("f8") for name, r in measured.items()}
    bias = {name: float(np.mean(value / truth - 1)) for name, value in found.items()}
    apart = {name: float(np.mean(found[name] / found["ours"] - 1)) for name in peers_of(measured)}
    dark = synthetic.DARK_COUNTS * session.cube("low").shape[2] / synthetic.LOW_ELECTRONS
    words = sentence(f"t/lambda = sum of S over I0 against the truth, mean: {each(measured, lambda n, _: f'{bias[n]:+.1e}')} "
                     f"(the dark counts are {dark:.1e} of all)",
                     "" if not apart else f"largest mean difference from ours {max(apart.values(), key=abs):+.1e} (tolerance {THICKNESS:g})")
    how = ("ours includes planning, the zero-loss peak, the phase and the tail beyond the axis; HyperSpy: fourier_log_deconvolution with the "
           "peak cut at 2.5 eV")
    points = session.bounds["log_points"]
    bound = f"three bare FFTW transforms of {points:.0f} floats in the cache", session.bounds["log_fft_s"] * 1e6
    agreed = all(abs(x) < THICKNESS for x in apart.values())
    return eels_cases.timed_entry(session, measured, "eels.fourier_log", (agreed, words), bound, how)


def white_lines(session):
    rows, columns, _ = session.cube("core").shape
    side = min(16, rows, columns)
    cube = synthetic.make_white_lines(session.data, side, side)
    items = {name: side * side for name in ("ours", *session.peers)}
    programs = {"ours": session.ours("white_lines", core=cube, repeat=5)}
    programs.update({name: session.peer(python, "white_lines", "--core", cube) for name, python in session.peers.items()})
    programs = {key: with_out(session, "eels.white_lines", key, argv) for key, argv in programs.items()}

    def verdict(measured):
        truth = synthetic.WHITE_LINE_RATIO
        found = {name: np.load(r["out"]).astype("f8").ravel() for name, r in measured.items()}
        close = all(abs(np.mean(value) / truth - 1) < RATIO + 3 * np.std(value) / truth / len(value) ** 0.5 for value in found.values())
        return close, (f"L3/L2, mean and standard deviation: {each(measured, lambda n, _: f'{found[n].mean():.4f} +- {found[n].std():.4f}')}, truth "
                       f"{truth:.4f} (tolerance of each mean {RATIO:g} and three standard errors); fits that did not converge: ours "
                       f"{measured['ours']['refused']:.0f}")

    how = ("Co L3 and L2 of spectra without plural scattering: power law, two arctan steps of free heights, two Gaussian lines; ours: background by "
           "likelihood in 730-772 eV, then variable projection with damped steps; HyperSpy: all of it by Levenberg-Marquardt in 730-830 eV, "
           "started near the truth")
    bound = eels_cases.bandwidth_bound(session, "reading the spectra once", 4, "read")
    return slow_peer_entry(session, "eels.white_lines", programs, items, verdict, bound, how)


def whole_pass(session, items, threads, memory=eels_cases.BUDGET):
    return session.ours("pass", core=session.data / "core.npy", low=session.data / "low.npy", items=items, threads=threads, memory=memory)


def scaling(session):
    rows, columns, _ = session.cube("core").shape
    items = rows * columns * (4 if rows * columns >= 1 << 14 else 1)
    runs = {1: [], 2: []}
    for _ in range(max(PASS_ROUNDS, session.rounds) if items > 1000 else 1):
        for threads, results in runs.items():
            results.append(measure.run_once(whole_pass(session, items, threads), cores=2))
    if len({result["ratio"] for results in runs.values() for result in results}) != 1:
        raise measure.Failed("one thread and two gave different numbers")
    wall = {threads: min(result["wall_s"][0] for result in results) for threads, results in runs.items()}
    cpu = {threads: min(result["cpu_s"][0] for result in results) for threads, results in runs.items()}
    gain = wall[1] / wall[2]
    text = ", ".join(f"{threads} thread{'s' if threads > 1 else ''} {wall[threads]:.3g} s wall and {cpu[threads]:.3g} s CPU" for threads in runs)
    how = sentence(f"{items} pairs of 2 x 2048 channels through zero-loss peaks -> offsets -> background -> Fourier-ratio -> O K and Co L3 with sigma "
                   f"-> ratio; wall time, the machine is shared: fastest of {len(runs[1])} interleaved runs each: {text}", "same numbers from both")
    return entry("eels.scaling", "times faster", gain, None, (True, ""), ("two cores: 2", gain / 2), how)


def large_pass(session):
    """Runs the large pass once for both of its entries."""
    if "pass" not in session.kept:
        rows, columns, _ = session.cube("core").shape
        items = PASS_ITEMS if rows * columns >= 1 << 14 else 4 * rows * columns
        session.kept["pass"] = measure.run_once(whole_pass(session, items, 2), cores=2)
    result = session.kept["pass"]
    size = session.cube("core").nbytes + session.cube("low").nbytes
    how = (f"{result['bytes'] / 1e9:.3g} GB, {result['spectra']:.0f} pairs of 2 x 2048 float32 channels (a mapped tile of {size / MB:.0f} MB over and "
           f"over) through zero-loss peaks -> offsets -> background -> Fourier-ratio -> O K and Co L3 maps with sigma -> ratio; two threads, "
           f"{eels_cases.BUDGET / MB:.3g} MB of working memory; {result['wall_s'][0]:.0f} s wall, {result['cpu_s'][0]:.0f} s CPU; "
           f"{result['used']:.0f} pairs measured, Co/O {result['ratio']:.4f}")
    return result, how


def rate(session):
    result, how = large_pass(session)
    speed = result["bytes"] / result["wall_s"][0] * 1e-9
    bound = 2 * result["bytes"] / result["spectra"] / session.bounds["fft_s"] * 1e-9
    return entry("eels.pass", "GB/s", speed, None, (True, ""),
                 (f"three bare FFTW transforms of each pair on two cores: {bound:.3g} GB/s", speed / bound), how)


def memory(session):
    result, how = large_pass(session)
    used = result["peak_rss"] / MB
    how = sentence(how, "highest resident memory of the process, mapped tile included", f"private memory at the end {result['working_bytes'] / MB:.0f} MB")
    return entry("eels.pass_memory", "MB", used, None, (True, ""), (f"limit: {LIMIT / MB:.0f} MB", LIMIT / MB / used), how)


ALL = {**eels_cases.CASES, "eels.align_shift": align_shift, "eels.poisson": poisson, "eels.fourier_log": fourier_log,
       "eels.white_lines": white_lines, "eels.scaling": scaling, "eels.pass": rate, "eels.pass_memory": memory}
