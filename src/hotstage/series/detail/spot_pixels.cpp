// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/series/detail/spot_pixels.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

namespace hotstage::series::detail {

namespace {

using Place = std::array<long, 2>;

struct Box {
  Place first{};
  Place last{};  ///< inclusive
};

double distance(const DarkSpot& spot, const Place& p) {
  return std::hypot(static_cast<double>(p[0]) - spot.y_px, static_cast<double>(p[1]) - spot.x_px);
}

}  // namespace

Buffer<std::int32_t, 2> spot_pixels(View<const std::int32_t, 2> labels, std::span<const DarkSpot> spots) {
  const auto rows = static_cast<long>(labels.extent(0));
  const auto columns = static_cast<long>(labels.extent(1));
  Buffer<std::int32_t, 2> out({labels.extent(0), labels.extent(1)});
  const auto is_hole = [&](long y, long x) {
    return labels(static_cast<std::size_t>(y), static_cast<std::size_t>(x)) == 0;
  };
  for (std::size_t s = 0; s < spots.size(); ++s) {
    const DarkSpot& spot = spots[s];
    // The outline is at half depth; what was cut out goes down to the threshold, and a crack may be bent.
    const double reach = std::max(2.0 * spot.radius_px, 0.75 * spot.length_px) + 2.0;
    const double side = static_cast<double>(std::max(rows, columns));
    if (!(std::abs(spot.y_px) < 2.0 * side && std::abs(spot.x_px) < 2.0 * side && reach < 2.0 * side)) {
      throw Error(Errc::bad_input, fmt::format("spot {} of the table lies outside the frame", s + 1),
                  "Bind labels and spots of the same series.segment");
    }
    const Box box{
        {std::max(0L, std::lround(spot.y_px - reach)), std::max(0L, std::lround(spot.x_px - reach))},
        {std::min(rows - 1, std::lround(spot.y_px + reach)), std::min(columns - 1, std::lround(spot.x_px + reach))}};
    Place start{-1, -1};
    for (long y = box.first[0]; y <= box.last[0]; ++y) {
      for (long x = box.first[1]; x <= box.last[1]; ++x) {
        if (is_hole(y, x) && distance(spot, {y, x}) <= reach &&
            (start[0] < 0 || distance(spot, {y, x}) < distance(spot, start))) {
          start = {y, x};
        }
      }
    }
    if (start[0] < 0) {
      throw Error(Errc::bad_input,
                  fmt::format("spot {} of the table at row {:.0f}, column {:.0f} is no hole in the label map", s + 1,
                              spot.y_px, spot.x_px),
                  "Bind labels and spots of the same series.segment");
    }
    Buffer<std::uint8_t, 2> seen({static_cast<std::size_t>(box.last[0] - box.first[0] + 1),
                                  static_cast<std::size_t>(box.last[1] - box.first[1] + 1)});
    std::vector<Place> stack{start};
    const auto mark = [&](long y, long x) -> std::uint8_t& {
      return seen.view()(static_cast<std::size_t>(y - box.first[0]), static_cast<std::size_t>(x - box.first[1]));
    };
    mark(start[0], start[1]) = 1;
    while (!stack.empty()) {
      const Place p = stack.back();
      stack.pop_back();
      std::int32_t& owner = out.view()(static_cast<std::size_t>(p[0]), static_cast<std::size_t>(p[1]));
      const auto in_radii = [&](const DarkSpot& of) { return distance(of, p) / std::max(1.0, of.radius_px); };
      if (owner == 0 || in_radii(spot) < in_radii(spots[static_cast<std::size_t>(owner - 1)])) {
        owner = static_cast<std::int32_t>(s + 1);
      }
      for (long y = std::max(box.first[0], p[0] - 1); y <= std::min(box.last[0], p[0] + 1); ++y) {
        for (long x = std::max(box.first[1], p[1] - 1); x <= std::min(box.last[1], p[1] + 1); ++x) {
          if (mark(y, x) == 0 && is_hole(y, x) && distance(spot, {y, x}) <= reach) {
            mark(y, x) = 1;
            stack.push_back({y, x});
          }
        }
      }
    }
  }
  return out;
}

}  // namespace hotstage::series::detail
