# SPDX-License-Identifier: GPL-3.0-or-later
from common import *

b = 4.619 / 2
li2o = Atoms('Li2O', cell=[[0, b, b], [b, 0, b], [b, b, 0]], scaled_positions=[[.25] * 3, [.75] * 3, [0] * 3], pbc=True)
Job(li2o, settings(U_NONE, 400, (5, 5, 5), False)).single().finish()
