// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/heater/clock_fit.hpp"

#include "hotstage/core/error.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <numeric>

namespace hotstage::heater {

namespace {

constexpr std::size_t fewest_frames = 8;

/// Increments from frame to frame: mean and slow wandering of the response are gone.
std::vector<double> increments(const std::vector<double>& value) {
  std::vector<double> out;
  for (std::size_t i = 1; i < value.size(); ++i) {
    out.push_back(value[i] - value[i - 1]);
  }
  return out;
}

double dot(const std::vector<double>& a, const std::vector<double>& b) {
  double sum = 0.0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    sum += a[i] * b[i];
  }
  return sum;
}

/// Noise of the increments: white noise of the values and a random walk between them. The covariance is tridiagonal,
/// with 2 + walk·dt/dt₀ on the diagonal and −1 beside it; held as its Cholesky factor.
class Noise {
 public:
  Noise(const std::vector<double>& dt, double walk) {
    const double usual = std::accumulate(dt.begin(), dt.end(), 0.0) / static_cast<double>(dt.size());
    for (std::size_t i = 0; i < dt.size(); ++i) {
      const double low = i == 0 ? 0.0 : -1.0 / diagonal_.back();
      below_.push_back(low);
      diagonal_.push_back(std::sqrt(2.0 + walk * dt[i] / usual - low * low));
      log_determinant_ += 2.0 * std::log(diagonal_.back());
    }
  }

  [[nodiscard]] std::vector<double> whitened(const std::vector<double>& value) const {
    std::vector<double> out(value.size());
    for (std::size_t i = 0; i < value.size(); ++i) {
      out[i] = (value[i] - (i == 0 ? 0.0 : below_[i] * out[i - 1])) / diagonal_[i];
    }
    return out;
  }

  [[nodiscard]] double log_determinant() const { return log_determinant_; }

 private:
  std::vector<double> diagonal_;
  std::vector<double> below_;
  double log_determinant_ = 0.0;
};

/// From none to almost only random walk.
constexpr std::array walks{0.0, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0, 100.0, 1e4};

/// Frames that lie within the log at every offset tried.
struct Usable {
  std::vector<std::size_t> frame;
  std::vector<double> middle_s;  ///< on the frames' clock
};

Usable usable_frames(const HeaterLog& log, const signal::Timeline& timeline, const ClockJoin& join, double search_s) {
  Usable out;
  for (std::size_t f = 0; f < timeline.frame_start_s.size(); ++f) {
    const double middle = timeline.frame_middle_s(f);
    const double at = middle + join.offset_s.value;
    if (at - search_s >= log.time_s.front() && at + search_s <= log.time_s.back()) {
      out.frame.push_back(f);
      out.middle_s.push_back(middle);
    }
  }
  return out;
}

std::vector<double> temperatures_at(const HeaterLog& log, const Usable& use, double offset_s) {
  std::vector<double> out;
  for (const double middle : use.middle_s) {
    out.push_back(temperature_in(log, middle + offset_s));
  }
  return out;
}

/// −2 ln L of the increments with slope and (when given) temperature fitted and the variance profiled; `heat` may be
/// empty. Both are whitened.
double deviance(const std::vector<double>& value, const std::vector<double>& slope, const std::vector<double>& heat) {
  const double square = dot(slope, slope);
  const double along = dot(slope, value) / square;
  double left = dot(value, value) - along * along * square;
  if (!heat.empty()) {
    const double tilt = dot(slope, heat) / square;
    const double bent = dot(heat, heat) - tilt * tilt * square;
    const double common = dot(heat, value) - tilt * along * square;
    constexpr double straight = 1e-8;  // of the temperature's own increments: nothing but a line is left
    left -= bent > straight * dot(heat, heat) ? common * common / bent : 0.0;
  }
  constexpr double parameters = 3.0;  // slope, temperature, offset
  const double freedom = std::max(1.0, static_cast<double>(value.size()) - parameters);
  return freedom * std::log(std::max(left, 1e-300));
}

/// The lowest over the shares of random walk.
struct Profile {
  std::vector<Noise> noise;
  std::vector<std::vector<double>> slope;
  std::vector<std::vector<double>> value;

  Profile(const std::vector<double>& dt, const std::vector<double>& increments_of_value) {
    for (const double walk : walks) {
      noise.emplace_back(dt, walk);
      slope.push_back(noise.back().whitened(dt));
      value.push_back(noise.back().whitened(increments_of_value));
    }
  }

  [[nodiscard]] double lowest(const std::vector<double>& heat) const {
    double best = std::numeric_limits<double>::infinity();
    for (std::size_t i = 0; i < noise.size(); ++i) {
      const std::vector<double> white = heat.empty() ? heat : noise[i].whitened(heat);
      best = std::min(best, deviance(value[i], slope[i], white) + noise[i].log_determinant());
    }
    return best;
  }
};

/// Where −2 ln L crosses `level` on the way from the minimum in one direction; nothing when it never does.
std::optional<double> crossing(const ClockFit& fit, std::size_t best, int direction, double level) {
  for (std::size_t i = best; direction > 0 ? i + 1 < fit.chi2.size() : i > 0;) {
    const std::size_t next = direction > 0 ? i + 1 : i - 1;
    if (fit.chi2[next] >= level) {
      const double share = (level - fit.chi2[i]) / (fit.chi2[next] - fit.chi2[i]);
      return std::abs(fit.tried_s[i] + share * (fit.tried_s[next] - fit.tried_s[i]) - fit.tried_s[best]);
    }
    i = next;
  }
  return std::nullopt;
}

/// Another minimum, parted from the best by a rise of at least 9, that is worse by less than 9.
bool ambiguous(const ClockFit& fit, std::size_t best) {
  constexpr double apart = 9.0;
  for (const int direction : {-1, 1}) {
    double highest = 0.0;
    for (auto i = static_cast<std::ptrdiff_t>(best); i >= 0 && i < static_cast<std::ptrdiff_t>(fit.chi2.size());
         i += direction) {
      const double here = fit.chi2[static_cast<std::size_t>(i)];
      highest = std::max(highest, here);
      if (highest >= apart && here < apart) {
        return true;
      }
    }
  }
  return false;
}

void judge(ClockFit& fit, std::size_t best) {
  constexpr double enough = 25.0;
  const double step = fit.tried_s[1] - fit.tried_s[0];
  const auto below = crossing(fit, best, -1, 1.0);
  const auto above = crossing(fit, best, 1, 1.0);
  if (fit.gain < enough) {
    fit.why = fmt::format(
        "the temperature gains only {:.1f} of 25 in −2 ln L: the image does not follow it, or the log "
        "is straight while the frames were taken",
        fit.gain);
  } else if (!below || !above) {
    fit.why = "the best offset lies at the end of the search";
  } else if (ambiguous(fit, best)) {
    fit.why = "two offsets fit about equally well";
  } else {
    fit.found = true;
    fit.offset_s.sigma = std::hypot(std::max(*below, *above), step / std::sqrt(12.0));
  }
}

}  // namespace

ClockFit fit_clock(const HeaterLog& log, const signal::Timeline& timeline, std::span<const HeatResponse> responses,
                   const ClockJoin& join, double search_s) {
  HOTSTAGE_EXPECTS(!responses.empty() && search_s > 0.0);
  ClockFit out;
  const Usable use = usable_frames(log, timeline, join, search_s);
  if (use.frame.size() < fewest_frames) {
    out.why = fmt::format("{} frames lie within the log at every offset tried, {} are needed", use.frame.size(),
                          fewest_frames);
    return out;
  }
  const std::vector<double> dt = increments(use.middle_s);
  std::vector<Profile> profiles;
  for (const HeatResponse& response : responses) {
    HOTSTAGE_EXPECTS(response.value.size() == timeline.frame_start_s.size());
    std::vector<double> value;
    for (const std::size_t f : use.frame) {
      value.push_back(response.value[f]);
    }
    profiles.emplace_back(dt, increments(value));
  }
  double without = 0.0;
  for (const Profile& profile : profiles) {
    without += profile.lowest({});
  }
  const double length = static_cast<double>(timeline.rows) * timeline.row_s;
  constexpr double fraction = 0.05;
  constexpr double most_steps = 1000.0;
  const double step = std::max(fraction * std::min(length, search_s), search_s / most_steps);
  const auto steps = static_cast<int>(std::ceil(search_s / step));
  for (int i = -steps; i <= steps; ++i) {
    const double offset = join.offset_s.value + std::clamp(i * step, -search_s, search_s);
    const std::vector<double> heat = increments(temperatures_at(log, use, offset));
    double sum = 0.0;
    for (const Profile& profile : profiles) {
      sum += profile.lowest(heat);
    }
    out.tried_s.push_back(offset);
    out.chi2.push_back(sum);
  }
  const auto best = static_cast<std::size_t>(std::ranges::min_element(out.chi2) - out.chi2.begin());
  const double smallest = out.chi2[best];
  for (double& chi2 : out.chi2) {
    chi2 -= smallest;
  }
  out.gain = without - smallest;
  out.offset_s.value = out.tried_s[best];
  judge(out, best);
  return out;
}

}  // namespace hotstage::heater
