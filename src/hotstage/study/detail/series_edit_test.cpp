// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/io/temporary_folder.hpp"
#include "hotstage/signal/format.hpp"
#include "hotstage/study/detail/series_detector_pages.hpp"
#include "hotstage/study/detail/series_edit_pages.hpp"
#include "hotstage/study/detail/series_tables.hpp"

#include <gtest/gtest.h>

namespace hotstage::study::detail {
namespace {

signal::Signal image(std::size_t rows, std::size_t columns) {
  signal::Signal out;
  out.axes = {{.name = "y", .size = rows, .offset = 3.0, .scale = 0.5, .unit = "nm"},
              {.name = "x", .size = columns, .offset = -1.0, .scale = 0.5, .unit = "nm"}};
  out.source = signal::memory_source(Buffer<float, 2>({1, rows * columns}));
  return out;
}

series::AppliedEdit edit_of(const std::string& author) {
  return {.edit = {.author = author, .date = "2026-03-31", .reason = "r"}, .what = "grain 2 merged into grain 1"};
}

TEST(SeriesEdit, labels_say_who_corrected_them_also_through_a_file_and_a_second_round) {
  signal::Signal labels = image(8, 9);
  EXPECT_EQ(manual_edits(labels).count, 0U);
  const std::vector<series::AppliedEdit> first{edit_of("A. Author"), edit_of("A. Author")};
  tag_edits(labels, first, {});
  EXPECT_EQ(manual_edits(labels).text(), "2 manual edits by A. Author");
  const io::TemporaryFolder folder;
  hotstage::Run run;
  signal::save(std::span(&labels, 1), folder / "labels.hspy", run);
  const signal::Signal read = signal::load(folder / "labels.hspy", run);
  EXPECT_EQ(manual_edits(read).text(), "2 manual edits by A. Author");
  signal::Signal again = image(8, 9);
  const std::vector<series::AppliedEdit> second{edit_of("B. Other")};
  tag_edits(again, second, manual_edits(read));
  EXPECT_EQ(manual_edits(again).text(), "3 manual edits by A. Author, B. Other");
}

TEST(SeriesEdit, results_on_corrected_labels_say_so_and_others_do_not) {
  StepOutput out;
  out.records["record"] = Value::object();
  signal::Signal labels = image(8, 9);
  note_edits(labels, out);
  EXPECT_TRUE(out.checks.empty() && out.assumptions.empty());
  const std::vector<series::AppliedEdit> one{edit_of("A. Author")};
  tag_edits(labels, one, {});
  note_edits(labels, out);
  ASSERT_EQ(out.checks.size(), 1U);
  EXPECT_EQ(out.checks.front().status, CheckStatus::attention);
  EXPECT_EQ(out.records["record"].text_at("manual_edits"), "1 manual edit by A. Author");
}

TEST(SeriesEdit, spots_come_back_from_their_table) {
  const signal::Signal frames = image(64, 64);
  const double nm = 0.5;
  series::Segmentation s;
  s.spots = {{.y_px = 10.5,
              .x_px = 20.25,
              .area_px = 30.0,
              .radius_px = 3.0,
              .depth = 0.5,
              .missing_px = 14.0,
              .aspect = 1.5,
              .length_px = 7.0,
              .width_px = 5.0,
              .hexagonality = 0.25,
              .facet_angle_deg = 12.0,
              .grain = 4},
             {.kind = series::DarkKind::crack, .y_px = 40.0, .x_px = 41.0, .area_px = 80.0, .radius_px = 5.0}};
  const auto back = read_spot_table(spot_table(s, frames, nm), frames);
  ASSERT_EQ(back.size(), 2U);
  constexpr double rounding = 1e-12;
  EXPECT_NEAR(back[0].y_px, 10.5, rounding);
  EXPECT_NEAR(back[0].x_px, 20.25, rounding);
  EXPECT_NEAR(back[0].area_px, 30.0, rounding);
  EXPECT_NEAR(back[0].missing_px, 14.0, rounding);
  EXPECT_NEAR(back[0].length_px, 7.0, rounding);
  EXPECT_EQ(back[0].grain, 4);
  EXPECT_EQ(back[1].kind, series::DarkKind::crack);
  EXPECT_TRUE(read_spot_table(spot_table({}, frames, nm), frames).empty());
}

TEST(SeriesNormalise, stated_levels_need_both_and_an_order) {
  StepOutput out;
  const BeamLevels levels = find_beam_levels(
      {}, {.black_level = 100.0, .black_sigma = 3.0, .full_level = 2100.0, .full_sigma = 4.0, .current_ratio = 2.0},
      out);
  EXPECT_DOUBLE_EQ(levels.scale.span.value, 4000.0);
  EXPECT_DOUBLE_EQ(levels.scale.span.sigma, 10.0);
  EXPECT_DOUBLE_EQ(levels.scale.fraction(500.0), 0.1);
  EXPECT_THROW((void)find_beam_levels({}, {.black_level = 100.0}, out), Error);
  EXPECT_THROW((void)find_beam_levels({}, {.black_level = 100.0, .full_level = 50.0}, out), Error);
}

}  // namespace
}  // namespace hotstage::study::detail
