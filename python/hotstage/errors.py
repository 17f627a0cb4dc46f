# SPDX-License-Identifier: GPL-3.0-or-later
"""One exception class per kind of failure; the numbers are the exit codes of the program."""

from __future__ import annotations


class Error(Exception):
    """Something the user can mend. The text says what happened, where, and what to do."""

    code = "error"
    exit_code = 1
    message: str = ""  #: the text without place and hint
    hint: str = ""  #: what to do
    file: str | None = None
    line: int | None = None  #: from 1
    column: int | None = None
    offset: int | None = None  #: byte in a binary file


class UsageError(Error):
    """Wrong arguments."""

    code = "usage"
    exit_code = 2


class BadInput(Error, ValueError):
    """A file or a value is broken or does not make sense."""

    code = "bad_input"
    exit_code = 3


class Unsupported(Error):
    """Recognised, but not something this version handles."""

    code = "unsupported"
    exit_code = 4


class IoError(Error, OSError):
    """The operating system refused to read or write."""

    code = "io"
    exit_code = 5


class MissingTool(Error):
    """An external program, library or table is not installed."""

    code = "missing_tool"
    exit_code = 6


class NoSpace(Error):
    """Disk or memory budget exhausted."""

    code = "no_space"
    exit_code = 7


class Refused(Error):
    """The data do not allow an honest answer."""

    code = "refused"
    exit_code = 8


class EngineFailed(Error):
    """An external engine died or returned nonsense."""

    code = "engine_failed"
    exit_code = 9


class Bug(RuntimeError):
    """A broken contract inside Hotstage: please report it."""


class HotstageWarning(UserWarning):
    """Something about the data or the analysis that the result should be read with."""


by_exit_code = {
    kind.exit_code: kind
    for kind in (UsageError, BadInput, Unsupported, IoError, MissingTool, NoSpace, Refused, EngineFailed)
}
