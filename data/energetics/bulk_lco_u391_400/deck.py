# SPDX-License-Identifier: GPL-3.0-or-later
from common import *

prim = lco_cells(*LATTICE)[0]
Job(prim, settings(U_NORMALISED, 400, (4, 4, 4), False)).single().finish()
