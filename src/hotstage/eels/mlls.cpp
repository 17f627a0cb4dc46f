// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/eels/mlls.hpp"

#include "hotstage/core/error.hpp"
#include "hotstage/eels/background.hpp"
#include "hotstage/eels/detail/item_blocks.hpp"
#include "hotstage/eels/detail/quasi_likelihood.hpp"
#include "hotstage/eels/k_factor.hpp"

#include <Eigen/Eigenvalues>
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace hotstage::eels {

namespace {

constexpr double collinear = 30.0;
constexpr double inseparable = 1e6;
constexpr std::size_t background_columns = 2;

/// Cubic through the four nearest channels; the end values beyond the ends.
double cubic(std::span<const double> values, double channel) {
  const auto last = static_cast<double>(values.size() - 1);
  const double inside = std::clamp(channel, 0.0, last);
  const double left = std::clamp(std::floor(inside), 1.0, std::max(last - 2.0, 1.0));
  const double t = inside - left;
  const auto k = static_cast<std::size_t>(left);
  if (values.size() < 4) {
    return values[std::min(static_cast<std::size_t>(std::lround(inside)), values.size() - 1)];
  }
  return -t * (t - 1.0) * (t - 2.0) / 6.0 * values[k - 1] + (t + 1.0) * (t - 1.0) * (t - 2.0) / 2.0 * values[k] -
         (t + 1.0) * t * (t - 2.0) / 2.0 * values[k + 1] + (t + 1.0) * t * (t - 1.0) / 6.0 * values[k + 2];
}

/// Mean spectrum of the items marked, on the axis of the signal.
std::vector<double> mean_spectrum(const signal::Signal& data, std::span<const char> items, Run& run) {
  const std::size_t channels = data.channels();
  detail::BlockSums sums(channels);
  detail::for_each_block(
      data, run, "references",
      [&](std::size_t first, View<const float, 2> counts) {
        std::vector<double> sum(channels, 0.0);
        for (std::size_t i = 0; i < counts.extent(0); ++i) {
          if (items.empty() || items[first + i] != 0) {
            const double shift = data.item_offset ? (*data.item_offset)[first + i] : 0.0;
            detail::add_shifted(counts.row(i), shift / energy_axis_of(data).step_eV, sum);
          }
        }
        return sum;
      },
      sums);
  const double n =
      items.empty() ? static_cast<double>(data.items()) : static_cast<double>(std::ranges::count(items, 1));
  std::vector<double> out = sums.total();
  for (double& value : out) {
    value /= std::max(n, 1.0);
  }
  return out;
}

class Mlls {
 public:
  Mlls(const signal::Signal& data, std::span<const signal::Signal* const> references, const MllsOptions& options,
       Run& run)
      : data_(data), options_(options), axis_(energy_axis_of(data)) {
    prepare(references, run);
  }

  MllsResult go(Run& run);

 private:
  void prepare(std::span<const signal::Signal* const> references, Run& run);
  void add_reference(std::vector<double> spectrum, std::size_t number);
  void add_regions(Run& run);
  void check_condition(Run& run);
  void one_item(std::size_t item, std::span<const float> counts, std::span<double> sum);
  void columns(const EnergyAxis& axis, const ChannelRange& range, double moved_eV, double r, Eigen::MatrixXd& X) const;
  [[nodiscard]] detail::QuasiFit solve(const Eigen::MatrixXd& X, std::span<const float> y) const;
  [[nodiscard]] Estimate find_shift(const EnergyAxis& axis, const ChannelRange& range, double r,
                                    std::span<const float> y) const;
  [[nodiscard]] double noise(const detail::QuasiFit& fit) const;

  const signal::Signal& data_;
  const MllsOptions& options_;
  EnergyAxis axis_;
  std::optional<PowerLawFitter> fitter_;
  std::vector<char> non_negative_;
  MllsResult out_;
};

void Mlls::prepare(std::span<const signal::Signal* const> references, Run& run) {
  out_.axis = axis_;
  out_.window = {options_.low.in(units::eV), options_.high.in(units::eV)};
  const ChannelRange range = channels_in(axis_, out_.window);
  if (options_.background_low && options_.background_high) {
    fitter_.emplace(axis_, Window{options_.background_low->in(units::eV), options_.background_high->in(units::eV)});
  } else if (options_.background_low || options_.background_high) {
    throw Error(Errc::bad_input, "a background window needs both limits", "Give background_low and background_high");
  }
  for (const signal::Signal* reference : references) {
    const EnergyAxis own = energy_axis_of(*reference);
    if (own.low_edge() > out_.window.low_eV + own.step_eV || own.high_edge() < out_.window.high_eV - own.step_eV) {
      throw Error(Errc::bad_input, Location{.file = reference->file},
                  fmt::format("the reference covers {:.1f}–{:.1f} eV, the fit {:.1f}–{:.1f} eV", own.low_edge(),
                              own.high_edge(), out_.window.low_eV, out_.window.high_eV),
                  "Choose a window that all references cover");
    }
    const std::vector<double> mean = mean_spectrum(*reference, {}, run);
    std::vector<double> spectrum(axis_.size);
    for (std::size_t c = 0; c < spectrum.size(); ++c) {
      spectrum[c] = cubic(mean, own.channel(axis_.value(static_cast<double>(c)))) * axis_.step_eV / own.step_eV;
    }
    add_reference(std::move(spectrum), out_.references.size());
  }
  add_regions(run);
  const std::size_t parameters = out_.references.size() + (fitter_ ? background_columns : 0);
  if (out_.references.empty()) {
    throw Error(Errc::bad_input, "no reference spectra", "Give a reference input, or regions = [0, 4, 20, 24]");
  }
  constexpr std::size_t per_parameter = 3;
  if (range.size() < per_parameter * parameters) {
    throw Error(
        Errc::bad_input,
        fmt::format(
            "the window {:.1f}–{:.1f} eV holds {} channels of the axis {:.1f}–{:.1f} eV, too few for {} parameters",
            out_.window.low_eV, out_.window.high_eV, range.size(), axis_.low_edge(), axis_.high_edge(), parameters));
  }
  non_negative_.assign(parameters, 0);
  if (options_.non_negative) {
    std::fill_n(non_negative_.begin(), out_.references.size(), 1);
  }
  check_condition(run);
  const std::size_t n = data_.items();
  out_.valid.assign(n, 0);
  for (auto* column : {&out_.chi2_per_dof, &out_.misfit, &out_.shift_eV, &out_.shift_sigma}) {
    column->assign(n, 0.0);
  }
  for (MllsReference& reference : out_.references) {
    for (auto* column : {&reference.coefficient, &reference.sigma, &reference.share}) {
      column->assign(n, 0.0);
    }
  }
}

void Mlls::add_regions(Run& run) {
  const std::size_t per_region = data_.navigation.size() == 2 ? 4 : 2;
  if (options_.regions.size() % per_region != 0) {
    throw Error(Errc::bad_input,
                fmt::format("regions holds {} numbers, not a multiple of {}", options_.regions.size(), per_region),
                per_region == 4 ? "Give x first, x last, y first, y last of each" : "Give first, last of each");
  }
  for (std::size_t k = 0; k < options_.regions.size(); k += per_region) {
    const std::vector<char> items = items_of(std::span(options_.regions).subspan(k, per_region), data_);
    add_reference(mean_spectrum(data_, items, run), out_.references.size());
  }
}

void Mlls::add_reference(std::vector<double> spectrum, std::size_t number) {
  MllsReference reference;
  reference.name = number < options_.names.size() ? options_.names[number] : fmt::format("reference {}", number + 1);
  if (fitter_) {
    std::vector<float> counts(spectrum.begin(), spectrum.end());
    const PowerLaw law = fitter_->fit(counts);
    if (law.usable()) {
      subtract(counts, axis_, law, counts);
      spectrum.assign(counts.begin(), counts.end());
    }
  }
  const ChannelRange range = channels_in(axis_, out_.window);
  reference.area = integrate(std::span<const double>(spectrum), range);
  if (!(std::abs(reference.area) > 0.0)) {
    throw Error(Errc::bad_input, fmt::format("{} is empty in the window", reference.name));
  }
  reference.spectrum = std::move(spectrum);
  out_.references.push_back(std::move(reference));
}

void Mlls::check_condition(Run& run) {
  const ChannelRange range = channels_in(axis_, out_.window);
  const auto p = static_cast<Eigen::Index>(out_.references.size());
  Eigen::MatrixXd X(static_cast<Eigen::Index>(range.size()), p);
  Eigen::VectorXd total = Eigen::VectorXd::Zero(X.rows());
  for (Eigen::Index j = 0; j < p; ++j) {
    const MllsReference& reference = out_.references[static_cast<std::size_t>(j)];
    X.col(j) = Eigen::Map<const Eigen::VectorXd>(reference.spectrum.data() + range.first, X.rows());
    total += X.col(j).cwiseAbs();
  }
  const bool poisson = options_.weights == MllsWeights::poisson;
  for (Eigen::Index i = 0; i < X.rows() && poisson; ++i) {
    X.row(i) /= std::sqrt(std::max(total(i), 1e-6 * total.mean()));
  }
  for (Eigen::Index j = 0; j < p; ++j) {
    X.col(j).normalize();
  }
  const Eigen::MatrixXd gram = X.transpose() * X;
  const Eigen::VectorXd values = Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd>(gram).eigenvalues();
  out_.condition = std::sqrt(values(p - 1) / std::max(values(0), 1e-300));
  if (out_.condition > inseparable) {
    throw Error(Errc::refused, "the references cannot be told apart: they are multiples of each other in the window",
                "Choose other references, or a window where they differ");
  }
  if (out_.condition > collinear) {
    const std::string text = fmt::format(
        "condition number of the references {:.0f}: they are nearly multiples of each other, coefficients exchange",
        out_.condition);
    run.warn("collinear_references", text);
    out_.warnings.push_back({"collinear_references", text});
  }
}

void Mlls::columns(const EnergyAxis& axis, const ChannelRange& range, double moved_eV, double r,
                   Eigen::MatrixXd& X) const {
  const std::size_t p = out_.references.size();
  X.resize(static_cast<Eigen::Index>(range.size()), static_cast<Eigen::Index>(non_negative_.size()));
  // Channel i of the item stands for the energy axis.value(i); a reference moved by δ has there what it had at E − δ.
  const double offset = axis_.channel(axis.value(static_cast<double>(range.first)) - moved_eV);
  const bool whole = std::abs(offset - std::round(offset)) < 1e-9;
  for (std::size_t j = 0; j < p; ++j) {
    const std::vector<double>& spectrum = out_.references[j].spectrum;
    for (std::size_t i = 0; i < range.size(); ++i) {
      const double channel = offset + static_cast<double>(i);
      X(static_cast<Eigen::Index>(i), static_cast<Eigen::Index>(j)) =
          cubic(spectrum, whole ? std::round(channel) : channel);
    }
  }
  if (!fitter_) {
    return;
  }
  const double reference = std::sqrt(std::max(out_.window.low_eV, axis.step_eV) * out_.window.high_eV);
  for (std::size_t i = 0; i < range.size(); ++i) {
    const auto row = static_cast<Eigen::Index>(i);
    const auto column = static_cast<Eigen::Index>(p);
    const double logarithm = std::log(axis.value(static_cast<double>(range.first + i)) / reference);
    X(row, column) = std::exp(-r * logarithm);
    X(row, column + 1) = -logarithm * X(row, column);
  }
}

detail::QuasiFit Mlls::solve(const Eigen::MatrixXd& X, std::span<const float> y) const {
  const std::vector<std::size_t> first(static_cast<std::size_t>(X.cols()), 0);
  if (options_.weights == MllsWeights::poisson) {
    return detail::fit_counts(X, first, y, non_negative_);
  }
  detail::QuasiFit out;
  const std::vector<double> values(y.begin(), y.end());
  const std::vector<double> weight(y.size(), 1.0);
  Eigen::MatrixXd G;
  Eigen::VectorXd g;
  detail::weighted_products(X, first, weight, values, G, g);
  const detail::BoundedSolution solution = detail::solve_bounded(G, g, non_negative_);
  out.parameters = solution.x;
  out.active = solution.active;
  out.converged = solution.solved;
  out.covariance = Eigen::MatrixXd::Zero(X.cols(), X.cols());
  const Eigen::VectorXd model = X * solution.x;
  out.expected.assign(model.data(), model.data() + model.size());
  out.dof = static_cast<int>(y.size()) - static_cast<int>(std::ranges::count(solution.active, 1));
  std::vector<double> squares(y.size());
  for (std::size_t i = 0; i < y.size(); ++i) {
    squares[i] = std::pow(values[i] - out.expected[i], 2);
    out.chi2 += squares[i];
  }
  const Eigen::MatrixXd inverse = solution.solved ? detail::active_inverse(G, solution.active) : Eigen::MatrixXd();
  if (inverse.size() > 0 && out.dof > 0) {
    // The variance of a channel is its own squared residual (White 1980, doi:10.2307/1912934).
    Eigen::MatrixXd middle;
    detail::weighted_products(X, first, squares, values, middle, g);
    out.covariance = inverse * middle * inverse * (static_cast<double>(y.size()) / out.dof);
  }
  return out;
}

/// What the squares are divided by: variance/mean of counts, or the variance itself.
double Mlls::noise(const detail::QuasiFit& fit) const {
  const double found = fit.dof > 0 ? fit.chi2 / fit.dof : 1.0;
  if (options_.weights == MllsWeights::uniform) {
    return found;
  }
  return options_.noise_factor ? *options_.noise_factor : std::max(found, 1.0);
}

Estimate Mlls::find_shift(const EnergyAxis& axis, const ChannelRange& range, double r, std::span<const float> y) const {
  const double largest = options_.max_shift.in(units::eV);
  const double step = 0.5 * axis.step_eV;
  const auto reach = static_cast<std::ptrdiff_t>(std::floor(largest / step));
  if (reach < 1) {
    return {};
  }
  Eigen::MatrixXd X;
  double scale = 1.0;
  const auto objective = [&](std::ptrdiff_t k) {
    columns(axis, range, static_cast<double>(k) * step, r, X);
    const detail::QuasiFit fit = solve(X, y);
    scale = noise(fit);
    return fit.chi2;
  };
  std::vector<double> chi2;
  for (std::ptrdiff_t k = -reach; k <= reach; ++k) {
    chi2.push_back(objective(k));
  }
  const auto best = std::ranges::min_element(chi2) - chi2.begin();
  const auto last = static_cast<std::ptrdiff_t>(chi2.size()) - 1;
  const double at = static_cast<double>(best - reach) * step;
  if (best == 0 || best == last) {
    return {at, largest};  // at its limit: no information
  }
  const auto b = static_cast<std::size_t>(best);
  const double curvature = chi2[b - 1] - 2.0 * chi2[b] + chi2[b + 1];
  if (!(curvature > 0.0)) {
    return {at, largest};
  }
  const double moved = 0.5 * (chi2[b - 1] - chi2[b + 1]) / curvature;
  (void)objective(best - reach);
  return {at + moved * step, std::min(std::sqrt(2.0 * scale / curvature) * step, largest)};
}

void Mlls::one_item(std::size_t item, std::span<const float> counts, std::span<double> sum) {
  const double offset = data_.item_offset ? (*data_.item_offset)[item] : 0.0;
  const EnergyAxis axis = axis_.shifted(offset);
  const ChannelRange range = channels_in(axis, out_.window);
  const std::span<const float> y = counts.subspan(range.first, range.size());
  double r = 0.0;
  if (fitter_) {
    const PowerLaw law = fitter_->fit(counts, offset);
    if (!law.usable()) {
      return;
    }
    r = law.r;
  }
  if (range.size() <= non_negative_.size() ||
      (options_.weights == MllsWeights::poisson && integrate(y, {0, y.size()}) < static_cast<double>(y.size()))) {
    return;  // below one count per channel σ would not be that of a normal law
  }
  const Estimate moved = find_shift(axis, range, r, y);
  Eigen::MatrixXd X;
  columns(axis, range, moved.value, r, X);
  const detail::QuasiFit fit = solve(X, y);
  if (!fit.converged) {
    return;
  }
  out_.valid[item] = 1;
  out_.shift_eV[item] = moved.value;
  out_.shift_sigma[item] = moved.sigma;
  out_.chi2_per_dof[item] = fit.dof > 0 ? fit.chi2 / fit.dof : 0.0;
  double residual = 0.0;
  double total = 0.0;
  for (std::size_t i = 0; i < y.size(); ++i) {
    residual += std::abs(static_cast<double>(y[i]) - fit.expected[i]);
    total += std::abs(static_cast<double>(y[i]));
  }
  out_.misfit[item] = total > 0.0 ? residual / total : 0.0;
  double areas = 0.0;
  for (std::size_t j = 0; j < out_.references.size(); ++j) {
    const auto column = static_cast<Eigen::Index>(j);
    MllsReference& reference = out_.references[j];
    reference.coefficient[item] = fit.parameters(column);
    const double scale = options_.weights == MllsWeights::poisson ? noise(fit) : 1.0;
    reference.sigma[item] = std::sqrt(std::max(scale * fit.covariance(column, column), 0.0));
    areas += reference.coefficient[item] * reference.area;
  }
  for (MllsReference& reference : out_.references) {
    reference.share[item] = areas != 0.0 ? reference.coefficient[item] * reference.area / areas : 0.0;
  }
  // Means for the figure: spectrum, model, power law.
  std::vector<double> curve(axis_.size, 0.0);
  const double channels = offset / axis_.step_eV;
  sum[0] += 1.0;
  detail::add_shifted(counts, channels, sum.subspan(1, axis_.size));
  std::copy(fit.expected.begin(), fit.expected.end(), curve.begin() + static_cast<std::ptrdiff_t>(range.first));
  detail::add_shifted(std::span<const double>(curve), channels, sum.subspan(1 + axis_.size, axis_.size));
  if (fitter_) {
    const auto p = static_cast<Eigen::Index>(out_.references.size());
    const Eigen::VectorXd law = X.rightCols(background_columns) * fit.parameters.tail(X.cols() - p);
    std::copy(law.data(), law.data() + law.size(), curve.begin() + static_cast<std::ptrdiff_t>(range.first));
    detail::add_shifted(std::span<const double>(curve), channels, sum.subspan(1 + 2 * axis_.size, axis_.size));
  }
}

MllsResult Mlls::go(Run& run) {
  detail::BlockSums sums(1 + 3 * axis_.size);
  KeptRows kept = keep(out_.valid, out_.chi2_per_dof, out_.misfit, out_.shift_eV, out_.shift_sigma);
  for (MllsReference& reference : out_.references) {
    kept.add(reference.coefficient).add(reference.sigma).add(reference.share);
  }
  detail::for_each_block(
      data_, run, "items",
      [&](std::size_t first, View<const float, 2> counts) {
        std::vector<double> sum(1 + 3 * axis_.size, 0.0);
        for (std::size_t i = 0; i < counts.extent(0); ++i) {
          one_item(first + i, counts.row(i), sum);
        }
        return sum;
      },
      sums, kept);
  const double n = std::max(sums.total()[0], 1.0);
  const auto part = [&](std::size_t k) {
    std::vector<double> out(axis_.size);
    for (std::size_t c = 0; c < out.size(); ++c) {
      out[c] = sums.total()[1 + k * axis_.size + c] / n;
    }
    return out;
  };
  out_.mean = part(0);
  out_.fit = part(1);
  if (fitter_) {
    out_.background = part(2);
  }
  const auto left_out = std::ranges::count(out_.valid, 0);
  if (left_out > 0) {
    const std::string text =
        fmt::format("{} of {} items left out: too few counts, or no background", left_out, data_.items());
    run.warn("items_left_out", text);
    out_.warnings.push_back({"items_left_out", text});
  }
  return std::move(out_);
}

}  // namespace

MllsResult fit_references(const signal::Signal& data, std::span<const signal::Signal* const> references,
                          const MllsOptions& options, Run& run) {
  return Mlls(data, references, options, run).go(run);
}

}  // namespace hotstage::eels
