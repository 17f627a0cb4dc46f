# SPDX-License-Identifier: GPL-3.0-or-later
from common import *

# needs: host_x1

atoms = read('../host_x1/structure.extxyz')
mover = 0
sites, d = near(atoms, atoms.positions[mover], 'Li', 6)
gone = sites[0]
site = atoms.positions[gone].copy()
m = np.zeros(len(atoms))
m[mover] = 2.7
atoms.set_initial_magnetic_moments(m)
atoms.positions[mover] = site
del atoms[gone]
Job(atoms, settings(U_NORMALISED, 400, (1, 1, 1), True)).relax(0.08, 25).finish(mover=mover, hop_A=float(d[0]))
