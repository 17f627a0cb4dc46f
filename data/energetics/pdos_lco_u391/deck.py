# SPDX-License-Identifier: GPL-3.0-or-later
from common import *


def pdos(job, e_min=-10.0, e_max=4.0, width=0.15, points=281):
    calc, atoms = job.atoms.calc, job.atoms
    sy = atoms.get_chemical_symbols()
    out = dict(width_eV=width, reference='top of the occupied states')
    ref = calc.get_homo_lumo()[0]
    for key, symbol, angular in (('Co_3d', 'Co', 'd'), ('O_2p', 'O', 'p')):
        total = 0
        for k in [i for i, s in enumerate(sy) if s == symbol]:
            for spin in range(calc.get_number_of_spins()):
                e, w = calc.get_orbital_ldos(k, spin=spin, angular=angular, npts=points * 4, width=width)
                total = total + np.interp(np.linspace(e_min, e_max, points) + ref, e, w, left=0, right=0)
        scale = 2 if calc.get_number_of_spins() == 1 else 1
        out[key] = [round(float(x) * 1, 4) for x in np.asarray(total) * scale / max(1, sy.count(symbol))]
    out['energy_eV'] = [round(float(x), 3) for x in np.linspace(e_min, e_max, points)]
    out['unit'] = 'states/eV per atom, both spins'
    return out

prim = lco_cells(*LATTICE)[0]
job = Job(prim, settings(U_NORMALISED, 400, (8, 8, 8), False)).single()
job.finish(pdos=pdos(job))
