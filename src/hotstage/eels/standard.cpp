// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/eels/standard.hpp"

#include "hotstage/core/error.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstddef>

namespace hotstage::eels {

std::vector<char> items_of(std::span<const int> region, const signal::Signal& data) {
  std::vector<char> out(data.items(), 1);
  if (region.empty()) {
    return out;
  }
  const std::size_t axes = data.navigation.size();
  const auto misfit = [&](const char* what) {
    return Error(
        Errc::bad_input, Location{.file = data.file}, fmt::format("region {} {}", fmt::join(region, ", "), what),
        axes == 2 ? "Give [x first, x last, y first, y last], counted from 0" : "Give [first, last], counted from 0");
  };
  if (axes == 0 || axes > 2 || region.size() != 2 * axes) {
    throw misfit("does not fit the data");
  }
  std::array<std::size_t, 2> low{};
  std::array<std::size_t, 2> high{};
  for (std::size_t a = 0; a < axes; ++a) {
    const signal::Axis& axis = data.navigation[axes - 1 - a];  // x is the last one
    if (region[2 * a] < 0 || region[2 * a + 1] < region[2 * a] ||
        static_cast<std::size_t>(region[2 * a + 1]) >= axis.size) {
      throw misfit("lies outside the data");
    }
    low[a] = static_cast<std::size_t>(region[2 * a]);
    high[a] = static_cast<std::size_t>(region[2 * a + 1]);
  }
  const std::size_t columns = data.navigation.back().size;
  for (std::size_t i = 0; i < out.size(); ++i) {
    const std::size_t x = i % columns;
    const std::size_t y = i / columns;
    const bool inside = x >= low[0] && x <= high[0] && (axes == 1 || (y >= low[1] && y <= high[1]));
    out[i] = inside ? 1 : 0;
  }
  return out;
}

void check_standard(const StandardOptions& standard, std::span<const std::string> edges) {
  const bool good = standard.atoms.size() == edges.size() &&
                    std::ranges::all_of(standard.atoms, [](double atoms) { return atoms > 0.0; }) &&
                    (standard.atoms_sigma.empty() || standard.atoms_sigma.size() == edges.size());
  if (standard.given() && !good) {
    throw Error(Errc::bad_input,
                fmt::format("the standard needs one positive number of atoms for each of the {} edges ({})",
                            edges.size(), fmt::join(edges, ", ")),
                "Give atoms in the order of the edges, and atoms_sigma for all of them or for none");
  }
}

}  // namespace hotstage::eels
