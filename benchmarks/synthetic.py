"""The synthetic dual spectrum image that every program of the EELS benchmarks works on, with its truth.

Low loss: zero-loss peak and plural plasmons (Poisson series in t/lambda); core loss: power law + (O K + Co L2,3) with
the same plural scattering; both with counting noise. Deterministic: one seed, one random stream per row.

`make(folder, rows, columns, channels)` writes, once:
  core.npy core.dm4        counts of the core loss (DM4 as Gatan stores it: energy slowest)
  low.npy  low.dm4         counts of the low loss, zero-loss peak at 0 eV
  low_jitter.npy           the same with the peak wandering by 0.6 eV (standard deviation)
  net.npy                  core loss minus its true background
  truth.npz                jitter_eV, thickness, background, single (single scattering at the resolution of the peak)
"""
import json
import pathlib
import struct

import numpy as np

STEP_EV, CORE_OFFSET_EV, LOW_OFFSET_EV = 0.25, 450.0, -40.0
JITTER_EV, ZLP_SIGMA_EV, PLASMON_EV, PLASMON_SIGMA_EV = 0.6, 0.45, 24.0, 5.0
LOW_ELECTRONS, DARK_COUNTS, ORDERS = 1.2e6, 2.0, 6
DOSE = 10.0  # 40 000 counts per channel at 500 eV: at a tenth of it HyperSpy's extrapolation from 20 noisy channels raises TypeError
VERSION = 4  # of this description: older files are made anew


def gaussian(x, sigma):
    return np.exp(-0.5 * (x / sigma) ** 2) / (sigma * np.sqrt(2 * np.pi))


def order_sigma(order):
    return np.sqrt(ZLP_SIGMA_EV**2 + order * PLASMON_SIGMA_EV**2)


def poisson_weights(thickness):
    """exp(-t) t^n / n! for n = 0 … ORDERS-1, last axis."""
    n = np.arange(ORDERS)
    factorial = np.cumprod(np.maximum(n, 1))
    return np.exp(-thickness)[..., None] * thickness[..., None] ** n / factorial


def edge_density(energy):
    """O K and Co L2,3 in counts per channel before any broadening."""

    def step(onset, height, width):
        rise = 0.5 + np.arctan((energy - onset) / width) / np.pi
        return height * rise * np.where(energy > onset - 20, (np.maximum(energy, onset) / onset) ** -3.0, 0)

    def line(centre, height, sigma):
        return height * np.exp(-0.5 * ((energy - centre) / sigma) ** 2)

    oxygen = step(535, 260, 1.0) + line(532, 200, 1.0)
    cobalt = step(782, 90, 0.7) + step(797, 45, 0.7) + line(781, 420, 1.1) + line(796, 170, 1.3)
    return oxygen + cobalt


def blurred_edges(channels):
    """Edge ⊗ n-fold plasmon ⊗ zero-loss peak, one row per order, on the core axis."""
    pad = int(400 / STEP_EV)
    energy = CORE_OFFSET_EV + STEP_EV * np.arange(-pad, channels + pad)
    edges = edge_density(energy)
    rows = []
    for order in range(ORDERS):
        centre = order * PLASMON_EV
        offsets = STEP_EV * np.arange(-pad, pad + 1)
        kernel = gaussian(offsets - centre, order_sigma(order)) * STEP_EV
        rows.append(np.convolve(edges, kernel, "same")[pad : pad + channels])
    return np.array(rows)


def write_dm4(path, cube, offset, units="eV", pixel_nm=0.5):
    """A DM4 file as Gatan writes a spectrum image: dimensions x, y, E with the energy slowest, little-endian float32."""

    def name(text):
        return struct.pack(">H", len(text)) + text.encode("latin1")

    def tag(label, info, payload):
        body = b"%%%%" + struct.pack(f">Q{len(info)}q", len(info), *info) + payload
        return b"\x15" + name(label) + struct.pack(">Q", len(body)) + body

    def group(label, tags):
        body = b"\0\0" + struct.pack(">Q", len(tags)) + b"".join(tags)
        return b"\x14" + name(label) + struct.pack(">Q", len(body)) + body

    def f32(label, value):
        return tag(label, [6], struct.pack("<f", value))

    def u32(label, value):
        return tag(label, [5], struct.pack("<I", value))

    def text(label, value):
        return tag(label, [20, 4, len(value)], value.encode("utf-16-le"))

    rows, columns, channels = cube.shape
    dimensions = [(columns, 0.0, pixel_nm, "nm"), (rows, 0.0, pixel_nm, "nm"), (channels, -offset / STEP_EV, STEP_EV, units)]
    calibration = group("Calibrations", [
        group("Brightness", [f32("Origin", 0), f32("Scale", 1), text("Units", "")]),
        group("Dimension", [group("", [f32("Origin", o), f32("Scale", s), text("Units", u)]) for _, o, s, u in dimensions]),
    ])
    numbers = np.ascontiguousarray(np.moveaxis(cube, 2, 0), "<f4").tobytes()
    image = group("", [
        group("ImageData", [calibration, tag("Data", [20, 6, cube.size], numbers), u32("DataType", 2),
                            group("Dimensions", [u32("", d[0]) for d in dimensions]), u32("PixelDepth", 4)]),
        group("ImageTags", [group("Meta Data", [text("Format", "Spectrum image"), text("Signal", "EELS")]),
                            group("Microscope Info", [f32("Voltage", 200000.0)])]),
        text("Name", "synthetic spectrum image"),
    ])
    root = group("ImageList", [image])
    body = b"\0\0" + struct.pack(">Q", 1) + root
    with open(path, "wb") as out:
        out.write(struct.pack(">IQI", 4, len(body), 1))
        out.write(body)
        out.write(b"\0" * 8)


def make(folder, rows, columns, channels=2048):
    folder = pathlib.Path(folder)
    stamp = {"version": VERSION, "shape": [rows, columns, channels]}
    stamp_file = folder / "made.json"
    if stamp_file.exists() and json.loads(stamp_file.read_text()) == stamp:
        return folder
    folder.mkdir(parents=True, exist_ok=True)
    core_energy = CORE_OFFSET_EV + STEP_EV * np.arange(channels)
    low_energy = LOW_OFFSET_EV + STEP_EV * np.arange(channels)
    edges = DOSE * blurred_edges(channels)
    law = DOSE * 4000.0 * (core_energy / 500.0) ** -3.2
    setup = np.random.default_rng(np.random.SeedSequence([VERSION, 0]))
    fraction = setup.uniform(0.6, 1.0, (rows, columns))
    thickness = setup.uniform(0.3, 0.8, (rows, columns))
    jitter = setup.normal(0, JITTER_EV, (rows, columns))
    weights = poisson_weights(thickness)
    background = (0.8 + 0.2 * fraction)[..., None] * law
    cubes = {key: np.empty((rows, columns, channels), "<f4") for key in ("core", "net", "low", "low_jitter")}
    for y in range(rows):
        rng = np.random.default_rng(np.random.SeedSequence([VERSION, 1 + y]))
        signal = fraction[y][:, None] * (weights[y] @ edges)
        cubes["core"][y] = rng.poisson(background[y] + signal)
        cubes["net"][y] = cubes["core"][y] - background[y]
        for key, shift in (("low", np.zeros(columns)), ("low_jitter", jitter[y])):
            energy = low_energy - shift[:, None]
            orders = np.array([gaussian(energy - n * PLASMON_EV, order_sigma(n)) for n in range(ORDERS)])
            mean = np.einsum("xn,nxe->xe", weights[y], orders) * STEP_EV * LOW_ELECTRONS + DARK_COUNTS
            cubes[key][y] = rng.poisson(mean)
    for key, cube in cubes.items():
        np.save(folder / f"{key}.npy", cube)
    write_dm4(folder / "core.dm4", cubes["core"], CORE_OFFSET_EV)
    write_dm4(folder / "low.dm4", cubes["low"], LOW_OFFSET_EV)
    single = (fraction * np.exp(-thickness))[..., None] * edges[0]
    np.savez(folder / "truth.npz", jitter_eV=jitter, thickness=thickness, background=background.astype("f4"), single=single.astype("f4"))
    stamp_file.write_text(json.dumps(stamp))
    return folder


def make_white_lines(folder, rows, columns, channels=2048):
    """white_lines.npy: power law, O K and Co L2,3 without plural scattering, Poisson noise; every spectrum has the same truth."""
    path = pathlib.Path(folder) / f"white_lines_{VERSION}_{rows}x{columns}.npy"
    if not path.exists():
        energy = CORE_OFFSET_EV + STEP_EV * np.arange(channels)
        mean = DOSE * (4000.0 * (energy / 500.0) ** -3.2 + edge_density(energy))
        rng = np.random.default_rng(np.random.SeedSequence([VERSION, 7, rows, columns]))
        np.save(path, rng.poisson(mean, (rows, columns, channels)).astype("<f4"))
    return path


WHITE_LINE_RATIO = 420 * 1.1 / (170 * 1.3)  # areas of the lines of edge_density
