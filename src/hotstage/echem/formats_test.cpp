// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/core/data_folders.hpp"
#include "hotstage/core/error.hpp"
#include "hotstage/core/rng.hpp"
#include "hotstage/echem/cycles.hpp"
#include "hotstage/echem/format.hpp"
#include "hotstage/io/files.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

namespace hotstage::echem {
namespace {

const std::string landt_head =
    "cell model:,,,,,,,,,,,,,,,,\ncell id: A7,,,,,,,,,,,,,,,,\n"
    "channel_index,cycle_index,step_index,date_time_iso_string,test_time_s,step_time_s,current_A,voltage_V,"
    "discharge_capacity_Ah,charge_capacity_Ah,discharge_energy_Wh,charge_energy_Wh,Pressure_Psi,temperature_1_C,"
    "temperature_2_C,temperature_3_C,step_name\n";

std::string row(int number, double time, double current, double voltage) {
  return fmt::format("{},1,1,04/30/2024 14:33:19,{:.3f},{:.3f},{:.4f},{:.4f},0,0,0,0,0,0,0,0,rest,\n", number, time,
                     time, current, voltage);
}

std::string message_of(const std::string& text) {
  try {
    (void)parse_cycler(text, "file.csv");
  } catch (const Error& error) {
    return error.what();
  }
  return "was accepted";
}

TEST(Landt, header_lines_and_columns_are_read) {
  const CyclerData data = parse_cycler(landt_head + row(1, 0.02, 0.0002, 2.9) + row(2, 15.02, -0.0002, 2.8), "f");
  EXPECT_EQ(data.format, "landt");
  EXPECT_EQ(data.metadata.text_at("cell id"), "A7");
  EXPECT_EQ(data.metadata.text_at("start"), "04/30/2024 14:33:19");
  EXPECT_EQ(data.time_s, (std::vector{0.02, 15.02}));
  EXPECT_EQ(data.current_A, (std::vector{0.0002, -0.0002}));
  EXPECT_EQ(data.step_name, (std::vector<std::string>{"rest", "rest"}));
  EXPECT_EQ(data.line, (std::vector{4, 5}));
}

TEST(Landt, columns_may_stand_in_any_order) {
  const CyclerData data = parse_cycler("cycle_index,voltage_V,current_A,test_time_s\n1,3.5,0.1,0\n1,3.6,0.1,10\n", "f");
  EXPECT_EQ(data.voltage_V, (std::vector{3.5, 3.6}));
  EXPECT_EQ(data.time_s, (std::vector{0.0, 10.0}));
}

TEST(Landt, a_step_name_with_a_comma_survives_writing_and_one_with_quotes_is_refused) {
  CyclerData data = parse_cycler(landt_head + row(1, 0.02, 0.0002, 2.9) + row(2, 15.02, -0.0002, 2.8), "f");
  data.step_name = {"charge, CC", "rest"};
  const CyclerData again = parse_cycler(find_format("landt").write(data), "f");
  ASSERT_EQ(again.rows(), 2U);
  EXPECT_EQ(again.step_name, data.step_name);
  data.step_name[0] = "a \"b\"";
  EXPECT_THROW((void)find_format("landt").write(data), Error);
}

TEST(Bdf, labels_machine_names_and_units_are_understood) {
  const CyclerData labels = parse_cycler("Voltage / mV,Test Time / h,Current / mA\n3700,0,100\n3600,0.5,-100\n", "f");
  EXPECT_EQ(labels.format, "bdf");
  EXPECT_NEAR(labels.voltage_V[1], 3.6, 1e-12);
  EXPECT_NEAR(labels.time_s[1], 1800.0, 1e-9);
  EXPECT_NEAR(labels.current_A[1], -0.1, 1e-12);
  const CyclerData names =
      parse_cycler("\xEF\xBB\xBFtest_time_second;voltage_volt;current_ampere;cycle_count\r\n0;3.7;0.1;4\r\n", "f");
  EXPECT_EQ(names.cycle, std::vector{4});
}

TEST(Repairs, time_that_jumps_back_for_a_row_costs_that_row) {
  const CyclerData data =
      parse_cycler(landt_head + row(1, 0, 1, 3.0) + row(2, 10, 1, 3.1) + row(3, 0, 1, 3.15) + row(4, 20, 1, 3.2), "f");
  EXPECT_EQ(data.time_s, (std::vector{0.0, 10.0, 20.0}));
  ASSERT_EQ(data.repairs.size(), 1U);
  EXPECT_EQ(data.repairs[0].kind, RepairKind::time_backwards);
  EXPECT_EQ(data.repairs[0].row, 6);
}

TEST(Repairs, a_clock_that_starts_again_is_moved_on) {
  std::string text = landt_head;
  for (int i = 0; i < 20; ++i) {
    text += row(i + 1, i < 10 ? 10 * i : 10 * (i - 10), 1, 3.0 + 0.01 * i);
  }
  const CyclerData data = parse_cycler(text, "f");
  EXPECT_EQ(data.count(RepairKind::clock_restarted), 1U);
  EXPECT_EQ(data.rows(), 20U);
  EXPECT_EQ(data.time_s[10], 90.0);
  EXPECT_EQ(data.time_s[19], 180.0);
}

TEST(Repairs, duplicates_missing_records_and_resets_are_listed) {
  std::string text = landt_head + row(1, 0, 1, 3.0) + row(1, 0, 1, 3.0) + row(5, 10, 1, 3.1);
  const CyclerData data = parse_cycler(text, "f");
  EXPECT_EQ(data.count(RepairKind::duplicated), 1U);
  EXPECT_EQ(data.count(RepairKind::missing), 1U);
  EXPECT_EQ(data.rows(), 2U);
  const CyclerData reset = parse_cycler(
      "test_time_second,voltage_volt,current_ampere,charging_capacity_ah\n0,3,1,0.0\n1,3,1,0.2\n2,3,1,0.1\n", "f");
  EXPECT_EQ(reset.count(RepairKind::counter_reset), 1U);
  EXPECT_EQ(reset.charge_Ah[2], 0.1);
  const CyclerData joined = parse_cycler(
      "test_time_second,voltage_volt,current_ampere,cycle_count\n0,3,1,1\n1,3,1,2\n2,3,1,1\n3,3,1,2\n", "f");
  EXPECT_EQ(joined.cycle, (std::vector{1, 2, 3, 4}));
  EXPECT_EQ(joined.count(RepairKind::cycle_restarted), 1U);
}

TEST(Repairs, a_restart_lost_in_rounding_ends) {
  // 1e11 + 5e-7 is 1e11: the sum of clock and offset stays below the latest time, their difference does not.
  std::string text = "test_time_second,voltage_volt,current_ampere\n0.0000005,3,1\n";
  for (int i = 0; i < 6; ++i) {
    text += fmt::format("-100000000000,3.{},1\n", i);
  }
  const CyclerData data = parse_cycler(text, "f");
  EXPECT_GE(data.count(RepairKind::clock_restarted), 1U);
  EXPECT_TRUE(std::is_sorted(data.time_s.begin(), data.time_s.end()));
}

TEST(Repairs, cycle_numbers_that_cannot_go_on_are_refused) {
  std::string text = "test_time_second,voltage_volt,current_ampere,cycle_count\n";
  for (int i = 0; i < 8; ++i) {
    text += fmt::format("{},3,1,{}\n", i, i % 2 == 0 ? 1000000000 : 0);
  }
  const std::string message = message_of(text);
  EXPECT_NE(message.find("cycle 1000000000 cannot be counted on"), std::string::npos) << message;
}

TEST(Repairs, cells_without_a_number_cost_their_row_only) {
  const CyclerData data = parse_cycler(
      "Test Time / s,Voltage / V,Current / A\n0,3.7,0.1\n1,NaN,0.1\n2,3.5\n3,inf,0\n4,3.4,0.1\n5,3.3,0.1\n6,3.3,0.1\n",
      "f");
  EXPECT_EQ(data.rows(), 4U);
  EXPECT_EQ(data.count(RepairKind::unreadable), 3U);
  EXPECT_EQ(data.repairs[0].row, 3);
}

TEST(Hostile, broken_files_are_refused_with_the_reason) {
  EXPECT_NE(message_of("").find("empty"), std::string::npos);
  EXPECT_NE(message_of(std::string("\x10\x11\x09\x88\0\0\0\0", 8)).find("not a cycler file"), std::string::npos);
  EXPECT_NE(message_of("a,b\n1,2\n").find("not a cycler file"), std::string::npos);
  EXPECT_NE(message_of(landt_head).find("no rows"), std::string::npos);
  EXPECT_NE(message_of("Test Time / s,Voltage / V\n0,3.7\n").find("no column with current"), std::string::npos);
  EXPECT_NE(message_of("Test Time / s,Voltage / V,Current / A\n0,x,1\n1,y,1\n2,3,1\n").find("2 of 3 rows"),
            std::string::npos);
  EXPECT_NE(message_of("Test Time / s,Voltage / V,Current / A\n1e400,3,1\n").find("1 of 1 rows"), std::string::npos);
}

TEST(Hostile, truncations_and_flipped_bits_never_do_worse_than_an_error) {
  std::string text = landt_head;
  for (int i = 0; i < 12; ++i) {
    text += row(i + 1, 10.0 * i, i % 4 < 2 ? 0.001 : -0.001, 3.5 + 0.01 * i);
  }
  const auto survives = [](const std::string& broken) {
    try {
      const CyclerData data = parse_cycler(broken, "f");
      EXPECT_GT(data.rows(), 0U);
      EXPECT_EQ(data.voltage_V.size(), data.rows());
      EXPECT_EQ(data.current_A.size(), data.rows());
      for (std::size_t i = 1; i < data.rows(); ++i) {
        EXPECT_GE(data.time_s[i], data.time_s[i - 1]);
      }
      (void)analyse_cycles(data, {});
    } catch (const Error&) {
      // said what is wrong
    }
  };
  for (std::size_t length = 0; length < text.size(); ++length) {
    survives(text.substr(0, length));
  }
  Rng rng(11, 1, 0);
  for (int trial = 0; trial < 4000; ++trial) {
    std::string broken = text;
    for (int flips = 0; flips < 1 + trial % 5; ++flips) {
      const std::size_t at = rng() % broken.size();
      broken[at] = static_cast<char>(broken[at] ^ static_cast<char>(1U << (rng() % 8)));
    }
    survives(broken);
  }
}

class RealFiles : public ::testing::Test {
 protected:
  [[nodiscard]] static std::filesystem::path file(const std::string& name) {
    return shared_data_folder().value_or("nowhere") / "echem" / name;
  }

  static bool absent(const std::string& name) { return !std::filesystem::exists(file(name)); }

  const std::string landt_ = "formats/landt/SINTEF__LiGrR2032__2024-04-30__25degC__Landt.csv";
  const std::string bdf_ = "formats/landt/SINTEF__LiGrR2032__2024-04-30__25degC__Landt.bdf.csv";
  const std::string bug_ = "lco_pouch_bdf/SINTEF__SLPBA842124HV__2024-10-23__Rate_25degC__Neware__Time_Bug.bdf.csv";
  const std::string sample_ = "formats/sample.bdf.csv";
};

TEST_F(RealFiles, a_landt_file_equals_its_bdf_conversion) {
  if (absent(landt_) || absent(bdf_)) {
    GTEST_SKIP() << "no shared data";
  }
  const CyclerData landt = read_cycler(file(landt_));
  const CyclerData bdf = read_cycler(file(bdf_));
  EXPECT_EQ(landt.format, "landt");
  EXPECT_EQ(bdf.format, "bdf");
  ASSERT_EQ(landt.rows(), 25162U);
  EXPECT_EQ(landt.time_s, bdf.time_s);
  EXPECT_EQ(landt.voltage_V, bdf.voltage_V);
  EXPECT_EQ(landt.current_A, bdf.current_A);
  EXPECT_EQ(landt.step, bdf.step);
  EXPECT_EQ(landt.charge_Ah, bdf.charge_Ah);
  EXPECT_EQ(landt.discharge_Ah, bdf.discharge_Ah);
  EXPECT_TRUE(landt.repairs.empty());
  EXPECT_EQ(resolution(landt.current_A), 1e-4);
}

TEST_F(RealFiles, a_coarse_current_explains_the_distance_to_the_counter) {
  if (absent(landt_)) {
    GTEST_SKIP() << "no shared data";
  }
  const CycleTable table = analyse_cycles(read_cycler(file(landt_)), {});
  ASSERT_EQ(table.cycles.size(), 2U);
  const HalfCycle& discharge = *table.cycles[0].discharge;
  EXPECT_NEAR(discharge.counter_Ah, 0.0063, 1e-9);
  EXPECT_GT(discharge.total(), 0.0070);  // 0.2 mA shown, 0.176 mA flowing
  EXPECT_LT(std::abs(discharge.total() - discharge.counter_Ah), 2.0 * discharge.sigma_Ah);
}

TEST_F(RealFiles, writing_what_was_read_returns_it) {
  if (absent(landt_)) {
    GTEST_SKIP() << "no shared data";
  }
  const CyclerData first = read_cycler(file(landt_));
  const CyclerData again = parse_cycler(find_format("landt").write(first), "again");
  EXPECT_EQ(first.time_s, again.time_s);
  EXPECT_EQ(first.voltage_V, again.voltage_V);
  EXPECT_EQ(first.current_A, again.current_A);
  EXPECT_EQ(first.cycle, again.cycle);
  EXPECT_EQ(first.charge_Wh, again.charge_Wh);
  EXPECT_EQ(first.metadata, again.metadata);
}

TEST_F(RealFiles, the_time_bug_costs_its_rows_and_nothing_else) {
  if (absent(bug_)) {
    GTEST_SKIP() << "no shared data";
  }
  const CyclerData data = read_cycler(file(bug_));
  EXPECT_EQ(data.count(RepairKind::time_backwards), 19U);  // a stamp of zero at 19 of 20 changes of step
  EXPECT_EQ(data.count(RepairKind::clock_restarted), 0U);
  EXPECT_EQ(data.rows(), 13086U - 19U);
  EXPECT_DOUBLE_EQ(data.time_s.back(), 125628.17);
  const CycleTable table = analyse_cycles(data, {});
  EXPECT_EQ(table.rule, CycleRule::current);  // the file counts one cycle for five discharges
  EXPECT_GE(table.cycles.size(), 5U);
}

TEST_F(RealFiles, the_smallest_bdf_file_is_read) {
  if (absent(sample_)) {
    GTEST_SKIP() << "no shared data";
  }
  const CyclerData data = read_cycler(file(sample_));
  EXPECT_EQ(data.voltage_V, (std::vector{3.7, 3.6, 3.5}));
}

}  // namespace
}  // namespace hotstage::echem
