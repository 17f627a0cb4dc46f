// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/core/data_folders.hpp"
#include "hotstage/core/error.hpp"
#include "hotstage/io/files.hpp"
#include "hotstage/io/temporary_folder.hpp"
#include "hotstage/signal/detail/example_signals.hpp"
#include "hotstage/signal/format.hpp"

#include <gtest/gtest.h>

namespace hotstage::signal {
namespace {

using io::TemporaryFolder;

const std::string head = "#FORMAT      : EMSA/MAS Spectral Data File\n#VERSION     : 1.0\n";

struct Loaded {
  Signal signal;
  std::vector<WarningCount> warnings;
};

Loaded load_text(const std::string& text) {
  const TemporaryFolder folder;
  io::write_text(folder / "a.msa", text);
  hotstage::Run run;
  Signal signal = load(folder / "a.msa", run);
  return {std::move(signal), run.warnings()};
}

std::string refusal(const std::string& text) {
  try {
    (void)load_text(text);
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), Errc::bad_input);
    return error.what();
  }
  return "accepted";
}

float count(const Signal& signal, std::size_t channel) {
  return read_all(signal).row(0)[channel];
}

TEST(Msa, columns_of_counts_run_along_the_lines) {
  const Signal signal = load_text(head +
                                  "#NPOINTS : 5.\n#NCOLUMNS : 3\n#XUNITS : eV\n#DATATYPE : Y\n#XPERCHAN : 0.5\n#OFFSET "
                                  ": -1e1\n#SPECTRUM :\n1, 2, 3,\n4, 5\n#ENDOFDATA :\n")
                            .signal;
  ASSERT_EQ(signal.channels(), 5U);
  EXPECT_EQ(count(signal, 4), 5.0F);
  EXPECT_EQ(signal.axes[0].offset, -10.0);
  EXPECT_EQ(signal.axes[0].scale, 0.5);
  EXPECT_EQ(signal.axes[0].unit, "eV");
}

TEST(Msa, units_in_keywords_and_angles_are_understood) {
  const Signal signal = load_text(head +
                                  "#TITLE : NiO\r\n#BEAMKV   -kV: 120.0\r\n#CONVANGLE-mR: 1.5\r\n#COLLANGLE-mR: "
                                  "3.4\r\n#INTEGTIME-ms: 250\r\n#SIGNALTYPE : ELS\r\n"
                                  "##ALPHA-1 : 3.14\r\n#NPOINTS : 1\r\n#SPECTRUM : \r\n7\r\n#ENDOFDATA : \r\n")
                            .signal;
  EXPECT_EQ(signal.metadata.title, "NiO");
  EXPECT_EQ(signal.metadata.signal_type, "EELS");
  EXPECT_DOUBLE_EQ(signal.metadata.beam_energy->in(units::keV), 120.0);
  EXPECT_DOUBLE_EQ(signal.metadata.convergence->in(units::mrad), 1.5);
  EXPECT_DOUBLE_EQ(signal.metadata.collection->in(units::mrad), 3.4);
  EXPECT_DOUBLE_EQ(signal.metadata.exposure->in(units::s), 0.25);
  EXPECT_EQ(signal.original.text_at("#ALPHA-1"), "3.14");
}

TEST(Msa, angles_that_are_zero_or_missing_stay_unknown) {
  const Signal signal =
      load_text(head + "#CONVANGLE-mR: 0.0\n#BEAMKV : 0\n#NPOINTS : 1\n#SPECTRUM : \n7\n#ENDOFDATA : \n").signal;
  EXPECT_FALSE(signal.metadata.convergence);
  EXPECT_FALSE(signal.metadata.collection);
  EXPECT_FALSE(signal.metadata.beam_energy);
}

TEST(Msa, a_header_mangled_by_a_spreadsheet_is_read) {
  const Signal signal =
      load_text(
          "#FORMAT\t,, : EMSA/MAS Spectral Data File\r\n#NPOINTS,, : 3\r\n#XUNITS,,,: eV\r\n#DATATYPE,,: "
          "XY\r\n#XPERCHAN,,: 1\r\n#OFFSET,,,: 0\r\n"
          "#SPECTRUM,,: Spectral Data Starts Here,\r\n100,10\r\n110,8\r\n130,0.8\t\r\n#ENDOFDATA, : End")
          .signal;
  EXPECT_EQ(signal.axes[0].points, (std::vector<double>{100.0, 110.0, 130.0}))
      << "the listed energies win over OFFSET and XPERCHAN";
  EXPECT_EQ(count(signal, 2), 0.8F);
}

TEST(Msa, rounded_energies_still_make_a_uniform_axis) {
  const Signal signal = load_text(head +
                                  "#NPOINTS : 4\n#XUNITS : eV\n#DATATYPE : XY\n#XPERCHAN : 0.3333333\n#OFFSET : "
                                  "1.0\n#SPECTRUM : \n1.00, 1\n1.33, 2\n1.67, 3\n2.00, 4\n#ENDOFDATA : \n")
                            .signal;
  EXPECT_TRUE(signal.axes[0].is_uniform());
  EXPECT_EQ(signal.axes[0].scale, 0.3333333);
}

TEST(Msa, pairs_under_the_wrong_data_type_are_noticed) {
  const Loaded loaded = load_text(head +
                                  "#NPOINTS : 2\n#NCOLUMNS : 1\n#DATATYPE : Y\n#XPERCHAN : 2\n#OFFSET : 10\n#SPECTRUM "
                                  ": \n10, 5\n12, 6\n#ENDOFDATA : \n");
  ASSERT_EQ(loaded.signal.channels(), 2U);
  EXPECT_EQ(count(loaded.signal, 1), 6.0F);
  ASSERT_EQ(loaded.warnings.size(), 1U);
  EXPECT_EQ(loaded.warnings[0].kind, "msa.pairs");
}

TEST(Msa, a_wrong_number_of_points_is_a_warning_when_the_end_is_there) {
  const Loaded loaded = load_text(head + "#NPOINTS : 3\n#SPECTRUM : \n1\n2\n#ENDOFDATA : \n");
  EXPECT_EQ(loaded.signal.channels(), 2U);
  ASSERT_EQ(loaded.warnings.size(), 1U);
  EXPECT_EQ(loaded.warnings[0].kind, "msa.npoints");
}

TEST(Msa, broken_files_say_what_is_wrong_and_where) {
  EXPECT_NE(refusal(head + "#NPOINTS : 3\n#SPECTRUM : \n1\n2\n").find("cut off: 2 of 3"), std::string::npos);
  EXPECT_NE(refusal(head + "#NPOINTS : 0\n#SPECTRUM : \n#ENDOFDATA : \n").find("the spectrum is empty"),
            std::string::npos);
  EXPECT_NE(refusal(head + "#NPOINTS : 3\n").find("#SPECTRUM is missing"), std::string::npos);
  EXPECT_NE(refusal(head + "#SPECTRUM : \n1\nx2\n").find("a.msa:5: \"x2\" is not a number"), std::string::npos)
      << refusal(head + "#SPECTRUM : \n1\nx2\n");
  EXPECT_NE(refusal(head + "#XPERCHAN : wide\n#SPECTRUM : \n1\n").find("#XPERCHAN should be a number"),
            std::string::npos);
  EXPECT_NE(refusal(head + "#DATATYPE : XY\n#SPECTRUM : \n1, 2\n3\n#ENDOFDATA :\n").find("needs pairs"),
            std::string::npos);
}

TEST(Msa, x_ray_spectra_keep_live_time_angle_and_resolution) {
  const io::TemporaryFolder folder;
  hotstage::Run run;
  Signal signal = detail::example_signal(DType::f64, {}, {{.name = "Energy", .size = 5, .scale = 10.0, .unit = "eV"}});
  signal.metadata.signal_type = "EDS";
  signal.metadata.detector = "SDUTW";
  signal.metadata.live_time = 99.5 * units::s;
  signal.metadata.elevation = 0.25 * units::rad;
  signal.metadata.resolution = 136.0 * units::eV;
  save(std::span(&signal, 1), folder / "a.msa", run);
  const Signal back = load(folder / "a.msa", run);
  EXPECT_EQ(back.metadata.signal_type, "EDS");
  EXPECT_EQ(back.metadata.detector, "SDUTW");
  EXPECT_EQ(back.metadata.live_time, signal.metadata.live_time);
  constexpr double degrees_and_back = 1e-15;
  EXPECT_NEAR(back.metadata.elevation->in(units::rad), 0.25, degrees_and_back);
  EXPECT_EQ(back.metadata.resolution, signal.metadata.resolution);
}

TEST(MsaRealFiles, axes_and_counts_are_those_of_the_programs_that_wrote_them) {
  const auto shared = shared_data_folder();
  if (!shared) {
    GTEST_SKIP() << "shared data not found (HOTSTAGE_SHARED_DATA)";
  }

  struct Expected {
    const char* file;
    std::size_t size;
    double offset;
    double scale;
  };

  // Axis limits as the README of the data states them; checked there with HyperSpy 1.7.3.
  for (const Expected& expected : {Expected{"srtio3_emat/hl.msa", 1024, 357.5, 0.2999999},
                                   {"roundrobin_emat/TiO2_B3r1_LL_cal.msa", 1024, -35.1, 0.3},
                                   {"exspy/coreloss_spectrum.msa", 2048, 360.0, 0.2},
                                   {"eelsdb/YAG_OK_Sturm_182.msa", 1340, 510.0, 0.1},
                                   {"eelsdb/BN_lowloss_Stephan_225.msa", 546, 4.007, 0.0477},
                                   {"rosettasciio/example2_NCOLUMNS5.msa", 80, 200.0, 10.0}}) {
    hotstage::Run run;
    const Signal signal = load(*shared / "eels" / expected.file, run);
    EXPECT_EQ(signal.axes[0].size, expected.size) << expected.file;
    EXPECT_DOUBLE_EQ(signal.axes[0].offset, expected.offset) << expected.file;
    EXPECT_DOUBLE_EQ(signal.axes[0].scale, expected.scale) << expected.file;
    EXPECT_EQ(signal.axes[0].unit, "eV");
  }
  hotstage::Run run;
  const Signal mangled = load(*shared / "eels/srtio3_emat/powerlaw_commas_nonuniform.msa", run);
  EXPECT_EQ(mangled.channels(), 100U) << "HyperSpy 1.7.3 reads it as empty";
  EXPECT_DOUBLE_EQ(read_all(mangled).row(0)[99], static_cast<double>(0.8F));
}

}  // namespace
}  // namespace hotstage::signal
