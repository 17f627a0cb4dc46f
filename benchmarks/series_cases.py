"""Benchmarks of frame series: registration beside its peers, and the whole chain on two cores."""
import pathlib
import sys

import measure
import numpy as np
import series_synthetic
from eels_cases import MB, entry, sentence

HERE = pathlib.Path(__file__).resolve().parent
# Tolerances, each with its reason.
OURS_PX = 0.05  # what was asked for at 20 counts per pixel
PEER_PX = 1.0  # peers without a window or a weight are biased by the edges; beyond a pixel they failed
PEER_FRAMES = {"skimage": 20, "opencv": 20, "hyperspy": 8}  # they are slow


def interpreters():
    return [p for p in ("/usr/bin/python3", str(HERE.parent / "build/venv-peers/bin/python")) if pathlib.Path(p).exists()]


def error(file, truth):
    """Rms per axis about the mean, px: where frame 0 lies is not asked."""
    found = np.load(file)[:, :2]
    off = found - truth[: len(found)]
    return float((off - off.mean(0)).std())


def peers(data, size, frames, scratch):
    """{method: result} of those that are installed and that ran."""
    out = {}
    for method, most in PEER_FRAMES.items():
        for python in interpreters():
            file = scratch / f"register.{method}.npy"
            argv = [python, str(HERE / "peers/series_peers.py"), method, str(data / "stack.npy"), str(size), str(min(most, frames)), str(file)]
            try:
                out[method] = dict(measure.run_once(argv), out=file)
                break
            except measure.Failed as failure:
                if ": exit 3" not in str(failure):
                    print(f"  {failure}", file=sys.stderr)
        else:
            print(f"run.py: {method} is not there: left out", file=sys.stderr)
    return out


def register(program, data, size, frames, scratch, with_peers, rounds):
    truth = np.load(data / "drift.npy")
    file = scratch / "register.ours.npy"
    ours = measure.merged([measure.run_once([program, "register", "--core", str(data / "stack.npy"), "--rows", str(size), "--out", str(file)])
                           for _ in range(rounds)])
    speed, rms = frames / ours["cpu_s"], error(file, truth)
    pull = np.load(file)
    off = pull[:, :2] - truth
    pull = float(((off - off.mean(0)) / pull[:, 2:]).std())
    found = peers(data, size, frames, scratch) if with_peers else {}
    per = {m: r["frames"] / r["cpu_s"] for m, r in found.items()}
    off = {m: error(r["out"], truth) for m, r in found.items()}
    winner = max(per, key=per.get) if per else None
    words = "; ".join(f"{found[m]['name']} {per[m]:.3g} frames per CPU second, {off[m]:.3g} px ({found[m]['frames']} frames)" for m in found)
    how = sentence(f"{frames} frames of {size}x{size} float32, 20 counts/px, one thread on one core, CPU time, median of {rounds}", words,
                   f"ours {rms:.3g} px rms per axis (Cramer-Rao of one frame {ours['bound_px']:.3g} px), error over sigma {pull:.2f}, at most {ours['peak_rss'] / MB:.0f} MB with the mapped stack")
    agreed = rms < OURS_PX and all(value < PEER_PX for value in off.values())
    result = entry("series.register", "frames/CPU s", speed, None, (agreed, ""),
                   ("one bare FFT per frame: %.3g frames/CPU s" % (1.0 / ours["fft_s"]), speed * ours["fft_s"]), how)
    if winner:
        result.update(peer=found[winner]["name"], peer_value=float(f"{per[winner]:.4g}"), ratio=float(f"{speed / per[winner]:.4g}"), checked=agreed)
    return result


def pipeline(program, data, size, frames, scratch, with_peers, rounds):
    items = 3 * frames
    ours = measure.run_once([program, "series_pass", "--core", str(data / "stack.npy"), "--rows", str(size), "--items", str(items), "--threads", "2"], cores=2)
    speed = items / ours["wall_s"][0]
    how = (f"{items} frames of {size}x{size} (a mapped stack to and fro): registration, segmentation, radii of {ours['voids']:.0f} voids, steps of boxes of 16 px; "
           f"two threads, wall time {ours['wall_s'][0]:.3g} s, CPU {ours['cpu_s'][0]:.3g} s; private memory at the end {ours['working_bytes'] / MB:.0f} MB")
    return entry("series.pipeline", "frames/s", speed, None, (False, ""), ("two cores busy: %.3g frames/s" % (2 * items / ours["cpu_s"][0]), ours["cpu_s"][0] / (2 * ours["wall_s"][0])), how)


ALL = {"series.register": register, "series.pipeline": pipeline}


def run(names, program, work, scratch, toy, with_peers, rounds):
    size, frames = (256, 16) if toy else (1024, 60)
    data = series_synthetic.make(work / f"series-{size}", size, frames, 20)
    return [ALL[name](program, data, size, frames, scratch, with_peers, rounds) for name in names]
