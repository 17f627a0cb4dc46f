// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/meso/detail/ledger.hpp"

namespace hotstage::meso::detail {

double lithia_li(const Chemistry& chemistry, const FoilState& state, std::size_t cell) {
  if (chemistry.options.li_fate == LiFate::lost) {
    return 0.0;
  }
  const double layered = state.cobalt[cell] * chemistry.layered_lithium(state.transformed[cell]);
  return chemistry.options.x - layered;
}

Content content_of(const Chemistry& chemistry, const FoilState& state) {
  ExactSum oxygen;
  ExactSum cobalt;
  ExactSum lithium;
  for (std::size_t cell = 0; cell < state.cobalt.size(); ++cell) {
    const double co = state.cobalt[cell];
    if (!(co > 0.0)) {
      continue;  // void
    }
    const double lithia = lithia_li(chemistry, state, cell);
    cobalt.add(co);
    lithium.add(co * chemistry.layered_lithium(state.transformed[cell]));
    lithium.add(lithia);
    oxygen.add(co * chemistry.lattice_oxygen(state.transformed[cell], state.rock_salt[cell]));
    oxygen.add(0.5 * lithia);
    oxygen.add(-2.0 * state.vacancies[cell]);
  }
  return {oxygen.value(), cobalt.value(), lithium.value()};
}

Released Ledger::released(LiFate fate) const {
  Released out{.oxygen = oxygen_.value(), .oxygen_gas = oxygen_.value(), .metal = metal_.value()};
  const double with_lithium = 0.5 * lithium_.value();
  out.oxygen_gas -= with_lithium;
  if (fate == LiFate::kept) {
    out.oxygen -= with_lithium;
  } else {
    out.lithium = lithium_.value();
  }
  return out;
}

}  // namespace hotstage::meso::detail
