# SPDX-License-Identifier: GPL-3.0-or-later
from common import *

# needs: host_x1
sup = read('../host_x1/structure.extxyz')
gone = [k for k, s in enumerate(sup.get_chemical_symbols()) if s == 'O'][0]
three, d = near(sup, sup.positions[gone], 'Co', 3)
point = sup.positions[gone].copy()
moments = sup.get_initial_magnetic_moments()
moments[[k for k, s in enumerate(sup.get_chemical_symbols()) if s == 'Co']] = 0.0
moments[three] = [1.0, 1.0, 0.0]
sup.set_initial_magnetic_moments(moments)
del sup[gone]
Job(sup, settings(U_NORMALISED, 400, (1, 1, 1), True)).relax(0.05, 30).finish(vacancy_A=[float(x) for x in point], start='[1.0, 1.0, 0.0]')
