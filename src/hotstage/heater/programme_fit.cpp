// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/heater/programme_fit.hpp"

#include "hotstage/core/error.hpp"
#include "hotstage/heater/detail/partition.hpp"
#include "hotstage/num/least_squares.hpp"
#include "hotstage/num/statistics.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <numeric>
#include <utility>

namespace hotstage::heater {

namespace {

/// What a piece must gain in χ²: two for its line, one for its place, chosen among n.
double piece_cost(std::size_t n) {
  return 5.0 * std::log(static_cast<double>(n));
}

/// A corner of the broken line.
struct Knot {
  double time_s = 0.0;
  double temperature_degC = 0.0;
};

/// Corners with their covariance: parameter 2k is the time of knot k, 2k + 1 its temperature. The first and last time
/// are fixed.
struct BrokenLine {
  std::vector<Knot> knots;
  Buffer<double, 2> covariance;

  [[nodiscard]] double at(double time_s) const {
    const auto after = std::upper_bound(knots.begin(), knots.end(), time_s,
                                        [](double t, const Knot& knot) { return t < knot.time_s; });
    if (after == knots.begin()) {
      return knots.front().temperature_degC;
    }
    if (after == knots.end()) {
      return knots.back().temperature_degC;
    }
    const Knot& a = *(after - 1);
    const double share = (time_s - a.time_s) / (after->time_s - a.time_s);
    return a.temperature_degC + (after->temperature_degC - a.temperature_degC) * share;
  }
};

/// First rows of the straight pieces. Long logs are searched in block means: the search is quadratic, and the corners
/// are fitted to all rows afterwards.
std::vector<std::size_t> find_pieces(const HeaterLog& log, double sigma_K, const FitOptions& options) {
  constexpr std::size_t most_values = 6000;
  const std::size_t block = (log.size() + most_values - 1) / most_values;
  std::vector<double> x;
  std::vector<double> y;
  for (std::size_t first = 0; first + block <= log.size(); first += block) {
    x.push_back(num::mean(std::span(log.time_s).subspan(first, block)));
    y.push_back(num::mean(std::span(log.temperature_degC).subspan(first, block)));
  }
  const double values = options.shortest.base() / std::max(sampling_s(log) * static_cast<double>(block), 1e-9);
  std::vector<std::size_t> begins = detail::straight_pieces(
      x, y,
      {.sigma = sigma_K / std::sqrt(static_cast<double>(block)),
       .penalty = piece_cost(x.size()),
       .shortest = std::clamp<std::size_t>(static_cast<std::size_t>(std::ceil(values)), 3, x.size() / 2)});
  for (std::size_t& begin : begins) {
    begin *= block;
  }
  return begins;
}

/// Corners where the lines of neighbouring pieces meet; two corners where they do not meet near the gap (a jump).
std::vector<Knot> corners(const HeaterLog& log, std::span<const std::size_t> begins) {
  const std::span<const double> x(log.time_s);
  const std::span<const double> y(log.temperature_degC);
  std::vector<detail::Line> lines;
  for (std::size_t p = 0; p < begins.size(); ++p) {
    const std::size_t end = p + 1 < begins.size() ? begins[p + 1] : x.size();
    lines.push_back(detail::fit_line(x.subspan(begins[p], end - begins[p]), y.subspan(begins[p], end - begins[p])));
  }
  std::vector<Knot> knots{{x.front(), lines.front().at(x.front())}};
  for (std::size_t p = 1; p < lines.size(); ++p) {
    const double before = x[begins[p] - 1];
    const double after = x[begins[p]];
    const double margin = 2.0 * (after - before);
    const double bend = lines[p].slope - lines[p - 1].slope;
    const double meet = (lines[p - 1].at(0.0) - lines[p].at(0.0)) / bend;
    const double middle = 0.5 * (before + after);
    if (std::isfinite(meet) && meet > std::max(before - margin, knots.back().time_s) && meet < after + margin) {
      knots.push_back({meet, lines[p].at(meet)});
    } else if (std::abs(lines[p].at(middle) - lines[p - 1].at(middle)) > std::abs(bend) * margin) {
      knots.push_back({before, lines[p - 1].at(before)});
      knots.push_back({after, lines[p].at(after)});
    } else {
      knots.push_back({middle, 0.5 * (lines[p].at(middle) + lines[p - 1].at(middle))});
    }
  }
  knots.push_back({x.back(), lines.back().at(x.back())});
  return knots;
}

/// Which parameters the rows decide. A corner of a piece that holds hardly a row (a jump) keeps its time.
std::vector<std::size_t> free_parameters(const HeaterLog& log, const std::vector<Knot>& knots) {
  constexpr std::ptrdiff_t fewest_rows = 2;
  std::vector<char> in_jump(knots.size(), 0);
  for (std::size_t k = 0; k + 1 < knots.size(); ++k) {
    const auto first = std::lower_bound(log.time_s.begin(), log.time_s.end(), knots[k].time_s);
    const auto last = std::upper_bound(log.time_s.begin(), log.time_s.end(), knots[k + 1].time_s);
    if (last - first <= fewest_rows) {
      in_jump[k] = in_jump[k + 1] = 1;
    }
  }
  std::vector<std::size_t> out;
  for (std::size_t k = 0; k < knots.size(); ++k) {
    if (k > 0 && k + 1 < knots.size() && in_jump[k] == 0) {
      out.push_back(2 * k);
    }
    out.push_back(2 * k + 1);
  }
  return out;
}

/// Change of the broken line at every row per change of the free parameters.
Buffer<double, 2> derivatives(const HeaterLog& log, const BrokenLine& line, std::span<const std::size_t> free) {
  constexpr std::size_t fixed = std::numeric_limits<std::size_t>::max();
  std::vector<std::size_t> column(2 * line.knots.size(), fixed);
  for (std::size_t j = 0; j < free.size(); ++j) {
    column[free[j]] = j;
  }
  Buffer<double, 2> out({log.size(), free.size()});
  std::size_t k = 0;
  for (std::size_t i = 0; i < log.size(); ++i) {
    while (k + 2 < line.knots.size() && log.time_s[i] >= line.knots[k + 1].time_s) {
      ++k;
    }
    const Knot& a = line.knots[k];
    const Knot& b = line.knots[k + 1];
    const double width = b.time_s - a.time_s;
    const double share = std::clamp((log.time_s[i] - a.time_s) / width, 0.0, 1.0);
    const double rate = (b.temperature_degC - a.temperature_degC) / width;
    const std::array slopes{-rate * (1.0 - share), 1.0 - share, -rate * share, share};
    for (std::size_t p = 0; p < slopes.size(); ++p) {
      if (const std::size_t j = column[2 * k + p]; j != fixed) {
        out.view()(i, j) = slopes[p];
      }
    }
  }
  return out;
}

std::vector<double> residuals(const HeaterLog& log, const BrokenLine& line) {
  std::vector<double> out(log.size());
  for (std::size_t i = 0; i < out.size(); ++i) {
    out[i] = log.temperature_degC[i] - line.at(log.time_s[i]);
  }
  return out;
}

double sum_of_squares(std::span<const double> values) {
  return std::inner_product(values.begin(), values.end(), values.begin(), 0.0);
}

/// The line after a step of its parameters. Times keep their order: a corner goes at most 0.4 of the way to the next.
BrokenLine moved(const BrokenLine& line, std::span<const std::size_t> free, std::span<const double> step,
                 double share) {
  BrokenLine out{.knots = line.knots, .covariance = {}};
  for (std::size_t j = 0; j < free.size(); ++j) {
    const std::size_t k = free[j] / 2;
    if (free[j] % 2 == 1) {
      out.knots[k].temperature_degC += share * step[j];
    } else {
      const double back = 0.4 * (line.knots[k - 1].time_s - line.knots[k].time_s);
      const double forth = 0.4 * (line.knots[k + 1].time_s - line.knots[k].time_s);
      out.knots[k].time_s += std::clamp(share * step[j], back, forth);
    }
  }
  return out;
}

/// Least-squares fit of all corners to all rows: Gauss–Newton with halved steps, because the sum of squares has kinks
/// where a corner passes a row. Covariance scaled to the residuals.
BrokenLine refine(const HeaterLog& log, const std::vector<Knot>& start) {
  BrokenLine line{.knots = start, .covariance = {}};
  const std::vector<std::size_t> free = free_parameters(log, start);
  num::Fit fit;
  constexpr int most_steps = 30;
  for (int iteration = 0; iteration < most_steps; ++iteration) {
    const std::vector<double> left = residuals(log, line);
    fit = num::fit_linear(derivatives(log, line, free).view(), left);
    const double before = sum_of_squares(left);
    double share = 1.0;
    BrokenLine next = moved(line, free, fit.parameters, share);
    constexpr double smallest_share = 1e-3;
    while (sum_of_squares(residuals(log, next)) > before && share > smallest_share) {
      share *= 0.5;
      next = moved(line, free, fit.parameters, share);
    }
    const double after = sum_of_squares(residuals(log, next));
    if (after > before) {
      break;
    }
    line = std::move(next);
    constexpr double settled = 1e-10;
    if (before - after <= settled * before) {
      break;
    }
  }
  line.covariance = Buffer<double, 2>({2 * start.size(), 2 * start.size()});
  for (std::size_t k = 1; k + 1 < start.size(); ++k) {  // of jumps: anywhere between the rows
    const double width = std::min(start[k].time_s - start[k - 1].time_s, start[k + 1].time_s - start[k].time_s);
    line.covariance.view()(2 * k, 2 * k) = width * width / 12.0;
  }
  const double scale = fit.dof > 0 ? sum_of_squares(residuals(log, line)) / fit.dof : 0.0;
  for (std::size_t i = 0; i < free.size() && fit.ok(); ++i) {
    for (std::size_t j = 0; j < free.size(); ++j) {
      line.covariance.view()(free[i], free[j]) = scale * fit.covariance.view()(i, j);
    }
  }
  return line;
}

/// How far a corner stands off the line between its neighbours.
double offset_of(const BrokenLine& line, std::size_t k) {
  const Knot& a = line.knots[k - 1];
  const Knot& b = line.knots[k + 1];
  const double share = (line.knots[k].time_s - a.time_s) / (b.time_s - a.time_s);
  return std::abs(line.knots[k].temperature_degC - a.temperature_degC -
                  share * (b.temperature_degC - a.temperature_degC));
}

/// Takes out corners, the flattest first, as long as the fit does not lose more than a piece costs. The search cuts
/// pieces that do not hang together, so it can find a corner where one line bends elsewhere.
BrokenLine pruned(const HeaterLog& log, BrokenLine line, double allowed) {
  while (line.knots.size() > 2) {
    std::size_t flattest = 1;
    for (std::size_t k = 2; k + 1 < line.knots.size(); ++k) {
      flattest = offset_of(line, k) < offset_of(line, flattest) ? k : flattest;
    }
    std::vector<Knot> fewer = line.knots;
    fewer.erase(fewer.begin() + static_cast<std::ptrdiff_t>(flattest));
    BrokenLine without = refine(log, fewer);
    if (sum_of_squares(residuals(log, without)) - sum_of_squares(residuals(log, line)) > allowed) {
      break;
    }
    line = std::move(without);
  }
  return line;
}

/// Standard uncertainty of a linear combination of parameters.
double sigma_of(const BrokenLine& line, std::span<const std::pair<std::size_t, double>> terms) {
  double variance = 0.0;
  for (const auto& [i, a] : terms) {
    for (const auto& [j, b] : terms) {
      variance += a * b * line.covariance.view()(i, j);
    }
  }
  return std::sqrt(std::max(variance, 0.0));
}

std::vector<Piece> pieces_of(const BrokenLine& line, const FitOptions& options) {
  std::vector<Piece> out;
  for (std::size_t k = 0; k + 1 < line.knots.size(); ++k) {
    const Knot& a = line.knots[k];
    const Knot& b = line.knots[k + 1];
    const double width = b.time_s - a.time_s;
    if (width <= 0.0) {
      continue;
    }
    const double rate = (b.temperature_degC - a.temperature_degC) / width;
    const std::array terms{std::pair{2 * k, rate / width}, std::pair{2 * k + 1, -1.0 / width},
                           std::pair{2 * k + 2, -rate / width}, std::pair{2 * k + 3, 1.0 / width}};
    const std::array begin{std::pair{2 * k + 1, 1.0}};
    const std::array end{std::pair{2 * k + 3, 1.0}};
    const std::array middle{std::pair{2 * k + 1, 0.5}, std::pair{2 * k + 3, 0.5}};
    const Estimate from{a.temperature_degC, sigma_of(line, begin)};
    const Estimate to{b.temperature_degC, sigma_of(line, end)};
    constexpr double significant = 5.0;
    const bool still = std::abs(rate) < options.still.base() ||
                       std::abs(to.value - from.value) < significant * std::hypot(from.sigma, to.sigma);
    out.push_back({.kind = still ? PieceKind::hold : PieceKind::ramp,
                   .begin_s = a.time_s,
                   .end_s = b.time_s,
                   .begin_degC = from,
                   .end_degC = to,
                   .middle_degC = {0.5 * (from.value + to.value), sigma_of(line, middle)},
                   .rate_K_per_s = {rate, sigma_of(line, terms)}});
  }
  return out;
}

/// The pieces of the ramp: from its first rise to the highest temperature.
struct RampRange {
  std::size_t first = 0;
  std::size_t last = 0;
};

std::optional<RampRange> find_ramp(std::span<const Piece> pieces, double least_rise_K) {
  std::size_t top = 0;
  for (std::size_t p = 0; p < pieces.size(); ++p) {
    if (pieces[p].kind == PieceKind::ramp && pieces[p].end_degC.value > pieces[top].end_degC.value) {
      top = p;
    }
  }
  if (pieces.empty() || pieces[top].rate_K_per_s.value <= 0.0) {
    return std::nullopt;
  }
  std::size_t first = top;
  // Back through rising pieces and pauses, to the earliest rise that leads here without a fall in between.
  for (std::size_t p = top; p-- > 0;) {
    if (pieces[p].kind == PieceKind::ramp && pieces[p].rate_K_per_s.value < 0.0) {
      break;
    }
    first = pieces[p].kind == PieceKind::ramp ? p : first;
  }
  const double rise = pieces[top].end_degC.value - pieces[first].begin_degC.value;
  return rise > least_rise_K ? std::optional(RampRange{first, top}) : std::nullopt;
}

void measure_ramp(const BrokenLine& line, const RampRange& ramp, ProgrammeFit& fit) {
  std::vector<Estimate> rates;
  for (std::size_t p = ramp.first; p <= ramp.last; ++p) {
    if (fit.pieces[p].kind == PieceKind::ramp) {
      rates.push_back(fit.pieces[p].rate_K_per_s);
    }
  }
  fit.ramp_rate_K_per_s = rates.size() == 1 ? rates.front() : num::weighted_mean(rates);
  double chi2 = 0.0;
  for (const Estimate& rate : rates) {
    chi2 += rate.sigma > 0.0 ? std::pow((rate.value - fit.ramp_rate_K_per_s.value) / rate.sigma, 2) : 0.0;
  }
  fit.rate_misfit = rates.size() > 1 ? chi2 / static_cast<double>(rates.size() - 1) : 0.0;
  const Piece& last = fit.pieces[ramp.last];
  fit.end_degC = last.end_degC;
  const bool paused = ramp.last + 1 < fit.pieces.size() && fit.pieces[ramp.last + 1].kind == PieceKind::hold;
  if (paused) {
    fit.end_degC = fit.pieces[ramp.last + 1].middle_degC;
  }
  fit.ramp_start_s = fit.pieces[ramp.first].begin_s;
  const auto time_sigma = [&](double time_s) {
    for (std::size_t k = 0; k < line.knots.size(); ++k) {
      if (line.knots[k].time_s == time_s) {
        return std::sqrt(std::max(line.covariance.view()(2 * k, 2 * k), 0.0));
      }
    }
    return 0.0;
  };
  fit.ramp_start_sigma_s = time_sigma(fit.ramp_start_s);
  fit.duration_s = {last.end_s - fit.ramp_start_s, std::hypot(time_sigma(last.end_s), fit.ramp_start_sigma_s)};
}

kinetics::Programme programme_from(const BrokenLine& line, double zero_s) {
  std::vector<kinetics::ProgrammePoint> points;
  for (const Knot& knot : line.knots) {
    points.push_back({(knot.time_s - zero_s) * units::s, Temperature::celsius(knot.temperature_degC)});
  }
  return kinetics::Programme(std::move(points));
}

void measure_residuals(const HeaterLog& log, const BrokenLine& line, ProgrammeFit& fit) {
  double squares = 0.0;
  for (std::size_t i = 0; i < log.size(); ++i) {
    fit.fitted_degC.push_back(line.at(log.time_s[i]));
    const double residual = log.temperature_degC[i] - fit.fitted_degC.back();
    squares += residual * residual;
    fit.largest_residual_K = std::max(fit.largest_residual_K, std::abs(residual));
  }
  fit.residual_K = std::sqrt(squares / static_cast<double>(log.size()));
}

}  // namespace

const Piece& ProgrammeFit::piece_at(double log_s) const {
  HOTSTAGE_EXPECTS(!pieces.empty());
  const auto after =
      std::find_if(pieces.begin(), pieces.end(), [&](const Piece& piece) { return log_s < piece.end_s; });
  return after == pieces.end() ? pieces.back() : *after;
}

std::optional<ProgrammeFit> programme_of(const HeaterLog& log, const FitOptions& options) {
  constexpr std::size_t fewest = 10;
  if (log.size() < fewest) {
    throw Error(Errc::bad_input, Location{.file = log.file},
                fmt::format("{} rows are too few for a programme", log.size()),
                fmt::format("Give a log of at least {} rows", fewest));
  }
  const double noise = reading_noise(log);
  const double sigma = std::max(noise, options.resolution.base());
  const BrokenLine line =
      pruned(log, refine(log, corners(log, find_pieces(log, sigma, options))), piece_cost(log.size()) * sigma * sigma);
  std::vector<Piece> pieces = pieces_of(line, options);
  const std::optional<RampRange> ramp = find_ramp(pieces, 10.0 * options.resolution.base());
  if (!ramp) {
    return std::nullopt;
  }
  const double zero_s = pieces[ramp->first].begin_s;
  ProgrammeFit fit{.programme = programme_from(line, zero_s), .pieces = std::move(pieces)};
  fit.noise_K = noise;
  measure_ramp(line, *ramp, fit);
  measure_residuals(log, line, fit);
  return fit;
}

}  // namespace hotstage::heater
