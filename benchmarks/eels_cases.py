"""The EELS benchmarks: what is run, how the results are compared, and the entry that follows. One function per id."""
import dataclasses
import pathlib
import sys

import measure
import numpy as np
import synthetic

HERE = pathlib.Path(__file__).resolve().parent
CHANNEL_EV = synthetic.STEP_EV
MB = 1e6
BUDGET = 64 << 20  # bytes given to the pass whose memory is measured

# Tolerances, each with its reason.
RESIDUAL_EV = 0.1 * CHANNEL_EV  # alignment better than a tenth of a channel counts as aligned
BACKGROUND = 2e-4  # HyperSpy's two-area exponent takes each half window at one mean energy; ours integrates
WINDOW_SUM = 2e-3  # deconvolved window integrals: the tails are extrapolated and tapered in different ways
PEAK = 1e-2  # deconvolved mean spectrum, of its maximum: the noise floor cuts different frequencies
PASS_SUM = 2e-2  # whole pass: HyperSpy's half channel lifts the background by 0.07 %, about 1 % of the O K signal
FIT_WINDOW_EV, PRE_EDGE_EV = (470, 525), (528, 534)
SIGNAL_WINDOWS_EV = ((530, 580), (600, 750), (775, 810), (850, 920))


@dataclasses.dataclass
class Session:
    """Where things are: our program, the peers' interpreters by name, the data, and the bounds measured in this run."""

    program: str
    peers: dict
    data: pathlib.Path
    toy: pathlib.Path
    scratch: pathlib.Path
    rounds: int
    bounds: dict
    kept: dict = dataclasses.field(default_factory=dict)  # results that serve several entries

    def ours(self, case, **options):
        return [self.program, case, *(str(x) for key, value in options.items() for x in (f"--{key}", value))]

    def peer(self, python, case, *options):
        return [python, HERE / "peers/hyperspy_eels.py", case, "--data", self.data, "--toy", self.toy, *map(str, options)]

    def run(self, case, peer_case=None, rounds=None, **files):
        """Measures ours and every peer, interleaved, then once more each with the result written."""
        programs = {"ours": self.ours(case, **files)}
        programs.update({name: self.peer(python, peer_case or case) for name, python in self.peers.items()})
        measured = measure.interleaved(programs, rounds or self.rounds)
        if "ours" not in measured:
            raise measure.Failed(f"our own program failed on {case}")
        out = self.scratch / f"{case}.ours.npy"
        extra = {} if case == "memory" else {"extra": 5}
        measured["ours"].update(side=measure.merged([measure.run_once(self.ours(case, out=out, **extra, **files))]), out=out)
        for name in [name for name in self.peers if name in measured]:
            out = self.scratch / f"{case}.{name}.npy"
            side = measure.merged([measure.run_once(self.peer(self.peers[name], peer_case or case, "--out", out, "--extra"))])
            measured[name].update(side=side, out=out)
        return measured

    def cube(self, name):
        return np.load(self.data / f"{name}.npy", mmap_mode="r")


def title(name, result):
    """"ours", or the peer with its versions."""
    if name == "ours":
        return name
    return " + ".join(f"{'HyperSpy' if key == 'hyperspy' else key} {result[key]}" for key in ("hyperspy", "exspy") if key in result)


def each(measured, text):
    """`text(name, result)` of every program measured, with its title."""
    return ", ".join(f"{title(name, result)} {text(name, result)}" for name, result in measured.items())


def peers_of(measured):
    return {name: result for name, result in measured.items() if name != "ours"}


def best(measured, key):
    """The peer with the smallest value of `key`, and the others by name; (None, {}) without peers."""
    peers = peers_of(measured)
    if not peers:
        return None, {}
    winner = min(peers, key=lambda name: key(peers[name]))
    return peers.pop(winner), peers


def rounded(value):
    return None if value is None else float(f"{value:.4g}")


def sentence(*parts):
    return "; ".join(part for part in parts if part)


def entry(name, unit, ours, peer, verdict, bound, how):
    """`peer` is (result, value, ratio) or None, `verdict` (agreed, text), `bound` (text, limit ÷ ours)."""
    result, value, ratio = peer or (None, None, None)
    agreed, words = verdict
    return {"id": name, "ours": rounded(ours), "unit": unit, "peer": title("peer", result) if result else None,
            "peer_value": rounded(value), "ratio": rounded(ratio), "bound": bound[0], "fraction_of_bound": rounded(bound[1]),
            "checked": bool(result and agreed), "how": sentence(how, words)}


def setting(session, measured):
    rows, columns, channels = session.cube("core").shape
    spread = each(measured, lambda _, r: f"{r['cpu_s_spread']:.0%}")
    return (f"{rows}x{columns}x{channels} float32, {CHANNEL_EV} eV/channel; one thread on one core, warm cache, output newly allocated in memory, "
            f"CPU time of the kernel, median of {session.rounds} interleaved runs (spread: {spread})")


def processes(measured):
    """Start, imports, first use on a 3 x 3 cube (peers), reading, the call."""
    return "whole process: " + each(measured, lambda _, r: f"{r['process_cpu_s']:.2f} s CPU and at most {r['peak_rss'] / MB:.0f} MB")


def per_spectrum(session, result, key="cpu_s"):
    rows, columns, _ = session.cube("core").shape
    return 1e6 * result[key] / (rows * columns)


def timed_entry(session, measured, name, verdict, bound, how):
    """An entry in microseconds of CPU per spectrum; `bound` is (words, microseconds)."""

    def value(result):
        return per_spectrum(session, result)

    ours = value(measured["ours"])
    winner, others = best(measured, value)
    peer = (winner, value(winner), value(winner) / ours) if winner else None
    how = sentence(setting(session, measured), how, each(others, lambda _, r: f"{value(r):.3g} us/spectrum"), processes(measured))
    return entry(name, "us/spectrum", ours, peer, verdict, (f"{bound[0]}: {bound[1]:.2g} us/spectrum", bound[1] / ours), how)


def bandwidth_bound(session, words, bytes_per_channel, stream):
    speed = session.bounds[f"{stream}_GBps"]
    return f"{words} ({stream} {speed:.1f} GB/s)", bytes_per_channel * session.cube("core").shape[2] / speed * 1e-3


# ---------------------------------------------------------------------------------------------------------------- cases


def dm4(session):
    measured = session.run("dm4", core=session.data / "core.dm4")
    reference = session.cube("core")
    same = {name: np.array_equal(np.load(r["out"], mmap_mode="r").reshape(reference.shape), reference) for name, r in measured.items()}
    verdict = all(same.values()), "values identical to those written: " + each(measured, lambda n, _: "yes" if same[n] else "NO")

    def speed(result, key="cpu_s"):
        return reference.nbytes / result[key] * 1e-9

    ours = measured["ours"]
    winner, others = best(measured, lambda r: r["cpu_s"])
    peer = (winner, speed(winner), speed(ours) / speed(winner)) if winner else None
    copy = session.bounds["memcpy_GBps"]
    how = sentence(setting(session, measured), "DM4 with the energy slowest to (y,x,E) in memory",
                   f"ours into memory that exists already {speed(ours['side'], 'reuse_cpu_s'):.3g} GB/s",
                   each(others, lambda _, r: f"{speed(r):.3g} GB/s"), processes(measured))
    bound = f"memcpy of the mapped file into new memory: {copy:.3g} GB/s", speed(ours) / copy
    return entry("eels.dm4", "GB/s", speed(ours), peer, verdict, bound, how)


def align(session):
    sys.path.insert(0, str(HERE / "peers"))
    from hyperspy_eels import zero_loss_centroids

    measured = session.run("align", low=session.data / "low_jitter.npy")
    jitter = np.load(session.data / "truth.npz")["jitter_eV"]
    offset = np.load(measured["ours"]["out"]).reshape(jitter.shape).astype("f8")
    error = offset + jitter
    centroid = zero_loss_centroids(session.cube("low_jitter"), synthetic.LOW_OFFSET_EV, CHANNEL_EV)
    residual = {"ours": (centroid + offset).std()}
    residual.update({name: np.load(r["out"]).astype("f8").std() for name, r in peers_of(measured).items()})
    agreed = np.abs(error).max() < RESIDUAL_EV and all(value < RESIDUAL_EV for value in residual.values())
    words = sentence(f"standard deviation of the peak's centroid after alignment: {each(measured, lambda n, _: f'{residual[n]:.2g} eV')} "
                     f"(tolerance {RESIDUAL_EV:g} eV)",
                     f"ours against the true wander of {synthetic.JITTER_EV} eV: {error.std():.2g} eV standard deviation, "
                     f"{np.abs(error).max():.2g} eV at most")
    find = per_spectrum(session, measured["ours"])
    move = per_spectrum(session, measured["ours"]["side"], "resample_cpu_s")
    how = ("ours: peak (centre, width, I0, t/lambda) and an offset per pixel, nothing is resampled; HyperSpy: "
           "align_zero_loss_peak(subpixel=True), which finds the shifts and resamples the cube twice")
    winner, _ = best(measured, lambda r: r["cpu_s"])
    if winner:
        estimate = 1e6 * winner["side"]["estimate_cpu_s"] / winner["side"]["estimate_spectra"]
        how += (f"; same work: with one linear resampling of the cube ours takes {find + move:.3g} us/spectrum (ratio "
                f"{per_spectrum(session, winner) / (find + move):.3g}); finding alone: HyperSpy's estimate_shift1D {estimate:.3g} us/spectrum")
    return timed_entry(session, measured, "eels.align", (agreed, words), bandwidth_bound(session, "reading the cube once", 4, "read"), how)


def window_sums(cube, windows):
    energy = synthetic.CORE_OFFSET_EV + CHANNEL_EV * np.arange(cube.shape[-1])
    return [cube[..., (energy >= low) & (energy < high)].sum(-1, dtype="f8") for low, high in windows]


def background(session):
    measured = session.run("background", core=session.data / "core.npy")
    shape = session.cube("core").shape
    windows = (FIT_WINDOW_EV, PRE_EDGE_EV)
    raw = window_sums(session.cube("core"), windows)

    def removed(file):
        return [r - n for r, n in zip(raw, window_sums(np.load(file, mmap_mode="r").reshape(shape), windows))]

    ours = removed(measured["ours"]["out"])
    true = window_sums(np.load(session.data / "truth.npz")["background"], windows)
    plain, left = {}, {}
    for name, result in peers_of(measured).items():
        plain[name] = np.mean(removed(result["out"])[0] / ours[0] - 1)
        corrected = removed(result["out"].with_suffix(".corrected.npy"))
        left[name] = max(np.abs(c / o - 1).max() for c, o in zip(corrected, ours))
    within, beyond = (np.mean(o / t - 1) for o, t in zip(ours, true))
    words = f"ours against the true background: {within:+.1e} in the fit window, {beyond:+.1e} at 528-534 eV"
    if left:
        peers = peers_of(measured)
        too_high, apart = (each(peers, lambda name, _: f"{values[name]:.1e}") for values in (plain, left))
        words = sentence(words, f"HyperSpy integrates between channel centres, so its background is too high: {too_high}",
                         f"with its limits moved to the channel edges the largest difference of any spectrum from ours is {apart} "
                         f"(tolerance {BACKGROUND:g})")
    reuse = per_spectrum(session, measured["ours"]["side"], "reuse_cpu_s")
    how = sentence("power law, two areas, 470-525 eV, subtracted from the whole cube",
                   f"ours into memory that exists already {reuse:.3g} us/spectrum")
    bound = bandwidth_bound(session, "reading and writing the cube once", 8, "triad")
    return timed_entry(session, measured, "eels.background", (all(x < BACKGROUND for x in left.values()), words), bound, how)


def compare_deconvolved(session, measured, tolerance, note=""):
    """HyperSpy's result times the channel width beside ours, and ours beside the truth: (agreed, words)."""
    shape = session.cube("core").shape
    ours = np.load(measured["ours"]["out"], mmap_mode="r").reshape(shape)
    ours_sums = window_sums(ours, SIGNAL_WINDOWS_EV)
    truth = window_sums(np.load(session.data / "truth.npz")["single"], SIGNAL_WINDOWS_EV)

    def farthest(sums, others):
        return max((float(np.mean(a / b - 1)) for a, b in zip(sums, others)), key=abs)

    energy = synthetic.CORE_OFFSET_EV + CHANNEL_EV * np.arange(shape[2])
    inside = (energy >= 500) & (energy < 920)
    mean = ours.mean((0, 1), dtype="f8")[inside]
    apart, peak, whole = {}, {}, True
    for name, result in peers_of(measured).items():
        theirs = np.load(result["out"], mmap_mode="r")
        apart[name] = farthest([CHANNEL_EV * s for s in window_sums(theirs, SIGNAL_WINDOWS_EV)], ours_sums)
        peak[name] = float(np.abs(CHANNEL_EV * theirs.mean((0, 1), dtype="f8")[inside] - mean).max() / mean.max())
        whole = whole and not np.isnan(theirs).any()
    words = f"ours against the truth: window integrals {farthest(ours_sums, truth):+.1e} at most, mean over the image"
    if apart:
        peers = peers_of(measured)
        sums, spectrum = (each(peers, lambda name, _: f"{values[name]:.1e}") for values in (apart, peak))
        words = sentence(words, f"HyperSpy's and exspy's result is too large by 1/(channel width in eV) = {1 / CHANNEL_EV:g}",
                         f"after that correction window integrals differ from ours by {sums} (tolerance {tolerance:g}{note})",
                         f"the mean spectrum by {spectrum} of its maximum (tolerance {PEAK:g})")
    agreed = whole and all(abs(x) < tolerance for x in apart.values()) and all(x < PEAK for x in peak.values())
    return agreed, words


def fourier_ratio(session):
    measured = session.run("fourier_ratio", core=session.data / "net.npy", low=session.data / "low.npy")
    verdict = compare_deconvolved(session, measured, WINDOW_SUM)
    bound = f"three bare FFTW transforms of {session.bounds['core_points']:.0f} floats in the cache", session.bounds["fft_s"] * 1e6
    how = "Gaussian modifier of 1.1 eV on both sides, every pixel with its own low loss; ours includes planning, the zero-loss peak and the tails"
    return timed_entry(session, measured, "eels.fourier_ratio", verdict, bound, how)


def fourier_ratio_memory(session):
    files = {"core": session.data / "core.dm4", "low": session.data / "low.dm4"}
    measured = session.run("memory", rounds=min(3, session.rounds), memory=BUDGET, **files)
    ours = measured["ours"]
    np.save(ours["out"], np.fromfile(ours["out"], "<f4"))
    verdict = compare_deconvolved(session, measured, PASS_SUM, ", HyperSpy's half-channel background is still in it")
    small = measure.run_once(session.ours("memory", memory=BUDGET // 4, **files))

    def beyond(result):
        return (result["peak_rss"] - result["rss_before"] - result["input_bytes"]) / MB

    used, budget = ours["working_bytes"] / MB, BUDGET / MB
    winner, others = best(measured, beyond)
    peer = (winner, beyond(winner), beyond(winner) / used) if winner else None
    rows, columns, channels = session.cube("core").shape
    how = sentence(f"{rows}x{columns}x{channels} float32; both DM4 files -> background -> zero-loss peak -> Fourier-ratio -> result, one thread",
                   f"ours works in tiles of {ours['tile_items']:.0f} spectra within a budget of {budget:.3g} MB, reads the files as memory maps and "
                   "writes the result to a file: growth of its private memory (plans and tags, 0.4 MB, come on top of the budget)",
                   f"with a budget of {budget / 4:.3g} MB {small['working_bytes'] / MB:.3g} MB",
                   "HyperSpy holds everything: growth of its peak resident memory less the two input cubes, result included",
                   each(others, lambda _, r: f"{beyond(r):.4g} MB"), processes(measured))
    return entry("eels.fourier_ratio_memory", "MB", used, peer, verdict, (f"memory budget given: {budget:.3g} MB", budget / used), how)


CASES = {"eels.dm4": dm4, "eels.align": align, "eels.background": background, "eels.fourier_ratio": fourier_ratio,
         "eels.fourier_ratio_memory": fourier_ratio_memory}
