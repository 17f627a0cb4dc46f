# SPDX-License-Identifier: GPL-3.0-or-later
from common import *

sup = lco_cells(*LATTICE)[2]
Job(sup, settings(U_NORMALISED, 400, (1, 1, 1), False)).relax(0.05, 8).finish()
