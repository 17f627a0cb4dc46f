#!/usr/bin/env python3
"""One registration by a peer: series_peers.py METHOD STACK.npy ROWS FRAMES OUT.npy; prints one line of JSON. 3: not installed."""
import json
import resource
import sys
import time

import numpy as np


def skimage_correlation(stack):
    import skimage
    from skimage.registration import phase_cross_correlation as correlate

    options = {"return_error": False} if tuple(map(int, skimage.__version__.split(".")[:2])) < (0, 21) else {}
    took = [correlate(stack[0], frame, upsample_factor=10, normalization=None, **options) for frame in stack[1:]]
    return [-np.asarray(d[0] if isinstance(d, tuple) else d) for d in took], f"scikit-image {skimage.__version__}"


def opencv_ecc(stack):
    import cv2

    cv2.setNumThreads(1)
    first = cv2.GaussianBlur(stack[0], (0, 0), 2)
    warp, out = np.eye(2, 3, dtype=np.float32), []
    for frame in stack[1:]:
        stop = (cv2.TERM_CRITERIA_EPS | cv2.TERM_CRITERIA_COUNT, 200, 1e-7)
        _, warp = cv2.findTransformECC(first, cv2.GaussianBlur(frame, (0, 0), 2), warp, cv2.MOTION_TRANSLATION, stop, None, 1)
        out.append((warp[1, 2], warp[0, 2]))
    return out, f"OpenCV {cv2.__version__}"


def hyperspy(stack):
    import hyperspy
    import hyperspy.api as hs

    hs.preferences.General.show_progressbar = False
    shifts = hs.signals.Signal2D(stack).estimate_shift2D(sub_pixel_factor=10, show_progressbar=False)
    return list(np.asarray(shifts)[1:]), f"HyperSpy {hyperspy.__version__}"


def main():
    method, file, rows, frames, out = sys.argv[1:]
    try:
        {"skimage": "skimage", "opencv": "cv2", "hyperspy": "hyperspy"}[method] in sys.modules or __import__(
            {"skimage": "skimage", "opencv": "cv2", "hyperspy": "hyperspy"}[method])
    except ImportError:
        return 3
    stack = np.load(file, mmap_mode="r")[: int(frames)]
    stack = np.ascontiguousarray(stack.reshape(len(stack), int(rows), -1))
    run = {"skimage": skimage_correlation, "opencv": opencv_ecc, "hyperspy": hyperspy}[method]
    run(stack[:2])  # first use
    began = time.process_time()
    shifts, name = run(stack)
    seconds = time.process_time() - began
    np.save(out, np.vstack([[0.0, 0.0], shifts]))
    print(json.dumps({"cpu_s": seconds, "name": name, "frames": len(stack), "peak_rss": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
