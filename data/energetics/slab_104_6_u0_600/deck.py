# SPDX-License-Identifier: GPL-3.0-or-later
from common import *

# needs: slab_104_6
atoms = slab('104', 6)
atoms = read('../slab_104_6/structure.extxyz')
area = float(np.linalg.norm(np.cross(atoms.cell[0], atoms.cell[1])))
Job(atoms, settings(U_NONE, 600, (2, 4, 1), False)).single().finish(face='104', planes=6, area_A2=area)
