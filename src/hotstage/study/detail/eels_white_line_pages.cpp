// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/study/detail/eels_white_line_pages.hpp"

#include "hotstage/core/error.hpp"
#include "hotstage/num/statistics.hpp"

#include <fmt/format.h>

#include <cmath>

namespace hotstage::study::detail {

namespace {

using eels::WhiteLineMethod;
using eels::WhiteLines;

std::string_view position_name(eels::LinePositionMethod method) {
  return enum_names(method)[static_cast<std::size_t>(method)].name;
}

/// Everything per item, in the order of the table.
struct Series {
  std::vector<std::string> status, metal, valence_status;
  std::vector<ItemSeries> methods;  ///< L3/L2
  ItemSeries ratio, spread, sum, valence, oxygen, position, tail;
  std::vector<ItemSeries> shifts;  ///< by position method
  std::vector<double> calibration;
};

eels::MetalCall metal_of(const WhiteLines& item, double model, const std::optional<Estimate>& reference_tail) {
  eels::MetalEvidence evidence;
  if (item.oxygen_per_metal.sigma > 0.0) {
    evidence.oxygen_per_metal = {item.oxygen_per_metal.value,
                                 std::hypot(item.oxygen_per_metal.sigma, item.oxygen_per_metal.value * model)};
  }
  if (reference_tail && item.l3_tail.sigma > 0.0) {
    evidence.tail_excess = num::difference(item.l3_tail, *reference_tail);
  }
  return eels::call_metal(evidence);
}

std::optional<Estimate> reference_tail(const WhiteLinePage& page) {
  if (!page.options.reference_first || !page.options.reference_last) {
    return std::nullopt;
  }
  std::vector<Estimate> members;
  for (auto i = *page.options.reference_first; i <= *page.options.reference_last; ++i) {
    members.push_back(page.result.items[static_cast<std::size_t>(i)].l3_tail);
  }
  const Estimate mean = num::weighted_mean(members);
  return mean.sigma > 0.0 ? std::optional(mean) : std::nullopt;
}

std::optional<eels::ValenceCurve> curve_of(const WhiteLinePage& page) {
  if (page.valence.from == ValenceFrom::none) {
    return std::nullopt;
  }
  const auto found = page.inputs.tables.find("standards");
  const io::Table* own = found != page.inputs.tables.end() ? &found->second : nullptr;
  const std::vector<eels::ValenceStandard> table =
      own != nullptr ? eels::valence_standards_in(*own) : eels::valence_standards();
  const std::string& element = page.result.placed.edge.element;
  if (page.valence.from == ValenceFrom::ratio) {
    return eels::ratio_curve(table, element, eels::name(page.options.method), page.valence.set);
  }
  if (!page.options.reference_first || !page.options.reference_last) {
    throw Error(Errc::bad_input, "a valence from the shift of L3 needs a region of known compound in the scan",
                "Give reference_first, reference_last and reference_compound");
  }
  return eels::shift_curve(table, element, position_name(page.options.position), page.valence.reference_compound,
                           page.valence.set);
}

Series series_of(const WhiteLinePage& page, const std::optional<eels::ValenceCurve>& curve) {
  const std::string element = page.result.placed.edge.element;
  Series s;
  s.ratio = {.column = "L3_over_L2", .label = element + " L3/L2"};
  s.spread = {.column = "L3_over_L2_method_spread", .label = "spread over methods"};
  s.sum = {.column = "lines_over_continuum", .label = "White lines over continuum"};
  s.valence = {.column = "valence", .label = "Formal valence of " + element};
  s.oxygen = {.column = "O_over_" + element, .label = "O/" + element};
  s.position = {.column = "L3_position", .label = element + " L3", .unit = "eV"};
  s.tail = {.column = "L3_tail_share", .label = "share of L3 behind its maximum"};
  for (std::size_t m = 0; m < eels::white_line_methods; ++m) {
    const std::string word(eels::name(static_cast<WhiteLineMethod>(m)));
    s.methods.push_back({.column = "L3_over_L2_" + word, .label = word});
  }
  for (std::size_t m = 0; m < 2; ++m) {
    const std::string word(position_name(static_cast<eels::LinePositionMethod>(m)));
    s.shifts.push_back({.column = "L3_shift_" + word, .label = word, .unit = "eV"});
  }
  const std::optional<Estimate> tail = reference_tail(page);
  const auto chosen = static_cast<std::size_t>(page.options.position);
  for (const WhiteLines& item : page.result.items) {
    const bool ok = item.status == eels::WhiteLineStatus::ok;
    s.status.emplace_back(eels::name(item.status));
    s.ratio.add(item.ratio, ok);
    s.spread.add({item.spread.sigma, 0.0}, item.spread.methods > 1);
    s.sum.add(item.normalised, ok);
    s.tail.add(item.l3_tail, ok);
    s.oxygen.add(item.oxygen_per_metal, item.oxygen_per_metal.sigma > 0.0);
    s.position.add(item.l3_eV[chosen], item.l3_eV[chosen].sigma > 0.0);
    for (std::size_t m = 0; m < s.methods.size(); ++m) {
      s.methods[m].add(item.methods[m].ratio, item.methods[m].status == eels::WhiteLineStatus::ok);
    }
    for (std::size_t m = 0; m < s.shifts.size(); ++m) {
      s.shifts[m].add(item.l3_shift[m], item.l3_shift[m].sigma > 0.0);
    }
    const eels::MetalCall metal = metal_of(item, page.result.oxygen_model, tail);
    s.metal.emplace_back(eels::name(metal));
    eels::Valence valence;
    if (curve) {
      const Estimate shift = ok ? item.l3_shift[chosen] : Estimate{};
      valence = eels::valence_of(*curve, curve->shift ? shift : item.ratio, metal);
    }
    s.valence_status.emplace_back(eels::name(valence.status));
    s.valence.add(valence.value, valence.status == eels::ValenceStatus::ok);
    s.calibration.push_back(valence.calibration);
  }
  return s;
}

/// This scan as rows of a table of standards: to be pasted where the compound is known.
io::Table standards_rows(const WhiteLinePage& page, const Series& s) {
  std::vector<std::string> element, method, none;
  std::vector<double> ratio, ratio_sigma, l3, l3_sigma;
  const auto mean = [](const ItemSeries& series) {
    std::vector<double> members;
    double sigma = 0.0;
    for (std::size_t i = 0; i < series.value.size(); ++i) {
      if (series.valid[i] != 0) {
        members.push_back(series.value[i]);
        sigma = series.sigma[i];
      }
    }
    // Not weighted: σ of a ratio grows with the ratio, and weights by it would pull the mean down.
    return Estimate{num::mean(members), members.size() > 1 ? num::standard_error(members) : sigma};
  };
  const Estimate position = mean(s.position);
  for (const ItemSeries& one : s.methods) {
    const Estimate r = mean(one);
    if (r.sigma > 0.0) {
      element.push_back(page.result.placed.edge.element);
      method.push_back(one.label);
      none.emplace_back("");
      ratio.push_back(r.value);
      ratio_sigma.push_back(r.sigma);
      const bool same = one.label == position_name(page.options.position) && position.sigma > 0.0;
      l3.push_back(same ? position.value : std::nan(""));
      l3_sigma.push_back(same ? position.sigma : std::nan(""));
    }
  }
  io::Table out;
  out.columns = {io::text_column("element", element),   io::text_column("method", method),
                 io::number_column("l3_l2", "", ratio), io::number_column("l3_l2_sigma", "", ratio_sigma),
                 io::number_column("l3_eV", "", l3),    io::number_column("l3_eV_sigma", "", l3_sigma)};
  return out;
}

void add_results(const WhiteLinePage& page, const Series& s, const std::optional<eels::ValenceCurve>& curve,
                 StepOutput& out) {
  add_mean(s.ratio, "L3/L2",
           fmt::format("{}; counting only, the method itself moves it by more: see the spread",
                       eels::name(page.options.method)),
           true, out);
  std::vector<double> means;
  for (const ItemSeries& one : s.methods) {
    add_mean(one, "L3/L2." + one.label, one.label + "; counting only", false, out);
    if (!out.results.empty() && out.results.back().id == "L3/L2." + one.label) {
      out.results.back().label = s.ratio.label + ", " + one.label;
      means.push_back(out.results.back().value);
    }
  }
  const eels::MethodSpread spread = eels::spread_of(means);
  if (spread.methods > 1) {
    out.results.push_back({.id = "L3/L2.method_spread",
                           .value = spread.sigma,
                           .method = fmt::format("standard deviation over the means of {} methods, {:.3g} to {:.3g}: "
                                                 "the model uncertainty of a ratio without a calibration of its own",
                                                 spread.methods, spread.lowest, spread.highest),
                           .label = s.ratio.label + ", spread over methods",
                           .headline = true});
  }
  add_mean(s.sum, "lines/continuum", "L3 and L2 above arctan steps over the continuum window; counting only", true,
           out);
  add_mean(s.oxygen, "oxygen_per_metal",
           fmt::format("20 to 80 eV behind O K, 30 to 80 eV behind L3; counting only, {:.0f} % from {} on top",
                       100.0 * page.result.oxygen_model,
                       page.options.reference_oxygen ? "the reference region" : "the cross-sections"),
           false, out);
  if (curve) {
    add_mean(s.valence, "valence",
             fmt::format("{} by {}, standards {}{}; counting only", curve->shift ? "shift of L3" : "L3/L2",
                         curve->method, curve->set, curve->checked ? "" : " (not checked in their source)"),
             true, out);
    double calibration = 0.0;
    for (const double one : s.calibration) {
      calibration = std::max(calibration, one);
    }
    if (!out.results.empty() && out.results.back().id == "valence") {
      out.results.push_back({.id = "valence.calibration_sigma",
                             .value = calibration,
                             .method = "largest σ of an item from the standards, common to all items",
                             .label = "Valence, σ of the standards"});
    }
  }
}

}  // namespace

void add_white_line_page(const WhiteLinePage& page, StepOutput& out) {
  const signal::Signal& core = page.inputs.signal("core");
  const std::optional<eels::ValenceCurve> curve = curve_of(page);
  const Series s = series_of(page, curve);
  add_results(page, s, curve, out);
  count_refusals(s.status, "white lines refused", out);
  if (curve) {
    count_refusals(s.valence_status, "no valence", out);
    if (!curve->checked) {
      out.assumptions.push_back({"Standards of " + curve->set,
                                 "from memory or partly checked (data/white_lines): measure standards of your own"});
    }
  }
  io::Table& items = out.tables["items"];
  items.columns = position_columns(core);
  items.columns.push_back(io::text_column("status", s.status));
  std::vector<ItemSeries> along{s.ratio, s.shifts[0], s.shifts[1], s.oxygen, s.valence};
  for (const ItemSeries& one : {s.ratio, s.spread, s.sum, s.position, s.shifts[0], s.shifts[1], s.tail, s.oxygen}) {
    add_columns(one, items);
  }
  for (const ItemSeries& one : s.methods) {
    add_columns(one, items);
    along.push_back(one);
  }
  items.columns.push_back(io::text_column("metal_or_oxide", s.metal));
  if (curve) {
    items.columns.push_back(io::text_column("valence_status", s.valence_status));
    add_columns(s.valence, items);
    items.columns.push_back(io::number_column("valence_calibration_sigma", "", s.calibration));
  }
  items.columns.push_back(io::number_column("t_over_lambda", "", page.result.thickness));
  out.tables["line"] = along_line(core, page.line, along);
  out.tables["standard"] = standards_rows(page, s);

  const double half = page.options.half_width.base();
  const eels::LinePositions& lines = page.result.lines;
  const std::vector<eels::Window> windows{lines.found
                                              ? eels::Window{lines.l3_eV - half, lines.l2_eV + half}
                                              : eels::Window{page.result.placed.onset_eV, page.result.placed.onset_eV}};
  std::vector<ItemQuantity> quantities{s.ratio.quantity()};
  ItemQuantity shift = s.shifts[static_cast<std::size_t>(page.options.position)].quantity();
  shift.name = page.result.placed.edge.element + " L3 shift";
  quantities.push_back(shift);
  if (curve) {
    quantities.push_back(s.valence.quantity());
  }
  const std::vector<eels::PlacedEdge> placed{page.result.placed};
  add_page({.inputs = page.inputs,
            .means = page.result.means,
            .edges = placed,
            .windows = windows,
            .quantities = quantities,
            .zero_loss = eels::summaries_of(page.result.zero_loss),
            .warnings = page.result.warnings,
            .assumed = page.result.assumed,
            .deconvolved = page.inputs.find_signal("low") != nullptr},
           out);
  if (page.options.all_methods) {
    for (report::Figure& figure : compare_figure(core, s.methods, "methods", s.ratio.label)) {
      out.figures.push_back(std::move(figure));
    }
    for (report::Figure& figure : compare_figure(core, s.shifts, "shift-methods", "Shift of L3")) {
      out.figures.push_back(std::move(figure));
    }
  }
}

}  // namespace hotstage::study::detail
