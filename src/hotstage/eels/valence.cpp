// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/eels/valence.hpp"

#include "hotstage/core/data_folders.hpp"
#include "hotstage/core/error.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace hotstage::eels {

namespace {

constexpr double sigmas = 2.0;

std::optional<Estimate> estimate_in(const io::Table& table, const char* value, const char* sigma, std::size_t row) {
  const double v = table.numbers(value)[row];
  const double s = table.numbers(sigma)[row];
  if (!std::isfinite(v)) {
    return std::nullopt;
  }
  if (!(s > 0.0)) {
    throw Error(Errc::bad_input,
                fmt::format("{}: row {} has {} without a positive {}", table.file, row + 1, value, sigma),
                "A standard needs its standard deviation");
  }
  return Estimate{v, s};
}

using Quantity = std::optional<Estimate> ValenceStandard::*;

std::vector<const ValenceStandard*> rows_of(const std::vector<ValenceStandard>& table, std::string_view element,
                                            std::string_view method, std::string_view set, Quantity quantity) {
  std::vector<const ValenceStandard*> out;
  std::string others;
  for (const ValenceStandard& row : table) {
    if (row.element != element || !(row.*quantity) || (!set.empty() && row.set != set)) {
      continue;
    }
    if (row.method == method) {
      out.push_back(&row);
    } else if (others.find(row.method) == std::string::npos) {
      others += (others.empty() ? "" : ", ") + row.method;
    }
  }
  const char* what = quantity == &ValenceStandard::ratio ? "L3/L2" : "L3 position";
  if (out.empty()) {
    throw Error(Errc::bad_input,
                fmt::format("no standards of {} with the {} measured by {}{}", element, what, method,
                            set.empty() ? "" : fmt::format(" in the set {}", set)),
                others.empty()
                    ? "Measure standards and give them as --standards file.csv"
                    : fmt::format("Measure with the method of the standards ({}), or give your own", others));
  }
  for (const ValenceStandard* row : out) {
    if (row->set != out.front()->set) {
      throw Error(Errc::bad_input,
                  fmt::format("the sets {} and {} both hold the {} of {} by {}", out.front()->set, row->set, what,
                              element, method),
                  "Name one with calibration_set: standards of two sets were not measured alike");
    }
  }
  return out;
}

void sort_and_check(ValenceCurve& curve) {
  std::ranges::sort(curve.points, {}, &ValenceCurve::Point::valence);
  bool rises = true;
  bool falls = true;
  for (std::size_t i = 1; i < curve.points.size(); ++i) {
    const double step = curve.points[i].quantity.value - curve.points[i - 1].quantity.value;
    rises = rises && step > 0.0;
    falls = falls && step < 0.0;
  }
  if (curve.points.size() < 2 || (!rises && !falls)) {
    throw Error(Errc::bad_input,
                fmt::format("the set {} gives no valence: it needs two compounds, and a quantity that rises or falls "
                            "with valence throughout",
                            curve.set),
                "Measure more standards, or use the shift of L3");
  }
}

}  // namespace

std::vector<ValenceStandard> valence_standards_in(const io::Table& table) {
  std::vector<ValenceStandard> out(table.rows());
  const auto fill = [&](const char* column, std::string ValenceStandard::*member) {
    const io::Column& cells = table.column(column);
    for (std::size_t i = 0; i < out.size() && cells.is_text; ++i) {
      out[i].*member = cells.texts[i];
    }
  };
  fill("set", &ValenceStandard::set);
  fill("element", &ValenceStandard::element);
  fill("compound", &ValenceStandard::compound);
  fill("method", &ValenceStandard::method);
  fill("checked", &ValenceStandard::checked);
  fill("source", &ValenceStandard::source);
  for (std::size_t i = 0; i < out.size(); ++i) {
    out[i].valence = table.numbers("valence")[i];
    out[i].ratio = estimate_in(table, "l3_l2", "l3_l2_sigma", i);
    out[i].l3_eV = estimate_in(table, "l3_eV", "l3_eV_sigma", i);
  }
  return out;
}

std::vector<ValenceStandard> valence_standards() {
  return valence_standards_in(io::read_table(data_folder("white_lines") / "calibration.csv"));
}

ValenceCurve ratio_curve(const std::vector<ValenceStandard>& table, std::string_view element, std::string_view method,
                         std::string_view set) {
  const auto rows = rows_of(table, element, method, set, &ValenceStandard::ratio);
  ValenceCurve out{.set = rows.front()->set, .method = std::string(method)};
  for (const ValenceStandard* row : rows) {
    out.points.push_back({row->valence, *row->ratio, row->compound});
    out.checked = out.checked && row->checked == "yes";
  }
  sort_and_check(out);
  return out;
}

ValenceCurve shift_curve(const std::vector<ValenceStandard>& table, std::string_view element, std::string_view method,
                         std::string_view reference_compound, std::string_view set) {
  const auto rows = rows_of(table, element, method, set, &ValenceStandard::l3_eV);
  const auto reference =
      std::ranges::find_if(rows, [&](const ValenceStandard* row) { return row->compound == reference_compound; });
  if (reference == rows.end()) {
    throw Error(Errc::bad_input,
                fmt::format("\"{}\" is no compound of the set {}", reference_compound, rows.front()->set),
                "A shift of L3 needs a region of known compound in the same scan: name one of the table");
  }
  ValenceCurve out{.set = rows.front()->set, .method = std::string(method), .shift = true};
  for (const ValenceStandard* row : rows) {
    out.points.push_back(
        {row->valence, {row->l3_eV->value - (*reference)->l3_eV->value, row->l3_eV->sigma}, row->compound});
    out.checked = out.checked && row->checked == "yes";
  }
  sort_and_check(out);
  return out;
}

std::string_view name(MetalCall call) noexcept {
  switch (call) {
    case MetalCall::oxide:
      return "oxide";
    case MetalCall::metal:
      return "metal";
    case MetalCall::undecided:
      break;
  }
  return "undecided";
}

MetalCall call_metal(const MetalEvidence& evidence) {
  constexpr double oxide = 0.5;
  constexpr double metal = 0.25;
  const Estimate& o = evidence.oxygen_per_metal;
  if (o.sigma <= 0.0) {
    return MetalCall::undecided;
  }
  if (o.value - sigmas * o.sigma > oxide) {
    return MetalCall::oxide;
  }
  if (o.value + sigmas * o.sigma > metal) {
    return MetalCall::undecided;
  }
  const auto& tail = evidence.tail_excess;
  return tail && tail->value + sigmas * tail->sigma < 0.0 ? MetalCall::undecided : MetalCall::metal;
}

std::string_view name(ValenceStatus status) noexcept {
  switch (status) {
    case ValenceStatus::ok:
      return "ok";
    case ValenceStatus::outside:
      return "outside the standards";
    case ValenceStatus::metal:
      return "metal";
    case ValenceStatus::undecided:
      return "metal or oxide: undecided";
    case ValenceStatus::not_measured:
      break;
  }
  return "not measured";
}

Valence valence_of(const ValenceCurve& curve, const Estimate& measured, MetalCall metal) {
  if (measured.sigma <= 0.0) {
    return {};
  }
  if (metal != MetalCall::oxide) {
    return {.status = metal == MetalCall::metal ? ValenceStatus::metal : ValenceStatus::undecided};
  }
  const auto& p = curve.points;
  const double sign = p.back().quantity.value > p.front().quantity.value ? 1.0 : -1.0;
  const auto end_sigma = [&](const ValenceCurve::Point& end) { return std::hypot(measured.sigma, end.quantity.sigma); };
  if (sign * (measured.value - p.front().quantity.value) < -sigmas * end_sigma(p.front()) ||
      sign * (measured.value - p.back().quantity.value) > sigmas * end_sigma(p.back())) {
    return {.status = ValenceStatus::outside};
  }
  std::size_t k = 1;
  while (k + 1 < p.size() && sign * (measured.value - p[k].quantity.value) > 0.0) {
    ++k;
  }
  const auto& a = p[k - 1];
  const auto& b = p[k];
  const double slope = (b.valence - a.valence) / (b.quantity.value - a.quantity.value);
  const double t = (measured.value - a.quantity.value) / (b.quantity.value - a.quantity.value);
  return {ValenceStatus::ok,
          {a.valence + t * (b.valence - a.valence), std::abs(slope) * measured.sigma},
          std::abs(slope) * std::hypot((1.0 - t) * a.quantity.sigma, t * b.quantity.sigma)};
}

}  // namespace hotstage::eels
