// SPDX-License-Identifier: GPL-3.0-or-later
// Outlines and corrections by hand fed with arbitrary text: what is read must be usable, anything else an Error.

#include "hotstage/core/error.hpp"
#include "hotstage/io/document.hpp"
#include "hotstage/series/edits.hpp"
#include "hotstage/series/labels.hpp"

#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <string>

#define HOTSTAGE_TEXT(word) HOTSTAGE_WORD(word)
#define HOTSTAGE_WORD(word) #word

namespace hotstage::series {
namespace {

constexpr std::size_t rows = 24;
constexpr std::size_t columns = 32;

void require(bool promise) {
  if (!promise) {
    std::abort();
  }
}

template <class F>
void expect_result_or_error(F&& f) {
  try {
    f();
  } catch (const Error& error) {
    require(!std::string(error.what()).empty());
  }
}

void use_labels(std::string_view text) {
  const ImageLabels labels = parse_labels(io::parse_json(text, "fuzz.json"));
  require(labels.rows > 0 && labels.columns > 0);
  for (const Outline& outline : labels.outlines) {
    require(outline.points.size() >= (outline.closed ? 3U : 2U));
    const auto mask = fill_outlines(labels.outlines, outline.kind, rows, columns);
    require(intersection_over_union(mask.view(), mask.view()) == 1.0);
  }
  // Sampling every half pixel: only lines of the size of an image.
  for (const Outline& outline : labels.outlines) {
    bool near = outline.points.size() < 64;
    for (const LabelPoint& p : outline.points) {
      near = near && std::abs(p[0]) < 1e3 && std::abs(p[1]) < 1e3;
    }
    if (near) {
      expect_result_or_error([&] { require(score_line(outline.points, outline.points, 1.0).f1 > 0.99); });
    }
  }
}

/// Two grains side by side with a void in each.
void use_edits(std::string_view text) {
  signal::Signal frames;
  frames.axes = {{.name = "y", .size = rows, .scale = 0.5, .unit = "nm"},
                 {.name = "x", .size = columns, .scale = 0.5, .unit = "nm"}};
  Buffer<float, 2> mean({rows, columns});
  Buffer<float, 2> n({rows, columns});
  Buffer<std::int32_t, 2> labels({rows, columns});
  for (std::size_t y = 0; y < rows; ++y) {
    for (std::size_t x = 0; x < columns; ++x) {
      const double at = std::hypot(static_cast<double>(y) - 12.0, static_cast<double>(x % 16) - 8.0);
      mean.view()(y, x) = at <= 3.0 ? 30.0F : 100.0F;
      n.view()(y, x) = 4.0F;
      labels.view()(y, x) = at <= 3.0 && x < 16 ? 0 : static_cast<std::int32_t>(x / 16 + 1);
    }
  }
  const std::vector<DarkSpot> spots{{.y_px = 12.0, .x_px = 8.0, .area_px = 29.0, .radius_px = 3.0, .depth = 0.7}};
  const auto edits = parse_edits(io::parse_toml(text, "fuzz.toml"), frames);
  const EditedSegmentation edited = apply_edits({{mean.view(), n.view()}, labels.view(), spots}, edits, {});
  require(edited.applied.size() == edits.size() && edited.covered_px == rows * columns);
  std::size_t area = 0;
  for (const Grain& grain : edited.segmentation.grains) {
    require(grain.id > 0 && grain.area_px > 0 && std::isfinite(grain.level));
    area += grain.area_px;
  }
  for (std::size_t i = 0; i < labels.size(); ++i) {
    area += edited.segmentation.labels.data()[i] == 0 ? 1U : 0U;
  }
  require(area == rows * columns);
  for (const DarkSpot& spot : edited.segmentation.spots) {
    require(std::isfinite(spot.y_px) && std::isfinite(spot.x_px) && std::isfinite(spot.width_px));
  }
}

}  // namespace
}  // namespace hotstage::series

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace hotstage::series;
  constexpr std::string_view what = HOTSTAGE_TEXT(HOTSTAGE_FORMAT);
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  expect_result_or_error([&] { what == "labels" ? use_labels(text) : use_edits(text); });
  return 0;
}
