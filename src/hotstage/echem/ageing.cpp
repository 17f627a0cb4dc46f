// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/echem/ageing.hpp"

#include "hotstage/core/error.hpp"
#include "hotstage/num/roots.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace hotstage::echem {

namespace {

constexpr double seconds_per_hour = 3600.0;

/// Voltage against charge passed, for one charge or discharge.
struct Curve {
  std::vector<double> charge_C;
  std::vector<double> voltage_V;

  [[nodiscard]] double at(double charge) const {
    const auto above = std::upper_bound(charge_C.begin() + 1, charge_C.end() - 1, charge);
    const auto i = static_cast<std::size_t>(above - charge_C.begin());
    const double part = (charge - charge_C[i - 1]) / (charge_C[i] - charge_C[i - 1]);
    return voltage_V[i - 1] + part * (voltage_V[i] - voltage_V[i - 1]);
  }
};

/// Runs step after step and keeps time and dose.
class Cycler {
 public:
  Cycler(const AgeingCell& aged, const OpenCircuit& curve, const Recorder& recorder)
      : aged_(&aged),
        recorder_(&recorder),
        cell_(aged.cell, curve, aged.protocol.lithium_at_start, aged.protocol.shells) {}

  [[nodiscard]] HalfCell& cell() { return cell_; }

  [[nodiscard]] double dose() const { return dose_ / aged_->law.dose.reference; }

  /// Charge passed in C, positive.
  double run(int cycle, CycleStep kind, double current_A, Curve* curve) {
    const Protocol& protocol = aged_->protocol;
    const bool rest = current_A == 0.0;
    if (rest && protocol.rest_s <= 0.0) {
      return 0.0;
    }
    StepControl control;
    if (rest) {
      control.longest_s = protocol.rest_s;
    }
    double last_s = 0.0;
    double last_rate = 0.0;
    const StepResult result = run_step(
        cell_, current_A, current_A > 0.0 ? protocol.upper_V : protocol.lower_V, control, [&](const Moment& moment) {
          const double rate = aged_->law.dose.rate(moment.voltage_V);
          dose_ += 0.5 * (rate + last_rate) * (moment.time_s - last_s);
          last_s = moment.time_s;
          last_rate = rate;
          if (*recorder_) {
            (*recorder_)({time_s_ + moment.time_s, moment.voltage_V, current_A, cycle, kind});
          }
          if (curve != nullptr) {
            curve->charge_C.push_back(std::abs(current_A) * moment.time_s);
            curve->voltage_V.push_back(moment.voltage_V);
          }
        });
    time_s_ += result.time_s;
    return std::abs(current_A) * result.time_s;
  }

 private:
  const AgeingCell* aged_;
  const Recorder* recorder_;
  HalfCell cell_;
  double time_s_ = 0.0;
  double dose_ = 0.0;
};

/// Both branches are lined up at the charged end, where the lithium content is the same.
double polarisation_of(const Curve& charge, const Curve& discharge) {
  if (charge.charge_C.size() < 3 || discharge.charge_C.size() < 3) {
    return 0.0;
  }
  const double passed = 0.5 * discharge.charge_C.back();
  return charge.at(charge.charge_C.back() - passed) - discharge.at(passed);
}

}  // namespace

double DoseLaw::rate(double voltage_V) const {
  const double over = voltage_V - onset_V;
  return over <= 0.0 ? 0.0 : (exponent == 1.0 ? over : std::pow(over, exponent));
}

namespace {

/// Charge, rest, discharge, rest.
CycleState run_cycle(Cycler& cycler, int cycle, const Protocol& protocol) {
  CycleState state{.cycle = cycle};
  Curve charge;
  Curve discharge;
  state.active_fraction = cycler.cell().active_fraction();
  state.film_ohm_m2 = cycler.cell().film_ohm_m2();
  state.charge_Ah = cycler.run(cycle, CycleStep::charge, protocol.current_A, &charge) / seconds_per_hour;
  state.x_charged = cycler.cell().lithium();
  cycler.run(cycle, CycleStep::rest_charged, 0.0, nullptr);
  state.discharge_Ah = cycler.run(cycle, CycleStep::discharge, -protocol.current_A, &discharge) / seconds_per_hour;
  cycler.run(cycle, CycleStep::rest_discharged, 0.0, nullptr);
  state.x_discharged = cycler.cell().lithium();
  state.polarisation_V = polarisation_of(charge, discharge);
  return state;
}

}  // namespace

std::vector<CycleState> simulate_cycles(const AgeingCell& aged, const OpenCircuit& curve, const Recorder& recorder,
                                        const Run& run) {
  // Shorter half cycles than this part of the first one are the end of the cell.
  constexpr double dead = 1e-3;
  const Protocol& protocol = aged.protocol;
  HOTSTAGE_EXPECTS(protocol.stride >= 1 && (protocol.stride == 1 || !recorder));
  Cycler cycler(aged, curve, recorder);
  std::vector<CycleState> states;
  double dose = 0.0;
  for (int cycle = 1; cycle <= protocol.cycles;) {
    run.check_stop();
    const double before = cycler.dose();
    states.push_back(run_cycle(cycler, cycle, protocol));
    const int next = cycle == 1 ? 2 : std::max(cycle + 1, std::min(cycle + protocol.stride, protocol.cycles));
    dose += (cycler.dose() - before) * (next - cycle);
    cycle = next;
    states.back().dose = dose;
    if (states.back().discharge_Ah < dead * states.front().discharge_Ah) {
      break;
    }
    const double lost = aged.law.loss * dose;
    cycler.cell().age(std::exp(-lost), aged.cell.film_ohm_m2 * (1.0 + aged.law.film_per_loss * lost));
  }
  return states;
}

double retention(const std::vector<CycleState>& states, int cycles) {
  if (states.empty() || states.back().cycle < cycles || states.front().discharge_Ah <= 0.0) {
    return 0.0;
  }
  return states.back().discharge_Ah / states.front().discharge_Ah;
}

LossFit fit_loss(AgeingCell aged, const OpenCircuit& curve, double target, const Run& run) {
  LossFit fit;
  const auto miss = [&](double log_loss) {
    aged.law.loss = std::exp(log_loss);
    ++fit.evaluations;
    return retention(simulate_cycles(aged, curve, {}, run), aged.protocol.cycles) - target;
  };
  // A narrow bracket first: nearly every cell of the priors lies inside.
  auto root = num::find_root(miss, std::log(0.2), std::log(1.8), {.tolerance = 1e-3, .max_iterations = 60});
  if (!root) {
    root = num::find_root(miss, std::log(1e-3), std::log(1e3), {.tolerance = 1e-3, .max_iterations = 60});
  }
  if (!root) {
    throw Error(Errc::refused, fmt::format("no loss of active material leads to a retention of {:g}", target),
                "Choose a retention between the one without ageing and 0.05, or other parameters of the cell");
  }
  fit.loss = std::exp(*root);
  fit.retention = miss(*root) + target;
  return fit;
}

}  // namespace hotstage::echem
