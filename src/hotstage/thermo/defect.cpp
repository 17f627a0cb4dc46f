// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/thermo/defect.hpp"

#include "hotstage/core/error.hpp"
#include "hotstage/thermo/species.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

namespace hotstage::thermo {

namespace {

constexpr double tolerance_eV = 1e-9;

double amount(const std::map<std::string, double>& composition, const std::string& element) {
  const auto found = composition.find(element);
  return found == composition.end() ? 0.0 : found->second;
}

/// a · Δμ ≤ limit in the three elements of the host.
struct Limit {
  std::string name;
  std::array<double, 3> a{};
  double limit_eV = 0.0;
};

std::vector<Limit> limits_of(const std::array<std::string, 3>& elements, std::span<const SolidPhase> competing) {
  std::vector<Limit> out;
  for (std::size_t k = 0; k < 3; ++k) {
    out.push_back({elements[k], {}, 0.0});
    out.back().a[k] = 1.0;
  }
  for (const SolidPhase& phase : competing) {
    Limit limit{phase.formula, {}, phase.formation_eV};
    for (std::size_t k = 0; k < 3; ++k) {
      limit.a[k] = amount(phase.composition, elements[k]);
    }
    out.push_back(std::move(limit));
  }
  return out;
}

double determinant(const std::array<std::array<double, 3>, 3>& m) {
  return m[0][0] * (m[1][1] * m[2][2] - m[1][2] * m[2][1]) - m[0][1] * (m[1][0] * m[2][2] - m[1][2] * m[2][0]) +
         m[0][2] * (m[1][0] * m[2][1] - m[1][1] * m[2][0]);
}

/// Where three planes meet, by Cramer's rule.
std::optional<std::array<double, 3>> meet(const std::array<const Limit*, 3>& planes) {
  const std::array rows{planes[0]->a, planes[1]->a, planes[2]->a};
  const double whole = determinant(rows);
  if (std::abs(whole) < 1e-12) {
    return std::nullopt;
  }
  std::array<double, 3> out{};
  for (std::size_t k = 0; k < 3; ++k) {
    auto replaced = rows;
    for (std::size_t i = 0; i < 3; ++i) {
      replaced[i][k] = planes[i]->limit_eV;
    }
    out[k] = determinant(replaced) / whole;
  }
  return out;
}

double at(const Limit& limit, const std::array<double, 3>& point) {
  return limit.a[0] * point[0] + limit.a[1] * point[1] + limit.a[2] * point[2] - limit.limit_eV;
}

Corner corner_at(const std::array<std::string, 3>& elements, const std::array<double, 3>& point,
                 std::span<const Limit> limits) {
  Corner out;
  for (std::size_t k = 0; k < 3; ++k) {
    out.shift_eV[elements[k]] = std::abs(point[k]) < tolerance_eV ? 0.0 : point[k];
  }
  for (const Limit& limit : limits) {
    if (std::abs(at(limit, point)) < tolerance_eV) {
      out.limits.push_back(limit.name);
    }
  }
  return out;
}

}  // namespace

double References::half_oxygen(Oxygen oxygen_choice) const {
  HOTSTAGE_EXPECTS(oxygen != nullptr);
  return 0.5 * (oxygen->energy_eV + (oxygen_choice == Oxygen::corrected ? oxygen_correction_eV : 0.0));
}

std::optional<References> element_references(std::span<const EnergyRecord> records) {
  const References out{find_record(records, "bulk_li"), find_record(records, "bulk_co"),
                       find_record(records, "bulk_o2")};
  return out.lithium != nullptr && out.cobalt != nullptr && out.oxygen != nullptr ? std::optional(out) : std::nullopt;
}

SolidPhase formed(const EnergyRecord& record, std::string_view formula, const References& references, Oxygen oxygen) {
  SolidPhase out{std::string(formula), composition_of(formula), 0.0};
  const double units = record.composition.begin()->second / amount(out.composition, record.composition.begin()->first);
  for (const auto& [element, count] : record.composition) {
    if (std::abs(units * amount(out.composition, element) - count) > 1e-9) {
      throw Error(Errc::refused, fmt::format("record {} ({}) is not {}", record.name, record.formula, formula));
    }
  }
  const auto of = [&](const char* element) { return amount(out.composition, element); };
  std::vector<Part> parts{{1.0 / units, &record}};
  if (of("Li") > 0.0) {
    parts.push_back({-of("Li") / references.lithium->composition.at("Li"), references.lithium});
  }
  if (of("Co") > 0.0) {
    parts.push_back({-of("Co") / references.cobalt->composition.at("Co"), references.cobalt});
  }
  parts.push_back({-0.5 * of("O"), references.oxygen});
  out.formation_eV = energy_difference(parts, Mix::metal_without_u, Mesh::dense) -
                     of("O") * (references.half_oxygen(oxygen) - references.half_oxygen(Oxygen::raw));
  return out;
}

std::vector<Corner> stability_corners(const SolidPhase& host, std::span<const SolidPhase> competing) {
  HOTSTAGE_EXPECTS(host.composition.size() == 3);
  std::array<std::string, 3> elements;
  std::ranges::transform(host.composition, elements.begin(), [](const auto& pair) { return pair.first; });
  const std::vector<Limit> limits = limits_of(elements, competing);
  const Limit balance = limits_of(elements, std::span(&host, 1)).back();
  std::vector<Corner> out;
  for (std::size_t i = 0; i < limits.size(); ++i) {
    for (std::size_t j = i + 1; j < limits.size(); ++j) {
      const auto point = meet({&balance, &limits[i], &limits[j]});
      if (!point || std::ranges::any_of(limits, [&](const Limit& limit) { return at(limit, *point) > tolerance_eV; })) {
        continue;
      }
      Corner corner = corner_at(elements, *point, limits);
      if (std::ranges::none_of(out, [&](const Corner& other) { return other.limits == corner.limits; })) {
        out.push_back(std::move(corner));
      }
    }
  }
  return out;
}

const Corner* extreme_corner(std::span<const Corner> corners, std::string_view rich, std::string_view poor) {
  const Corner* best = nullptr;
  for (const Corner& corner : corners) {
    const auto of = [](const Corner& c, std::string_view element) { return c.shift_eV.at(std::string(element)); };
    const double gain = best == nullptr ? 1.0 : of(corner, rich) - of(*best, rich);
    if (gain > tolerance_eV || (gain > -tolerance_eV && of(corner, poor) < of(*best, poor))) {
      best = &corner;
    }
  }
  return best;
}

double vacancy_difference(const EnergyRecord& defect, const EnergyRecord& host) {
  for (const auto& [element, count] : host.composition) {
    if (amount(defect.composition, element) != count - (element == "O" ? 1.0 : 0.0)) {
      throw Error(Errc::refused, fmt::format("{} is not {} without one O", defect.formula, host.formula));
    }
  }
  const std::array parts{Part{1.0, &defect}, Part{-1.0, &host}};
  return energy_difference(parts, Mix::none, Mesh::same);
}

const EnergyRecord* lowest_vacancy(std::span<const EnergyRecord> records, std::string_view prefix) {
  std::vector<const EnergyRecord*> found;
  for (const EnergyRecord& record : records) {
    if (record.name.starts_with(prefix)) {
      found.push_back(&record);
    }
  }
  return lowest(found);
}

}  // namespace hotstage::thermo
