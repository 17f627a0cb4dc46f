# SPDX-License-Identifier: GPL-3.0-or-later
from common import *

o2 = Atoms('OO', positions=[[0, 0, 0], [0, 0, 1.23]], cell=[8.0, 8.2, 8.4], pbc=True)
o2.center()
o2.set_initial_magnetic_moments([1, 1])
Job(o2, settings(U_NONE, 400, (1, 1, 1), True)).relax(0.02, 12).finish()
