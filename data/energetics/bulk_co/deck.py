# SPDX-License-Identifier: GPL-3.0-or-later
from common import *

a, c = 2.50, 4.05
co = Atoms('CoCo', cell=[[a, 0, 0], [-a / 2, a * sqrt(3) / 2, 0], [0, 0, c]],
           scaled_positions=[[1 / 3, 2 / 3, .25], [2 / 3, 1 / 3, .75]], pbc=True)
co.set_initial_magnetic_moments([1.7, 1.7])
Job(co, settings(U_NONE, 400, (10, 10, 6), True)).single().finish()
