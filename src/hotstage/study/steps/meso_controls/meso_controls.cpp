// SPDX-License-Identifier: GPL-3.0-or-later
// Step meso.controls: runs whose answer is known before, and what each driver of oxygen loss allows.

#include "hotstage/study/detail/meso_pages.hpp"

#include <fmt/format.h>

#include <cmath>

namespace hotstage::study::meso_controls {

namespace {

struct Options {
  int seeds = 8;
  detail::FieldChoice field{.seed = 3};

  template <class V>
  void fields(V& v) {
    v("seeds", seeds, {.help = "microstructures per control", .min = 1, .max = 1000});
    field.fields(v);
  }
};

void add_result(const std::string& id, double value, const std::string& unit, const std::string& label,
                const std::string& method, StepOutput& out) {
  out.results.push_back(
      {.id = id, .value = value, .unit = unit, .method = method, .evidence = "literature", .label = label});
}

void add_check(const std::string& what, bool good, const std::string& measured, const std::string& limit,
               const std::string& meaning, StepOutput& out) {
  out.checks.push_back({.name = what,
                        .status = good ? CheckStatus::ok : CheckStatus::failed,
                        .measured = measured,
                        .limit = limit,
                        .meaning = meaning});
}

void add_controls(const meso::Controls& controls, StepOutput& out) {
  add_result("no_seeds_difference", controls.no_seeds_difference, "",
             "Aged without cores minus pristine, largest share", "same seed, same x: the two runs must be one", out);
  add_check("No cores, no ageing", controls.no_seeds_difference == 0.0,
            fmt::format("{:.3g}", controls.no_seeds_difference), "0, bit by bit",
            "the difference between aged and pristine comes from the cores and the Li content alone", out);
  add_result("cobalt_volume_other_barrier", controls.cobalt_typical_nm3, "nm^3",
             "Co metal by 650 degC with 2.33 eV everywhere",
             "typical nucleus (threshold 1), central prefactor and walk", out);
  add_check(
      "No Co below 650 degC with 2.33 eV", controls.cobalt_typical_nm3 == 0.0,
      fmt::format("{:.3g} nm^3; {:.2g} of random voids nucleate", controls.cobalt_typical_nm3, controls.cobalt_share),
      "0", "the facet choice of C10 is in the barrier that was put in", out);
  add_result("open_wall_advance", controls.wall_minus_open_K, "K",
             "First apparent crossing, wall without crossing minus open wall",
             "mean over seeds, nucleation switched off; "
             "crossings that do not happen count as 700 degC",
             out);
  add_check("Closed boundaries stop the front", controls.wall_minus_open_K > 0.0,
            fmt::format("{:.3g} K later", controls.wall_minus_open_K), "> 0",
            "with coupling across boundaries there is no arrest", out);
}

constexpr double absolute_zero_degC = -273.15;

io::Table control_table(const std::vector<meso::DriverRun>& runs) {
  std::vector<std::string> driver, fate;
  std::vector<double> x, above, extent, at_520, at_end, gas, pores;
  for (const meso::DriverRun& run : runs) {
    driver.emplace_back(meso::name(run.driver));
    fate.emplace_back(meso::name(run.li_fate));
    x.push_back(run.x);
    // Nothing when the driver has no temperature below which it is refused.
    above.push_back(run.allowed_above_degC > absolute_zero_degC ? run.allowed_above_degC : std::nan(""));
    extent.push_back(run.extent);
    at_520.push_back(run.gain_at_520);
    at_end.push_back(run.gain_at_650);
    gas.push_back(run.gas_share);
    pores.push_back(run.porosity);
  }
  io::Table table;
  table.columns = {io::text_column("driver", driver),
                   io::text_column("li_fate", fate),
                   io::number_column("x", "", x),
                   io::number_column("allowed_above", "degC", above),
                   io::number_column("largest_extent", "", extent),
                   io::number_column("transformed_at_520", "", at_520),
                   io::number_column("transformed_at_650", "", at_end),
                   io::number_column("oxygen_as_gas", "", gas),
                   io::number_column("porosity", "", pores)};
  return table;
}

StepOutput run(const StepInputs& inputs, const Value& table, Run& run) {
  const auto options = from_table<Options>(table);
  const meso::Frozen frozen = meso::frozen_from_value(inputs.records.at("parameters"));
  const meso::AgedCell cell = meso::cell_from_value(inputs.records.at("cell"));
  const meso::ControlOptions control{.field = options.field.options(inputs, meso::Driver::carbon),
                                     .seeds = static_cast<std::size_t>(options.seeds)};
  StepOutput out;
  add_controls(meso::run_controls(meso::central(frozen.table), cell, control, run), out);
  const std::vector<meso::DriverRun> runs = meso::run_drivers(meso::central(frozen.table), cell, control, run);
  out.tables["controls"] = control_table(runs);
  for (const meso::DriverRun& one : runs) {
    if (one.x == 1.0 && one.li_fate == meso::LiFate::kept) {
      const std::string word(meso::name(one.driver));
      const bool allowed = one.extent > 0.0 && one.allowed_above_degC < 520.0;
      add_result("allowed_at_520_" + word + "_x1", allowed ? one.extent : 0.0, "",
                 "Share of LiCoO2 that may lose oxygen at 520 degC, driver " + word,
                 "largest extent the driver allows at x = 1, 0 below its temperature", out);
      add_result("transformed_at_650_" + word + "_x1", one.gain_at_650, "",
                 "Transformed by 650 degC at x = 1, driver " + word,
                 "gain over the damage cores, which are present so that nothing waits for a nucleus", out);
    }
  }
  detail::add_assumptions(out);
  return out;
}

}  // namespace

extern const Step step;
const Step step{
    .id = "meso.controls",
    .version = 2,
    .title = "Negative controls and drivers",
    .help =
        "No cores: aged equals pristine; 2.33 eV everywhere: no Co; open boundaries: no arrest; what Li deficit, "
        "carbon, "
        "beam and vacuum allow at x = 1 and at the cell's x",
    .example = "hotstage meso controls --parameters fit.json --cell cell.json --drivers drivers.json",
    .inputs = {{"parameters", Kind::record, true, "frozen parameters of meso.fit"},
               {"cell", Kind::record, true, "the aged cell (hotstage.cell/1)"},
               detail::drivers_input()},
    .outputs = {{"controls", Kind::table, "one row per driver, Li content and fate of Li"}},
    .options = make_options<Options>,
    .run = run,
};

}  // namespace hotstage::study::meso_controls
