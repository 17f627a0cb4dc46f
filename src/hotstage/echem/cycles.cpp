// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/echem/cycles.hpp"

#include "hotstage/core/error.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>
#include <set>

namespace hotstage::echem {

namespace {

constexpr double seconds_per_hour = 3600.0;
/// Currents below this part of the largest are rest.
constexpr double rest_part = 1e-3;
constexpr double not_measured = std::numeric_limits<double>::quiet_NaN();

/// Rows [begin, end) of one step with one direction of current.
struct Segment {
  std::size_t begin = 0;
  std::size_t end = 0;
  int direction = 0;  // +1 charge, −1 discharge, 0 rest
  int cycle = 0;
};

std::vector<Segment> find_segments(const CyclerData& data, double threshold_A) {
  const auto direction = [&](std::size_t i) {
    const double current = data.current_A[i];
    return current > threshold_A ? 1 : (current < -threshold_A ? -1 : 0);
  };
  std::vector<Segment> out;
  for (std::size_t i = 0; i < data.rows(); ++i) {
    const bool same = i > 0 && direction(i) == out.back().direction &&
                      (data.step.empty() || data.step[i] == data.step[i - 1]) &&
                      (data.cycle.empty() || data.cycle[i] == data.cycle[i - 1]);
    if (same) {
      out.back().end = i + 1;
    } else {
      out.push_back({i, i + 1, direction(i), data.cycle.empty() ? 1 : data.cycle[i]});
    }
  }
  return out;
}

/// Cycle numbers by the current: a charge that follows a discharge begins a new one.
void number_by_current(std::vector<Segment>& segments) {
  int cycle = 1;
  int last = 0;
  for (Segment& segment : segments) {
    if (segment.direction > 0 && last < 0) {
      ++cycle;
    }
    last = segment.direction != 0 ? segment.direction : last;
    segment.cycle = cycle;
  }
}

/// The tester's numbers are of use when no number holds two charges apart.
bool counter_is_useful(const std::vector<Segment>& segments) {
  std::set<int> numbers;
  std::size_t charges = 0;
  int last = 0;
  for (const Segment& segment : segments) {
    if (segment.direction != 0) {
      numbers.insert(segment.cycle);
      charges += segment.direction > 0 && last <= 0 ? 1U : 0U;
      last = segment.direction;
    }
  }
  return charges <= 1 || 2 * numbers.size() >= charges;
}

bool is_gap(const CyclerData& data, std::size_t row) {
  return !data.after_gap.empty() && data.after_gap[row] != 0;
}

/// Adds the rows of a segment to a half cycle; true when a gap was met.
bool add_rows(const CyclerData& data, const Segment& segment, double current_step_A, HalfCycle& half) {
  double charge = half.total();
  double duration = 0.0;
  bool gap = false;
  for (std::size_t i = segment.begin; i < segment.end; ++i) {
    if (i > segment.begin) {
      if (is_gap(data, i)) {
        gap = true;
      } else {
        const double hours = (data.time_s[i] - data.time_s[i - 1]) / seconds_per_hour;
        const double passed = 0.5 * std::abs(data.current_A[i] + data.current_A[i - 1]) * hours;
        charge += passed;
        half.energy_Wh += 0.5 * (data.voltage_V[i] + data.voltage_V[i - 1]) * passed;
        duration += data.time_s[i] - data.time_s[i - 1];
      }
    }
    half.charge_Ah.push_back(charge);
    half.voltage_V.push_back(data.voltage_V[i]);
  }
  half.duration_s += duration;
  const std::vector<double>& counter = segment.direction > 0 ? data.charge_Ah : data.discharge_Ah;
  if (!counter.empty()) {
    half.counter_Ah += counter[segment.end - 1] - std::min(counter[segment.begin], counter[segment.end - 1]);
  }
  // A constant current is rounded the same way in every row: the error does not average out.
  half.sigma_Ah += current_step_A / std::sqrt(12.0) * duration / seconds_per_hour;
  return gap;
}

void add_rest(const CyclerData& data, const Segment& segment, HalfCycle& half) {
  const std::size_t last = segment.end - 1;
  const double middle_s = 0.5 * (data.time_s[segment.begin] + data.time_s[last]);
  std::size_t middle = segment.begin;
  while (middle < last && data.time_s[middle] < middle_s) {
    ++middle;
  }
  half.rest_V = data.voltage_V[last];
  half.rest_drift_V = data.voltage_V[last] - data.voltage_V[middle];
}

double dose_of(const CyclerData& data, const Segment& segment, const DoseLaw& law) {
  double sum = 0.0;
  for (std::size_t i = segment.begin + 1; i < segment.end; ++i) {
    if (!is_gap(data, i)) {
      sum +=
          0.5 * (law.rate(data.voltage_V[i]) + law.rate(data.voltage_V[i - 1])) * (data.time_s[i] - data.time_s[i - 1]);
    }
  }
  return sum / law.reference;
}

/// Charge minus discharge voltage after `passed` A h from the charged end.
std::optional<Estimate> polarisation(const Cycle& cycle, double passed, double voltage_step_V) {
  const HalfCycle& charge = *cycle.charge;
  const HalfCycle& discharge = *cycle.discharge;
  const double before = charge.total() - passed;
  if (passed <= 0.0 || before <= 0.0 || passed >= discharge.total()) {
    return std::nullopt;
  }
  const double value = charge.voltage_at(before) - discharge.voltage_at(passed);
  // Where on the way the charge that did not come back was lost is not known: the branches may be displaced by half of
  // it.
  const double misfit = 0.5 * std::abs(charge.total() - discharge.total()) / std::sqrt(12.0);
  const double width = std::max(misfit, 1e-3 * passed);
  const auto inside = [](const HalfCycle& half, double q) { return std::clamp(q, 0.0, half.total()); };
  const double slope =
      (charge.voltage_at(inside(charge, before + width)) - charge.voltage_at(inside(charge, before - width))) /
      (2.0 * width);
  const double reading = std::numbers::sqrt2 * std::max(voltage_step_V, 1e-6);
  return Estimate{value, std::hypot(reading, slope * misfit)};
}

void finish(Cycle& cycle, const CycleOptions& options, double voltage_step_V) {
  if (!cycle.charge || !cycle.discharge || cycle.charge->total() <= 0.0 || cycle.discharge->total() <= 0.0) {
    cycle.status = CycleStatus::half;
    return;
  }
  cycle.efficiency = cycle.discharge->total() / cycle.charge->total();
  if (cycle.status == CycleStatus::complete && cycle.charged_first) {
    cycle.polarisation_V = polarisation(cycle, options.fraction * cycle.discharge->total(), voltage_step_V);
    cycle.polarisation_fixed_V = polarisation(cycle, options.fixed_charge_Ah, voltage_step_V);
  }
}

}  // namespace

double HalfCycle::voltage_at(double charge) const {
  HOTSTAGE_EXPECTS(charge_Ah.size() >= 2);
  const auto above = std::upper_bound(charge_Ah.begin() + 1, charge_Ah.end() - 1, charge);
  const auto i = static_cast<std::size_t>(above - charge_Ah.begin());
  const double width = charge_Ah[i] - charge_Ah[i - 1];
  const double part = width > 0.0 ? (charge - charge_Ah[i - 1]) / width : 0.0;
  return voltage_V[i - 1] + part * (voltage_V[i] - voltage_V[i - 1]);
}

std::string_view name(CycleStatus status) noexcept {
  switch (status) {
    case CycleStatus::complete:
      return "complete";
    case CycleStatus::half:
      return "half";
    case CycleStatus::gap:
      return "gap";
  }
  return "unknown";
}

const Cycle* CycleTable::first() const {
  const auto found = std::ranges::find(cycles, CycleStatus::complete, &Cycle::status);
  return found == cycles.end() ? nullptr : &*found;
}

const Cycle* CycleTable::last() const {
  const auto found = std::find_if(cycles.rbegin(), cycles.rend(),
                                  [](const Cycle& cycle) { return cycle.status == CycleStatus::complete; });
  return found == cycles.rend() ? nullptr : &*found;
}

const Cycle* CycleTable::find(int number) const {
  const auto found = std::ranges::find_if(
      cycles, [&](const Cycle& cycle) { return cycle.number == number && cycle.status == CycleStatus::complete; });
  return found == cycles.end() ? nullptr : &*found;
}

CycleTable analyse_cycles(const CyclerData& data, const CycleOptions& options) {
  double largest_A = 0.0;
  for (const double current : data.current_A) {
    largest_A = std::max(largest_A, std::abs(current));
  }
  if (largest_A == 0.0) {
    throw Error(Errc::refused, Location{.file = data.file}, "no current flows in this file: there are no cycles");
  }
  CycleTable out;
  out.current_step_A = resolution(data.current_A);
  out.voltage_step_V = resolution(data.voltage_V);
  std::vector<Segment> segments = find_segments(data, rest_part * largest_A);
  out.rule = options.rule;
  if (options.rule == CycleRule::automatic) {
    out.rule = !data.cycle.empty() && counter_is_useful(segments) ? CycleRule::counter : CycleRule::current;
  }
  if (out.rule == CycleRule::counter && data.cycle.empty()) {
    throw Error(Errc::bad_input, Location{.file = data.file}, "the file has no cycle numbers",
                "Let the current tell cycles apart");
  }
  if (out.rule == CycleRule::current) {
    number_by_current(segments);
  }
  int last_direction = 0;
  std::size_t last_cycle = 0;
  for (const Segment& segment : segments) {
    if (out.cycles.empty() || out.cycles.back().number != segment.cycle) {
      out.cycles.push_back({.number = segment.cycle});
    }
    Cycle& cycle = out.cycles.back();
    cycle.dose += dose_of(data, segment, options.dose);
    if (segment.direction == 0) {
      if (last_direction != 0) {
        Cycle& before = out.cycles[last_cycle];
        add_rest(data, segment, last_direction > 0 ? *before.charge : *before.discharge);
      }
      continue;
    }
    auto& slot = segment.direction > 0 ? cycle.charge : cycle.discharge;
    if (!slot) {
      slot.emplace();
      slot->rest_V = slot->rest_drift_V = not_measured;
      cycle.charged_first = cycle.charged_first || (segment.direction > 0 && !cycle.discharge);
    }
    last_direction = segment.direction;
    last_cycle = out.cycles.size() - 1;
    if (add_rows(data, segment, out.current_step_A, *slot)) {
      cycle.status = CycleStatus::gap;
    }
  }
  for (Cycle& cycle : out.cycles) {
    finish(cycle, options, out.voltage_step_V);
  }
  return out;
}

}  // namespace hotstage::echem
