# SPDX-License-Identifier: GPL-3.0-or-later
from common import *

# needs: host_x05_even
sup = read('../host_x05_even/structure.extxyz')
oxygen = [k for k, s in enumerate(sup.get_chemical_symbols()) if s == 'O']
lithium = [int((near(sup, sup.positions[k], 'Li', 3)[1] < 2.6).sum()) for k in oxygen]
gone = oxygen[lithium.index(2)]
three, d = near(sup, sup.positions[gone], 'Co', 3)
point = sup.positions[gone].copy()
moments = sup.get_initial_magnetic_moments()
moments[three] = [0.0, 0.0, 0.0]
sup.set_initial_magnetic_moments(moments)
del sup[gone]
Job(sup, settings(U_NORMALISED, 400, (1, 1, 1), True, convergence=HARD)).relax(0.08, 45).finish(vacancy_A=[float(x) for x in point], start='[0.0, 0.0, 0.0]')
