# SPDX-License-Identifier: GPL-3.0-or-later
from common import *

b = 3.44 / 2
li = Atoms('Li', cell=[[-b, b, b], [b, -b, b], [b, b, -b]], positions=[[0, 0, 0]], pbc=True)
Job(li, settings(U_NONE, 400, (12, 12, 12), False)).single().finish()
