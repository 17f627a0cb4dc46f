# SPDX-License-Identifier: GPL-3.0-or-later
# What every deck shares: cells, GPAW settings, relaxation with restart, and the record that is kept.
import hashlib, json, os, platform, resource, sys, time
from math import sqrt

import ase
import gpaw
import numpy as np
from ase import Atoms
from ase.build import make_supercell
from ase.io import read, write
from ase.optimize import BFGS
from gpaw import GPAW, PW, FermiDirac
from gpaw.mpi import world

EXPERIMENT = (2.816, 14.05, 0.2605)  # a (A), c (A), z(O): the cell of key_numbers.md
ORDER = {'Co': 0, 'Li': 1, 'O': 2}
U_NORMALISED, U_PLAIN, U_NONE = ':d,3.91', ':d,3.91,0', ''
# Open shells at the Fermi level: the residual of single states stalls long after density and energy have settled (< 1 meV).
HARD = {'energy': 1e-4, 'density': 3e-4, 'eigenstates': 1e-6}


def ordered(atoms):
    return atoms[np.argsort([ORDER[s] for s in atoms.get_chemical_symbols()], kind='stable')]


def lco_cells(a, c, z):
    """Primitive (4 atoms), hexagonal (12) and 2x2x1 (48) cells of LiCoO2."""
    h = np.array([[a, 0, 0], [-a / 2, a * sqrt(3) / 2, 0], [0, 0, c]])
    r = np.array([[2 / 3, 1 / 3, 1 / 3], [-1 / 3, 1 / 3, 1 / 3], [-1 / 3, -2 / 3, 1 / 3]]) @ h
    prim = Atoms('CoLiOO', cell=r, scaled_positions=[[0, 0, 0], [.5] * 3, [z] * 3, [1 - z] * 3], pbc=True)
    hexa = make_supercell(prim, np.rint(h @ np.linalg.inv(r)).astype(int))
    hexa.wrap(eps=1e-6)
    hexa = ordered(hexa)
    return prim, hexa, ordered(hexa.repeat((2, 2, 1)))


def settings(u, ecut, kpts, spin, width=0.05, convergence=None):
    return dict(engine='gpaw', mode='pw', ecut_eV=ecut, xc='PBE', kpts=list(kpts), gamma=True, hubbard_Co=u,
                spin=bool(spin), smearing='fermi', width_eV=width,
                convergence=convergence or {'energy': 1e-4, 'density': 1e-3})


def calculator(s, txt='gpaw.txt', **more):
    return GPAW(mode=PW(s['ecut_eV']), xc=s['xc'], kpts={'size': tuple(s['kpts']), 'gamma': s['gamma']},
                setups={'Co': s['hubbard_Co']} if s['hubbard_Co'] else {}, occupations=FermiDirac(s['width_eV'], fixmagmom=s.get('fixed_moment', False)),
                txt=txt, convergence=s['convergence'], maxiter=more.pop('maxiter', 200),
                parallel={'augment_grids': True}, **more)


def comparable(s):
    """What must agree between the terms of an energy difference."""
    keys = ('engine', 'mode', 'ecut_eV', 'xc', 'hubbard_Co', 'smearing', 'width_eV')
    return hashlib.sha256(json.dumps({k: s[k] for k in keys}, sort_keys=True).encode()).hexdigest()[:16]


def settings_hash(s):
    return hashlib.sha256(json.dumps(s, sort_keys=True).encode()).hexdigest()[:16]


class Job:
    """One folder: progress in log.txt, `result.json` written last is the mark that it is finished."""

    def __init__(self, atoms, s, **more):
        self.s, self.t0, self.n = s, time.time(), 0
        self.e_free = None
        if os.path.exists('restart.extxyz'):
            old = read('restart.extxyz')
            atoms.set_positions(old.get_positions())
            if 'initial_magmoms' in old.arrays and not s.get('fixed_moment'):  # local moments do not add up to the total
                atoms.set_initial_magnetic_moments(old.arrays['initial_magmoms'])
        self.atoms = atoms
        if s['spin'] and not atoms.get_initial_magnetic_moments().any():
            raise SystemExit('a spin run needs starting moments')
        atoms.calc = calculator(s, **more)
        self.trace = json.load(open('trace.json')) if os.path.exists('trace.json') else []
        self.before_s = sum(t.get('wall_s', 0) for t in self.trace)

    def note(self):
        a = self.atoms
        f = a.get_forces()
        if hasattr(a.constraints, '__len__') and len(a.constraints):
            f = a.get_forces(apply_constraint=True)
        row = dict(energy_eV=float(a.get_potential_energy()), free_energy_eV=float(a.get_potential_energy(
                   force_consistent=True)), fmax_eV_A=float(np.sqrt((f ** 2).sum(1)).max()),
                   moment_muB=float(a.calc.get_magnetic_moment()) if self.s['spin'] else 0.0,
                   scf=int(a.calc.get_number_of_iterations()), wall_s=round(time.time() - self.t0, 1))
        self.t0 = time.time()
        self.trace.append(row)
        if world.rank == 0:
            print(json.dumps(row), flush=True)
            json.dump(self.trace, open('trace.json', 'w'))
            out = a.copy()
            if self.s['spin']:
                out.set_initial_magnetic_moments(a.calc.get_magnetic_moments())
            write('restart.extxyz', out, format='extxyz')

    def relax(self, fmax, steps, maxstep=0.12):
        self.fmax_asked = fmax
        opt = BFGS(self.atoms, logfile=None, maxstep=maxstep, restart='bfgs.json')
        opt.attach(self.note)
        left = steps - max(0, len(self.trace) - 1)
        opt.run(fmax=fmax, steps=max(1, left))
        return self

    def single(self):
        self.fmax_asked = None
        self.note()
        return self

    def finish(self, **extra):
        a, s, last = self.atoms, self.s, self.trace[-1]
        out = dict(schema='hotstage.energetics/1', formula=a.get_chemical_formula(), atoms=len(a), **last)
        out.pop('wall_s')
        out.pop('scf')
        out['geometries'] = len(self.trace)
        out['scf_steps'] = sum(t['scf'] for t in self.trace)
        out['fmax_asked_eV_A'] = self.fmax_asked
        out['relaxed'] = bool(self.fmax_asked and last['fmax_eV_A'] <= self.fmax_asked)
        try:
            h, l = a.calc.get_homo_lumo()
            out['gap_eV'] = float(l - h)
        except Exception:
            pass
        if s['spin']:
            m = a.calc.get_magnetic_moments()
            out['moments_muB'] = [round(float(x), 3) for x in m]
        out['settings'] = s
        out['settings_sha256'] = settings_hash(s)
        out['comparable_sha256'] = comparable(s)
        out['label'] = 'reduced'
        out['wall_s'] = round(sum(t['wall_s'] for t in self.trace), 1)
        out['cores'] = world.size
        out['memory_MB'] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
        out['versions'] = dict(gpaw=gpaw.__version__, ase=ase.__version__, numpy=np.__version__,
                               python=platform.python_version(), setups='gpaw-data ' + os.environ.get('SETUPS', ''))
        out['date'] = time.strftime('%Y-%m-%d')
        out['trace'] = self.trace
        out.update(extra)
        if world.rank == 0:
            keep = a.copy()
            keep.calc = None
            if s['spin']:
                keep.set_initial_magnetic_moments(np.round(m, 3))
            write('structure.extxyz', keep, format='extxyz')
            json.dump(out, open('result.tmp', 'w'), indent=1)
            os.replace('result.tmp', 'result.json')


LATTICE = (2.846, 14.10, 0.2598)  # PBE+U: QE vc-relax of key_numbers.md, z(O) relaxed with GPAW; Li0.5CoO2 below
LATTICE_HALF = (2.846 * 2.810 / 2.816, 14.10 * 14.40 / 14.05, 0.2640)  # same, scaled by the measured change to x = 0.5
RHOMBOHEDRAL = {'104': (2, 1, 1), '110': (1, 0, -1), '100': (2, -1, -1)}


def slab(face, planes, lattice=LATTICE, vacuum=10.0):
    """Stoichiometric slab, one formula unit per plane; the cut lies between planes, coordination is checked."""
    from ase.build import surface
    prim = lco_cells(*lattice)[0]
    miller = RHOMBOHEDRAL[face]
    n = np.array(miller) @ prim.cell.reciprocal()
    d = 1 / np.linalg.norm(n)
    moved = prim.copy()
    moved.positions += 0.5 * d * n / np.linalg.norm(n)  # half a plane: no plane sits on the wrap border
    out = surface(moved, miller, planes, vacuum=vacuum / 2)
    out.pbc = True
    out = ordered(out)
    cn = coordination(out)
    broken = sum(1 for k in cn if k < 6)
    top = sorted(set(cn))
    assert len(out) == 4 * planes and broken % 2 == 0 and top[-1] == 6 and min(cn) >= 3, (face, cn)
    return out


def coordination(atoms, cutoff=2.35):
    from ase.neighborlist import neighbor_list
    i, _ = neighbor_list('ij', atoms, {('Co', 'O'): cutoff})
    return [int((i == k).sum()) for k, s in enumerate(atoms.get_chemical_symbols()) if s == 'Co']


def half_lithium(sup):
    """Li0.5CoO2 in the 2x2x1 cell: every second row of Li in each layer is empty."""
    f = sup.get_scaled_positions(wrap=True)
    h = np.linalg.norm(sup.cell[0]) / 2
    gone = []
    layers = {}
    for k, s in enumerate(sup.get_chemical_symbols()):
        if s == 'Li':
            layers.setdefault(round(f[k, 2] * 6) % 6, []).append(k)
    for ks in layers.values():
        u = np.array([f[k, 0] for k in ks])
        ref = u[0]
        d = np.abs((u - ref + 0.5) % 1 - 0.5)
        gone += [k for k, x in zip(ks, d) if x > 0.25]
    out = sup.copy()
    del out[gone]
    return out


def near(atoms, point, symbol, count):
    """Indices of the `count` atoms of a kind nearest to a point (minimum image)."""
    from ase.geometry import get_distances
    ks = [k for k, s in enumerate(atoms.get_chemical_symbols()) if s == symbol]
    d = get_distances([point], atoms.positions[ks], cell=atoms.cell, pbc=True)[1][0]
    order = np.argsort(np.round(d, 4), kind='stable')
    return [ks[k] for k in order[:count]], d[order[:count]]


def oriented_bulk(face, lattice=LATTICE):
    """Bulk in the surface's own cell: a and b of the slab, c the shortest lattice vector to the next plane (4 atoms).

    With the slab's k-points in a and b its plane waves are as many per volume as the slab's, so that the error of the finite
    cutoff, which jumps with cell and k-points by tens of meV per formula unit at 400 eV, leaves the surface energy.
    """
    prim = lco_cells(*lattice)[0]
    like = slab(face, 6, lattice)
    a, b = like.cell[0], like.cell[1]
    from ase.build import surface
    miller = RHOMBOHEDRAL[face]
    thick = surface(prim, miller, 3, vacuum=None, periodic=False)
    co = sorted((x for x in thick if x.symbol == 'Co'), key=lambda x: x.position[2])
    t = co[1].position - co[0].position
    flat = np.array([a[:2], b[:2]])
    f = np.linalg.solve(flat.T, t[:2])
    t[:2] -= np.rint(f) @ flat
    out = surface(prim, miller, 1, vacuum=None)
    out.set_cell([a, b, t], scale_atoms=False)
    out.pbc = True
    out.wrap()
    out = ordered(out)
    assert abs(out.get_volume() - prim.get_volume()) < 1e-6 and coordination(out) == [6], (out.get_volume(), coordination(out))
    return out
