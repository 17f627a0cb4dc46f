# SPDX-License-Identifier: GPL-3.0-or-later
from common import *

# needs: slab_100_9
atoms = slab('100', 9)
atoms = read('../slab_100_9/structure.extxyz')
area = float(np.linalg.norm(np.cross(atoms.cell[0], atoms.cell[1])))
Job(atoms, settings(U_NORMALISED, 600, (1, 5, 1), False)).single().finish(face='100', planes=9, area_A2=area)
