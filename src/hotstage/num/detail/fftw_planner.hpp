// SPDX-License-Identifier: GPL-3.0-or-later
// FFTW's planner is the one part of it that is not thread-safe: one mutex for every plan made or destroyed.

#pragma once

#include <mutex>

namespace hotstage::num::detail {

[[nodiscard]] std::mutex& planner_mutex();

}  // namespace hotstage::num::detail
