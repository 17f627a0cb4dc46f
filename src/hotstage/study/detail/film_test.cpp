// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/study/detail/film.hpp"

#include "hotstage/core/error.hpp"
#include "hotstage/io/files.hpp"
#include "hotstage/io/temporary_folder.hpp"
#include "hotstage/study/detail/movie.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cmath>
#include <string>

namespace hotstage::study::detail {
namespace {

constexpr std::size_t rows = 24;
constexpr std::size_t columns = 30;
constexpr std::size_t n_frames = 12;
constexpr double period_s = 2.0;

/// A bright spot at (10, 12) of frame 0 that moves by one row and −1 column every four frames; frames of 2 s.
signal::Signal moving_spot() {
  Buffer<float, 2> data({n_frames, rows * columns});
  for (std::size_t f = 0; f < n_frames; ++f) {
    for (std::size_t i = 0; i < rows * columns; ++i) {
      data.data()[f * rows * columns + i] = 100.0F;
    }
    data.data()[f * rows * columns + (10 + f / 4) * columns + 12 - f / 4] = 900.0F;
  }
  signal::Signal out;
  out.navigation = {{.name = "time", .size = n_frames, .offset = 10.0, .scale = period_s, .unit = "s"}};
  out.axes = {{.name = "y", .size = rows, .scale = 2.0, .unit = "nm"},
              {.name = "x", .size = columns, .scale = 2.0, .unit = "nm"}};
  out.metadata.exposure = period_s * units::s;
  out.source = signal::memory_source(std::move(data));
  return out;
}

io::Table drift_of_spot() {
  io::Table table;
  std::vector<double> dy, dx;
  for (std::size_t f = 0; f < n_frames; ++f) {
    dy.push_back(static_cast<double>(f / 4));
    dx.push_back(-static_cast<double>(f / 4));
  }
  const std::vector<double> none(n_frames, 0.0);
  const std::vector<double> one(n_frames, 1.0);
  table.columns = {io::number_column("dy", "px", dy), io::number_column("dx", "px", dx)};
  for (const char* name : {"sigma_y", "sigma_x", "scan_y", "scan_x", "focus", "mean", "flags", "black"}) {
    table.columns.push_back(io::number_column(name, "", none));
  }
  table.columns.push_back(io::number_column("gain", "", one));
  return table;
}

class FilmTest : public ::testing::Test {
 protected:
  void SetUp() override {
    // 100 °C at 5 s, 2 K/s from there to 60 s.
    std::string log = "time,temperature\n";
    for (int i = 0; i <= 70; ++i) {
      log += fmt::format("{},{}\n", i, i <= 5 ? 100 : 100 + 2 * (i - 5));
    }
    io::write_text(folder_ / "log.csv", log);
    inputs_.signals["frames"] = moving_spot();
  }

  [[nodiscard]] Value options(const std::string& step, std::initializer_list<std::pair<const char*, Value>> set) const {
    Value out = Value::object();
    OptionSet all = find_step(step).options();
    for (Field& field : all.fields) {
      for (const auto& [name, value] : set) {
        if (field.name == name) {
          field.set(value);
        }
      }
      out[field.name] = field.get();
    }
    return out;
  }

  [[nodiscard]] Value columns_of_log() const {
    Value out = Value::object();
    out["time_column"] = "time";
    out["temperature_column"] = "temperature";
    return out;
  }

  io::TemporaryFolder folder_;
  StepInputs inputs_;
  hotstage::Run run_;
};

TEST_F(FilmTest, the_specimen_stands_still_on_the_field_that_all_frames_share) {
  inputs_.tables["drift"] = drift_of_spot();
  const Film film(inputs_, {.average = 5});
  EXPECT_EQ(film.rows(), rows - 2);
  EXPECT_EQ(film.columns(), columns - 2);
  for (const std::size_t f : {0U, 5U, 11U}) {
    const FilmFrame frame = film.frame(f);
    EXPECT_EQ(frame.image.view()(10, 10), 900.0F) << f;  // two columns of frame 0 are cut off
    EXPECT_EQ(frame.image.view()(10, 11), 100.0F) << f;
    EXPECT_FALSE(frame.degC);
  }
  const auto bar = film.scale_bar();
  ASSERT_TRUE(bar);
  EXPECT_EQ(bar->label, "20 nm");
}

TEST_F(FilmTest, refuses_what_does_not_belong_together) {
  EXPECT_THROW((void)Film(inputs_, {.average = 3}), Error);
  inputs_.tables["spots"] = io::Table{};
  EXPECT_THROW((void)Film(inputs_, {}), Error);
}

TEST_F(FilmTest, voids_are_circles_of_their_radius_in_that_frame) {
  inputs_.tables["drift"] = drift_of_spot();
  inputs_.tables["spots"].columns = {io::number_column("y", "nm", {20.0}), io::number_column("x", "nm", {24.0})};
  inputs_.tables["voids"].columns = {io::number_column("spot", "", {1.0}), io::number_column("frame", "", {3.0}),
                                     io::number_column("radius", "nm", {6.0})};
  const Film film(inputs_, {});
  EXPECT_TRUE(film.frame(2).outlines.empty());
  const FilmFrame frame = film.frame(3);
  ASSERT_EQ(frame.outlines.size(), 1U);
  for (const auto& [y, x] : frame.outlines.front().points) {
    EXPECT_NEAR(std::hypot(y - 10.0, x - 10.0), 3.0, 1e-9);
  }
}

TEST_F(FilmTest, the_timeline_step_gives_every_frame_its_temperature) {
  inputs_.files["log"] = folder_ / "log.csv";
  const StepOutput out =
      find_step("series.timeline")
          .run(inputs_,
               options("series.timeline",
                       {{"columns", columns_of_log()}, {"zero", Value("log")}, {"clock_offset", Value("3 s")}}),
               run_);
  const io::Table& table = out.tables.at("timeline");
  ASSERT_EQ(table.rows(), n_frames);
  // Frame 4 lasts from 18 to 20 s on its own clock, 21 to 23 s on the log's.
  EXPECT_NEAR(table.numbers("log_time")[4], 21.0, 1e-9);
  EXPECT_NEAR(table.numbers("middle")[4], 100.0 + 2.0 * 17.0, 1e-9);
  EXPECT_NEAR(table.numbers("last_row")[4] - table.numbers("first_row")[4], 4.0 * (rows - 1) / rows, 1e-9);
  EXPECT_NEAR(table.numbers("rate")[4], 2.0, 1e-6);
  EXPECT_NEAR(table.numbers("gap")[4], 0.0, 1e-9);
  EXPECT_EQ(out.results.front().id, "clock_offset");
}

TEST_F(FilmTest, a_movie_has_even_sides_and_plays_or_says_what_to_install) {
  inputs_.tables["drift"] = drift_of_spot();
  const Step& step = find_step("series.movie");
  try {
    (void)find_ffmpeg();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), Errc::missing_tool);
    EXPECT_NE(error.hint().find("apt-get install ffmpeg"), std::string::npos);
    GTEST_SKIP() << "no ffmpeg";
  }
  const StepOutput out = step.run(inputs_, options("series.movie", {{"longest_side", Value(101)}}), run_);
  const std::string& bytes = out.raw_text.at("movie").text;
  EXPECT_EQ(out.raw_text.at("movie").extension, "mp4");
  EXPECT_EQ(bytes.substr(4, 4), "ftyp");
  EXPECT_NE(bytes.find("avc1"), std::string::npos);
  // 28 × 22 px, enlarged threefold.
  EXPECT_NE(out.results.front().method.find("84 × 66 px"), std::string::npos) << out.results.front().method;
}

TEST(Picture, draws_letters_and_lines_and_leaves_the_outside_alone) {
  Picture picture(20, 40);
  picture.text(2, 3, "1°", 1, {255, 0, 0});
  EXPECT_EQ(picture.at(2, 5), (Rgb{255, 0, 0}));   // the top of the 1
  EXPECT_EQ(picture.at(2, 11), (Rgb{255, 0, 0}));  // ring of the degree sign
  EXPECT_EQ(Picture::text_width("25 °C", 2), (5 * 6 - 1) * 2);
  picture.line({15.0, -5.0}, {15.0, 100.0}, 2, {0, 255, 0});
  EXPECT_EQ(picture.at(15, 0), (Rgb{0, 255, 0}));
  EXPECT_EQ(picture.at(15, 39), (Rgb{0, 255, 0}));
  EXPECT_EQ(picture.at(17, 20), (Rgb{0, 0, 0}));
}

}  // namespace
}  // namespace hotstage::study::detail
