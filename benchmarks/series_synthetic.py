"""A drifting scene of grains, voids and film texture with Poisson noise, and its truth: the input of the series benchmarks."""
import numpy as np
from scipy import fft, ndimage, spatial


def make(folder, size, frames, dose):
    """Writes stack.npy (frames x pixels, float32) and drift.npy (dy, dx in px against frame 0); returns the folder."""
    if (folder / "drift.npy").exists():
        return folder
    folder.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(7)
    whole = size + 2 * max(32, size // 8)
    seeds = rng.random((40, 2)) * whole
    y, x = np.mgrid[0:whole, 0:whole]
    grain = spatial.cKDTree(seeds).query(np.c_[y.ravel(), x.ravel()])[1].reshape(y.shape)
    scene = (0.8 + 0.4 * rng.random(40))[grain]
    for _ in range(60):
        radius, (cy, cx) = rng.uniform(4, 18) * size / 1024 + 2, rng.random(2) * whole
        scene[(y - cy) ** 2 + (x - cx) ** 2 < radius**2] *= 0.45
    scene = ndimage.gaussian_filter(scene + 0.3 * ndimage.gaussian_filter(rng.standard_normal((whole, whole)), 3), 1.2)
    spectrum = fft.rfft2(scene)
    ky, kx = fft.fftfreq(whole)[:, None], fft.rfftfreq(whole)[None, :]
    t = np.arange(frames)[:, None]
    drift = np.c_[0.25 * t, -0.15 * t] + np.cumsum(rng.normal(0, 0.4, (frames, 2)), 0)
    drift -= drift[0]
    edge = (whole - size) // 2
    stack = np.lib.format.open_memmap(folder / "stack.npy", mode="w+", dtype="<f4", shape=(frames, size * size))
    for i, (dy, dx) in enumerate(drift):
        moved = fft.irfft2(spectrum * np.exp(-2j * np.pi * (ky * dy + kx * dx)), s=(whole, whole))
        stack[i] = rng.poisson(np.clip(moved[edge : edge + size, edge : edge + size], 0, None) * dose).ravel()
    stack.flush()
    np.save(folder / "drift.npy", drift)
    return folder
