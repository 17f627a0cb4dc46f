# SPDX-License-Identifier: GPL-3.0-or-later
from common import *

sup = half_lithium(lco_cells(*LATTICE_HALF)[2])
m = sup.get_initial_magnetic_moments()
m[[k for k, s in enumerate(sup.get_chemical_symbols()) if s == 'Co']] = 0.6
sup.set_initial_magnetic_moments(m)
Job(sup, settings(U_NORMALISED, 400, (1, 1, 1), True)).relax(0.05, 20).finish(start='0.6 on every Co')
