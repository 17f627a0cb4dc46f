// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/core/data_folders.hpp"
#include "hotstage/core/error.hpp"
#include "hotstage/io/files.hpp"
#include "hotstage/io/temporary_folder.hpp"
#include "hotstage/signal/format.hpp"
#include "hotstage/signal/formats/tia/test_files.hpp"
#include "hotstage/signal/testing/refusal.hpp"

#include <gtest/gtest.h>

#include <numeric>

namespace hotstage::signal::tia {
namespace {

using signal::testing::refusal;

using io::TemporaryFolder;
using testing_files::make_document;
using testing_files::make_series;

TEST(Tia, a_series_alone_has_pixels_times_and_upright_images) {
  for (const std::uint16_t version : {0x0210, 0x0220}) {
    const TemporaryFolder folder;
    io::write_text(folder / "a_1.ser", make_series({.version = version}));
    hotstage::Run run;
    const Signal signal = load(folder / "a_1.ser", run);
    EXPECT_EQ(signal.shape_text(), "3 | 4 × 5");
    EXPECT_EQ(signal.axes[1].unit, "nm");
    EXPECT_DOUBLE_EQ(signal.axes[1].scale, 1.0);
    EXPECT_DOUBLE_EQ(signal.axes[1].offset, 1.0);  // 2 nm at the element 1
    EXPECT_EQ(signal.navigation[0].name, "time");
    EXPECT_EQ(signal.navigation[0].scale, 2.0);
    EXPECT_EQ(signal.metadata.acquired, "1970-01-01 00:16:40 UTC");
    const Buffer<float, 2> numbers = read_all(signal);
    EXPECT_EQ(numbers.row(1)[0], 1030.0F);  // the file begins with the last row
    EXPECT_EQ(numbers.row(1)[19], 1004.0F);
    float part[7];
    read(signal, {2, 1, 3, 7}, View<float, 2>(part, {1, 7}));  // across rows
    EXPECT_EQ(part[0], 2033.0F);
    EXPECT_EQ(part[2], 2020.0F);
    EXPECT_EQ(part[6], 2024.0F);
  }
}

TEST(Tia, uneven_frames_keep_their_own_times) {
  const TemporaryFolder folder;
  io::write_text(folder / "a_1.ser", make_series({.seconds = {1000, 1010, 1100}}));
  hotstage::Run run;
  const Signal signal = load(folder / "a_1.ser", run);
  EXPECT_EQ(signal.navigation[0].points, (std::vector<double>{0.0, 10.0, 100.0}));
}

TEST(Tia, a_document_opens_its_series_and_adds_what_it_knows) {
  const TemporaryFolder folder;
  io::write_text(folder / "a.emi", make_document("0.25"));
  io::write_text(folder / "a_2.ser", make_series({.seconds = {7, 7, 7}}));
  io::write_text(folder / "a_10.ser", make_series({}));
  io::write_text(folder / "b_1.ser", make_series({}));
  hotstage::Run run;
  const std::vector<Signal> all = load_all(folder / "a.emi", run);
  ASSERT_EQ(all.size(), 2U);
  EXPECT_EQ(all[0].metadata.title, "a_2");
  EXPECT_EQ(all[1].metadata.title, "a_10");
  EXPECT_DOUBLE_EQ(all[0].metadata.beam_energy->in(units::keV), 300.0);
  EXPECT_EQ(all[0].metadata.magnification, 10000.0);
  EXPECT_EQ(all[0].navigation[0].scale, 0.25);  // all seconds are equal: the document's frame time
  EXPECT_FALSE(all[1].metadata.beam_energy.has_value());
  EXPECT_EQ(load(folder / "a_2.ser", run).metadata.acquired, "Sun Feb 21 17:52:51 2016");
}

TEST(Tia, patterns_are_per_nanometre_and_spectra_in_eV) {
  const TemporaryFolder folder;
  io::write_text(folder / "a_1.ser", make_series({.delta = 4e7}));
  io::write_text(folder / "b_1.ser", make_series({.height = 0, .delta = 0.2}));
  hotstage::Run run;
  const Signal pattern = load(folder / "a_1.ser", run);
  EXPECT_EQ(pattern.axes[1].unit, "1/nm");
  EXPECT_DOUBLE_EQ(pattern.axes[1].scale, 0.04);
  const Signal spectra = load(folder / "b_1.ser", run);
  EXPECT_EQ(spectra.shape_text(), "3 | 5");
  EXPECT_EQ(energy_axis(spectra).scale, 0.2);
}

TEST(Tia, a_stopped_series_gives_what_was_recorded_and_says_so) {
  const TemporaryFolder folder;
  io::write_text(folder / "a_1.ser", make_series({.total = 9, .valid = 2}));
  hotstage::Run run;
  EXPECT_EQ(load(folder / "a_1.ser", run).shape_text(), "2 | 4 × 5");
  ASSERT_EQ(run.warnings().size(), 1U);
  EXPECT_EQ(run.warnings()[0].kind, "tia.stopped");
}

TEST(Tia, every_truncation_is_an_error_with_its_place) {
  const TemporaryFolder folder;
  const std::string whole = make_series({});
  const std::size_t tag = 8;  // the last tag may be missing: only the time is lost
  for (std::size_t i = 4; i + tag < whole.size(); ++i) {
    io::write_text(folder / "a_1.ser", std::string_view(whole).substr(0, i));
    const Error error = refusal(folder / "a_1.ser");
    EXPECT_EQ(error.code(), Errc::bad_input) << i;
    EXPECT_TRUE(error.where() && !error.where()->file.empty()) << i;
  }
}

TEST(Tia, absurd_numbers_allocate_nothing) {
  const TemporaryFolder folder;
  const std::string whole = make_series({.total = 1, .valid = 1});
  // Number of elements, of valid ones, length of a label, width of the first image.
  for (const std::size_t at : {14U, 18U, 54U, 118U}) {
    std::string bytes = whole;
    bytes.replace(at, 4, "\xFF\xFF\xFF\x7F");
    io::write_text(folder / "a_1.ser", bytes);
    EXPECT_EQ(refusal(folder / "a_1.ser").code(), Errc::bad_input) << at;
  }
  io::write_text(folder / "a.emi", make_document("1"));
  std::filesystem::remove(folder / "a_1.ser");
  EXPECT_NE(std::string(refusal(folder / "a.emi").what()).find("none lies beside it"), std::string::npos);
}

TEST(TiaRealFiles, strontium_titanate_of_a_titan) {
  const auto shared = shared_data_folder();
  if (!shared) {
    GTEST_SKIP() << "shared data not found (HOTSTAGE_SHARED_DATA)";
  }
  hotstage::Run run;
  const Signal signal = load(*shared / "stem/images/16_STOimage_1.ser", run);
  EXPECT_EQ(signal.shape_text(), "1024 × 1024");
  EXPECT_NEAR(signal.axes[1].scale, 0.0100127, 1e-7);
  EXPECT_DOUBLE_EQ(signal.metadata.beam_energy->in(units::keV), 80.0);
  const Buffer<float, 2> numbers = read_all(signal);
  EXPECT_EQ(numbers.row(0)[0], 18024.0F);  // ncempy 1.x and rosettasciio 0.15
  constexpr double mean = 18748.332593917847;
  constexpr double rounding = 1e-9;
  EXPECT_NEAR(std::accumulate(numbers.data(), numbers.data() + numbers.size(), 0.0) / 1048576.0, mean, rounding);
  EXPECT_EQ(load_all(*shared / "stem/formats/tia_16x16x5_STEM_BF_DF_preview.emi", run).size(), 2U);
}

}  // namespace
}  // namespace hotstage::signal::tia
