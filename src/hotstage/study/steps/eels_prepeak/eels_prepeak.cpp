// SPDX-License-Identifier: GPL-3.0-or-later
// Step eels.prepeak: O K pre-peak, its area, ratio to the main peak and position.

#include "hotstage/eels/pre_peak.hpp"
#include "hotstage/num/statistics.hpp"
#include "hotstage/study/detail/eels_pages.hpp"

#include <fmt/format.h>

#include <map>

namespace hotstage::study::eels_prepeak {

namespace {

io::Table item_table(const signal::Signal& core, const eels::PrePeakResult& result) {
  std::vector<std::string> status;
  std::vector<double> area, area_sigma, main, main_sigma, post, post_sigma, position, position_sigma;
  for (const eels::PrePeak& item : result.items) {
    status.emplace_back(eels::name(item.status));
    area.push_back(item.area.value);
    area_sigma.push_back(item.area.sigma);
    main.push_back(item.to_main.value);
    main_sigma.push_back(item.to_main.sigma);
    post.push_back(item.to_post.value);
    post_sigma.push_back(item.to_post.sigma);
    position.push_back(item.position.value);
    position_sigma.push_back(item.position.sigma);
  }
  io::Table table;
  table.columns = detail::position_columns(core);
  table.columns.push_back(io::text_column("status", status));
  const auto add = [&](const char* name, const char* unit, const std::vector<double>& value,
                       const std::vector<double>& sigma) {
    table.columns.push_back(io::number_column(name, unit, value));
    table.columns.push_back(io::number_column(std::string(name) + "_sigma", unit, sigma));
  };
  add("area", "counts", area, area_sigma);
  add("to_main_peak", "", main, main_sigma);
  add("to_post_edge", "", post, post_sigma);
  add("position", "eV", position, position_sigma);
  table.columns.push_back(io::number_column("t_over_lambda", "", result.thickness));
  return table;
}

StepOutput run(const StepInputs& inputs, const Value& table, Run& run) {
  const auto options = from_table<eels::PrePeakOptions>(table);
  const signal::Signal& core = inputs.signal("core");
  const eels::PrePeakResult result =
      eels::measure_pre_peaks({core, inputs.find_signal("low"), inputs.find_signal("stray")}, options, run);
  StepOutput out;
  detail::ItemQuantity ratio{.name = "pre-peak / main peak"};
  detail::ItemQuantity position{.name = "pre-peak position", .unit = "eV"};
  std::vector<double> ratios, positions;
  std::vector<double> ratio_sigmas, position_sigmas;
  std::map<std::string, std::size_t> others;
  for (const eels::PrePeak& item : result.items) {
    const bool valid = item.status == eels::PrePeakStatus::ok;
    const bool measured = valid || item.status == eels::PrePeakStatus::below_noise;
    ratio.value.push_back(item.to_main.value);
    ratio.sigma.push_back(item.to_main.sigma);
    ratio.valid.push_back(measured ? 1 : 0);
    position.value.push_back(item.position.value);
    position.sigma.push_back(item.position.sigma);
    position.valid.push_back(valid ? 1 : 0);
    if (measured) {
      ratios.push_back(item.to_main.value);
      ratio_sigmas.push_back(item.to_main.sigma);
    }
    if (valid) {
      positions.push_back(item.position.value);
      position_sigmas.push_back(item.position.sigma);
    } else {
      ++others[std::string(eels::name(item.status))];
    }
  }
  if (!ratios.empty()) {
    out.results.push_back(
        {.id = "pre-peak/main",
         .value = num::mean(ratios),
         .sigma = ratios.size() > 1 ? num::standard_error(ratios) : ratio_sigmas.front(),
         .method =
             fmt::format("mean of {} items: area above a straight baseline over the main-peak window; counting only",
                         ratios.size()),
         .label = "O K pre-peak / main peak",
         .headline = true});
  }
  if (!positions.empty()) {
    out.results.push_back(
        {.id = "position",
         .value = num::mean(positions),
         .sigma = positions.size() > 1 ? num::standard_error(positions) : position_sigmas.front(),
         .unit = "eV",
         .method = "centroid above the baseline on the axis as calibrated; the calibration itself is not in σ",
         .label = "O K pre-peak position"});
  }
  for (const auto& [reason, count] : others) {
    out.warnings.push_back({"pre-peak " + reason,
                            fmt::format("pre-peak of {} of {} items: {}", count, result.items.size(), reason), count});
  }
  out.tables["items"] = item_table(core, result);
  const std::vector<eels::PlacedEdge> placed{result.placed};
  const std::vector<eels::Window> windows{{options.low.base(), options.high.base()}};
  const std::vector<detail::ItemQuantity> quantities{ratio, position};
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
    .id = "eels.prepeak",
    .version = 1,
    .title = "O K pre-peak",
    .help =
        "Area of the pre-peak above the rise of the main edge, its ratio to the main peak, and its position on the "
        "calibrated axis",
    .example = "hotstage eels prepeak --core scan.hspy --low low.hspy --shift \"3.5 eV\"",
    .inputs = detail::dual_inputs(detail::LowLoss::optional),
    .outputs = {{"items", Kind::table, "one row per item"}},
    .options = make_options<eels::PrePeakOptions>,
    .run = run,
};

}  // namespace hotstage::study::eels_prepeak
