// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/eds/quantify.hpp"

#include "hotstage/core/error.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace hotstage::eds {

namespace {

Location row_of(const io::Table& table, std::size_t row) {
  return {.file = table.file, .line = row < table.lines.size() ? table.lines[row] : 0};
}

const io::Column* find_column(const io::Table& table, std::string_view name) {
  const auto found = std::ranges::find(table.columns, name, &io::Column::name);
  return found == table.columns.end() ? nullptr : &*found;
}

struct Line {
  const FamilyArea* area = nullptr;
  std::size_t number = 0;  ///< in the fit
  KFactor factor;
  double absorption = 1.0;
  double mass = 1.0;

  /// Amount (by the basis of the k-factors) per photon.
  [[nodiscard]] double per_photon() const { return factor.k * absorption; }

  [[nodiscard]] double amount() const { return per_photon() * area->alpha.value; }
};

std::string_view without_alpha(std::string_view name) {
  if (name.ends_with("α")) {
    name.remove_suffix(std::string_view("α").size());
  } else if (name.ends_with('a')) {
    name.remove_suffix(1);
  }
  return name;
}

std::vector<Line> gather(const SpectrumFit& fit, std::span<const LineFamily* const> lines,
                         std::span<const KFactor> factors) {
  std::vector<Line> out;
  for (const LineFamily* family : lines) {
    const auto area = std::ranges::find(fit.areas, family, &FamilyArea::family);
    if (area == fit.areas.end()) {
      throw Error(Errc::bad_input, fmt::format("{} is to be quantified but was not fitted", family->name()));
    }
    const auto factor =
        std::ranges::find_if(factors, [&](const KFactor& k) { return without_alpha(k.line) == family->name(); });
    if (factor == factors.end()) {
      throw Error(Errc::bad_input, fmt::format("no k-factor is given for {}", family->name()),
                  "Add a row with the line to the table of k-factors");
    }
    out.push_back({.area = &*area,
                   .number = static_cast<std::size_t>(area - fit.areas.begin()),
                   .factor = *factor,
                   .mass = family->element.mass_u});
  }
  return out;
}

/// Amounts by weight or by atoms: what the k-factors give, divided or multiplied by the atomic mass.
double to_basis(const Line& line, KBasis from, KBasis to) {
  return from == to ? 1.0 : to == KBasis::atom ? 1.0 / line.mass : line.mass;
}

std::vector<double> fractions(const std::vector<Line>& lines, KBasis from, KBasis to) {
  std::vector<double> out;
  double sum = 0.0;
  for (const Line& line : lines) {
    out.push_back(line.area->found ? line.amount() * to_basis(line, from, to) : 0.0);
    sum += out.back();
  }
  for (double& value : out) {
    value /= sum;
  }
  return out;
}

/// Repeats until the composition no longer changes the absorption it causes.
void correct_absorption(std::vector<Line>& lines, const LineTable& table, const QuantifyOptions& options,
                        Composition& out) {
  constexpr int most_rounds = 50;
  constexpr double nm_to_cm = 1e-7;
  const Absorption& film = *options.absorption;
  const double path =
      film.density_g_cm3 * film.thickness.in(units::nm)*nm_to_cm / std::sin(film.take_off.in(units::rad));
  for (int round = 0; round < most_rounds; ++round) {
    const std::vector<double> weight = fractions(lines, options.basis, KBasis::weight);
    double moved = 0.0;
    for (Line& line : lines) {
      double mu = 0.0;
      for (std::size_t j = 0; j < lines.size(); ++j) {
        const auto one = table.absorption(*line.area->family, lines[j].area->family->element);
        if (!one && weight[j] > 0.0) {
          throw Error(Errc::bad_input,
                      fmt::format("the absorption of {} is not in the table", line.area->family->name()),
                      "Quantify another line of the element, or leave the thickness out");
        }
        mu += weight[j] * one.value_or(0.0);
      }
      const double depth = mu * path;
      const double factor = depth > 1e-9 ? depth / -std::expm1(-depth) : 1.0;
      moved = std::max(moved, std::abs(factor / line.absorption - 1.0));
      line.absorption = factor;
    }
    if (moved < 1e-8) {
      break;
    }
  }
  out.assumed.push_back(fmt::format(
      "absorption in an even film of {:.0f} nm and {:.2f} g/cm³, take-off angle {:.1f}°; no error of it in σ",
      film.thickness.in(units::nm), film.density_g_cm3, film.take_off.in(units::rad)*57.29577951308232));
}

/// σ of f(amounts) by counting (full covariance of the areas) and by k-factors (independent between lines).
/// `slope[i]` is ∂f/∂(amount of line i).
Parted propagate(double value, const std::vector<Line>& lines, const std::vector<double>& slope,
                 const SpectrumFit& fit) {
  double counting = 0.0;
  double k_factor = 0.0;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    for (std::size_t j = 0; j < lines.size(); ++j) {
      counting += slope[i] * slope[j] * lines[i].per_photon() * lines[j].per_photon() *
                  fit.covariance.view()(lines[i].number, lines[j].number);
    }
    const double part = slope[i] * lines[i].amount() * lines[i].factor.sigma / lines[i].factor.k;
    k_factor += part * part;
  }
  return {value, std::sqrt(std::max(0.0, counting)), std::sqrt(k_factor)};
}

Parted fraction_of(std::size_t at, const std::vector<Line>& lines, KBasis from, KBasis to, const SpectrumFit& fit) {
  double sum = 0.0;
  for (const Line& line : lines) {
    sum += line.area->found ? line.amount() * to_basis(line, from, to) : 0.0;
  }
  const double share = lines[at].amount() * to_basis(lines[at], from, to) / sum;
  std::vector<double> slope;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    const double own = i == at ? 1.0 : 0.0;
    slope.push_back(lines[i].area->found ? (own - share) * to_basis(lines[i], from, to) / sum : 0.0);
  }
  return propagate(share, lines, slope, fit);
}

Parted ratio_of(std::size_t at, std::size_t reference, const std::vector<Line>& lines, KBasis from,
                const SpectrumFit& fit) {
  const double below = lines[reference].amount() * to_basis(lines[reference], from, KBasis::atom);
  const double above = lines[at].amount() * to_basis(lines[at], from, KBasis::atom);
  std::vector<double> slope(lines.size(), 0.0);
  if (at != reference) {
    slope[at] = to_basis(lines[at], from, KBasis::atom) / below;
    slope[reference] = -above / (below * below) * to_basis(lines[reference], from, KBasis::atom);
  }
  return propagate(above / below, lines, slope, fit);
}

}  // namespace

double Parted::sigma() const {
  return std::hypot(counting, k_factor);
}

std::vector<KFactor> read_k_factors(const io::Table& table, double default_relative) {
  const io::Column& names = table.column("line");
  const std::vector<double>& k = table.numbers("k");
  const io::Column* sigma = find_column(table, "sigma");
  const io::Column* percent = find_column(table, "sigma_percent");
  if (!names.is_text) {
    throw Error(Errc::bad_input, Location{.file = table.file},
                "the column \"line\" should hold names such as \"Co K\"");
  }
  std::vector<KFactor> out;
  for (std::size_t i = 0; i < k.size(); ++i) {
    KFactor factor{.line = names.texts[i], .k = k[i], .sigma = default_relative * k[i]};
    if (sigma != nullptr) {
      factor.sigma = io::numbers_of(*sigma)[i];
    } else if (percent != nullptr) {
      factor.sigma = 0.01 * io::numbers_of(*percent)[i] * k[i];
    }
    if (!(factor.k > 0.0) || !std::isfinite(factor.k) || !(factor.sigma >= 0.0)) {
      throw Error(
          Errc::bad_input, row_of(table, i),
          fmt::format("the k-factor of {} is {} ± {}: it must be positive", factor.line, factor.k, factor.sigma));
    }
    const bool twice = std::ranges::any_of(
        out, [&](const KFactor& other) { return without_alpha(other.line) == without_alpha(factor.line); });
    if (twice) {
      throw Error(Errc::bad_input, row_of(table, i), fmt::format("{} has two k-factors", factor.line));
    }
    out.push_back(std::move(factor));
  }
  return out;
}

Composition quantify(const SpectrumFit& fit, std::span<const LineFamily* const> families,
                     std::span<const KFactor> factors, const LineTable& table, const QuantifyOptions& options) {
  std::vector<Line> lines = gather(fit, families, factors);
  const auto first_found = std::ranges::find_if(lines, [](const Line& line) { return line.area->found; });
  if (first_found == lines.end()) {
    throw Error(Errc::refused, "no element asked for was found in the spectrum",
                "Sum more pixels, measure longer, or look at the fit of the lines first");
  }
  Composition out;
  out.reference = static_cast<std::size_t>(first_found - lines.begin());
  if (options.absorption) {
    correct_absorption(lines, table, options, out);
  } else {
    out.assumed.emplace_back("no absorption in the specimen (thickness and density not given)");
  }
  double found_atoms = 0.0;
  for (const Line& line : lines) {
    found_atoms += line.area->found ? line.amount() * to_basis(line, options.basis, KBasis::atom) : 0.0;
  }
  const double reference_atoms =
      lines[out.reference].amount() * to_basis(lines[out.reference], options.basis, KBasis::atom);
  for (std::size_t i = 0; i < lines.size(); ++i) {
    const Line& line = lines[i];
    ElementAmount amount{.family = line.area->family, .found = line.area->found, .absorption = line.absorption};
    if (amount.found) {
      amount.atom = fraction_of(i, lines, options.basis, KBasis::atom, fit);
      amount.weight = fraction_of(i, lines, options.basis, KBasis::weight, fit);
      amount.ratio = ratio_of(i, out.reference, lines, options.basis, fit);
    } else {
      const double most = *line.area->below * line.per_photon() * to_basis(line, options.basis, KBasis::atom);
      amount.atom_below = most / (found_atoms + most);
      amount.ratio_below = most / reference_atoms;
    }
    out.elements.push_back(amount);
  }
  return out;
}

}  // namespace hotstage::eds
