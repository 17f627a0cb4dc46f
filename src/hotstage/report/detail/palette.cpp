// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/report/detail/palette.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>

namespace hotstage::report::detail {

namespace {

constexpr std::array<NamedColour, 9> colours{{
    {Colour::ink, "ink", "#1a1a1a"},
    {Colour::blue, "blue", "#0072b2"},
    {Colour::vermilion, "vermilion", "#d55e00"},
    {Colour::green, "green", "#009e73"},
    {Colour::orange, "orange", "#e69f00"},
    {Colour::sky, "sky", "#56b4e9"},
    {Colour::purple, "purple", "#cc79a7"},
    {Colour::yellow, "yellow", "#f0e442"},
    {Colour::grey, "grey", "#767676"},
}};

constexpr std::array<Colour, 6> cycle{Colour::blue,   Colour::vermilion, Colour::green,
                                      Colour::purple, Colour::orange,    Colour::sky};

// viridis and inferno of matplotlib (CC0) at ten equidistant points.
constexpr std::array<std::string_view, 10> viridis{"#440154", "#482878", "#3e4989", "#31688e", "#26828e",
                                                   "#1f9e89", "#35b779", "#6ece58", "#b5de2b", "#fde725"};
constexpr std::array<std::string_view, 10> inferno{"#000004", "#1b0c41", "#4a0c6b", "#781c6d", "#a52c60",
                                                   "#cf4446", "#ed6925", "#fb9b06", "#f7d13d", "#fcffa4"};
constexpr std::array<std::string_view, 2> grey{"#000000", "#ffffff"};
constexpr std::array<std::string_view, 5> diverging{"#00507d", "#5aa2cd", "#f7f7f7", "#e58e4f", "#a34700"};

Rgb parse(std::string_view hex) {
  std::uint32_t word = 0;
  std::from_chars(hex.data() + 1, hex.data() + hex.size(), word, 16);
  return {static_cast<std::uint8_t>(word >> 16U), static_cast<std::uint8_t>(word >> 8U & 255U),
          static_cast<std::uint8_t>(word & 255U)};
}

std::uint8_t mix(std::uint8_t a, std::uint8_t b, double t) {
  return static_cast<std::uint8_t>(std::lround(a + (b - a) * t));
}

}  // namespace

std::span<const NamedColour> palette() {
  return colours;
}

const NamedColour& named(Colour colour) {
  const auto* found = std::ranges::find(colours, colour, &NamedColour::colour);
  HOTSTAGE_EXPECTS(found != colours.end());
  return *found;
}

std::string translucent(Colour colour, double alpha) {
  const Rgb rgb = parse(named(colour).hex);
  return fmt::format("rgba({},{},{},{})", rgb.red, rgb.green, rgb.blue, alpha);
}

std::span<const Colour> automatic_colours() {
  return cycle;
}

std::span<const std::string_view> stops(ColourMap map) {
  switch (map) {
    case ColourMap::viridis:
      return viridis;
    case ColourMap::inferno:
      return inferno;
    case ColourMap::grey:
      return grey;
    case ColourMap::diverging:
      return diverging;
  }
  return viridis;
}

Rgb colour_at(ColourMap map, double t) {
  const auto table = stops(map);
  const double position = std::clamp(t, 0.0, 1.0) * static_cast<double>(table.size() - 1);
  const auto low = std::min(static_cast<std::size_t>(position), table.size() - 2);
  const Rgb a = parse(table[low]);
  const Rgb b = parse(table[low + 1]);
  const double between = position - static_cast<double>(low);
  return {mix(a.red, b.red, between), mix(a.green, b.green, between), mix(a.blue, b.blue, between)};
}

}  // namespace hotstage::report::detail
