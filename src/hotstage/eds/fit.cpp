// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/eds/fit.hpp"

#include "hotstage/core/error.hpp"
#include "hotstage/eds/detail/poisson_fit.hpp"
#include "hotstage/num/least_squares.hpp"

#include <Eigen/Cholesky>
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numbers>

namespace hotstage::eds {

namespace {

constexpr double lowest_fitted = 150.0;  // eV: noise and cut-off of the detector below
constexpr double reach = 5.0;            // σ: a Gaussian beyond is nothing

/// A line's share of each channel: the integral of the Gaussian over the channel.
void add_line(const XrayLine& line, double scale, const EnergyAxis& axis, const Resolution& resolution,
              std::size_t first, View<double, 2> out, std::size_t column) {
  const double sigma = resolution.sigma(line.energy_eV);
  const double from = std::floor((line.energy_eV - reach * sigma - axis.offset_eV) / axis.step_eV);
  const double to = std::ceil((line.energy_eV + reach * sigma - axis.offset_eV) / axis.step_eV);
  const auto last_channel = static_cast<double>(first + out.extent(0)) - 1.0;
  const auto first_channel = static_cast<double>(first);
  for (double i = std::max(from, first_channel); i <= std::min(to, last_channel); i += 1.0) {
    const double low = (axis.value(i - 0.5) - line.energy_eV) / (sigma * std::numbers::sqrt2);
    const double high = (axis.value(i + 0.5) - line.energy_eV) / (sigma * std::numbers::sqrt2);
    out(static_cast<std::size_t>(i) - first, column) += scale * line.weight * 0.5 * (std::erf(high) - std::erf(low));
  }
}

/// The lines of one family that one parameter scales.
struct LineGroup {
  std::vector<XrayLine> lines;
  double scale = 1.0;
};

/// Groups of columns: the α group of each family in units of photons in the α lines, then the subshells left free.
std::vector<LineGroup> group_lines(std::span<const LineFamily* const> families, const Resolution& resolution,
                                   double low_eV, double high_eV) {
  constexpr double lowest_free = 1500.0;  // eV: below, too many lines crowd to leave a subshell free
  std::vector<LineGroup> out;
  std::vector<LineGroup> free;
  for (const LineFamily* family : families) {
    const double alpha = family->alpha_energy();
    LineGroup main{.lines = {}, .scale = 1.0 / family->alpha_share()};
    std::vector<std::string> apart;
    for (const XrayLine& line : family->lines) {
      // Strongest first: the first line of a subshell decides for all of it.
      const bool own = line.vacancy == family->lines.front().vacancy || alpha < lowest_free;
      const bool decided = std::ranges::find(apart, line.vacancy) != apart.end();
      const bool tied = std::ranges::find(main.lines, line.vacancy, &XrayLine::vacancy) != main.lines.end();
      const bool seen = line.energy_eV > low_eV && line.energy_eV < high_eV;
      if (own || tied || (!decided && (!seen || std::abs(line.energy_eV - alpha) < resolution.fwhm(alpha)))) {
        main.lines.push_back(line);
      } else if (!decided) {
        apart.push_back(line.vacancy);
        free.push_back({.lines = {line}, .scale = 1.0 / line.weight});
      } else {
        free[free.size() - apart.size() +
             static_cast<std::size_t>(std::ranges::find(apart, line.vacancy) - apart.begin())]
            .lines.push_back(line);
      }
    }
    out.push_back(std::move(main));
  }
  out.insert(out.end(), free.begin(), free.end());
  return out;
}

void fill_lines(std::span<const LineGroup> groups, const EnergyAxis& axis, const Resolution& resolution,
                std::size_t first, View<double, 2> out) {
  for (std::size_t k = 0; k < groups.size(); ++k) {
    for (std::size_t i = 0; i < out.extent(0); ++i) {
      out(i, k) = 0.0;
    }
    for (const XrayLine& line : groups[k].lines) {
      add_line(line, groups[k].scale, axis, resolution, first, out, k);
    }
  }
}

/// Knots of the background: several FWHM apart, so that no line can hide in it.
std::vector<double> background_knots(double low, double high, const Resolution& resolution) {
  constexpr double widths = 4.0;
  constexpr double factor = 1.4;
  std::vector<double> knots{low};
  while (knots.back() < high) {
    const double at = knots.back();
    knots.push_back(std::max(at * factor, at + widths * resolution.fwhm(at)));
  }
  if (knots.size() > 2 && knots.back() > high &&
      high - knots[knots.size() - 2] < 0.5 * (knots.back() - knots[knots.size() - 2])) {
    knots.pop_back();
  }
  knots.back() = high;
  return knots;
}

double kramers(double energy, double beam) {
  return energy > 0.0 && energy < beam ? (beam - energy) / energy * (lowest_fitted / beam) : 0.0;
}

void fill_background(const std::vector<double>& knots, const EnergyAxis& axis, double beam, std::size_t first,
                     std::size_t column, View<double, 2> out) {
  for (std::size_t i = 0; i < out.extent(0); ++i) {
    const double energy = axis.value(static_cast<double>(first + i));
    const double shape = kramers(energy, beam);
    const auto above = std::ranges::upper_bound(knots, energy);
    const std::size_t k = std::clamp<std::size_t>(static_cast<std::size_t>(above - knots.begin()), 1, knots.size() - 1);
    const double t = std::clamp((energy - knots[k - 1]) / (knots[k] - knots[k - 1]), 0.0, 1.0);
    for (std::size_t j = 0; j < knots.size(); ++j) {
      out(i, column + j) = j == k - 1 ? (1.0 - t) * shape : j == k ? t * shape : 0.0;
    }
  }
}

struct Range {
  std::size_t first = 0;
  std::size_t count = 0;
  double low_eV = 0.0;
  double high_eV = 0.0;
};

Range fitted_range(const EnergyAxis& axis, std::span<const LineFamily* const> families, const FitOptions& options) {
  double low = options.low_eV;
  double high = options.high_eV;
  if (low == 0.0 && high == 0.0) {
    low = families.front()->alpha_energy();
    high = low;
    for (const LineFamily* family : families) {
      low = std::min(low, family->alpha_energy());
      high = std::max(high, family->alpha_energy());
      for (const XrayLine& line : family->lines) {
        // Side lines of another shell of the same detector range belong to their own family.
        high = std::max(high, std::min(line.energy_eV, axis.value(static_cast<double>(axis.size))));
      }
    }
    low = std::max(lowest_fitted, low - 6.0 * options.resolution.fwhm(low));
    high += std::max(6.0 * options.resolution.fwhm(high), 500.0);
  }
  const double begin =
      std::clamp(std::ceil((low - axis.offset_eV) / axis.step_eV), 0.0, static_cast<double>(axis.size));
  const double end =
      std::clamp(std::floor((high - axis.offset_eV) / axis.step_eV) + 1.0, begin, static_cast<double>(axis.size));
  Range out{static_cast<std::size_t>(begin), static_cast<std::size_t>(end - begin), axis.value(begin),
            axis.value(end - 1.0)};
  for (const LineFamily* family : families) {
    const double margin = options.resolution.fwhm(family->alpha_energy());
    if (out.count == 0 || family->alpha_energy() - margin < out.low_eV ||
        family->alpha_energy() + margin > out.high_eV) {
      throw Error(Errc::bad_input,
                  fmt::format("the α line of {} at {:.0f} eV lies outside the fitted range {:.0f} to {:.0f} eV",
                              family->name(), family->alpha_energy(), out.low_eV, out.high_eV),
                  "Choose another line of the element, or widen the range");
    }
  }
  return out;
}

LineModel make_model(const EnergyAxis& axis, std::size_t families, std::span<const LineGroup> groups,
                     const Range& range, const FitOptions& options) {
  const std::vector<double> knots = background_knots(range.low_eV, range.high_eV, options.resolution);
  LineModel model{.axis = axis,
                  .resolution = options.resolution,
                  .first = range.first,
                  .lines = families,
                  .basis = Buffer<double, 2>({range.count, groups.size() + knots.size()})};
  fill_lines(groups, axis, options.resolution, range.first, model.basis.view());
  fill_background(knots, axis, options.beam_eV, range.first, groups.size(), model.basis.view());
  return model;
}

void check_counts(std::span<const double> counts, const EnergyAxis& axis, std::span<const LineFamily* const> families) {
  if (families.empty()) {
    throw Error(Errc::bad_input, "no X-ray lines are asked for", "Name elements, for example [\"O\", \"Co\"]");
  }
  if (counts.size() != axis.size || !(axis.step_eV > 0.0)) {
    throw Error(Errc::bad_input,
                fmt::format("{} counts on an axis of {} channels of {} eV", counts.size(), axis.size, axis.step_eV));
  }
  for (const double count : counts) {
    if (!std::isfinite(count) || count < 0.0) {
      throw Error(Errc::bad_input, fmt::format("the spectrum holds {}, which is no number of photons", count),
                  "Use the counts as measured, before any background subtraction");
    }
  }
}

struct Strong {
  double energy = 0.0;
  double sigmas = 0.0;
};

/// Shift, gain and width of the axis by separable least squares around the fit given.
class Calibrator {
 public:
  Calibrator(std::span<const double> counts, std::span<const LineFamily* const> families,
             std::span<const LineGroup> groups, const Range& range, const FitOptions& options)
      : counts_(counts), families_(families), groups_(groups), range_(range), options_(options) {}

  /// Changes axis and resolution of the options; says in `fit` what was found and what was held.
  void run(const detail::PoissonFit& first, EnergyAxis& axis, FitOptions& options, SpectrumFit& fit) const {
    std::vector<Strong> strong;
    for (std::size_t k = 0; k < families_.size(); ++k) {
      const auto i = static_cast<Eigen::Index>(k);
      const double sigma = std::sqrt(first.covariance(i, i));
      strong.push_back({families_[k]->alpha_energy(), sigma > 0.0 ? first.parameters[k] / sigma : 0.0});
    }
    const Strong best = *std::ranges::max_element(strong, {}, &Strong::sigmas);
    constexpr double enough = 30.0;        // σ, about 1000 photons
    constexpr double enough_width = 50.0;  // σ
    constexpr double apart = 2000.0;       // eV
    if (best.sigmas < enough) {
      fit.held.push_back(fmt::format("energy and resolution: the strongest line has only {:.0f} σ", best.sigmas));
      return;
    }
    const bool with_gain = std::ranges::any_of(strong, [&](const Strong& line) {
      return line.sigmas >= enough && std::abs(line.energy - best.energy) > apart;
    });
    const bool with_width = options.calibrate == Calibrate::full && best.sigmas >= enough_width;
    if (!with_gain) {
      fit.held.push_back("gain: no second strong line 2 keV away");
    }
    if (!with_width) {
      fit.held.push_back("resolution: no line is strong enough, or it was not asked for");
    }
    solve(first, best.energy, with_gain, with_width, axis, options, fit);
  }

 private:
  void solve(const detail::PoissonFit& first, double pivot, bool with_gain, bool with_width, EnergyAxis& axis,
             FitOptions& options, SpectrumFit& fit) const {
    // q: shift at the pivot (eV), gain (1e-3), FWHM at Mn Kα (eV), those that are free.
    const std::vector<double> knots = background_knots(range_.low_eV, range_.high_eV, options_.resolution);
    std::vector<double> start{0.0};
    std::vector<double> lower{-40.0};
    std::vector<double> upper{40.0};
    if (with_gain) {
      start.push_back(0.0);
      lower.push_back(-10.0);
      upper.push_back(10.0);
    }
    if (with_width) {
      start.push_back(options.resolution.mn_ka_eV);
      lower.push_back(90.0);
      upper.push_back(250.0);
    }
    const EnergyAxis stated = axis;
    const auto placed = [&](std::span<const double> q) {
      const double gain = with_gain ? 1e-3 * q[1] : 0.0;
      EnergyAxis out = stated;
      out.step_eV = stated.step_eV * (1.0 + gain);
      out.offset_eV = pivot + q[0] + (stated.offset_eV - pivot) * (1.0 + gain);
      return out;
    };
    const auto width = [&](std::span<const double> q) {
      return Resolution{with_width ? q.back() : options.resolution.mn_ka_eV};
    };
    std::vector<double> weights;
    for (const double expected : first.model) {
      weights.push_back(1.0 / std::max(expected, 0.5));
    }
    const num::Basis basis = [&](std::span<const double> q, View<double, 2> out) {
      fill_lines(groups_, placed(q), width(q), range_.first, out);
      fill_background(knots, placed(q), options_.beam_eV, range_.first, groups_.size(), out);
    };
    const num::Fit solved = num::fit_separable(
        {.basis = basis, .linear = groups_.size() + knots.size()}, counts_.subspan(range_.first, range_.count), weights,
        start, {.max_iterations = 30, .step_tolerance = 1e-5, .lower = lower, .upper = upper});
    const std::span<const double> q(solved.parameters.data(), start.size());
    bool sound = solved.ok();
    for (std::size_t i = 0; i < start.size() && sound; ++i) {
      sound = q[i] > lower[i] && q[i] < upper[i];
    }
    if (!sound) {
      fit.held.push_back(
          fmt::format("energy and resolution: their fit found no minimum ({})", num::name(solved.status)));
      return;
    }
    axis = placed(q);
    options.resolution = width(q);
    fit.shift_eV = Estimate{q[0], solved.sigma(0)};
    if (with_gain) {
      fit.gain = Estimate{1e-3 * q[1], 1e-3 * solved.sigma(1)};
    }
    if (with_width) {
      fit.resolution_eV = Estimate{q.back(), solved.sigma(start.size() - 1)};
    }
  }

  std::span<const double> counts_;
  std::span<const LineFamily* const> families_;
  std::span<const LineGroup> groups_;
  const Range& range_;
  const FitOptions& options_;
};

void fill_areas(const detail::PoissonFit& solved, std::span<const LineFamily* const> families, double detection_sigma,
                SpectrumFit& fit) {
  constexpr double one_sided_95 = 1.645;
  fit.covariance = Buffer<double, 2>({families.size(), families.size()});
  const double extra = std::sqrt(std::max(0.0, fit.chi2_per_dof - 1.0));
  for (std::size_t k = 0; k < families.size(); ++k) {
    for (std::size_t j = 0; j < families.size(); ++j) {
      fit.covariance.view()(k, j) = solved.covariance(static_cast<Eigen::Index>(k), static_cast<Eigen::Index>(j));
    }
    FamilyArea area{.family = families[k], .alpha = {solved.parameters[k], std::sqrt(fit.covariance.view()(k, k))}};
    area.sigma_model = extra * area.alpha.sigma;
    const double total = std::hypot(area.alpha.sigma, area.sigma_model);
    area.found = area.alpha.value > detection_sigma * total;
    if (!area.found) {
      area.below = std::max(area.alpha.value, 0.0) + one_sided_95 * total;
    }
    fit.areas.push_back(area);
  }
}

}  // namespace

SpectrumFit fit_spectrum(std::span<const double> counts, const EnergyAxis& axis,
                         std::span<const LineFamily* const> families, const FitOptions& asked) {
  check_counts(counts, axis, families);
  FitOptions options = asked;
  const Range range = fitted_range(axis, families, options);
  const std::span<const double> fitted = counts.subspan(range.first, range.count);
  SpectrumFit fit;
  double sum = 0.0;
  for (const double count : fitted) {
    sum += count;
  }
  constexpr double fewest = 20.0;
  if (sum < fewest) {
    return fit;
  }
  EnergyAxis placed = axis;
  const std::vector<LineGroup> groups = group_lines(families, options.resolution, range.low_eV, range.high_eV);
  LineModel model = make_model(placed, families.size(), groups, range, options);
  detail::PoissonFit solved = detail::fit_poisson(model.basis.view(), fitted, groups.size());
  if (solved.ok && options.calibrate != Calibrate::none) {
    Calibrator(counts, families, groups, range, asked).run(solved, placed, options, fit);
    model = make_model(placed, families.size(), groups, range, options);
    solved = detail::fit_poisson(model.basis.view(), fitted, groups.size());
  }
  if (!solved.ok) {
    fit.status = LineFitStatus::singular;
    return fit;
  }
  constexpr double sparse = 0.5;  // a channel of fewer expected counts says little about the misfit
  double chi2 = 0.0;
  double used = 0.0;
  for (std::size_t i = 0; i < fitted.size(); ++i) {
    if (solved.model[i] > sparse) {
      chi2 += (fitted[i] - solved.model[i]) * (fitted[i] - solved.model[i]) / solved.model[i];
      used += 1.0;
    }
  }
  const double dof = used - static_cast<double>(model.basis.extent(1));
  fit.chi2_per_dof = dof > 0.0 ? chi2 / dof : 1.0;
  fill_areas(solved, families, options.detection_sigma, fit);
  fit.background.assign(fitted.size(), 0.0);
  for (std::size_t i = 0; i < fitted.size(); ++i) {
    for (std::size_t j = groups.size(); j < model.basis.extent(1); ++j) {
      fit.background[i] += model.basis.view()(i, j) * solved.parameters[j];
    }
  }
  fit.model = std::move(solved.model);
  fit.lines = std::move(model);
  fit.status = LineFitStatus::ok;
  return fit;
}

AreaEstimator area_estimator(const SpectrumFit& fit) {
  HOTSTAGE_EXPECTS(fit.status == LineFitStatus::ok);
  const View<const double, 2> basis = fit.lines.basis.view();
  const std::size_t rows = basis.extent(0);
  using RowMajor = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
  const Eigen::Map<const RowMajor> matrix(basis.data(), static_cast<Eigen::Index>(rows),
                                          static_cast<Eigen::Index>(basis.extent(1)));
  Eigen::VectorXd weight(static_cast<Eigen::Index>(rows));
  double mean = 0.0;
  for (const double expected : fit.model) {
    mean += expected / static_cast<double>(rows);
  }
  for (std::size_t i = 0; i < rows; ++i) {
    weight[static_cast<Eigen::Index>(i)] = 1.0 / std::max(fit.model[i], 0.02 * mean);
  }
  const RowMajor weighted = weight.asDiagonal() * matrix;
  const Eigen::MatrixXd gram = matrix.transpose() * weighted;
  const RowMajor solution = gram.ldlt().solve(Eigen::MatrixXd(weighted.transpose()));
  AreaEstimator out{.first = fit.lines.first, .weights = Buffer<double, 2>({fit.lines.lines, rows})};
  for (std::size_t k = 0; k < fit.lines.lines; ++k) {
    for (std::size_t i = 0; i < rows; ++i) {
      out.weights.view()(k, i) = solution(static_cast<Eigen::Index>(k), static_cast<Eigen::Index>(i));
    }
  }
  return out;
}

std::optional<Estimate> two_window_area(std::span<const double> counts, const EnergyAxis& axis,
                                        const LineFamily& family, const Resolution& resolution, double half_width) {
  const double centre = family.alpha_energy();
  const double width = resolution.fwhm(centre);
  const auto channel = [&](double energy) { return (energy - axis.offset_eV) / axis.step_eV; };
  const double inner = half_width * width;
  const double outer = inner + 0.25 * width;

  struct Sum {
    double counts = 0.0;
    double channels = 0.0;
  };

  const auto sum = [&](double low, double high) -> Sum {
    Sum out;
    for (double i = std::ceil(channel(low)); i <= std::floor(channel(high)); i += 1.0) {
      if (i >= 0.0 && i < static_cast<double>(counts.size())) {
        out.counts += counts[static_cast<std::size_t>(i)];
        out.channels += 1.0;
      }
    }
    return out;
  };
  const Sum peak = sum(centre - inner, centre + inner);
  const Sum left = sum(centre - outer - inner, centre - outer);
  const Sum right = sum(centre + outer, centre + outer + inner);
  if (peak.channels < 3.0 || left.channels < 2.0 || right.channels < 2.0) {
    return std::nullopt;
  }
  const double level = 0.5 * (left.counts / left.channels + right.counts / right.channels);
  const double level_variance =
      0.25 * (left.counts / (left.channels * left.channels) + right.counts / (right.channels * right.channels));
  // What the line puts into the summed channels, peak less sides.
  const auto share = [&](double low, double high) {
    double inside = 0.0;
    double whole = 0.0;
    for (const XrayLine& line : family.lines) {
      const double sigma = resolution.sigma(line.energy_eV) * std::numbers::sqrt2;
      const double first = axis.value(std::ceil(channel(low)) - 0.5);
      const double last = axis.value(std::floor(channel(high)) + 0.5);
      inside +=
          line.weight * 0.5 * (std::erf((last - line.energy_eV) / sigma) - std::erf((first - line.energy_eV) / sigma));
      whole += line.name.size() > 1 && line.name[1] == 'a' ? line.weight : 0.0;
    }
    return inside / whole;
  };
  const double held =
      share(centre - inner, centre + inner) - 0.5 * peak.channels *
                                                  (share(centre - outer - inner, centre - outer) / left.channels +
                                                   share(centre + outer, centre + outer + inner) / right.channels);
  return Estimate{(peak.counts - level * peak.channels) / held,
                  std::sqrt(peak.counts + peak.channels * peak.channels * level_variance) / held};
}

std::vector<double> expected_lines(const EnergyAxis& axis, std::span<const LineFamily* const> families,
                                   std::span<const double> alpha_areas, const Resolution& resolution) {
  HOTSTAGE_EXPECTS(alpha_areas.size() == families.size());
  std::vector<LineGroup> groups;
  for (const LineFamily* family : families) {
    groups.push_back({.lines = family->lines, .scale = 1.0 / family->alpha_share()});
  }
  Buffer<double, 2> basis({axis.size, families.size()});
  fill_lines(groups, axis, resolution, 0, basis.view());
  std::vector<double> out(axis.size, 0.0);
  for (std::size_t i = 0; i < axis.size; ++i) {
    for (std::size_t k = 0; k < families.size(); ++k) {
      out[i] += alpha_areas[k] * basis.view()(i, k);
    }
  }
  return out;
}

}  // namespace hotstage::eds
