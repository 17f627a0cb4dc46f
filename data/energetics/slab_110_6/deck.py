# SPDX-License-Identifier: GPL-3.0-or-later
from common import *

atoms = slab('110', 6)
area = float(np.linalg.norm(np.cross(atoms.cell[0], atoms.cell[1])))
Job(atoms, settings(U_NORMALISED, 400, (3, 3, 1), False)).relax(0.05, 30).finish(face='110', planes=6, area_A2=area)
