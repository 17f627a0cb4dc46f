# SPDX-License-Identifier: GPL-3.0-or-later
from common import *

# needs: slab_110_6
atoms = slab('110', 6)
atoms = read('../slab_110_6/structure.extxyz')
area = float(np.linalg.norm(np.cross(atoms.cell[0], atoms.cell[1])))
Job(atoms, settings(U_NORMALISED, 600, (3, 3, 1), False)).single().finish(face='110', planes=6, area_A2=area)
