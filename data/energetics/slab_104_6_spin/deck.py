# SPDX-License-Identifier: GPL-3.0-or-later
from common import *

# needs: slab_104_6
atoms = slab('104', 6)
atoms = read('../slab_104_6/structure.extxyz')
cn = coordination(slab('104', 6))
m = np.zeros(len(atoms))
m[[k for k, c in enumerate(cn) if c < 6]] = 1.8
atoms.set_initial_magnetic_moments(m)
area = float(np.linalg.norm(np.cross(atoms.cell[0], atoms.cell[1])))
Job(atoms, settings(U_NORMALISED, 400, (2, 4, 1), True)).relax(0.05, 30).finish(face='104', planes=6, area_A2=area)
