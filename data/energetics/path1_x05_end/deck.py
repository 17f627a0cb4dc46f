# SPDX-License-Identifier: GPL-3.0-or-later
from common import *


# needs: host_x05_even

ideal = lco_cells(*LATTICE_HALF)[2]
half = half_lithium(ideal)
oxygen = [k for k, s in enumerate(half.get_chemical_symbols()) if s == 'O']
lithium = [int((near(half, half.positions[k], 'Li', 3)[1] < 2.6).sum()) for k in oxygen]
vacancy = half.positions[oxygen[lithium.index(1)]]  # the same O as in vo_x05_1li
kept = [k for k, s in enumerate(half.get_chemical_symbols()) if s == 'Li']
from ase.geometry import get_distances
sites = [p for k, p in enumerate(ideal.positions) if ideal[k].symbol == 'Li'
         and get_distances([p], half.positions[kept], cell=half.cell, pbc=True)[1].min() > 0.5]
best = None
for k in near(half, vacancy, 'Co', 3)[0]:
    for p in sites:
        if get_distances([vacancy], [p], cell=half.cell, pbc=True)[1][0, 0] < 2.6:
            d = get_distances([half.positions[k]], [p], cell=half.cell, pbc=True)[1][0, 0]
            if best is None or d < best[0] - 1e-3:
                best = (d, k, p)
d, mover, site = best
assert d < 3.2, d
atoms = read('../host_x05_even/structure.extxyz')
m = atoms.get_initial_magnetic_moments()
atoms.positions[mover] = site
m[mover] = 2.7
atoms.set_initial_magnetic_moments(m)
Job(atoms, settings(U_NORMALISED, 400, (1, 1, 1), True, convergence=HARD)).relax(0.1, 45).finish(mover=int(mover), site_A=[float(x) for x in site], hop_A=float(d))
