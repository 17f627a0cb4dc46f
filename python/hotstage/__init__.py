# SPDX-License-Identifier: GPL-3.0-or-later
"""Hotstage: from an in situ heating experiment to its mechanism.

hotstage.load(file) gives a Signal (data, axes, metadata); hotstage.eels works on Signals and arrays; hotstage.steps holds
every step of a study as a function; hotstage.run(study) runs a whole study.
"""

from __future__ import annotations

import os as _os
import pathlib as _pathlib

from . import errors
from ._hotstage import Signal
from ._hotstage import version as __version__
from ._signal import formats, from_array, load, load_all, save, sniff
from .errors import (
    BadInput,
    Bug,
    EngineFailed,
    Error,
    HotstageWarning,
    IoError,
    MissingTool,
    NoSpace,
    Refused,
    Unsupported,
    UsageError,
)
from . import atoms, calc, eels, steps, study
from . import eds, series
from .study import run

__all__ = [
    "BadInput",
    "Bug",
    "EngineFailed",
    "Error",
    "HotstageWarning",
    "IoError",
    "MissingTool",
    "NoSpace",
    "Refused",
    "Signal",
    "Unsupported",
    "UsageError",
    "atoms",
    "calc",
    "eds",
    "eels",
    "errors",
    "formats",
    "from_array",
    "from_hyperspy",
    "load",
    "load_all",
    "run",
    "save",
    "series",
    "sniff",
    "steps",
    "study",
]


def from_hyperspy(signal) -> Signal:
    """A Signal with the numbers, axes and metadata of a HyperSpy signal."""
    from . import _hyperspy

    return _hyperspy.from_hyperspy(signal)


def _find_installed_tables() -> None:
    """An installed package lies below the prefix whose share/hotstage holds the tables and studies."""
    for prefix in _pathlib.Path(__file__).resolve().parents:
        for kind, variable in (("data", "HOTSTAGE_DATA"), ("studies", "HOTSTAGE_STUDIES")):
            folder = prefix / "share" / "hotstage" / kind
            if folder.is_dir():
                _os.environ.setdefault(variable, str(folder))


_find_installed_tables()
