// SPDX-License-Identifier: GPL-3.0-or-later
// Colours of marks and of images.

#pragma once

#include "hotstage/report/figure.hpp"

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace hotstage::report::detail {

struct Rgb {
  std::uint8_t red = 0;
  std::uint8_t green = 0;
  std::uint8_t blue = 0;

  friend bool operator==(const Rgb&, const Rgb&) = default;
};

struct NamedColour {
  Colour colour;
  std::string_view name;  ///< CSS variable --c-<name> in report.css
  std::string_view hex;   ///< on white
};

/// Every colour but `automatic`.
[[nodiscard]] std::span<const NamedColour> palette();

[[nodiscard]] const NamedColour& named(Colour colour);

/// "rgba(0,114,178,0.2)"
[[nodiscard]] std::string translucent(Colour colour, double alpha);

/// The colours that `automatic` stands for, in order of use.
[[nodiscard]] std::span<const Colour> automatic_colours();

/// Equidistant colours from low to high.
[[nodiscard]] std::span<const std::string_view> stops(ColourMap map);

/// Linear interpolation between the stops; t is clamped to [0, 1].
[[nodiscard]] Rgb colour_at(ColourMap map, double t);

}  // namespace hotstage::report::detail
