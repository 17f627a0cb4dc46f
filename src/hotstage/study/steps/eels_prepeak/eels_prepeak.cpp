// SPDX-License-Identifier: GPL-3.0-or-later
// Step eels.prepeak: O K pre-peak, its area, ratio to the main peak and position, by two methods.

#include "hotstage/eels/pre_peak.hpp"
#include "hotstage/study/detail/eels_item_pages.hpp"

#include <fmt/format.h>

#include <cmath>

namespace hotstage::study::eels_prepeak {

namespace {

struct Options {
  eels::PrePeakOptions peak;
  detail::DrawnLine line;

  template <class V>
  void fields(V& v) {
    peak.fields(v);
    line.fields(v);
  }
};

struct Series {
  std::vector<std::string> status;
  detail::ItemSeries area{.column = "area", .label = "pre-peak area", .unit = "counts"};
  detail::ItemSeries main{.column = "to_main_peak", .label = "pre-peak / main peak"};
  detail::ItemSeries post{.column = "to_post_edge", .label = "pre-peak / post-edge"};
  detail::ItemSeries position{.column = "position", .label = "pre-peak position", .unit = "eV"};
  detail::ItemSeries fit_main{.column = "to_main_peak_fit", .label = "Gaussian on a line"};
  detail::ItemSeries fit_position{.column = "position_fit", .label = "Gaussian on a line", .unit = "eV"};
  detail::ItemSeries spread{.column = "to_main_peak_method_spread", .label = "spread over methods"};
};

/// An area within its noise is still a number, an upper bound; a position then is not.
Series series_of(const eels::PrePeakResult& result) {
  Series s;
  for (const eels::PrePeak& item : result.items) {
    const bool valid = item.status == eels::PrePeakStatus::ok;
    const bool measured = valid || item.status == eels::PrePeakStatus::below_noise;
    const bool fitted = valid && item.fit_area.sigma > 0.0;
    s.status.emplace_back(eels::name(item.status));
    s.area.add(item.area, measured);
    s.main.add(item.to_main, measured);
    s.post.add(item.to_post, measured);
    s.position.add(item.position, valid);
    s.fit_main.add(item.fit_to_main, fitted);
    s.fit_position.add(item.fit_position, fitted);
    s.spread.add({item.spread_to_main, 0.0}, fitted);
  }
  return s;
}

void add_results(const Series& s, StepOutput& out) {
  detail::add_mean(s.main, "pre-peak/main", "area above a straight baseline over the main-peak window; counting only",
                   true, out);
  detail::add_mean(s.fit_main, "pre-peak/main.fit",
                   "Gaussian on a straight line over the main-peak window; counting only", false, out);
  detail::add_mean(s.spread, "pre-peak/main.method_spread",
                   "standard deviation over the two methods, per item: model uncertainty", false, out);
  detail::add_mean(s.position, "position",
                   "centroid above the baseline on the axis as calibrated; the calibration itself is not in σ", false,
                   out);
  detail::add_mean(s.fit_position, "position.fit", "centre of the Gaussian on the axis as calibrated", false, out);
  for (Result& result : out.results) {
    const bool fitted = result.id.ends_with(".fit");
    const std::string what = result.id.starts_with("position") ? s.position.label : s.main.label;
    result.label = "O K " + (fitted ? what + ", Gaussian" : result.label);
  }
}

/// A window beside the peak holds a valley: its area is negative, and every number from it is nonsense.
void check_window(const eels::PrePeakResult& result, StepOutput& out) {
  Estimate sum;
  for (const eels::PrePeak& item : result.items) {
    sum.value += item.area.value;
    sum.sigma = std::hypot(sum.sigma, item.area.sigma);
  }
  const bool valley = sum.value < -3.0 * sum.sigma;
  out.checks.push_back({.name = "The window holds a peak",
                        .status = valley ? CheckStatus::failed : CheckStatus::ok,
                        .measured = fmt::format("summed area {:.3g} ± {:.2g} counts", sum.value, sum.sigma),
                        .limit = "not negative by 3 σ",
                        .meaning = valley ? "Windows stand beside the pre-peak: look at the spectrum and move them, or "
                                            "calibrate the axis"
                                          : "Windows stand on the pre-peak"});
}

StepOutput run(const StepInputs& inputs, const Value& table, Run& run) {
  const auto options = from_table<Options>(table);
  const signal::Signal& core = inputs.signal("core");
  const eels::PrePeakResult result =
      eels::measure_pre_peaks({core, inputs.find_signal("low"), inputs.find_signal("stray")}, options.peak, run);
  StepOutput out;
  const Series s = series_of(result);
  add_results(s, out);
  check_window(result, out);
  detail::count_refusals(s.status, "pre-peak", out);
  io::Table& items = out.tables["items"];
  items.columns = detail::position_columns(core);
  items.columns.push_back(io::text_column("status", s.status));
  const std::vector<detail::ItemSeries> all{s.area, s.main, s.post, s.position, s.fit_main, s.fit_position, s.spread};
  for (const detail::ItemSeries& one : all) {
    detail::add_columns(one, items);
  }
  items.columns.push_back(io::number_column("t_over_lambda", "", result.thickness));
  out.tables["line"] = detail::along_line(core, options.line, all);
  const std::vector<eels::PlacedEdge> placed{result.placed};
  const std::vector<eels::Window> windows{{options.peak.low.base(), options.peak.high.base()}};
  const std::vector<detail::ItemQuantity> quantities{s.main.quantity(), s.position.quantity()};
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
  detail::ItemSeries straight = s.main;
  straight.label = "above a straight line";
  const std::vector<detail::ItemSeries> methods{straight, s.fit_main};
  for (report::Figure& figure : detail::compare_figure(core, methods, "methods", "Pre-peak / main peak")) {
    out.figures.push_back(std::move(figure));
  }
  return out;
}

}  // namespace

extern const Step step;
const Step step{
    .id = "eels.prepeak",
    .version = 4,
    .title = "O K pre-peak",
    .help =
        "Area of the pre-peak above the rise of the main edge and as a Gaussian, its ratio to the main peak, and its "
        "position on the calibrated axis",
    .example = "hotstage eels prepeak --core scan.hspy --low low.hspy --shift \"3.5 eV\"",
    .inputs = detail::dual_inputs(detail::LowLoss::optional),
    .outputs = {{"items", Kind::table, "one row per item"},
                {"line", Kind::table, "position along the scan or the drawn line, with σ"}},
    .options = make_options<Options>,
    .run = run,
};

}  // namespace hotstage::study::eels_prepeak
