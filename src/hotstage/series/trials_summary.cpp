// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/num/statistics.hpp"
#include "hotstage/series/trials.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace hotstage::series {

namespace {

/// Share with binomial σ; none or all of n: that of half a case.
Estimate share_of(std::size_t hits, std::size_t of) {
  if (of == 0) {
    return {};
  }
  const auto n = static_cast<double>(of);
  const double p = static_cast<double>(hits) / n;
  const double q = std::clamp(p, 0.5 / n, 1.0 - 0.5 / n);
  return {p, std::sqrt(std::max(0.0, q * (1.0 - q) / n))};
}

Estimate f1_of(const Detections& d) {
  const std::size_t all = d.truth + d.hits + d.invented;
  // 2 hits of (2 hits + missed + invented) decisions.
  const Estimate e = share_of(2 * d.hits, all);
  return {e.value, e.sigma * std::numbers::sqrt2};
}

/// Errors of the pairs that were read; `relative` divides by the truth.
enum class Measure { absolute, relative, degrees };

struct Errors {
  std::vector<double> error;
  std::vector<double> pull;
  std::size_t truth = 0;
};

void add(const Pair& pair, Measure measure, Errors& out) {
  ++out.truth;
  if (!pair.read) {
    return;
  }
  double error = pair.read->value - pair.truth;
  if (measure == Measure::degrees) {
    error = std::remainder(error, 360.0);
  }
  out.error.push_back(measure == Measure::relative ? error / pair.truth : error);
  if (pair.read->sigma > 0.0) {
    out.pull.push_back(error / pair.read->sigma);
  }
}

class Sheet {
 public:
  explicit Sheet(std::vector<TrialScore>& scores) : scores_(scores) {}

  void share(const std::string& id, const std::string& label, const Estimate& value, std::size_t n,
             std::optional<double> target = std::nullopt) {
    scores_.push_back({.id = id, .label = label, .value = value, .n = n, .target = target});
  }

  void detections(const std::string& id, const std::string& label, const Detections& d, std::optional<double> target) {
    share(id + "_recall", label + ", found", share_of(d.hits, d.truth), d.truth);
    share(id + "_precision", label + ", true ones among those found", share_of(d.hits, d.hits + d.invented),
          d.hits + d.invented);
    share(id + "_f1", label + ", F1", f1_of(d), d.truth, target);
  }

  /// Found, bias, scatter, and how far the stated σ is true.
  void errors(const std::string& id, const std::string& label, const std::string& unit, const Errors& e,
              std::optional<double> bias_target = std::nullopt) {
    share(id + "_read", label + ", read", share_of(e.error.size(), e.truth), e.truth);
    const Estimate bias{num::median(e.error), e.error.empty() ? 0.0
                                                              : 1.2533 * num::median_deviation(e.error) /
                                                                    std::sqrt(static_cast<double>(e.error.size()))};
    scores_.push_back({id + "_bias", label + ", median error", unit, bias, e.error.size(), bias_target, false});
    const double spread = num::median_deviation(e.error);
    scores_.push_back({id + "_scatter",
                       label + ", scatter (median deviation)",
                       unit,
                       {spread, spread / std::sqrt(std::max(1.0, 2.0 * static_cast<double>(e.error.size())))},
                       e.error.size(),
                       std::nullopt,
                       false});
    if (!e.pull.empty()) {
      const auto covered = static_cast<std::size_t>(
          std::count_if(e.pull.begin(), e.pull.end(), [](double p) { return std::abs(p) <= 1.0; }));
      share(id + "_coverage", label + ", within its σ (0.68 wanted)", share_of(covered, e.pull.size()), e.pull.size());
    }
  }

  void within(const std::string& id, const std::string& label, const Errors& e, double limit, double target) {
    const auto hits = static_cast<std::size_t>(
        std::count_if(e.error.begin(), e.error.end(), [&](double v) { return std::abs(v) <= limit; }));
    share(id, label, share_of(hits, e.truth), e.truth, target);
  }

 private:
  std::vector<TrialScore>& scores_;
};

void operator+=(Detections& a, const Detections& b) {
  a.truth += b.truth;
  a.hits += b.hits;
  a.invented += b.invented;
}

void add_grains(const std::vector<const Trial*>& trials, Sheet& sheet, TrialSummary& out) {
  Errors onset, onset_blocks, speed, speed_blocks, gain, direction, completed, wait;
  std::size_t grains = 0, segmented = 0, entries = 0, right = 0, told = 0, crossed = 0, named = 0;
  for (const Trial* t : trials) {
    for (const GrainScore& g : t->grains) {
      ++grains;
      segmented += g.segmented ? 1U : 0U;
      if (g.truth == Entry::none) {
        continue;
      }
      add(g.onset_degC, Measure::absolute, onset);
      add(g.onset_blocks_degC, Measure::absolute, onset_blocks);
      add(g.speed_px_s, Measure::relative, speed);
      add(g.speed_blocks_px_s, Measure::relative, speed_blocks);
      add(g.gain_per_s, Measure::absolute, gain);
      if (g.completed_in_time) {
        add(g.completed_degC, Measure::absolute, completed);
      }
      if (g.direction_deg.truth < 1e3) {
        add(g.direction_deg, Measure::degrees, direction);
      }
      if (g.truth == Entry::wall) {
        add(g.wait_s, Measure::absolute, wait);
      }
      const auto row = static_cast<std::size_t>(g.truth) - 1;
      ++out.confusion[row][static_cast<std::size_t>(g.call)];
      ++entries;
      const bool decided = g.call != EntryCall::cannot_tell && g.call != EntryCall::not_found;
      told += decided ? 1U : 0U;
      right += decided && static_cast<std::size_t>(g.call) == row ? 1U : 0U;
      const bool was = g.truth != Entry::independent && (g.call == EntryCall::continuous || g.call == EntryCall::wall);
      crossed += was ? 1U : 0U;
      named += was && g.from_right ? 1U : 0U;
    }
  }
  sheet.share("grains", "Grains segmented (IoU > 0.5)", share_of(segmented, grains), grains);
  sheet.within("onset_within_4K", "Onset of a grain within 4 °C", onset, 4.0, 0.68);
  sheet.errors("onset", "Onset of a grain", "K", onset, 4.0);
  sheet.within("speed_within_10", "Front speed within 10 %", speed, 0.1, 0.68);
  sheet.errors("speed", "Front speed", "relative", speed, 0.1);
  sheet.errors("gain", "Growth of the speed", "1/s", gain);
  sheet.within("onset_blocks_within_4K", "Onset by the first blocks within 4 °C", onset_blocks, 4.0, 0.68);
  sheet.within("speed_blocks_within_10", "Speed by gradients within 10 %", speed_blocks, 0.1, 0.68);
  sheet.errors("direction", "Direction of a front", "deg", direction);
  sheet.within("completed_within_4K", "Completion of a grain within 4 °C", completed, 4.0, 0.68);
  sheet.errors("completed", "Completion of a grain", "K", completed, 4.0);
  sheet.errors("wait", "Time a boundary held the front", "s", wait);
  sheet.share("entry_right", "Entries called right, of those decided", share_of(right, told), told);
  sheet.share("entry_told", "Entries decided", share_of(told, entries), entries);
  // Of entries whose likeliest explanation has a stated probability between two bounds: the share it is right.
  for (const int low : {50, 60, 70, 80, 90}) {
    std::size_t stated = 0, true_ones = 0;
    for (const Trial* t : trials) {
      for (const GrainScore& g : t->grains) {
        const int percent = static_cast<int>(100.0 * g.entry_p);
        if (g.truth != Entry::none && percent >= low && (percent < low + 10 || low == 90)) {
          ++stated;
          true_ones += g.likeliest_right ? 1U : 0U;
        }
      }
    }
    sheet.share("entry_p" + std::to_string(low),
                "Entries stated with p " + std::to_string(low) + "–" + std::to_string(low + 10) + " %, right",
                share_of(true_ones, stated), stated);
  }
  sheet.share("entry_from", "Crossings that name the right neighbour", share_of(named, crossed), crossed);
}

TrialSummary summary_of(const std::vector<const Trial*>& all) {
  TrialSummary out{.electrons = all.front()->electrons,
                   .drift_px = all.front()->drift_px,
                   .jitter_px = all.front()->jitter_px,
                   .trials = all.size()};
  std::vector<const Trial*> read;
  for (const Trial* t : all) {
    if (t->failed.empty()) {
      read.push_back(t);
    }
  }
  out.failed = all.size() - read.size();
  Detections voids, cracks, holes, particles, merges, splits;
  Errors radius, length, width, hole_radius, particle_radius, nucleation;
  std::size_t followed = 0, whole = 0;
  std::vector<double> drift;
  for (const Trial* t : read) {
    drift.push_back(t->drift_error_px);
    voids += t->voids;
    cracks += t->cracks;
    holes += t->hole_spots;
    particles += t->particle_spots;
    merges += t->merges;
    splits += t->splits;
    followed += t->followed;
    whole += t->whole;
    for (const Pair& p : t->hole_radius_px) {
      add(p, Measure::absolute, hole_radius);
    }
    for (const Pair& p : t->particle_radius_px) {
      add(p, Measure::absolute, particle_radius);
    }
    for (const Pair& p : t->nucleation_frame) {
      add(p, Measure::absolute, nucleation);
    }
    for (const Pair& p : t->void_radius_px) {
      add(p, Measure::absolute, radius);
    }
    for (const Pair& p : t->crack_length_px) {
      add(p, Measure::absolute, length);
    }
    for (const Pair& p : t->crack_width_px) {
      add(p, Measure::absolute, width);
    }
  }
  Sheet sheet(out.scores);
  out.scores.push_back({"drift",
                        "Drift error per axis, median of the rms",
                        "px",
                        {num::median(drift), 1.2533 * num::median_deviation(drift) /
                                                 std::sqrt(std::max<double>(1.0, static_cast<double>(drift.size())))},
                        drift.size(),
                        std::nullopt,
                        false});
  sheet.detections("voids", "Voids of r ≥ 4 px", voids, 0.95);
  sheet.errors("radius", "Radius of a void", "px", radius, 0.3);
  sheet.detections("cracks", "Cracks", cracks, std::nullopt);
  sheet.errors("crack_length", "Length of a crack", "px", length);
  sheet.errors("crack_width", "Width of a crack", "px", width);
  sheet.detections("tracks", "Voids of r ≥ 4 px in every window", holes, 0.95);
  sheet.errors("track_radius", "Radius of a followed void", "px", hole_radius, 0.3);
  sheet.detections("particles", "Particles of r ≥ 4 px in every window", particles, 0.95);
  sheet.errors("particle_radius", "Radius of a particle", "px", particle_radius, 0.3);
  sheet.share("whole", "Kept by one track", share_of(whole, followed), followed);
  sheet.detections("merges", "Merges", merges, std::nullopt);
  sheet.detections("splits", "Splits", splits, std::nullopt);
  sheet.errors("nucleation", "First seen after its radius passes 2 px", "frames", nucleation);
  add_grains(read, sheet, out);
  return out;
}

}  // namespace

std::vector<TrialSummary> summarise(const std::vector<Trial>& trials) {
  std::vector<TrialSummary> out;
  for (std::size_t first = 0; first < trials.size();) {
    const Trial& t = trials[first];
    std::vector<const Trial*> same;
    for (; first < trials.size() && trials[first].electrons == t.electrons && trials[first].drift_px == t.drift_px &&
           trials[first].jitter_px == t.jitter_px;
         ++first) {
      same.push_back(&trials[first]);
    }
    out.push_back(summary_of(same));
  }
  return out;
}

}  // namespace hotstage::series
