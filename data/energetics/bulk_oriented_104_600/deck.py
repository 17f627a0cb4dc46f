# SPDX-License-Identifier: GPL-3.0-or-later
from common import *

atoms = oriented_bulk('104')
Job(atoms, settings(U_NORMALISED, 600, (2, 4, 8), False), symmetry={'point_group': False}).single().finish(face='104')
