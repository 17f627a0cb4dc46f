# SPDX-License-Identifier: GPL-3.0-or-later
from common import *

atoms = slab('110', 4)  # as cut from the bulk: nothing relaxed
area = float(np.linalg.norm(np.cross(atoms.cell[0], atoms.cell[1])))
Job(atoms, settings(U_NORMALISED, 600, (3, 3, 1), False)).single().finish(face='110', planes=4, area_A2=area)
