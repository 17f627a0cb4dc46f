# SPDX-License-Identifier: GPL-3.0-or-later
from common import *

from ase.spacegroup import crystal
co3o4 = crystal(['Co', 'Co', 'O'], [(1 / 8, 1 / 8, 1 / 8), (1 / 2, 1 / 2, 1 / 2), (0.2634,) * 3], spacegroup=227, setting=2,
                cellpar=[8.084] * 3 + [90] * 3, primitive_cell=True)
cn = coordination(ordered(co3o4), 2.2)
co3o4 = ordered(co3o4)
tet = [k for k, n in enumerate(cn) if n == 4]
assert len(tet) == 2 and sorted(cn) == [4] * 2 + [6] * 4, cn
m = [0.0] * len(co3o4)
m[tet[0]], m[tet[1]] = 2.7, -2.7
co3o4.set_initial_magnetic_moments(m)
Job(co3o4, settings(U_NORMALISED, 400, (3, 3, 3), True)).relax(0.05, 8).finish()
