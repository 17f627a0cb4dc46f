# SPDX-License-Identifier: GPL-3.0-or-later
from common import *

prim = lco_cells(*LATTICE)[0]
Job(prim, settings(U_NORMALISED, 400, (6, 6, 6), False)).single().finish()
