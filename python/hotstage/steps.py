# SPDX-License-Identifier: GPL-3.0-or-later
"""Every step of the registry as a function: eels.quantify is hotstage.steps.eels_quantify(core=…, low=…, edges=[…]).

Inputs are Signals, tables, records or names of files. Options are keywords: a quantity as text ("33 mrad") or as a number
with the unit in the keyword (collection_mrad=33); nested ones as dictionaries. Besides: threads, memory_MiB,
progress(fraction, phase).
"""

from __future__ import annotations

import inspect

from . import _hotstage
from .study import StepResult

HOW = ("threads", "memory_MiB", "progress")


def _option_lines(options: list[dict], indent: str) -> list[str]:
    lines = []
    for option in options:
        default = "required" if option["required"] else (f"default {option['default']}" if option["default"] else "")
        lines.append(f"{indent}{option['keyword']}: {option['help']}" + (f" ({default})" if default else ""))
        lines += _option_lines(option["fields"], indent + "    ")
    return lines


def _document(step: dict) -> str:
    lines = [step["title"] + ".", "", step["help"] + ".", ""]
    for title, entries in (("Inputs", step["inputs"]), ("Gives", step["outputs"])):
        if entries:
            lines += [title] + [f"    {entry['name']} ({entry['kind']}): {entry['help']}" for entry in entries] + [""]
    return "\n".join(lines + ["Options", *_option_lines(step["options"], "    ")])


def _signature(step: dict) -> inspect.Signature:
    def parameter(name, required):
        default = inspect.Parameter.empty if required else None
        return inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=default)

    parameters = [parameter(entry["name"], entry["required"]) for entry in step["inputs"]]
    parameters += [parameter(option["keyword"], option["required"]) for option in step["options"]]
    parameters += [parameter(name, False) for name in HOW]
    return inspect.Signature(parameters, return_annotation=StepResult)


def _make(step: dict):
    inputs = [entry["name"] for entry in step["inputs"]]

    def function(**keywords):
        how = {name: keywords.pop(name) for name in HOW if name in keywords}
        bound = {name: keywords.pop(name) for name in inputs if name in keywords}
        return StepResult(_hotstage.run_step(step["id"], bound, keywords, how))

    function.__name__ = function.__qualname__ = step["id"].replace(".", "_")
    function.__module__ = __name__
    function.__doc__ = _document(step)
    function.__signature__ = _signature(step)
    return function


registry: dict[str, dict] = {step["id"]: step for step in _hotstage.steps()}
__all__ = []
for _step in registry.values():
    _function = _make(_step)
    globals()[_function.__name__] = _function
    __all__.append(_function.__name__)
