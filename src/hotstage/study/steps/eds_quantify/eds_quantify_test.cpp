// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/core/rng.hpp"
#include "hotstage/eds/fit.hpp"
#include "hotstage/study/step.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>

namespace hotstage::study {
namespace {

const eds::EnergyAxis axis{.offset_eV = -200.0, .step_eV = 10.0, .size = 1200};

/// Two oxides side by side, 4 × 6 pixels: CoO left, Co3O4 right, k-factors 2 (O) and 1.5 (Co).
signal::Signal oxides(const eds::LineTable& table, double photons) {
  const std::vector<const eds::LineFamily*> families{&table.find("O K"), &table.find("Co K"), &table.find("Co L")};
  constexpr std::size_t rows = 4;
  constexpr std::size_t columns = 6;
  std::vector<std::uint16_t> counts;
  for (std::size_t item = 0; item < rows * columns; ++item) {
    const double oxygen = item % columns < columns / 2 ? 1.0 : 4.0 / 3.0;  // per cobalt
    const double cobalt_photons = photons;
    const double oxygen_photons = photons * oxygen * (15.999 / 2.0) / (58.933 / 1.5);
    const std::vector<double> areas{oxygen_photons, cobalt_photons, 0.8 * cobalt_photons};
    std::vector<double> expected = eds::expected_lines(axis, families, areas, {});
    Rng rng(5, 9, item);
    for (std::size_t c = 0; c < axis.size; ++c) {
      const double keV = 1e-3 * axis.value(static_cast<double>(c));
      expected[c] += keV > 0.15 ? 1e-4 * photons / keV : 0.0;
      counts.push_back(static_cast<std::uint16_t>(rng.poisson(expected[c])));
    }
  }
  std::vector<std::byte> bytes(counts.size() * sizeof(std::uint16_t));
  std::memcpy(bytes.data(), counts.data(), bytes.size());
  signal::Signal out;
  out.navigation = {{.name = "y", .size = rows, .unit = "nm"}, {.name = "x", .size = columns, .unit = "nm"}};
  out.axes = {{.name = "Energy", .size = axis.size, .offset = axis.offset_eV, .scale = axis.step_eV, .unit = "eV"}};
  out.metadata.beam_energy = 300.0 * units::keV;
  out.source = signal::memory_source(signal::DType::u16, rows * columns, axis.size, std::move(bytes));
  return out;
}

Value options() {
  Value table = Value::object();
  table["elements"] = Value(Value::Array{Value("O"), Value("Co"), Value("Cu")});
  return table;
}

StepOutput quantify(const signal::Signal& spectra, Run& run) {
  StepInputs inputs;
  inputs.signals["spectrum"] = spectra;
  inputs.tables["k_factors"] = io::parse_table("line,k,sigma_percent\nCo K,1.5,5\nO K,2,10\nCu K,1.6,5\n", "k.csv");
  return find_step("eds.quantify").run(inputs, options(), run);
}

TEST(EdsQuantify, recovers_the_mean_ratio_of_two_oxides_and_bounds_absent_copper) {
  hotstage::Run run;
  const StepOutput out = quantify(oxides(eds::LineTable::load(), 2000.0), run);
  const auto ratio =
      std::find_if(out.results.begin(), out.results.end(), [](const Result& r) { return r.id == "Co/O"; });
  ASSERT_NE(ratio, out.results.end());
  const double truth = 2.0 / (1.0 + 4.0 / 3.0);
  const io::Table& composition = out.tables.at("composition");
  const double counting = composition.numbers("ratio_sigma_counting")[1];
  EXPECT_NEAR(ratio->value, truth, 4.0 * counting + 0.01) << "counting and the piecewise background";
  EXPECT_NEAR(composition.numbers("ratio_sigma_k")[1], truth * std::hypot(0.05, 0.1), 0.01);
  EXPECT_EQ(composition.column("status").texts[2], "not found");
  EXPECT_LT(composition.numbers("below_95")[2], 0.5) << "% of atoms";
}

TEST(EdsQuantify, maps_tell_the_oxides_apart_and_do_not_depend_on_threads) {
  const signal::Signal spectra = oxides(eds::LineTable::load(), 2000.0);
  hotstage::Run one;
  hotstage::Run two;
  two.threads = 2;
  two.memory = std::size_t{1} << 18;
  const io::Table first = quantify(spectra, one).tables.at("items");
  const io::Table second = quantify(spectra, two).tables.at("items");
  const std::vector<double>& oxygen = first.numbers("O Kα");
  const std::vector<double>& sigma = first.numbers("O Kα_sigma");
  ASSERT_EQ(oxygen.size(), 24U);
  double left = 0.0;
  double right = 0.0;
  for (std::size_t i = 0; i < oxygen.size(); ++i) {
    (i % 6 < 3 ? left : right) += oxygen[i] / 12.0;
    EXPECT_EQ(oxygen[i], second.numbers("O Kα")[i]);
  }
  EXPECT_NEAR(right / left, 4.0 / 3.0, 4.0 * sigma[0] / left / std::sqrt(6.0));
}

TEST(EdsQuantify, refuses_spectra_without_photons) {
  hotstage::Run run;
  EXPECT_THROW((void)quantify(oxides(eds::LineTable::load(), 0.0), run), Error);
}

}  // namespace
}  // namespace hotstage::study
