# SPDX-License-Identifier: GPL-3.0-or-later
from common import *

atoms = oriented_bulk('100')
Job(atoms, settings(U_NORMALISED, 600, (1, 5, 16), False), symmetry={'point_group': False}).single().finish(face='100')
