// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/kinetics/hazard.hpp"

#include "hotstage/core/constants.hpp"
#include "hotstage/core/error.hpp"
#include "hotstage/kinetics/detail/exponential_integral.hpp"
#include "hotstage/num/quadrature.hpp"
#include "hotstage/num/roots.hpp"

#include <algorithm>
#include <cmath>

namespace hotstage::kinetics {

namespace {

/// ∫ exp(−Θ/T) dT between two temperatures, Θ = E/k. The antiderivative is T·E₂(Θ/T), the closed form without its
/// cancellation; where the exponent hardly changes a quadrature is exact and the difference of antiderivatives is not.
double integral_over_temperature(double theta, double from, double to) {
  if (from == to) {
    return 0.0;
  }
  const double low = std::min(from, to);
  const double high = std::max(from, to);
  const double change = theta / low - theta / high;
  constexpr double quadrature_below = 2.0;
  if (change < quadrature_below) {
    static const num::Quadrature rule = num::gauss_legendre(24);
    return num::integrate(rule, from, to, [theta](double t) { return std::exp(-theta / t); });
  }
  const double area =
      high * detail::exponential_integral_2(theta / high) - low * detail::exponential_integral_2(theta / low);
  return to > from ? area : -area;
}

/// Hazard over a piece on which the temperature runs linearly from `a` to `b`.
double piece(const RateLaw& law, double seconds, Temperature a, Temperature b) {
  const double theta = law.barrier.in(units::eV) / constants::k_B_eV_per_K;
  const double rise = b.in_K() - a.in_K();
  constexpr double isothermal_K = 1e-9;
  if (std::abs(rise) < isothermal_K) {
    return law.at(a) * seconds;
  }
  return law.prefactor.base() * seconds / rise * integral_over_temperature(theta, a.in_K(), b.in_K());
}

/// Calls `visit(t0, t1, T0, T1)` for every linear piece between two times until it returns false.
template <class F>
void for_pieces(const Programme& programme, Time from, Time to, F&& visit) {
  Time begin = from;
  const auto points = programme.points();
  auto next =
      std::upper_bound(points.begin(), points.end(), from, [](Time t, const ProgrammePoint& p) { return t < p.time; });
  while (begin < to) {
    const Time end = next == points.end() ? to : std::min(to, next->time);
    // The temperature just before `end`: at a jump (two points at one time) `at` would give the later one.
    const bool at_point = next != points.end() && end == next->time;
    if (!visit(begin, end, programme.at(begin), at_point ? next->temperature : programme.at(end))) {
      return;
    }
    begin = end;
    while (next != points.end() && next->time <= begin) {
      ++next;
    }
  }
}

}  // namespace

double integrated_hazard(const RateLaw& law, const Programme& programme, Time from, Time to) {
  HOTSTAGE_EXPECTS(from <= to);
  double sum = 0.0;
  for_pieces(programme, from, to, [&](Time a, Time b, Temperature start, Temperature end) {
    sum += piece(law, (b - a).in(units::s), start, end);
    return true;
  });
  return sum;
}

std::optional<Time> event_time(const RateLaw& law, const Programme& programme, Time from, double threshold) {
  if (threshold <= 0.0) {
    return from;
  }
  double sum = 0.0;
  std::optional<Time> found;
  for_pieces(programme, from, std::max(from, programme.end()), [&](Time a, Time b, Temperature start, Temperature end) {
    const double seconds = (b - a).in(units::s);
    const double whole = piece(law, seconds, start, end);
    if (sum + whole < threshold) {
      sum += whole;
      return true;
    }
    const auto excess = [&](double share) {
      const Temperature middle = start + (end - start) * share;
      return sum + piece(law, seconds * share, start, middle) - threshold;
    };
    const auto share = num::find_root(excess, 0.0, 1.0, {.tolerance = 1e-15});
    found = a + (b - a) * share.value_or(1.0);
    return false;
  });
  return found;
}

}  // namespace hotstage::kinetics
