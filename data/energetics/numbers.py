#!/usr/bin/env python3
"""Prints what the finished records say. usage: numbers.py [DATA]"""
import json, pathlib, sys
data = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else pathlib.Path(__file__).resolve().parent)
R = {p.parent.name: json.load(open(p)) for p in sorted(data.glob('*/result.json'))}
E = lambda n: R[n]['energy_eV']
o2, li, co, b = E('bulk_o2') / 2, E('bulk_li'), E('bulk_co') / 2, E('bulk_lco_u391_400')
print('formation energies per formula unit, raw (Co metal and O2 without U; no O2 correction), eV')
print('  LiCoO2 U=3.91 normalised %.3f, not normalised %.3f, U=0 %.3f' % tuple(E(f'bulk_lco_{u}_400') - li - co - 2 * o2 for u in ('u391', 'u391plain', 'u0')))
print('  CoO %.3f  Co3O4 %.3f  Li2O %.3f' % (E('bulk_coo_u391') / 2 - co - o2, E('bulk_co3o4_u391') / 2 - 3 * co - 4 * o2, E('bulk_li2o') - 2 * li - o2))
print('surface energies, J/m2 (400 eV: +-0.15, see SOURCE.md; 600 eV counts)')
for n, r in R.items():
    if n.startswith('slab_'):
        s = r['settings']; u = 'u0' if s['hubbard_Co'] == '' else 'u391'
        ref = f'bulk_lco_{u}_{s["ecut_eV"]:.0f}'
        if ref in R:
            print('  %-26s %s planes %d ecut %.0f fmax %.3f: %.3f' % (n, r['face'], r['planes'], s['ecut_eV'], r['fmax_eV_A'], (r['energy_eV'] - r['planes'] * E(ref)) / 2 / r['area_A2'] * 16.0218))
for n, r in R.items():
    if n.startswith('vo_'):
        host = 'host_x1' if 'x1' in n else 'host_x05_even'
        if host in R: print('E_f(V_O) %-16s %.3f eV at 1/2 O2 (raw); M %.2f, fmax %.3f' % (n, r['energy_eV'] - E(host) + o2, r['moment_muB'], r['fmax_eV_A']))
for end, start in (('path1_x05_end', 'host_x05_even'), ('path1_x05_vo_end', 'vo_x05_1li'), ('path1_x1_end', 'path1_x1_start')):
    if end in R and start in R: print('path I %s: dE = %.3f eV' % (end, E(end) - E(start)))
