// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/heater/detail/partition.hpp"

#include "hotstage/core/error.hpp"

#include <algorithm>
#include <limits>

namespace hotstage::heater::detail {

namespace {

/// Sums from the start, of values moved to their means so that differences of sums keep their digits.
class Moments {
 public:
  Moments(std::span<const double> x, std::span<const double> y) : sums_(x.size() + 1) {
    for (std::size_t i = 0; i < x.size(); ++i) {
      x0_ += x[i] / static_cast<double>(x.size());
      y0_ += y[i] / static_cast<double>(y.size());
    }
    for (std::size_t i = 0; i < x.size(); ++i) {
      const double u = x[i] - x0_;
      const double v = y[i] - y0_;
      const Sums& last = sums_[i];
      sums_[i + 1] = {last.u + u, last.v + v, last.uu + u * u, last.uv + u * v, last.vv + v * v};
    }
  }

  /// Residual sum of squares of the line through [first, last).
  [[nodiscard]] double residual(std::size_t first, std::size_t last) const {
    const Sums& a = sums_[first];
    const Sums& b = sums_[last];
    const auto n = static_cast<double>(last - first);
    const double u = b.u - a.u;
    const double v = b.v - a.v;
    const double uu = b.uu - a.uu - u * u / n;
    const double uv = b.uv - a.uv - u * v / n;
    const double vv = b.vv - a.vv - v * v / n;
    return std::max(uu > 0.0 ? vv - uv * uv / uu : vv, 0.0);
  }

 private:
  struct Sums {
    double u = 0.0;
    double v = 0.0;
    double uu = 0.0;
    double uv = 0.0;
    double vv = 0.0;
  };

  double x0_ = 0.0;
  double y0_ = 0.0;
  std::vector<Sums> sums_;
};

}  // namespace

std::vector<std::size_t> straight_pieces(std::span<const double> x, std::span<const double> y,
                                         const PartitionOptions& options) {
  HOTSTAGE_EXPECTS(x.size() == y.size() && options.sigma > 0.0 && options.shortest > 1);
  const std::size_t n = x.size();
  const Moments moments(x, y);
  const double weight = 1.0 / (options.sigma * options.sigma);
  constexpr double unreachable = std::numeric_limits<double>::infinity();
  std::vector<double> best(n + 1, unreachable);
  std::vector<std::size_t> begin(n + 1, 0);
  best[0] = -options.penalty;
  std::vector<std::size_t> candidates{0};
  for (std::size_t end = options.shortest; end <= n; ++end) {
    for (const std::size_t first : candidates) {
      const double cost = best[first] + weight * moments.residual(first, end) + options.penalty;
      if (end - first >= options.shortest && cost < best[end]) {
        best[end] = cost;
        begin[end] = first;
      }
    }
    // A start that cannot win now cannot win later: its own residual only grows (Killick et al. 2012, PELT).
    std::erase_if(candidates, [&](std::size_t first) {
      return end - first >= options.shortest &&
             best[first] + weight * moments.residual(first, end) > best[end] + options.penalty;
    });
    if (end + 1 > options.shortest && best[end - options.shortest + 1] < unreachable) {
      candidates.push_back(end - options.shortest + 1);
    }
  }
  std::vector<std::size_t> out;
  for (std::size_t end = n; end > 0; end = begin[end]) {
    out.push_back(begin[end]);
  }
  std::reverse(out.begin(), out.end());
  return out;
}

Line fit_line(std::span<const double> x, std::span<const double> y) {
  HOTSTAGE_EXPECTS(!x.empty() && x.size() == y.size());
  Line line;
  const auto n = static_cast<double>(x.size());
  for (std::size_t i = 0; i < x.size(); ++i) {
    line.x_mean += x[i] / n;
    line.at_zero += y[i] / n;
  }
  double xx = 0.0;
  double xy = 0.0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    xx += (x[i] - line.x_mean) * (x[i] - line.x_mean);
    xy += (x[i] - line.x_mean) * (y[i] - line.at_zero);
  }
  line.slope = xx > 0.0 ? xy / xx : 0.0;
  return line;
}

}  // namespace hotstage::heater::detail
