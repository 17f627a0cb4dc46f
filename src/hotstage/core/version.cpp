// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/core/version.hpp"

namespace hotstage {

std::string_view version() noexcept {
  return HOTSTAGE_VERSION;
}

}  // namespace hotstage
