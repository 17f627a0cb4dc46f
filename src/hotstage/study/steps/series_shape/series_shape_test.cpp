// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/core/rng.hpp"
#include "hotstage/report/svg.hpp"
#include "hotstage/series/segment.hpp"
#include "hotstage/study/detail/series_pages.hpp"
#include "hotstage/study/detail/series_tables.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <fstream>
#include <numbers>

namespace hotstage::study {
namespace {

constexpr std::size_t rows = 140;
constexpr std::size_t columns = 300;
constexpr double pixel_nm = 0.5;
constexpr double gain = 3.0;

/// Missing share: a hexagonal hole, a sphere and a hole.
double missing(double y, double x) {
  double inside = 1e9;
  for (int k = 0; k < 6; ++k) {
    const double a = (12.0 + 60.0 * k) * std::numbers::pi / 180.0;
    inside = std::min(inside, 16.0 - (x - 60.0) * std::cos(a) - (y - 70.0) * std::sin(a));
  }
  const double hexagon = 0.6 / (1.0 + std::exp(-inside / 0.6));
  const double d = std::hypot(y - 70.0, x - 150.0) / 18.0;
  const double sphere = d < 1.0 ? 0.4 * std::sqrt(1.0 - d * d) : 0.0;
  const double hole = 0.5 / (1.0 + std::exp((std::hypot(y - 70.0, x - 240.0) - 14.0) / 0.6));
  return hexagon + sphere + hole;
}

/// Mean of 40 frames of 50 electrons in stored counts, as series.average gives it; labels and spots of series.segment.
StepInputs scene() {
  Buffer<float, 2> electrons({rows, columns});
  Buffer<float, 2> frames({rows, columns});
  Rng rng(5, 1, 0);
  for (std::size_t i = 0; i < electrons.size(); ++i) {
    const auto y = static_cast<double>(i / columns);
    const auto x = static_cast<double>(i % columns);
    const double level = 50.0 * (1.0 + 0.001 * (x - 150.0)) * (1.0 - missing(y, x));
    electrons.data()[i] = static_cast<float>(static_cast<double>(rng.poisson(40.0 * level)) / 40.0);
    frames.data()[i] = 40.0F;
  }
  series::SegmentOptions options;
  const series::Segmentation s = series::segment({electrons.view(), frames.view()}, options);
  signal::Signal axes;
  axes.axes = {{.name = "y", .size = rows, .offset = 7.0, .scale = pixel_nm, .unit = "nm"},
               {.name = "x", .size = columns, .offset = -3.0, .scale = pixel_nm, .unit = "nm"}};
  StepInputs out;
  std::vector<float> stored;
  for (const float v : std::span(electrons.data(), electrons.size())) {
    stored.push_back(static_cast<float>(gain) * v + 2.0F);
  }
  out.signals["image"] = detail::map_signal(axes, rows, columns, 1, std::move(stored));
  out.signals["number"] = detail::map_signal(axes, rows, columns, 1, {frames.data(), frames.data() + frames.size()});
  out.signals["labels"] =
      detail::map_signal(axes, rows, columns, 1, {s.labels.data(), s.labels.data() + s.labels.size()});
  out.tables["spots"] = detail::spot_table(s, axes, pixel_nm);
  return out;
}

Value options() {
  Value out = Value::object();
  out["gain"] = gain;
  out["black"] = 2.0;
  out["foil"] = "45 nm";
  out["phase"] = "LiCoO2";
  Value zone;
  for (const int v : {0, 0, 1}) {
    zone.push_back(v);
  }
  out["zone"] = zone;
  return out;
}

std::size_t row_at(const io::Table& spots, double x_nm) {
  const auto& x = spots.numbers("x");
  const auto nearest =
      std::min_element(x.begin(), x.end(), [&](double a, double b) { return std::abs(a - x_nm) < std::abs(b - x_nm); });
  return static_cast<std::size_t>(nearest - x.begin());
}

TEST(SeriesShape, the_chain_tells_shapes_and_does_not_index_a_lone_hexagon) {
  hotstage::Run run;
  const StepInputs inputs = scene();
  const io::Table& spots = inputs.tables.at("spots");
  ASSERT_EQ(spots.rows(), 3U);
  const StepOutput out = find_step("series.shape").run(inputs, options(), run);
  const io::Table& voids = out.tables.at("voids");
  const std::size_t hexagon = row_at(spots, -3.0 + 30.0);
  const std::size_t sphere = row_at(spots, -3.0 + 75.0);
  const std::size_t hole = row_at(spots, -3.0 + 120.0);
  EXPECT_EQ(voids.column("shape").texts[sphere], "sphere");
  EXPECT_EQ(voids.column("shape").texts[hole], "disc");
  EXPECT_EQ(voids.column("outline").texts[hexagon], "polygon");
  EXPECT_EQ(voids.column("outline").texts[sphere], "round");
  // 2 · 9 nm / 0.4 = 45 nm: the foil that was given.
  EXPECT_NEAR(voids.numbers("foil_for_sphere")[sphere], 45.0, 3.0);
  EXPECT_LT(std::abs(voids.numbers("foil_pull")[sphere]), 2.0);
  EXPECT_EQ(out.tables.at("facets").rows(), 6U);
  EXPECT_NE(voids.column("planes").texts[hexagon].find("not indexed"), std::string::npos)
      << voids.column("planes").texts[hexagon];
  EXPECT_GE(out.tables.at("assignments").rows(), 12U);
  // 0.1 % per px of 0.5 nm is 20 % per 100 nm of the middle's level.
  EXPECT_EQ(out.tables.at("trends").column("trend").texts[0], "plane");
  EXPECT_NEAR(out.tables.at("trends").numbers("slope")[0], 20.0,
              5.0 * out.tables.at("trends").numbers("slope_sigma")[0]);
  ASSERT_GE(out.figures.size(), 2U);
  for (const report::Figure& f : out.figures) {
    EXPECT_FALSE(report::to_svg(f).empty());
    if (const char* folder = std::getenv("HOTSTAGE_TEST_FIGURES")) {
      std::ofstream(std::string(folder) + "/" + f.id + ".svg") << report::to_svg(f);
    }
  }
}

TEST(SeriesShape, bad_input_says_what_to_do) {
  hotstage::Run run;
  StepInputs inputs = scene();
  const auto refused = [&](const Value& with, const char* text) {
    try {
      (void)find_step("series.shape").run(inputs, with, run);
      ADD_FAILURE() << "not refused: " << text;
    } catch (const Error& e) {
      EXPECT_NE(std::string(e.what()).find(text), std::string::npos) << e.what();
    }
  };
  Value zone = options();
  zone["zone"] = Value();
  for (int i = 0; i < 3; ++i) {
    zone["zone"].push_back(0);
  }
  refused(zone, "zone axis");
  Value family = options();
  family["families"] = Value();
  family["families"].push_back("10x");
  refused(family, "10x");
  inputs.signals["frames"] = inputs.signals["image"];
  refused(options(), "not both");
  inputs.signals.erase("image");
  refused(options(), "drift table");
}

}  // namespace
}  // namespace hotstage::study
