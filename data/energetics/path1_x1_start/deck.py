# SPDX-License-Identifier: GPL-3.0-or-later
from common import *

# needs: host_x1

atoms = read('../host_x1/structure.extxyz')
mover = 0
sites, d = near(atoms, atoms.positions[mover], 'Li', 6)
gone = sites[0]
site = atoms.positions[gone].copy()
m = np.zeros(len(atoms))
m[near(atoms, site, 'Co', 6)[0]] = 0.17
atoms.set_initial_magnetic_moments(m)
del atoms[gone]
Job(atoms, settings(U_NORMALISED, 400, (1, 1, 1), True)).relax(0.08, 15).finish(site_A=[float(x) for x in site])
