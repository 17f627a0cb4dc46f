# SPDX-License-Identifier: GPL-3.0-or-later
from common import *

atoms = oriented_bulk('110')
Job(atoms, settings(U_NORMALISED, 600, (3, 3, 10), False), symmetry={'point_group': False}).single().finish(face='110')
