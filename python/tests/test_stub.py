# SPDX-License-Identifier: GPL-3.0-or-later
import ast
import pathlib

import hotstage

STUB = pathlib.Path(__file__).resolve().parents[1] / "hotstage" / "_hotstage.pyi"


def public(names):
    return {name for name in names if not name.startswith("_")}


def test_the_stub_names_what_a_signal_has():
    (klass,) = [node for node in ast.parse(STUB.read_text()).body if isinstance(node, ast.ClassDef)]
    said = {node.target.id if isinstance(node, ast.AnnAssign) else node.name for node in klass.body}
    assert said == public(dir(hotstage.Signal))


def test_everything_promised_is_there():
    assert all(hasattr(hotstage, name) for name in hotstage.__all__)
