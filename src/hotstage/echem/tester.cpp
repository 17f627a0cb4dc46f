// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/echem/tester.hpp"

#include "hotstage/core/rng.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

namespace hotstage::echem {

namespace {

constexpr std::uint64_t noise_stream = 0x6379636c65723031;  // "cycler01"
constexpr double seconds_per_hour = 3600.0;

double rounded(double value, double per_unit) {
  return std::round(value * per_unit) / per_unit;
}

std::string_view step_name(CycleStep step) {
  switch (step) {
    case CycleStep::charge:
      return "charge CC";
    case CycleStep::discharge:
      return "discharge CC";
    case CycleStep::rest_charged:
    case CycleStep::rest_discharged:
      break;
  }
  return "rest";
}

}  // namespace

Tester::Tester(TesterModel model) : model_(std::move(model)) {
  data_.metadata["cell model"] = "CR2016";
  data_.metadata["cell id"] = "simulated";
  data_.metadata["start"] = model_.start;
  data_.format = "landt";
}

void Tester::count(const Sample& sample) {
  const double shown_A = model_.current_gain * sample.current_A;
  const double hours = (sample.time_s - last_.time_s) / seconds_per_hour;
  const double mean_V = 0.5 * (sample.voltage_V + last_.voltage_V);
  charge_ += std::max(shown_A, 0.0) * hours;
  discharge_ += std::max(-shown_A, 0.0) * hours;
  charge_energy_ += std::max(shown_A, 0.0) * hours * mean_V;
  discharge_energy_ += std::max(-shown_A, 0.0) * hours * mean_V;
}

void Tester::write(const Sample& sample) {
  constexpr double per_ms = 1e3;
  constexpr double per_tenth_mV = 1e4;
  constexpr double per_tenth_uA = 1e7;
  Rng rng(model_.seed, noise_stream, data_.rows());
  data_.time_s.push_back(rounded(sample.time_s, per_ms));
  data_.voltage_V.push_back(rounded(sample.voltage_V + model_.noise_V * rng.normal(), per_tenth_mV));
  data_.current_A.push_back(rounded(model_.current_gain * sample.current_A, per_tenth_uA));
  data_.cycle.push_back(sample.cycle);
  data_.step.push_back(static_cast<int>(sample.step));
  data_.step_name.emplace_back(step_name(sample.step));
  data_.charge_Ah.push_back(rounded(charge_, per_tenth_uA));
  data_.discharge_Ah.push_back(rounded(discharge_, per_tenth_uA));
  data_.charge_Wh.push_back(rounded(charge_energy_, per_tenth_uA));
  data_.discharge_Wh.push_back(rounded(discharge_energy_, per_tenth_uA));
  data_.record.push_back(static_cast<int>(data_.rows()));
  written_ = sample;
}

void Tester::see(const Sample& sample) {
  const bool fresh = !any_ || sample.step != last_.step || sample.cycle != last_.cycle;
  if (fresh) {
    if (any_ && last_.time_s > written_.time_s) {
      write(last_);
    }
    charge_ = discharge_ = charge_energy_ = discharge_energy_ = 0.0;
    write(sample);
  } else {
    count(sample);
    if (sample.time_s - written_.time_s >= model_.row_interval_s ||
        std::abs(sample.voltage_V - written_.voltage_V) >= model_.row_change_V) {
      write(sample);
    }
  }
  last_ = sample;
  any_ = true;
}

CyclerData Tester::finish() {
  if (any_ && last_.time_s > written_.time_s) {
    write(last_);
  }
  return data_;
}

}  // namespace hotstage::echem
