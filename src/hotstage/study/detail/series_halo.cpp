// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/study/detail/series_halo.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace hotstage::study::detail {

namespace {

struct HaloRow {
  std::size_t spot = 0;  ///< number in the table, from 1
  series::HaloWindow window;
  series::Halo halo;
  Estimate expected;
};

std::vector<series::DarkSpot> read_spots(const io::Table& table, const signal::Signal& frames) {
  std::vector<series::DarkSpot> out;
  const std::vector<std::string>& kind = table.column("kind").texts;
  const double nm = series::pixel_nm(frames);
  for (std::size_t i = 0; i < table.rows(); ++i) {
    out.push_back({.kind = kind[i] == "crack" ? series::DarkKind::crack : series::DarkKind::round,
                   .y_px = (table.numbers("y")[i] - frames.axes[0].value(0.0)) / frames.axes[0].scale,
                   .x_px = (table.numbers("x")[i] - frames.axes[1].value(0.0)) / frames.axes[1].scale,
                   .radius_px = table.numbers("radius")[i] / nm,
                   .depth = table.numbers("depth")[i],
                   .grain = static_cast<int>(table.numbers("grain")[i])});
  }
  return out;
}

series::MeanImage electrons_between(const Tracking& t, std::size_t first, std::size_t last, Run& run) {
  series::MeanImage out = series::drift_corrected_mean(t.frames, t.state.drift, first, last, run);
  for (std::size_t i = 0; i < out.mean.size(); ++i) {
    out.mean.data()[i] = static_cast<float>(t.state.detector.electrons(static_cast<double>(out.mean.data()[i])));
  }
  return out;
}

/// The mean and the labels of one window; the windows at the end of the series, which voids share, are made once.
class LateImages {
 public:
  LateImages(const Tracking& tracking, View<const std::int32_t, 2> labels) : t_(tracking), labels_(labels) {}

  void make(const series::HaloWindow& window, Run& run) {
    const bool shared = window.phase == series::HaloPhase::after;
    current_ = shared ? &last_ : &own_;
    if (current_->first == window.first && current_->last == window.last) {
      return;
    }
    *current_ = {window.first, window.last, electrons_between(t_, window.first, window.last, run),
                 series::settled_labels(labels_, t_.grid, t_.changes, window)};
  }

  [[nodiscard]] const series::MeanImage& mean() const { return current_->mean; }

  [[nodiscard]] const Buffer<std::int32_t, 2>& settled() const { return current_->settled; }

 private:
  struct Images {
    std::size_t first = 0;
    std::size_t last = 0;
    series::MeanImage mean;
    Buffer<std::int32_t, 2> settled;
  };

  const Tracking& t_;
  View<const std::int32_t, 2> labels_;
  Images own_;
  Images last_;
  Images* current_ = nullptr;
};

io::Table halo_table(const std::vector<HaloRow>& rows) {
  std::vector<std::vector<double>> c(11);
  std::vector<std::string> phase;
  for (const HaloRow& r : rows) {
    const std::array<double, 11> values{static_cast<double>(r.spot),
                                        r.halo.deficit,
                                        r.halo.sigma,
                                        r.halo.significance(),
                                        r.expected.value,
                                        r.expected.sigma,
                                        r.halo.excess,
                                        static_cast<double>(r.halo.shams),
                                        r.halo.ring_share,
                                        static_cast<double>(r.window.first),
                                        static_cast<double>(r.window.last)};
    for (std::size_t i = 0; i < values.size(); ++i) {
      c[i].push_back(values[i]);
    }
    phase.emplace_back(r.window.phase == series::HaloPhase::before ? "before the change" : "after the change");
  }
  io::Table table;
  constexpr std::array<const char*, 11> names{"void",       "deficit",        "sigma",    "significance",
                                              "expected",   "expected_sigma", "excess",   "shams",
                                              "ring_share", "first_frame",    "end_frame"};
  for (std::size_t i = 0; i < names.size(); ++i) {
    table.columns.push_back(io::number_column(names[i], "", c[i]));
  }
  table.columns.push_back(io::text_column("phase", phase));
  return table;
}

void add_strongest(const std::vector<HaloRow>& rows, series::HaloPhase phase, StepOutput& out) {
  const HaloRow* best = nullptr;
  std::size_t voids = 0;
  for (const HaloRow& r : rows) {
    if (r.window.phase == phase) {
      ++voids;
      best = best == nullptr || r.halo.significance() > best->halo.significance() ? &r : best;
    }
  }
  const bool before = phase == series::HaloPhase::before;
  const std::string when = before ? "before its grain changes" : "after its grain has changed";
  if (best == nullptr) {
    out.checks.push_back({"Halo " + when, CheckStatus::attention, "no void could be measured", "at least one",
                          "A void needs half of its ring and its control in one grain, 12 quiet frames at each end "
                          "and 12 places without a void to compare with"});
    return;
  }
  const std::string method = fmt::format(
      "void {}, strongest of {}, {}: frames {}-{} over the first {}; step in the ring up to 1.7 radii on a "
      "second-order surface up to 3 radii; σ: counting × {:.1f} from {} overlapping places without a void; expected "
      "for the light of its particle {:.2f} ± {:.2f} %",
      best->spot, voids, when, best->window.first, best->window.last - 1, series::HaloOptions{}.frames,
      best->halo.excess, best->halo.shams, 100.0 * best->expected.value, 100.0 * best->expected.sigma);
  const std::string id = before ? "halo" : "halo_after";
  const std::string label = before ? "Halo of a void" : "Halo of a void after the change";
  out.results.push_back({.id = id + "_significance",
                         .value = best->halo.significance(),
                         .method = method,
                         .label = label + ", deficit over its σ"});
  out.results.push_back({.id = id + "_deficit",
                         .value = best->halo.deficit,
                         .sigma = best->halo.sigma,
                         .method = method,
                         .label = label + ", missing share of the brightness"});
}

}  // namespace

void add_growth(const std::vector<series::VoidTrack>& tracks, const signal::Timeline& timeline, StepOutput& out) {
  std::vector<double> time_s;
  for (std::size_t f = 0; f < timeline.frame_start_s.size(); ++f) {
    time_s.push_back(timeline.frame_middle_s(f));
  }
  series::GrowthFit best;
  std::size_t spot = 0;
  double most = 0.0;
  for (const series::VoidTrack& track : tracks) {
    const series::GrowthFit fit = series::fit_growth(time_s, track);
    most = std::max(most, fit.significance);
    if (fit.seen && (!best.seen || fit.significance > best.significance)) {
      best = fit;
      spot = track.spot + 1;
    }
  }
  if (!best.seen) {
    out.checks.push_back({"Law of growth", CheckStatus::attention,
                          fmt::format("no particle seen in {} voids; largest late gain {:.1f} σ", tracks.size(), most),
                          "5 σ, 60 frames, and clearly brighter pixels", "growth_law_aic is not given"});
    return;
  }
  std::string laws;
  for (const series::GrowthLaw& law : best.laws) {
    laws += fmt::format("{}{} {:.1f}", laws.empty() ? "" : ", ", law.name, law.aic);
  }
  out.results.push_back(
      {.id = "growth_law_aic",
       .value = best.aic_gain,
       .method = fmt::format("void {}: brightness (volume) of the particle; AICc of {} on {:.0f} independent values; "
                             "start {:.0f} s, r ∝ (t − t₀)^{:.2f}; positive: incubation",
                             spot, laws, best.effective, best.laws.back().start_s, best.laws.back().exponent),
       .label = "AIC of growth without incubation minus nucleation and growth"});
  out.results.push_back({.id = "growth_power_aic",
                         .value = std::min(best.laws[0].aic, best.laws[1].aic) - best.laws[3].aic,
                         .method = "as growth_law_aic, against a constant and a power law from the first frame only; "
                                   "both hold at constant temperature, so a ramp alone can make this large",
                         .label = "AIC of isothermal growth from the start minus nucleation and growth"});
}

void add_halo(const Tracking& t, const StepInputs& inputs, View<const std::int32_t, 2> labels, Run& run,
              StepOutput& out) {
  const series::HaloOptions options{.seed = t.events.seed};
  const auto table = inputs.tables.find("spots");
  std::vector<HaloRow> rows;
  if (table != inputs.tables.end() && table->second.rows() > 0 && !too_coarse(t) &&
      t.grid.frames > static_cast<std::size_t>(options.frames)) {
    const std::vector<series::DarkSpot> spots = read_spots(table->second, t.frames);
    const auto first = static_cast<std::size_t>(options.frames);
    const series::MeanImage early = electrons_between(t, 0, first, run);
    // Only frames of a window are looked at.
    std::vector<series::HaloWindows> windows;
    std::vector<char> wanted(t.grid.frames, 0);
    std::fill_n(wanted.begin(), first, 1);
    for (const series::DarkSpot& spot : spots) {
      windows.push_back(series::halo_windows(t.grid, t.changes, spot, options));
      for (const series::HaloWindow& window : {windows.back().before, windows.back().after}) {
        for (std::size_t f = window.first; f < window.last && spot.kind == series::DarkKind::round; ++f) {
          wanted[f] = 1;
        }
      }
    }
    LateImages late(t, labels);
    for (const series::VoidTrack& track :
         series::track_voids(t.frames, t.state.drift, spots, t.state.detector, run, wanted)) {
      const series::DarkSpot& spot = spots[track.spot];
      for (const series::HaloWindow& window : {windows[track.spot].before, windows[track.spot].after}) {
        if (window.empty()) {
          continue;
        }
        late.make(window, run);
        const series::Halo halo =
            series::measure_halo({early, late.mean(), late.settled().view(), spots}, spot, options);
        if (halo.measured) {
          rows.push_back({track.spot + 1, window, halo, series::expected_deficit(track, spot, window, options)});
        }
      }
    }
    add_strongest(rows, series::HaloPhase::before, out);
    add_strongest(rows, series::HaloPhase::after, out);
  }
  out.tables["halo"] = halo_table(rows);
}

}  // namespace hotstage::study::detail
