// SPDX-License-Identifier: GPL-3.0-or-later
// Step eels.whitelines: L3/L2 white-line ratio above a double step.

#include "hotstage/eels/white_lines.hpp"
#include "hotstage/num/statistics.hpp"
#include "hotstage/study/detail/eels_pages.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>

namespace hotstage::study::eels_whitelines {

namespace {

io::Table item_table(const signal::Signal& core, const eels::WhiteLineResult& result) {
  std::vector<std::string> status;
  std::vector<double> ratio, ratio_sigma, sum, sum_sigma;
  for (const eels::WhiteLines& item : result.items) {
    status.emplace_back(eels::name(item.status));
    ratio.push_back(item.ratio.value);
    ratio_sigma.push_back(item.ratio.sigma);
    sum.push_back(item.normalised.value);
    sum_sigma.push_back(item.normalised.sigma);
  }
  io::Table table;
  table.columns = detail::position_columns(core);
  table.columns.push_back(io::text_column("status", status));
  table.columns.push_back(io::number_column("L3_over_L2", "", ratio));
  table.columns.push_back(io::number_column("L3_over_L2_sigma", "", ratio_sigma));
  table.columns.push_back(io::number_column("lines_over_continuum", "", sum));
  table.columns.push_back(io::number_column("lines_over_continuum_sigma", "", sum_sigma));
  table.columns.push_back(io::number_column("t_over_lambda", "", result.thickness));
  return table;
}

void add_mean(const std::string& id, const std::string& label, const std::vector<double>& values,
              const std::vector<double>& sigmas, StepOutput& out) {
  if (!values.empty()) {
    out.results.push_back({.id = id,
                           .value = num::mean(values),
                           .sigma = values.size() > 1 ? num::standard_error(values) : sigmas.front(),
                           .method = fmt::format("mean of {} items above a double step 2/3 : 1/3 (Pearson); counting "
                                                 "only, the method itself moves it by more",
                                                 values.size()),
                           .label = label,
                           .headline = true});
  }
}

StepOutput run(const StepInputs& inputs, const Value& table, Run& run) {
  const auto options = from_table<eels::WhiteLineOptions>(table);
  const signal::Signal& core = inputs.signal("core");
  const eels::WhiteLineResult result =
      eels::measure_white_lines({core, inputs.find_signal("low"), inputs.find_signal("stray")}, options, run);
  StepOutput out;
  std::vector<double> ratios, ratio_sigmas, sums, sum_sigmas;
  detail::ItemQuantity profile{.name = options.edge.substr(0, options.edge.find(' ')) + " L3/L2"};
  std::map<std::string, std::size_t> refused;
  for (const eels::WhiteLines& item : result.items) {
    const bool valid = item.status == eels::WhiteLineStatus::ok;
    profile.value.push_back(item.ratio.value);
    profile.sigma.push_back(item.ratio.sigma);
    profile.valid.push_back(valid ? 1 : 0);
    if (valid) {
      ratios.push_back(item.ratio.value);
      ratio_sigmas.push_back(item.ratio.sigma);
      sums.push_back(item.normalised.value);
      sum_sigmas.push_back(item.normalised.sigma);
    } else {
      ++refused[std::string(eels::name(item.status))];
    }
  }
  add_mean("L3/L2", profile.name, ratios, ratio_sigmas, out);
  add_mean("lines/continuum", "White lines over continuum", sums, sum_sigmas, out);
  for (const auto& [reason, count] : refused) {
    out.warnings.push_back(
        {"white lines refused",
         fmt::format("no white-line ratio for {} of {} items: {}", count, result.items.size(), reason), count});
  }
  out.tables["items"] = item_table(core, result);
  const std::vector<eels::PlacedEdge> placed{result.placed};
  const double half = options.half_width.base();
  const std::vector<eels::Window> windows{result.lines.found
                                              ? eels::Window{result.lines.l3_eV - half, result.lines.l2_eV + half}
                                              : eels::Window{result.placed.onset_eV, result.placed.onset_eV}};
  const std::vector<detail::ItemQuantity> quantities{profile};
  detail::add_page({.inputs = inputs,
                    .means = result.means,
                    .edges = placed,
                    .windows = windows,
                    .quantities = quantities,
                    .zero_loss = {},
                    .warnings = result.warnings,
                    .assumed = result.assumed,
                    .deconvolved = inputs.find_signal("low") != nullptr},
                   out);
  return out;
}

}  // namespace

extern const Step step;
const Step step{
    .id = "eels.whitelines",
    .version = 1,
    .title = "White-line ratio",
    .help =
        "Areas of L3 and L2 above a double step, their ratio and their sum over the continuum; refused for thick, "
        "noisy or not deconvolved items",
    .example = "hotstage eels whitelines --core scan.hspy --low low.hspy --edge \"Mn L3\"",
    .inputs = detail::dual_inputs(detail::LowLoss::optional),
    .outputs = {{"items", Kind::table, "one row per item"}},
    .options = make_options<eels::WhiteLineOptions>,
    .run = run,
};

}  // namespace hotstage::study::eels_whitelines
