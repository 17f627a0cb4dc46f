// SPDX-License-Identifier: GPL-3.0-or-later
// Files from instruments, with what HyperSpy 1.7.3 (Debian) reads from them.

#include "hotstage/core/data_folders.hpp"
#include "hotstage/signal/formats/dm/test_files.hpp"

#include <gtest/gtest.h>

#include <cctype>
#include <cmath>
#include <optional>
#include <ostream>

namespace hotstage::signal::dm {
namespace {

constexpr double float64_sum = 1e-12;  // order of additions
constexpr double calibration = 1e-9;   // origin · scale, printed to 17 digits by HyperSpy

struct Expected {
  const char* file;
  std::size_t number;  ///< of the signals in it
  std::size_t signals;
  const char* shape;
  DType type;
  double first;  ///< of the fastest signal axis
  double step;
  const char* unit;
  double sum;
  std::optional<double> keV = {};
  std::optional<double> alpha = {};  ///< mrad
  std::optional<double> beta = {};
  std::optional<double> exposure = {};  ///< s
  std::optional<double> frames = {};
};

std::ostream& operator<<(std::ostream& out, const Expected& expected) {
  return out << expected.file;
}

const std::vector<Expected> expectations{
    {"eels/pytemlib/AL-DFoffset0.00.dm3",
     0,
     1,
     "2048",
     DType::f32,
     -3.6092472976966974,
     0.0201262179762125,
     "eV",
     4875544752.183624,
     199.99028125,
     {},
     100.0,
     0.1,
     100.0},
    {"eels/pytemlib/EELS_STO.dm3", 0, 1, "2048", DType::f32, 350.0, 0.25, "eV", 162759720.0, 200.0, 30.0, 33.0, 2.0,
     10.0},
    {"eels/rosettasciio/EELS_SI.dm4", 0, 1, "2 × 2 | 2048", DType::f32, 300.0, 1.0, "eV", 7169069.071044922, 200.0,
     21.0, 62.0, 0.0199501246882793, 1.0},
    {"eels/roundrobin_emat/BN_A3r3_SI_HL2_cal.dm3",
     0,
     1,
     "100 | 1024",
     DType::f32,
     126.50000789760998,
     0.49999991059303284,
     "eV",
     719162076.0,
     {},
     {},
     {},
     double{0.2F},
     1.0},
    {"eels/roundrobin_emat/BN_A3r3_SI_LL_cal.dm3",
     0,
     1,
     "100 | 1024",
     DType::f32,
     -22.499995976686478,
     0.49999991059303284,
     "eV",
     114319395.0,
     {},
     {},
     {},
     double{0.2F},
     1.0},
    {"eels/roundrobin_emat/CaFeO_C3r1_SI_HL_cal.dm3",
     0,
     1,
     "100 | 1024",
     DType::f32,
     312.0000357627705,
     0.49999991059303284,
     "eV",
     4059695934.0,
     {},
     {},
     {},
     2.0,
     1.0},
    {"eels/roundrobin_emat/TiO2_B3r1_SI_HL_cal.dm3",
     0,
     1,
     "100 | 1024",
     DType::f32,
     381.9000125408056,
     0.2999999523162842,
     "eV",
     3233019698.0,
     {},
     {},
     {},
     2.0,
     1.0},
    {"eels/roundrobin_emat/TiO2_B3r1_SI_LL_cal.dm3",
     0,
     1,
     "100 | 1024",
     DType::f32,
     -35.09999442100525,
     0.2999999523162842,
     "eV",
     228133174.0,
     {},
     {},
     {},
     double{0.2F},
     1.0},
    {"eels/srtio3_emat/hl.dm3",
     0,
     1,
     "1024",
     DType::i32,
     357.5000053186959,
     0.2999999225139618,
     "eV",
     131346056.0,
     300.0,
     {},
     {},
     10.0},
    {"eels/srtio3_emat/ll.dm3",
     0,
     1,
     "1024",
     DType::i32,
     -39.99999272028526,
     0.2999999225139618,
     "eV",
     1373590.0,
     300.0,
     {},
     {},
     0.1},
    {"stem/formats/dm_3D_test-1.dm3", 0, 1, "2 | 2 × 2", DType::i16, 0.0, 1.0, "", 36.0},
    {"stem/formats/dm_3D_test-6.dm4", 0, 1, "2 | 2 × 2", DType::u8, 0.0, 1.0, "", 36.0},
    {"stem/formats/dm_3D_test-10.dm3", 0, 1, "2 | 2 × 2", DType::u16, 0.0, 1.0, "", 36.0},
    {"stem/formats/dm_3D_test-12.dm4", 0, 1, "2 | 2 × 2", DType::f64, 0.0, 1.0, "", 36.0},
    {"stem/formats/dm_3D_test-23.dm4", 0, 1, "2 | 2 × 2", DType::rgba8, 0.0, 1.0, "", 36.0},
    {"stem/formats/test_STEM_image.dm3", 0, 1, "68 × 68", DType::u32, 51.44736957550049, 0.24853801727294922, "nm",
     150998555.0, 200.0},
    {"stem/formats/test_stackbuilder_imagestack.dm3", 0, 1, "3 | 2 × 16", DType::u32, 0.0, 0.05998290330171585, "µm",
     58576739.0, 200.0},
    {"stem/images/BTO_crystal_1.dm4", 0, 1, "413 × 469", DType::f32, 1.2753770165145397, 0.029659930616617203, "nm",
     42193835938.58594},
    {"stem/images/JEOL_HAADF_Image.dm4", 0, 1, "112 × 112", DType::f32, 0.0, 0.0012490135850384831, "µm",
     573691215164.0, 80.0},
    {"stem/images/multi_signal.dm3", 0, 2, "512 × 512", DType::u16, 0.0, 0.017751578241586685, "nm", 949490255.0,
     300.0},
    {"stem/images/multi_signal.dm3", 1, 2, "512", DType::f32, 0.0, 1.0, "", 28.085792826255783},
};

class RealDm : public testing::TestWithParam<Expected> {};

double sum_of(const Signal& signal) {
  double sum = 0.0;
  std::vector<double> row(signal.channels());
  for (std::size_t item = 0; item < signal.items(); ++item) {
    read(signal, {item, 1, 0, row.size()}, View<double, 2>(row.data(), {1, row.size()}));
    for (const double value : row) {
      sum += value;
    }
  }
  return sum;
}

TEST_P(RealDm, agrees_with_hyperspy) {
  const auto folder = shared_data_folder();
  if (!folder) {
    GTEST_SKIP() << "shared data not found (HOTSTAGE_SHARED_DATA)";
  }
  const Expected& want = GetParam();
  hotstage::Run run;
  const auto signals = format.read(*folder / want.file, run);
  ASSERT_EQ(signals.size(), want.signals);
  const Signal& signal = signals[want.number];
  const Axis& axis = signal.axes.back();
  EXPECT_EQ(signal.shape_text(), want.shape);
  EXPECT_EQ(signal.source->dtype(), want.type);
  EXPECT_NEAR(axis.offset, want.first, calibration * (1.0 + std::abs(want.first)));
  EXPECT_DOUBLE_EQ(axis.scale, want.step);
  EXPECT_EQ(axis.unit, want.unit);
  EXPECT_NEAR(sum_of(signal), want.sum, float64_sum * std::abs(want.sum));
  const auto in = [](const auto& quantity, auto unit) {
    return quantity ? std::optional(quantity->in(unit)) : std::nullopt;
  };
  EXPECT_EQ(in(signal.metadata.beam_energy, units::keV), want.keV);
  EXPECT_EQ(in(signal.metadata.convergence, units::mrad), want.alpha);
  EXPECT_EQ(in(signal.metadata.collection, units::mrad), want.beta);
  // HyperSpy knows no frame time of a scan: ours is computed from pixel time and flyback (scan_times).
  const bool scanned = signal.original.find_path("ImageTags.DigiScan.Sample Time") != nullptr ||
                       signal.original.find_path("ImageTags.source.Tags at creation.DigiScan.Sample Time") != nullptr;
  if (want.exposure || !scanned) {
    EXPECT_EQ(in(signal.metadata.exposure, units::s), want.exposure);
  }
  EXPECT_EQ(signal.metadata.frames, want.frames);
}

INSTANTIATE_TEST_SUITE_P(files, RealDm, testing::ValuesIn(expectations), [](const auto& expected) {
  std::string name = std::filesystem::path(expected.param.file).stem().string() + "_" + std::to_string(expected.index);
  for (char& c : name) {
    c = std::isalnum(static_cast<unsigned char>(c)) != 0 ? c : '_';
  }
  return name;
});

TEST(RealDmFiles, are_written_again_without_loss) {
  const auto folder = shared_data_folder();
  if (!folder) {
    GTEST_SKIP() << "shared data not found (HOTSTAGE_SHARED_DATA)";
  }
  for (const Expected& want : expectations) {
    hotstage::Run run;
    const auto signals = format.read(*folder / want.file, run);
    const auto back = testing_files::write_and_read(signals);
    ASSERT_EQ(back.size(), signals.size());
    for (std::size_t i = 0; i < signals.size(); ++i) {
      EXPECT_EQ(back[i].axes, signals[i].axes) << want.file;
      EXPECT_EQ(back[i].navigation, signals[i].navigation) << want.file;
      EXPECT_EQ(testing_files::stored<std::byte>(back[i]), testing_files::stored<std::byte>(signals[i])) << want.file;
      EXPECT_EQ(back[i].metadata.beam_energy, signals[i].metadata.beam_energy);
      EXPECT_EQ(back[i].intensity_unit, signals[i].intensity_unit);
    }
  }
}

TEST(RealDmScan, scan_times) {
  const auto shared = shared_data_folder();
  if (!shared) {
    GTEST_SKIP() << "shared data not found (HOTSTAGE_SHARED_DATA)";
  }
  hotstage::Run run;
  // 512 rows of 512 pixels of 31.1241 µs and 700 µs flyback; the file's two clocks are 9 s apart.
  const Signal signal = load(*shared / "stem/images/Si_tilt_GB_HAADF85.dm3", run);
  ASSERT_TRUE(signal.metadata.exposure.has_value());
  constexpr double float32_tag_s = 1e-5;
  EXPECT_NEAR(signal.metadata.exposure->in(units::s), (512.0 * 31.124107 + 700.0) * 512.0 * 1e-6, float32_tag_s);
}

}  // namespace
}  // namespace hotstage::signal::dm
