# SPDX-License-Identifier: GPL-3.0-or-later
from common import *

atoms = slab('100', 9)
area = float(np.linalg.norm(np.cross(atoms.cell[0], atoms.cell[1])))
Job(atoms, settings(U_NORMALISED, 400, (1, 5, 1), False, convergence=HARD)).relax(0.1, 30).finish(face='100', planes=9, area_A2=area)
