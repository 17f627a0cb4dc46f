// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/stem/frames.hpp"

#include "hotstage/core/error.hpp"
#include "hotstage/io/files.hpp"
#include "hotstage/io/temporary_folder.hpp"
#include "hotstage/signal/format.hpp"
#include "hotstage/signal/timeline.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <numbers>

namespace hotstage::stem {
namespace {

namespace tol {
constexpr double rounding_counts = 0.5;  // a stored number is an integer
constexpr double sigmas = 4.0;           // fails by chance once in 16 000
constexpr double float_fraction = 2e-6;  // relative; float32 maps
constexpr double shift_px = 0.02;        // bilinear interpolation of a smooth pattern
}  // namespace tol

const Temperature room = Temperature::celsius(25.0);

/// Nothing drawn, nothing disturbing: what is left is thickness times cross-section.
ImagingOptions bare(int pixels, int frames) {
  ImagingOptions out;
  out.pixels = pixels;
  out.frames = frames;
  out.current_error = out.angle_error = out.scan_error = out.gain_error = out.black_level_error = 0.0;
  out.drift_rate = 0.0 * imaging_units::nm_per_s;
  out.drift_walk = out.jitter = 0.0 * units::nm;
  out.jumps = 0;
  out.channelling = {0.0, 0.0};
  out.bend = 0.0;
  out.vibration_error = out.layer_error = out.layer_roughness = out.bulge_error = 0.0;
  out.layer_materials.clear();
  out.layer_thickness.clear();
  out.bulge = 0.0 * imaging_units::nm_per_K;
  return out;
}

/// Thickness of one material as a function of row, column and state; grain 1 everywhere.
Scene make_scene(std::size_t rows, std::size_t columns, std::vector<double> times_s,
                 const std::function<double(std::size_t state, double row, double column)>& thickness) {
  Scene out;
  out.times_s = std::move(times_s);
  out.materials = {atoms::find_material("LiCoO2")};
  out.layered = {1};
  out.rows = rows;
  out.columns = columns;
  out.pixel_nm = 2.0;
  out.labels = Buffer<float, 2>({rows, columns});
  std::fill_n(out.labels.data(), rows * columns, 1.0F);
  out.thickness_nm = [rows, columns, thickness](std::size_t state, View<float, 2> maps) {
    for (std::size_t i = 0; i < rows * columns; ++i) {
      const std::size_t row = i / columns;
      maps(0U, i) = static_cast<float>(thickness(state, static_cast<double>(row), static_cast<double>(i % columns)));
    }
  };
  out.temperature = [](double) { return room; };
  return out;
}

Buffer<float, 2> counts_of(const FrameSeries& series) {
  return signal::read_all(series.frames);
}

double mean_of(std::span<const float> values) {
  double sum = 0.0;
  for (const float value : values) {
    sum += static_cast<double>(value);
  }
  return sum / static_cast<double>(values.size());
}

double lco_per_nm() {
  return fraction_per_nm(atoms::find_material("LiCoO2"), Order::crystal, room, {});
}

TEST(Frames, mean_counts_are_electrons_times_cross_section_times_thickness) {
  const Scene scene = make_scene(40, 50, {0.0}, [](auto, double, double) { return 80.0; });
  const ImagingOptions options = bare(32, 3);
  const FrameSeries series = simulate_frames(scene, {0.0, 10.0}, options, {});
  const double per_pixel = 30e-12 / 1.602176634e-19 * 6e-6;
  const double expected = per_pixel * 80.0 * lco_per_nm();
  EXPECT_NEAR(expected, 1123.0 * 80.0 * 0.00029, 1.5);  // the number of the table, 26 electrons
  const Buffer<float, 2> counts = counts_of(series);
  const double spread = std::sqrt(expected * (1.0 + 0.3 * 0.3) / (3.0 * 32.0 * 32.0));
  const double mean = mean_of({counts.data(), counts.size()});
  EXPECT_NEAR((mean - 100.0) / 20.0, expected, tol::sigmas * spread);
  for (const FrameTruth& truth : series.truth) {
    EXPECT_NEAR(truth.mean_electrons / expected, 1.0, tol::float_fraction);
  }
}

TEST(Frames, a_void_through_half_the_foil_halves_the_counts_above_black) {
  const Scene scene =
      make_scene(40, 40, {0.0}, [](auto, double, double column) { return column < 20.0 ? 80.0 : 40.0; });
  ImagingOptions options = bare(32, 1);
  options.noise = Noise::none;
  options.detector.gain = 1000.0;
  const Buffer<float, 2> counts = counts_of(simulate_frames(scene, {0.0, 10.0}, options, {}));
  const double full = mean_of({counts.data(), 12}) - 100.0;
  const double half = mean_of({counts.data() + 20, 12}) - 100.0;
  EXPECT_NEAR(half / full, 0.5, 2.0 * tol::rounding_counts / full);  // both are rounded
}

TEST(Frames, vacuum_shows_the_surface_layer_only) {
  const Scene scene = make_scene(20, 20, {0.0}, [](auto, double, double) { return 0.0; });
  ImagingOptions options = bare(16, 1);
  options.layer_materials = {"C", "Pt"};
  options.layer_thickness = {5.0 * units::nm, 0.05 * units::nm};
  const FrameSeries series = simulate_frames(scene, {0.0, 10.0}, options, {});
  const double layer = 5.0 * fraction_per_nm(atoms::find_material("C"), Order::amorphous, room, {}) +
                       0.05 * fraction_per_nm(atoms::find_material("Pt"), Order::amorphous, room, {});
  EXPECT_NEAR(series.truth[0].mean_electrons / (series.instrument.electrons_per_pixel * layer), 1.0,
              tol::float_fraction);
}

TEST(Frames, every_row_shows_the_state_and_temperature_of_its_own_time) {
  // Thickness grows linearly in time between two saved states: expected counts grow from row to row.
  ImagingOptions options = bare(32, 2);
  options.dwell = 1000.0 * units::us;  // 32 ms a row: a frame of a second on a ramp of 2 K/s
  options.noise = Noise::none;
  options.detector.gain = 30.0;
  options.detector.black_level = 0.0;
  Scene scene =
      make_scene(40, 40, {0.0, 100.0}, [](std::size_t state, double, double) { return state == 0 ? 0.0 : 100.0; });
  scene.temperature = [](double time_s) { return Temperature::celsius(25.0 + 2.0 * time_s); };
  const FrameSeries series = simulate_frames(scene, {10.0, 50.0}, options, {});
  const signal::Axis& time = series.frames.navigation[0];
  EXPECT_EQ(time.value(1), 30.0);
  const double row_s = series.frames.metadata.exposure->in(units::s) / 32.0;
  EXPECT_NEAR(row_s, 0.0323, 1e-12);
  const Buffer<float, 2> counts = counts_of(series);
  for (std::size_t frame = 0; frame < 2; ++frame) {
    const double start = time.value(static_cast<double>(frame));
    EXPECT_NEAR(series.truth[frame].first_row_degC, 25.0 + 2.0 * start, 1e-9);
    EXPECT_NEAR(series.truth[frame].last_row_degC, 25.0 + 2.0 * (start + 31.0 * row_s), 1e-9);
    for (std::size_t row = 0; row < 32; ++row) {
      const double middle = start + (static_cast<double>(row) + 0.5) * row_s;
      // Between the states thickness rises by 1 nm/s; the cross-section is that of the two saved temperatures.
      const double hot = fraction_per_nm(scene.materials[0], Order::crystal, Temperature::celsius(225.0), {});
      const double expected = series.instrument.electrons_per_pixel * 30.0 * middle * hot;
      EXPECT_NEAR(static_cast<double>(counts.row(frame)[row * 32 + 5]), expected,
                  tol::rounding_counts + 2.0 * tol::float_fraction * expected);
    }
  }
}

TEST(Frames, over_a_long_gap_between_saved_states_the_specimen_stands_still_at_first) {
  // Saved every 2 s once something happens: what is there at 100 s was not half there at 50 s.
  const Scene scene = make_scene(20, 20, {0.0, 100.0, 102.0, 104.0},
                                 [](std::size_t state, double, double) { return state == 0 ? 80.0 : 40.0; });
  ImagingOptions options = bare(16, 104);
  options.dwell = 1.0 * units::us;
  const FrameSeries series = simulate_frames(scene, {0.0, 104.0}, options, {});
  const double before = series.truth[0].mean_electrons;
  EXPECT_NEAR(series.truth[97].mean_electrons / before, 1.0, tol::float_fraction);
  EXPECT_NEAR(series.truth[99].mean_electrons / before, 0.75, 1e-3);  // half way between 98 and 100 s
  EXPECT_NEAR(series.truth[101].mean_electrons / before, 0.5, tol::float_fraction);
}

TEST(Frames, channelling_follows_the_temperature_of_each_row) {
  Scene scene = make_scene(40, 40, {0.0}, [](auto, double, double) { return 80.0; });
  scene.temperature = [](double time_s) { return Temperature::celsius(25.0 + 50.0 * time_s); };
  ImagingOptions options = bare(32, 1);
  options.dwell = 10.0 * units::ms;  // 10 s a frame: 500 K from the first row to the last
  options.noise = Noise::none;
  options.detector.gain = 0.5;
  options.channelling = {0.3, 0.3};
  const FrameSeries series = simulate_frames(scene, {0.0, 20.0}, options, {});
  const double drawn = series.grains.at(0).channelling;
  const Buffer<float, 2> counts = counts_of(series);
  const double plain = 0.5 * series.instrument.electrons_per_pixel * 80.0 * lco_per_nm();
  for (std::size_t row = 0; row < 32; ++row) {
    const double celsius = 25.0 + 50.0 * (static_cast<double>(row) + 0.5) * series.instrument.row_s;
    // B of cobalt grows by 0.40/300 Å² per kelvin; g is 0.5 1/Å.
    const double faded = drawn * std::exp(-0.40 / 300.0 * 0.25 / 2.0 * (celsius + 273.15 - 300.0));
    // A straight line between the ends of the frame stands for the exponential.
    const double bow = 0.125 * std::abs(drawn) * std::pow(0.40 / 300.0 * 0.25 / 2.0 * 500.0, 2) * plain;
    EXPECT_NEAR(static_cast<double>(counts.row(0)[row * 32 + 7]) - 100.0, plain * (1.0 + faded),
                tol::rounding_counts + bow + 1e-4 * plain);
  }
  EXPECT_GT(plain * 0.3 * 0.08, 20.0 * tol::rounding_counts);  // the change is seen
}

/// A smooth periodic pattern whose phase tells where the frame lies.
double waves(double row, double column) {
  return 80.0 + 20.0 * std::sin(2.0 * std::numbers::pi * column / 32.0) +
         20.0 * std::sin(2.0 * std::numbers::pi * row / 32.0);
}

TEST(Frames, the_drift_in_the_truth_is_the_shift_that_the_rows_show) {
  const Scene scene = make_scene(160, 160, {0.0}, [](auto, double row, double column) { return waves(row, column); });
  ImagingOptions options = bare(64, 4);
  options.noise = Noise::none;
  options.detector.gain = 10.0;
  options.field_of_view = 128.0 * units::nm;  // 64 pixels of 2 nm: two periods
  options.dwell = 200.0 * units::us;
  options.drift_rate = 0.4 * imaging_units::nm_per_s;
  options.drift_walk = 1.0 * units::nm;
  options.jumps = 1;
  options.scan_error = 0.02;
  options.seed = 3;
  const FrameSeries series = simulate_frames(scene, {0.0, 40.0}, options, {});
  const Buffer<float, 2> counts = counts_of(series);
  double moved = 0.0;
  for (std::size_t frame = 0; frame < 4; ++frame) {
    // Phase of the column wave, mean over rows (a shear inside the frame averages out), as a position in pixels.
    double sine = 0.0;
    double cosine = 0.0;
    for (std::size_t i = 0; i < 64 * 64; ++i) {
      const double angle = 2.0 * std::numbers::pi * static_cast<double>(i % 64) / 32.0;
      sine += static_cast<double>(counts.row(frame)[i]) * std::sin(angle);
      cosine += static_cast<double>(counts.row(frame)[i]) * std::cos(angle);
    }
    const double found_px = std::atan2(cosine, sine) * 32.0 / (2.0 * std::numbers::pi);
    const double origin_px = series.truth[frame].origin.x_nm / 2.0;
    const double difference = std::remainder(found_px - origin_px, 32.0);
    EXPECT_NEAR(difference, 0.0, tol::shift_px) << frame;
    EXPECT_NEAR(series.truth[frame].origin.x_nm - series.truth[0].origin.x_nm, -series.truth[frame].drift.x_nm, 1e-9);
    moved = std::max(moved, std::abs(series.truth[frame].drift.x_nm));
  }
  EXPECT_GT(moved, 2.0);  // otherwise nothing was tested
  EXPECT_NE(series.truth[0].shear.x_nm, 0.0);
  EXPECT_EQ(series.instrument.pixel_nm, 2.0);
  EXPECT_EQ(series.frames.axes[1].scale, series.instrument.file_pixel_nm);
  EXPECT_NE(series.instrument.file_pixel_nm, 2.0);
}

TEST(Frames, channelling_changes_a_grain_by_its_drawn_factor_and_fades_with_the_lattice) {
  Scene scene =
      make_scene(40, 40, {0.0, 100.0}, [](std::size_t state, double, double) { return state == 0 ? 80.0 : 40.0; });
  scene.materials.push_back(atoms::find_material("CoO"));
  scene.layered.push_back(0);
  scene.thickness_nm = [](std::size_t state, View<float, 2> maps) {
    for (std::size_t i = 0; i < maps.extent(1); ++i) {
      maps(0U, i) = state == 0 ? 80.0F : 0.0F;
      maps(1U, i) = state == 0 ? 0.0F : 50.0F;
    }
  };
  ImagingOptions options = bare(32, 2);
  options.channelling = {0.1, 0.3};
  const FrameSeries series = simulate_frames(scene, {0.0, 200.0}, options, {});
  const double drawn = series.grains.at(0).channelling;
  EXPECT_GE(std::abs(drawn), 0.1);
  EXPECT_LE(std::abs(drawn), 0.3);
  const double plain = series.instrument.electrons_per_pixel * 80.0 * lco_per_nm();
  EXPECT_NEAR(series.truth[0].mean_electrons / plain, 1.0 + drawn, 2e-3);
  const double product =
      series.instrument.electrons_per_pixel * 50.0 * fraction_per_nm(scene.materials[1], Order::crystal, room, {});
  EXPECT_NEAR(series.truth[1].mean_electrons / product, 1.0, 1e-5);
}

TEST(Frames, bend_contours_move_with_the_temperature_and_only_shift_signal) {
  Scene scene = make_scene(200, 200, {0.0}, [](auto, double, double) { return 80.0; });
  scene.temperature = [](double time_s) { return Temperature::celsius(25.0 + 2.0 * time_s); };
  ImagingOptions options = bare(192, 2);
  options.noise = Noise::none;
  options.bend = 0.2;
  options.bend_width = 10.0 * units::nm;
  options.dwell = 6.0 * units::us;
  options.seed = 5;
  const FrameSeries series = simulate_frames(scene, {0.0, 200.0}, options, {});
  const double plain = series.instrument.electrons_per_pixel * 80.0 * lco_per_nm();
  const Buffer<float, 2> counts = counts_of(series);
  // Position of the brightest place along the bending direction, in nm from the middle of the scene.
  const auto brightest = [&](std::size_t frame) {
    const std::span<const float> row = counts.row(frame);
    const auto at = static_cast<std::size_t>(std::ranges::max_element(row) - row.begin());
    const double x =
        static_cast<double>(at % 192) * series.instrument.pixel_nm + series.truth[frame].origin.x_nm - 200.0;
    const std::size_t line = at / 192;
    const double y = static_cast<double>(line) * series.instrument.pixel_nm + series.truth[frame].origin.y_nm - 200.0;
    return x * std::cos(series.instrument.bend_angle_rad) + y * std::sin(series.instrument.bend_angle_rad);
  };
  const double travel = 0.3 * 2.0 * 100.0;  // nm/K · K/s · s between the frames
  constexpr double width_nm = 4.0;          // counts are integers: the top is flat over a few nanometres
  EXPECT_NEAR(brightest(0), series.grains.at(0).contour_nm, width_nm);
  EXPECT_NEAR(brightest(1) - brightest(0), travel, width_nm);
  EXPECT_NEAR(series.truth[0].mean_electrons / plain, 1.0, 1e-3);  // bright and dark cancel inside the frame
}

TEST(Frames, what_is_drawn_scatters_by_the_stated_errors) {
  const Scene scene = make_scene(20, 20, {0.0}, [](auto, double, double) { return 80.0; });
  ImagingOptions options = bare(8, 1);
  options.gain_error = 0.05;
  options.angle_error = 0.03;
  constexpr int seeds = 200;
  double gains = 0.0;
  double angles = 0.0;
  for (options.seed = 1; options.seed <= seeds; ++options.seed) {
    const InstrumentTruth drawn = simulate_frames(scene, {0.0, 10.0}, options, {}).instrument;
    gains += std::pow(drawn.detector.gain / 20.0 - 1.0, 2) / seeds;
    angles += std::pow(drawn.scattering.annulus.inner.in(units::mrad) / 84.0 - 1.0, 2) / seeds;
  }
  constexpr double scatter = 0.2;  // four sigma of a standard deviation of 200 draws
  EXPECT_NEAR(std::sqrt(gains) / 0.05, 1.0, scatter);
  EXPECT_NEAR(std::sqrt(angles) / 0.03, 1.0, scatter);
}

TEST(Frames, are_the_same_for_any_number_of_threads_and_other_for_another_seed) {
  const Scene scene = make_scene(64, 64, {0.0, 60.0}, [](std::size_t state, double row, double column) {
    return waves(row, column) * (state == 0 ? 1.0 : 0.7);
  });
  ImagingOptions options;
  options.pixels = 32;
  options.frames = 9;
  options.drift_rate = 0.05 * imaging_units::nm_per_s;
  options.seed = 4;
  hotstage::Run one;
  one.threads = 1;
  hotstage::Run four;
  four.threads = 4;
  const Buffer<float, 2> a = counts_of(simulate_frames(scene, {0.0, 60.0}, options, one));
  const Buffer<float, 2> b = counts_of(simulate_frames(scene, {0.0, 60.0}, options, four));
  EXPECT_TRUE(std::equal(a.data(), a.data() + a.size(), b.data()));
  options.seed = 5;
  const Buffer<float, 2> c = counts_of(simulate_frames(scene, {0.0, 60.0}, options, four));
  EXPECT_FALSE(std::equal(a.data(), a.data() + a.size(), c.data()));
}

TEST(Frames, the_truth_record_names_every_frame_and_grain) {
  const Scene scene = make_scene(40, 40, {0.0}, [](auto, double, double) { return 80.0; });
  ImagingOptions options = bare(16, 3);
  options.bulge = 8.0 * imaging_units::nm_per_K;
  Scene hot = make_scene(40, 40, {0.0}, [](auto, double, double) { return 80.0; });
  hot.temperature = [](double) { return Temperature::celsius(65.0); };
  const Value record = to_value(simulate_frames(hot, {0.0, 30.0}, options, {}));
  EXPECT_EQ(record.at("schema").as_text(), "hotstage.frames_truth/1");
  EXPECT_EQ(record.at("grains").as_array().size(), 1U);
  const Value::Array& frames = record.at("frames").as_array();
  ASSERT_EQ(frames.size(), 3U);
  // 40 K above focus at 8 nm/K: 320 nm, refocused at 150 and 300.
  EXPECT_NEAR(frames[1].at("defocus_nm").as_number(), 20.0, 1e-9);
  EXPECT_NEAR(frames[1].at("probe_sigma_nm").as_number(), 0.5 * 17.8e-3 * 20.0, 0.01);
  EXPECT_NEAR(to_value(simulate_frames(scene, {0.0, 30.0}, options, {}))
                  .at("frames")
                  .as_array()[1]
                  .at("defocus_nm")
                  .as_number(),
              0.0, 1e-9);
}

TEST(Frames, frames_that_do_not_fit_are_refused_with_advice) {
  const Scene scene = make_scene(20, 20, {0.0}, [](auto, double, double) { return 80.0; });
  ImagingOptions options = bare(64, 1000);
  EXPECT_THROW((void)simulate_frames(scene, {0.0, 10.0}, options, {}), Error);
  options = bare(8, 1);
  options.field_of_view = 200.0 * units::nm;
  EXPECT_THROW((void)simulate_frames(scene, {0.0, 10.0}, options, {}), Error);
}

TEST(Frames, files_hold_what_an_instrument_writes_and_nothing_of_the_truth) {
  const Scene scene =
      make_scene(40, 40, {0.0, 60.0}, [](auto, double row, double column) { return waves(row, column); });
  ImagingOptions options;
  options.pixels = 16;
  options.frames = 3;
  options.drift_rate = 0.02 * imaging_units::nm_per_s;
  options.jump = 1.0 * units::nm;
  options.drift_walk = 0.1 * units::nm;
  const FrameSeries series = simulate_frames(scene, {-5.0, 55.0}, options, {});
  hotstage::Run run;
  const io::TemporaryFolder folder;
  for (const std::string name : {"frames.dm4", "frames.tif"}) {
    const auto file = folder.path() / name;
    signal::save(std::span(&series.frames, 1), file, run);
    const signal::Signal back = signal::load(file, run);
    ASSERT_EQ(back.navigation.size(), 1U) << name;
    EXPECT_EQ(back.navigation[0].unit, "s") << name;
    EXPECT_NEAR(back.navigation[0].value(2.0), 35.0, 1e-6) << name;
    EXPECT_EQ(back.axes[1].unit, "nm") << name;
    EXPECT_NEAR(back.axes[1].scale / series.frames.axes[1].scale, 1.0, 1e-6) << name;
    EXPECT_EQ(back.source->dtype(), signal::DType::u16) << name;
    EXPECT_NEAR(back.metadata.beam_energy.value_or(Energy{}).in(units::keV), 300.0, 1e-6) << name;
    EXPECT_NEAR(back.metadata.exposure.value_or(Time{}).in(units::s), 16.0 * series.instrument.row_s, 1e-9) << name;
    EXPECT_EQ(back.metadata.signal_type, "HAADF") << name;
    EXPECT_FALSE(back.metadata.acquired.empty()) << name;
    const signal::Timeline timeline = signal::timeline_of(back);
    EXPECT_EQ(timeline.rows, 16U) << name;
    EXPECT_NEAR(timeline.row_start_s(1, 3), 15.0 + 3.0 * series.instrument.row_s, 1e-6) << name;
    const std::string bytes = io::read_text(file);
    for (const char* word : {"truth", "drift", "hannelling", "LiCoO2", "CoO", "grain", "Grain", "bulge", "black",
                             "gain", "simulat", "seed", "defocus", "vibration"}) {
      EXPECT_EQ(bytes.find(word), std::string::npos) << name << ": " << word;
    }
  }
}

}  // namespace
}  // namespace hotstage::stem
