# SPDX-License-Identifier: GPL-3.0-or-later
from common import *

b = 4.26 / 2  # measured cell; type-II antiferromagnet: two rock-salt cells along [111]
coo = Atoms('Co2O2', cell=[[2 * b, b, b], [b, 2 * b, b], [b, b, 2 * b]],
            scaled_positions=[[0, 0, 0], [.5, .5, .5], [.25, .25, .25], [.75, .75, .75]], pbc=True)
coo.set_initial_magnetic_moments([2.7, -2.7, 0, 0])
Job(coo, settings(U_NORMALISED, 400, (4, 4, 4), True)).single().finish()
