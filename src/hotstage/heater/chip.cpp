// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/heater/chip.hpp"

#include "hotstage/core/error.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace hotstage::heater {

namespace {

constexpr double stefan_boltzmann = 5.670374419e-8;  // W m⁻² K⁻⁴, CODATA 2018
constexpr Length metre = units::m;

double cube(double x) {
  return x * x * x;
}

/// One TR-BDF2 step of C dT/dt = P(t, T) − loss(T).
class Stepper {
 public:
  Stepper(const Chip& chip, const kinetics::Programme& set_point, double feedback)
      : chip_(chip), set_point_(set_point), feedback_(feedback), capacity_(chip.heat_capacity()) {}

  /// From `kelvin` at `begin` to the end of the step; adds the heats of the step to `out`.
  double advance(double begin_s, double step_s, double kelvin, ChipRun& out) const {
    constexpr double gamma = 2.0 - std::numbers::sqrt2;
    constexpr double last = 0.5 * gamma;                  // weight of the rate at the end
    constexpr double inner = 0.25 * std::numbers::sqrt2;  // weights of the rates at begin and middle
    const double middle_s = begin_s + gamma * step_s;
    const double end_s = begin_s + step_s;
    const double start_rate = rate(begin_s, kelvin);
    const double middle = solve(middle_s, kelvin + 0.5 * gamma * step_s * start_rate, 0.5 * gamma * step_s, kelvin);
    const double middle_rate = rate(middle_s, middle);
    const double known = kelvin + step_s * inner * (start_rate + middle_rate);
    const double end = solve(end_s, known, last * step_s, middle);
    const auto add = [&](double time_s, double temperature, double weight) {
      out.heat_in_J += step_s * weight * power(time_s, temperature);
      out.heat_out_J += step_s * weight * chip_.loss(Temperature::kelvin(temperature));
    };
    add(begin_s, kelvin, inner);
    add(middle_s, middle, inner);
    add(end_s, end, last);
    return end;
  }

 private:
  [[nodiscard]] double power(double time_s, double kelvin) const {
    const Temperature target = set_point_.at(time_s * units::s);
    return chip_.loss(target) + feedback_ * (target.in_K() - kelvin);
  }

  [[nodiscard]] double rate(double time_s, double kelvin) const {
    return (power(time_s, kelvin) - chip_.loss(Temperature::kelvin(kelvin))) / capacity_;
  }

  /// T = known + weight · rate(t, T) by Newton; the right side falls with T, so there is one root.
  [[nodiscard]] double solve(double time_s, double known, double weight, double guess) const {
    double kelvin = guess;
    constexpr int most = 50;
    for (int i = 0; i < most; ++i) {
      const double slope = 1.0 + weight * (chip_.loss_slope(Temperature::kelvin(kelvin)) + feedback_) / capacity_;
      const double change = (known + weight * rate(time_s, kelvin) - kelvin) / slope;
      kelvin = std::max(kelvin + change, 0.1 * kelvin);
      constexpr double rounding = 1e-14;
      if (std::abs(change) < rounding * kelvin) {
        break;
      }
    }
    return kelvin;
  }

  const Chip& chip_;
  const kinetics::Programme& set_point_;
  double feedback_;
  double capacity_;
};

}  // namespace

double Chip::heat_capacity() const {
  const double area = std::numbers::pi * std::pow(hot_radius / metre, 2);
  return area *
         (membrane_heat / J_per_m3_K * (membrane / metre) + coil_heat / J_per_m3_K * coil_cover * (coil / metre));
}

double Chip::conductance() const {
  return 2.0 * std::numbers::pi * (conductivity / W_per_m_K) * (membrane / metre) / std::log(rim_radius / hot_radius);
}

double Chip::radiating_area_m2() const {
  return 2.0 * std::numbers::pi * std::pow(hot_radius / metre, 2);
}

double Chip::loss(Temperature hot) const {
  const double t = hot.in_K();
  const double t0 = surroundings.in_K();
  // (T⁴ − T0⁴) as a product keeps its digits near T0.
  const double fourth = (t - t0) * (t + t0) * (t * t + t0 * t0);
  return conductance() * (t - t0) + emissivity * stefan_boltzmann * radiating_area_m2() * fourth;
}

double Chip::loss_slope(Temperature hot) const {
  return conductance() + 4.0 * emissivity * stefan_boltzmann * radiating_area_m2() * cube(hot.in_K());
}

Time Chip::time_constant(Temperature hot) const {
  return heat_capacity() / loss_slope(hot) * units::s;
}

double Chip::resistance_at_ohm(Temperature hot) const {
  return resistance_ohm * (1.0 + resistance_slope_per_K * (hot - surroundings).base());
}

double Chip::holding_current(Temperature hot) const {
  return std::sqrt(std::max(loss(hot), 0.0) / resistance_at_ohm(hot));
}

Temperature Chip::steady(double power_W) const {
  HOTSTAGE_EXPECTS(power_W >= 0.0);
  double kelvin = surroundings.in_K();
  constexpr int most = 100;
  for (int i = 0; i < most; ++i) {  // the loss is convex and grows: Newton overshoots once, then falls onto the root
    const Temperature now = Temperature::kelvin(kelvin);
    const double change = (power_W - loss(now)) / loss_slope(now);
    kelvin += change;
    constexpr double rounding = 1e-15;
    if (std::abs(change) < rounding * kelvin) {
      break;
    }
  }
  return Temperature::kelvin(kelvin);
}

double ChipRun::celsius_at(double asked_s) const {
  const auto after = std::upper_bound(time_s.begin(), time_s.end(), asked_s);
  if (after == time_s.begin()) {
    return temperature_degC.front();
  }
  if (after == time_s.end()) {
    return temperature_degC.back();
  }
  const auto i = static_cast<std::size_t>(after - time_s.begin());
  const double share = (asked_s - time_s[i - 1]) / (time_s[i] - time_s[i - 1]);
  return temperature_degC[i - 1] + (temperature_degC[i] - temperature_degC[i - 1]) * share;
}

ChipRun run_chip(const Chip& chip, const kinetics::Programme& set_point, const Control& control) {
  HOTSTAGE_EXPECTS(control.step.base() > 0.0 && control.feedback_W_per_K >= 0.0);
  const Stepper stepper(chip, set_point, control.feedback_W_per_K);
  ChipRun out;
  const auto points = set_point.points();
  double kelvin = points.front().temperature.in_K();
  const double start = kelvin;
  out.time_s.push_back(points.front().time.in(units::s));
  out.temperature_degC.push_back(points.front().temperature.in_degC());
  for (std::size_t p = 1; p < points.size(); ++p) {
    const double begin_s = points[p - 1].time.in(units::s);
    const double length_s = (points[p].time - points[p - 1].time).in(units::s);
    const auto steps = static_cast<std::size_t>(std::ceil(length_s / control.step.in(units::s)));
    for (std::size_t i = 0; i < steps; ++i) {
      const double step_s = length_s / static_cast<double>(steps);
      const double now_s = begin_s + step_s * static_cast<double>(i);
      kelvin = stepper.advance(now_s, step_s, kelvin, out);
      out.time_s.push_back(begin_s + step_s * static_cast<double>(i + 1));
      out.temperature_degC.push_back(Temperature::kelvin(kelvin).in_degC());
    }
  }
  out.heat_stored_J = chip.heat_capacity() * (kelvin - start);
  return out;
}

}  // namespace hotstage::heater
