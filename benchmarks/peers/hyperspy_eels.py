"""The peer's side of the EELS benchmarks: one case with HyperSpy 1.7 (Debian) or HyperSpy 2 + exspy (PyPI).

usage: hyperspy_eels.py CASE --data FOLDER --toy FOLDER [--out FILE.npy] [--repeat N] [--items N] [--extra]

Only the call under test is timed; imports and first-use compilation happen before, on a 3 x 3 cube. One line of JSON:
CPU and wall seconds of every repetition, resident memory before the call and at its peak, versions.
"""
import argparse
import json
import logging
import pathlib
import sys
import time
import warnings

warnings.filterwarnings("ignore")
import numpy as np  # noqa: E402

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
import synthetic  # noqa: E402

WINDOW_EV = (470.0, 525.0)
GAUSSIAN_FWHM_EV, ELASTIC_LIMIT_EV = 1.1, 2.5


def resident(field):
    for line in pathlib.Path("/proc/self/status").read_text().splitlines():
        if line.startswith(field + ":"):
            return 1024.0 * float(line.split()[1])
    return 0.0


def spectrum_image(cube, offset):
    signal = eels_spectrum(cube)
    axis = signal.axes_manager[-1]
    axis.scale, axis.offset, axis.units = synthetic.STEP_EV, offset, "eV"
    signal.set_microscope_parameters(beam_energy=200, convergence_angle=20, collection_angle=40)
    return signal


def core_image(cube):
    return spectrum_image(cube, synthetic.CORE_OFFSET_EV)


def low_image(cube):
    return spectrum_image(cube, synthetic.LOW_OFFSET_EV)


def timed(repeat, prepare, work):
    """`prepare` makes the arguments of `work` outside the clock. Returns the times, the last result and the memory."""
    cpu, wall, memory, result = [], [], {}, None
    for _ in range(repeat):
        result = None
        arguments = prepare()
        memory.setdefault("rss_before", resident("VmRSS"))
        began_cpu, began_wall = time.process_time(), time.perf_counter()
        result = work(*arguments)
        cpu.append(time.process_time() - began_cpu)
        wall.append(time.perf_counter() - began_wall)
        memory.setdefault("peak_rss", resident("VmHWM"))
    return dict(cpu_s=cpu, wall_s=wall, **memory), result


def remove_background(signal, fast):
    return signal.remove_background(WINDOW_EV, background_type="Power law", fast=fast)


def corrected_background(signal):
    """HyperSpy's own two-area estimate with the integration limits where the channels begin, not at their centres."""
    from hyperspy.components1d import PowerLaw

    step = synthetic.STEP_EV
    edges = signal.deepcopy()
    edges.axes_manager[-1].offset -= step / 2
    amplitude, exponent = PowerLaw().estimate_parameters(edges, *WINDOW_EV, out=True)
    energy = signal.axes_manager[-1].axis
    return step * amplitude[..., None] * energy ** -exponent[..., None]


def deconvolve(core, low):
    return core.fourier_ratio_deconvolution(low, fwhm=GAUSSIAN_FWHM_EV, threshold=ELASTIC_LIMIT_EV)


def read_cube(file):
    signal = hs.load(str(file))
    signal.data = np.ascontiguousarray(signal.data)
    return signal


def case_dm4(options, toy):
    read_cube(toy / "core.dm4")
    times, signal = timed(options.repeat, tuple, lambda: read_cube(options.data / "core.dm4"))
    return times, signal.data


def align(signal):
    signal.align_zero_loss_peak(subpixel=True, print_stats=False)
    return signal


def case_align(options, toy):
    align(low_image(np.load(toy / "low_jitter.npy")))
    cube = first(np.load(options.data / "low_jitter.npy"), options.items)
    times, signal = timed(options.repeat, lambda: (low_image(cube.copy()),), align)
    if options.extra:
        bare = low_image(cube[: max(1, cube.shape[0] // 4)].copy())
        began = time.process_time()
        bare.estimate_shift1D(start=-6.0, end=6.0)
        times["estimate_cpu_s"] = time.process_time() - began
        times["estimate_spectra"] = float(bare.data.size // bare.data.shape[-1])
    if not options.out:
        return times, signal.data
    return times, zero_loss_centroids(signal.data, signal.axes_manager[-1].offset, synthetic.STEP_EV)


def zero_loss_centroids(cube, offset, step):
    """First moment of the peak within 1.5 eV of its highest channel, eV."""
    highest = cube.argmax(-1)
    half = int(round(1.5 / step))
    index = np.clip(highest[..., None] + np.arange(-half, half + 1), 0, cube.shape[-1] - 1)
    counts = np.take_along_axis(np.asarray(cube, "f8"), index, -1)
    return (counts * (offset + step * index)).sum(-1) / counts.sum(-1)


def case_background(options, toy, fast=True):
    remove_background(core_image(np.load(toy / "core.npy")), fast)
    signal = core_image(first(np.load(options.data / "core.npy"), options.items))
    times, net = timed(options.repeat, lambda: (signal,), lambda s: remove_background(s, fast))
    if options.out:
        np.save(options.out.with_suffix(".corrected.npy"), (signal.data - corrected_background(signal)).astype("f4"))
    return times, net.data


def case_background_fit(options, toy):
    return case_background(options, toy, fast=False)


def case_fourier_ratio(options, toy):
    deconvolve(core_image(np.load(toy / "net.npy")), low_image(np.load(toy / "low.npy")))
    core = core_image(first(np.load(options.data / "net.npy"), options.items))
    low = low_image(first(np.load(options.data / "low.npy"), options.items))
    times, single = timed(options.repeat, lambda: (core, low), deconvolve)
    return times, single.data


def case_fourier_log(options, toy):
    """Result: sum of the single scattering over the zero-loss peak, t/lambda. The peak is cut at its usual threshold."""

    def work(low):
        peak = low.deepcopy()
        peak.data[..., int(round((ELASTIC_LIMIT_EV - synthetic.LOW_OFFSET_EV) / synthetic.STEP_EV)) :] = 0
        return low.fourier_log_deconvolution(peak), peak

    work(low_image(np.load(toy / "low.npy")))
    low = low_image(first(np.load(options.data / "low.npy"), options.items))
    times, (single, peak) = timed(options.repeat, lambda: (low,), work)
    return times, single.data.sum(-1, dtype="f8") / peak.data.sum(-1, dtype="f8")


def align_pair(low, core):
    low.align_zero_loss_peak(also_align=[core], subpixel=True, print_stats=False)
    return low


def case_align_shift(options, toy):
    align_pair(low_image(np.load(toy / "low_jitter.npy")), core_image(np.load(toy / "core.npy")))
    low, core = (first(np.load(options.data / name), options.items) for name in ("low_jitter.npy", "core.npy"))
    times, signal = timed(options.repeat, lambda: (low_image(low.copy()), core_image(core.copy())), align_pair)
    return times, zero_loss_centroids(signal.data, signal.axes_manager[-1].offset, synthetic.STEP_EV)


def white_line_model(signal):
    """Power law, two arctan steps of fixed place and width, two Gaussian lines, 730-830 eV; started near the truth."""
    from hyperspy.components1d import Gaussian, PowerLaw

    try:
        from exspy.components import EELSArctan
    except ImportError:
        from hyperspy.components1d import EELSArctan
    model = signal.create_model(auto_background=False, auto_add_edges=False)
    law, l3, l2 = PowerLaw(), Gaussian(), Gaussian()
    law.A.value, law.r.value = synthetic.DOSE * 4000 * 500**3.2, 3.2
    for line, centre, sigma, area in ((l3, 781, 1.1, 1000), (l2, 796, 1.3, 500)):
        line.centre.value, line.sigma.value, line.A.value = centre, sigma, synthetic.DOSE * area
    model.extend([law, l3, l2])
    for onset, height in ((782, 90), (797, 45)):
        step = EELSArctan()
        model.append(step)
        step.x0.value, step.k.value, step.A.value = onset, 1 / 0.7, synthetic.DOSE * height / np.pi
        step.x0.free = step.k.free = False
    model.set_signal_range(730.0, 830.0)
    return model, l3, l2


def case_white_lines(options, toy):
    def fitted(model, l3, l2):
        model.multifit(optimizer="lm", iterpath="serpentine")
        return l3, l2

    cube = np.load(options.core)
    fitted(*white_line_model(core_image(cube[:1, :2].copy())))
    times, (l3, l2) = timed(options.repeat, lambda: white_line_model(core_image(cube.copy())), fitted)
    return times, l3.A.map["values"] / l2.A.map["values"]


def case_memory(options, toy):
    """The whole pass, files to deconvolved cube. The two input cubes are counted apart (`input_bytes`)."""

    def whole(folder):
        core, low = (read_cube(folder / name) for name in ("core.dm4", "low.dm4"))
        return deconvolve(remove_background(core, True), low), core.data.nbytes + low.data.nbytes

    whole(toy)
    times, (single, input_bytes) = timed(1, tuple, lambda: whole(options.data))
    times["input_bytes"] = float(input_bytes)
    return times, single.data


def first(cube, items):
    """The first `items` spectra as whole rows, or all."""
    return cube if not items else cube[: max(1, items // cube.shape[1])].copy()


def versions():
    found = {"hyperspy": hs.__version__}
    try:
        import exspy

        found["exspy"] = exspy.__version__
    except ImportError:
        pass
    return found


CASES = {"dm4": case_dm4, "align": case_align, "background": case_background, "background_fit": case_background_fit,
         "fourier_ratio": case_fourier_ratio, "fourier_log": case_fourier_log,
         "align_shift": case_align_shift, "white_lines": case_white_lines, "memory": case_memory}

if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("case", choices=CASES)
    parser.add_argument("--data", type=pathlib.Path, required=True)
    parser.add_argument("--toy", type=pathlib.Path, required=True, help="folder with the same files, 3 x 3, for warming up")
    parser.add_argument("--out", type=pathlib.Path)
    parser.add_argument("--core", type=pathlib.Path, help="another cube than that of the data (white_lines)")
    parser.add_argument("--repeat", type=int, default=1)
    parser.add_argument("--extra", action="store_true", help="side measurements too")
    parser.add_argument("--items", type=int, default=0)
    given = parser.parse_args()
    logging.disable(logging.CRITICAL)
    import hyperspy.api as hs

    try:
        from exspy.signals import EELSSpectrum as eels_spectrum
    except ImportError:
        eels_spectrum = hs.signals.EELSSpectrum
    hs.preferences.General.show_progressbar = False
    report, data = CASES[given.case](given, given.toy)
    if given.out:
        np.save(given.out, np.asarray(data, "f4"))
    print(json.dumps(dict(report, case=given.case, **versions())))
