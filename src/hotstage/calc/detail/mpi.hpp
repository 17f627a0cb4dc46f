// SPDX-License-Identifier: GPL-3.0-or-later
// The same command on several MPI ranks of this machine.

#pragma once

#include "hotstage/calc/ipi.hpp"

#include <string>
#include <vector>

namespace hotstage::calc::detail {

/// Open MPI, told to yield while it waits and to run for root (containers).
[[nodiscard]] inline IpiLaunch with_mpi(int ranks, std::vector<std::string> words) {
  IpiLaunch out{
      .words = {"mpirun", "-n", std::to_string(ranks), "--oversubscribe", "--mca", "mpi_yield_when_idle", "1"},
      .environment = {{"OMPI_ALLOW_RUN_AS_ROOT", "1"}, {"OMPI_ALLOW_RUN_AS_ROOT_CONFIRM", "1"}}};
  out.words.insert(out.words.end(), words.begin(), words.end());
  return out;
}

}  // namespace hotstage::calc::detail
