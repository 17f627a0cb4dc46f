// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/core/data_folders.hpp"
#include "hotstage/io/temporary_folder.hpp"
#include "hotstage/signal/format.hpp"
#include "hotstage/signal/formats/velox/test_files.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <numeric>

namespace hotstage::signal::velox {
namespace {

using io::TemporaryFolder;
using namespace testing_files;

/// Angles, energies and sizes go through one change of unit.
constexpr double unit_rounding = 1e-12;

TEST(VeloxEels, ranges_stand_in_order_of_energy_with_counts_and_axes) {
  const TemporaryFolder folder;
  {
    const Builder builder(folder / "a.emd");
    add_eels(builder, "a", {row_json(480.0), row_json(480.0)});
    add_eels(builder, "b", {row_json(-20.0), row_json(-20.0)});
  }
  hotstage::Run run;
  const std::vector<Signal> signals = load_all(folder / "a.emd", run);
  ASSERT_EQ(signals.size(), 2U);
  EXPECT_EQ(energy_axis(signals[0]).offset, -20.0);
  EXPECT_EQ(energy_axis(signals[1]).offset, 480.0);
  EXPECT_EQ(signals[1].metadata.title, "EELS range 2 of 2: 480 to 481 eV");
  const Signal& core = signals[1];
  EXPECT_EQ(core.shape_text(), "2 × 4 | 6");
  EXPECT_EQ(core.item_offset, nullptr);
  EXPECT_EQ(core.metadata.signal_type, "EELS");
  EXPECT_DOUBLE_EQ(core.metadata.beam_energy->in(units::keV), 300.0);
  EXPECT_NEAR(core.metadata.convergence->in(units::mrad), 17.5, unit_rounding);
  EXPECT_NEAR(core.metadata.collection->in(units::mrad), 33.5, unit_rounding);
  EXPECT_DOUBLE_EQ(core.metadata.exposure->in(units::s), 0.004);
  EXPECT_EQ(core.metadata.acquired, "2023-11-14 22:13:20 UTC");
  EXPECT_EQ(core.navigation[1].unit, "nm");
  EXPECT_NEAR(core.navigation[1].scale, 100.0, unit_rounding) << "1.6 µm · 0.25 / 4";
  EXPECT_NEAR(core.navigation[0].offset, -800.0, unit_rounding) << "from the middle of the field";
  const Buffer<float, 2> counts = read_all(core);
  for (std::size_t y = 0; y < height; ++y) {
    for (std::size_t x = 0; x < width; ++x) {
      for (std::size_t e = 0; e < channels; ++e) {
        EXPECT_EQ(counts.row(y * width + x)[e], 0.5F * static_cast<float>(stored(x, e, y)) - 10.0F);
      }
    }
  }
  EXPECT_EQ(core.source->preferred_items(), width) << "one row is one chunk";
}

TEST(VeloxEels, offsets_that_move_from_row_to_row_stay_with_the_items) {
  const TemporaryFolder folder;
  {
    const Builder builder(folder / "a.emd");
    add_eels(builder, "a", {row_json(480.0), row_json(480.5)});
  }
  hotstage::Run run;
  const Signal signal = load(folder / "a.emd", run);
  ASSERT_NE(signal.item_offset, nullptr);
  EXPECT_EQ(signal.item_offset->front(), 0.0);
  EXPECT_EQ(signal.item_offset->back(), 0.5);
}

TEST(VeloxStream, events_become_spectra_of_every_detector_and_of_their_sum) {
  const TemporaryFolder folder;
  {
    const Builder builder(folder / "a.emd");
    add_two_frames(builder, "a");
    add_two_frames(builder, "b");
  }
  hotstage::Run run;
  const std::vector<Signal> signals = load_all(folder / "a.emd", run);
  ASSERT_EQ(signals.size(), 3U);
  const Signal& sum = signals[0];
  EXPECT_EQ(sum.metadata.title, "EDS, sum of 2 detectors");
  EXPECT_EQ(sum.shape_text(), "2 × 4 | 64");
  EXPECT_EQ(sum.metadata.frames, 2.0);
  EXPECT_EQ(energy_axis(sum).offset, -200.0);
  EXPECT_EQ(energy_axis(sum).scale, 10.0);
  const Buffer<float, 2> counts = read_all(sum);
  for (std::size_t i = 0; i < width * height; ++i) {
    EXPECT_EQ(counts.row(i)[10 + i], 2.0F * static_cast<float>(i));
    EXPECT_EQ(counts.row(i)[63], 2.0F);
    EXPECT_EQ(std::accumulate(counts.row(i).begin(), counts.row(i).end(), 0.0F), 2.0F * static_cast<float>(i) + 2.0F);
  }
  Buffer<float, 2> part({3, 5});
  read(signals[2], {4, 3, 12, 5}, part.view());
  for (std::size_t i = 0; i < 3; ++i) {
    for (std::size_t c = 0; c < 5; ++c) {
      EXPECT_EQ(part.row(i)[c], 0.5F * counts.row(4 + i)[12 + c]);
    }
  }
  EXPECT_DOUBLE_EQ(signals[1].metadata.live_time->in(units::s), 2.25);
  EXPECT_DOUBLE_EQ(signals[1].metadata.elevation->in(units::rad), 0.3);
}

TEST(VeloxImage, series_have_a_time_axis_labels_and_calibrated_numbers) {
  const TemporaryFolder folder;
  {
    const Builder builder(folder / "a.emd");
    add_images(builder, "a");
  }
  hotstage::Run run;
  const Signal signal = load(folder / "a.emd", run);
  EXPECT_EQ(signal.shape_text(), "3 | 2 × 4");
  EXPECT_EQ(signal.navigation[0].unit, "s");
  EXPECT_EQ(signal.navigation[0].scale, 2.5);
  EXPECT_EQ(signal.metadata.title, "Ref DF");
  EXPECT_EQ(signal.intensity_unit, "A");
  EXPECT_NEAR(signal.axes[0].scale, 4.0, unit_rounding);
  EXPECT_NEAR(signal.axes[1].scale, 2.0, unit_rounding);
  const Buffer<float, 2> all = read_all(signal);
  EXPECT_EQ(all.row(2)[1 * 4 + 3], 2.0F * 213.0F - 1.0F);
}

std::string dated(const std::string& seconds) {
  std::string out = metadata;
  const std::string old = "1700000000";
  return out.replace(out.find(old), old.size(), seconds);
}

TEST(VeloxImage, frames_with_dates_of_their_own_show_a_pause) {
  const TemporaryFolder folder;
  const auto times = [&](const std::string& name, const std::vector<std::string>& dates) {
    {
      const Builder builder(folder / name);
      const std::string group = builder.group("Image", "a");
      const std::vector<std::uint16_t> numbers(height * width * dates.size(), 7);
      builder.data(group + "/Data", io::NumberType::u16, {height, width, dates.size()}, {height, width, 1}, numbers);
      std::vector<std::string> columns;
      for (const std::string& date : dates) {
        columns.push_back(dated(date));
      }
      builder.columns(group + "/Metadata", columns, metadata_rows);
    }
    hotstage::Run run;
    return load(folder / name, run).navigation[0];
  };
  // Frames of 2.5 s: the clock cuts 2.5 off to 2 and agrees with the stated time.
  const Axis even = times("even.emd", {"1700000000", "1700000002", "1700000005", "1700000007"});
  EXPECT_TRUE(even.is_uniform());
  EXPECT_EQ(even.scale, 2.5);
  // 60 s of pause after the second frame.
  const Axis pause = times("pause.emd", {"1700000000", "1700000002", "1700000062", "1700000065"});
  EXPECT_EQ(pause.unit, "s");
  EXPECT_EQ(pause.points, (std::vector<double>{0.0, 2.5, 62.0, 64.5}));
  // A frame time of 2.5 s that the clock shows to be 10 s with the flyback and the other detectors.
  const Axis slow = times("slow.emd", {"1700000000", "1700000010", "1700000020", "1700000030"});
  EXPECT_TRUE(slow.is_uniform());
  EXPECT_EQ(slow.scale, 10.0);
  for (const auto& useless : {std::vector<std::string>{"1700000000", "1700000000", "1700000000"},
                              std::vector<std::string>{"1700000060", "1700000000", "1700000090"},
                              std::vector<std::string>{"1700000000", "0", "1700000090"}}) {
    const Axis axis = times("useless.emd", useless);
    EXPECT_TRUE(axis.is_uniform());
    EXPECT_EQ(axis.scale, 2.5);
  }
}

/// Unpacks an archive of the shared data into the folder; false when it or the tool is missing.
bool unpack(const std::string& archive, const TemporaryFolder& folder) {
  const auto shared = shared_data_folder();
  if (!shared || !std::filesystem::exists(*shared / archive)) {
    return false;
  }
  const std::string command = "unzip -q -o '" + (*shared / archive).string() + "' -d '" + folder.path().string() + "'";
  return std::system(command.c_str()) == 0;
}

TEST(VeloxRealFiles, three_eels_ranges_and_six_x_ray_detectors_of_one_scan) {
  const TemporaryFolder folder;
  if (!unpack("eels/rosettasciio/velox_EELS_EDS.zip", folder)) {
    GTEST_SKIP() << "shared data not found (HOTSTAGE_SHARED_DATA)";
  }
  hotstage::Run run;
  const std::vector<Signal> signals = load_all(folder / "example_velox_EELS_EDS.emd", run);
  ASSERT_EQ(signals.size(), 3U + 7U + 6U + 8U);
  const double offsets[] = {-21.5026, 480.0, 800.0};
  constexpr double dispersion = 0.1692;
  for (std::size_t i = 0; i < 3; ++i) {
    EXPECT_EQ(signals[i].shape_text(), "16 × 20 | 2048");
    EXPECT_NEAR(energy_axis(signals[i]).offset, offsets[i], 1e-4) << "printed digits";
    EXPECT_NEAR(energy_axis(signals[i]).scale, dispersion, unit_rounding);
    EXPECT_NEAR(signals[i].navigation[1].scale, 158.658, 1e-3) << "nm, as in the EDS maps of the file";
    const Buffer<float, 2> counts = read_all(signals[i]);
    double mean = 0.0;
    for (std::size_t item = 0; item < signals[i].items(); ++item) {
      mean += std::accumulate(counts.row(item).begin(), counts.row(item).end(), 0.0);
    }
    mean /= static_cast<double>(signals[i].items() * signals[i].channels());
    // The stored mean is 100; an uncalibrated reader is off by 8 counts.
    constexpr double nearly_empty = 0.01;
    EXPECT_NEAR(mean, 0.0, nearly_empty);
  }
  EXPECT_NEAR(signals[0].metadata.convergence->in(units::mrad), 21.43, 0.01);
  EXPECT_NEAR(signals[0].metadata.collection->in(units::mrad), 3.34, 0.01);
  // The file keeps the sum spectrum of every detector beside its events: the two must agree exactly.
  Buffer<float, 2> sum({1, 4096});
  const Buffer<float, 2> cube = read_all(signals[3]);
  for (std::size_t i = 0; i < 320; ++i) {
    for (std::size_t c = 0; c < 4096; ++c) {
      sum.row(0)[c] += cube.row(i)[c];
    }
  }
  for (std::size_t detector = 10; detector < 16; ++detector) {
    const Buffer<float, 2> spectrum = read_all(signals[detector]);
    for (std::size_t c = 0; c < 4096; ++c) {
      sum.row(0)[c] -= spectrum.row(0)[c];
    }
  }
  EXPECT_TRUE(std::all_of(sum.row(0).begin(), sum.row(0).end(), [](float v) { return v == 0.0F; }));
}

TEST(VeloxRealFiles, two_frames_of_events_and_a_pruned_file_of_the_same_scan) {
  const TemporaryFolder folder;
  if (!unpack("stem/formats/velox_emd_version11.zip", folder)) {
    GTEST_SKIP() << "shared data not found (HOTSTAGE_SHARED_DATA)";
  }
  hotstage::Run run;
  const std::vector<Signal> whole = load_all(folder / "Test SI 16x16 215 kx.emd", run);
  ASSERT_FALSE(whole.empty());
  EXPECT_EQ(whole[0].shape_text(), "16 × 16 | 4096");
  EXPECT_EQ(whole[0].metadata.frames, 2.0);
  const Buffer<float, 2> cube = read_all(whole[0]);
  double events = 0.0;
  for (std::size_t i = 0; i < whole[0].items(); ++i) {
    events += std::accumulate(cube.row(i).begin(), cube.row(i).end(), 0.0);
  }
  EXPECT_EQ(events, 11538.0 + 13945.0 + 6437.0 + 10177.0) << "sums of the four spectra that the file keeps";
  const std::vector<Signal> pruned = load_all(folder / "Test SI 16x16 ReducedData 215 kx.emd", run);
  EXPECT_EQ(pruned.size(), 4U + 5U);
  ASSERT_EQ(run.warnings().size(), 1U);
  EXPECT_EQ(run.warnings()[0].kind, "velox.pruned");
}

TEST(VeloxRealFiles, images_of_older_versions) {
  const auto shared = shared_data_folder();
  if (!shared) {
    GTEST_SKIP() << "shared data not found (HOTSTAGE_SHARED_DATA)";
  }
  hotstage::Run run;
  const Signal image = load(*shared / "stem/images/EMDReader_Image_FEI.emd", run);
  EXPECT_EQ(image.shape_text(), "512 × 512");
  EXPECT_NEAR(image.axes[0].scale, 5.3024, 1e-4);
  EXPECT_EQ(image.metadata.title, "HAADF");
  EXPECT_DOUBLE_EQ(image.metadata.beam_energy->in(units::keV), 200.0);
  const Signal stack = load(*shared / "stem/formats/fei_example_tem_stack.emd", run);
  EXPECT_EQ(stack.shape_text(), "2 | 3 × 3");
  EXPECT_EQ(stack.navigation[0].scale, 0.8) << "exposure of the camera";
  const std::vector<Signal> phase = load_all(*shared / "stem/formats/fei_example_dpc_titles.emd", run);
  ASSERT_EQ(phase.size(), 9U);
  EXPECT_EQ(phase[1].source->dtype(), DType::c64);
  EXPECT_EQ(phase[1].metadata.title, "DPC");
  // |−32.846664 − 214.79666 i|
  EXPECT_NEAR(read_all(phase[1]).row(0)[0], 217.2936F, 1e-3F);
}

}  // namespace
}  // namespace hotstage::signal::velox
