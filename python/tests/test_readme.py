# SPDX-License-Identifier: GPL-3.0-or-later
import pathlib
import re

import pytest

README = pathlib.Path(__file__).resolve().parents[1] / "README.md"


@pytest.mark.filterwarnings("ignore::hotstage.HotstageWarning")
def test_the_example_of_the_readme_runs_and_tells_the_truth():
    (code,) = re.findall(r"```python\n(.*?)```", README.read_text(), re.DOTALL)
    names = {}
    exec(compile(code, str(README), "exec"), names)
    core = names["core"]
    assert core.data.shape == (3, 4, 1024)
    assert core.axes[-1].items() >= {"name": "Energy loss", "size": 1024, "offset": 380.0, "scale": 0.5, "unit": "eV"}.items()
    assert core.metadata["collection_mrad"] == pytest.approx(35.0)
    assert names["thickness"].shape == (3, 4) and names["quality"].done.all()
    truth = 0.5  # Ti/O of the simulated pair
    first = names["result"].results[0]
    assert abs(first["value"] - truth) < 3 * first["sigma"]
