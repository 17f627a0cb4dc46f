// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/study/detail/series_trial_pages.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

namespace hotstage::study::detail {

namespace {

constexpr double nan = std::numeric_limits<double>::quiet_NaN();  // an empty cell of a table

std::string condition_text(const series::TrialSummary& s) {
  return fmt::format("{} e/px, drift {} px, jitter {} px", s.electrons, s.drift_px, s.jitter_px);
}

bool met(const series::TrialScore& score) {
  return score.at_least ? score.value.value >= *score.target : std::abs(score.value.value) <= *score.target;
}

constexpr std::array<std::string_view, 8> headlines{"voids_f1",        "radius_bias", "onset_within_4K", "onset_bias",
                                                    "speed_within_10", "speed_bias",  "entry_right",     "entry_told"};

struct Sweep {
  std::string label;
  std::string unit;
  report::Scale scale = report::Scale::linear;
  double (*of)(const series::TrialSummary&) = nullptr;
};

/// The condition that varies; nothing when none or more than one does.
std::optional<Sweep> sweep_of(const std::vector<series::TrialSummary>& summaries) {
  const std::array<Sweep, 3> sweeps{
      Sweep{"Electrons per pixel", "", report::Scale::log, [](const series::TrialSummary& s) { return s.electrons; }},
      Sweep{"Drift per frame", "px", report::Scale::linear, [](const series::TrialSummary& s) { return s.drift_px; }},
      Sweep{"Row jitter", "px", report::Scale::linear, [](const series::TrialSummary& s) { return s.jitter_px; }}};
  std::optional<Sweep> out;
  for (const Sweep& sweep : sweeps) {
    const bool varies = std::any_of(summaries.begin(), summaries.end(), [&](const series::TrialSummary& s) {
      return sweep.of(s) != sweep.of(summaries.front());
    });
    if (varies && out) {
      return std::nullopt;
    }
    if (varies) {
      out = sweep;
    }
  }
  return out;
}

report::Figure sweep_figure(const std::vector<series::TrialSummary>& summaries, const Sweep& sweep) {
  report::Figure figure{.id = "trials", .title = "Scores against " + sweep.label};

  struct Shown {
    std::string title;
    std::string axis;
    std::string unit;
    std::vector<std::string> ids;
  };

  const std::vector<Shown> panels{
      {"Found", "Share", "", {"voids_f1", "tracks_f1", "particles_f1", "cracks_f1", "grains"}},
      {"Within the limits",
       "Share",
       "",
       {"onset_within_4K", "speed_within_10", "completed_within_4K", "entry_right", "entry_told"}},
      {"Radius", "Median error", "px", {"radius_bias", "track_radius_bias", "particle_radius_bias"}}};
  std::size_t row = 0;
  for (const Shown& shown : panels) {
    report::Panel panel{.title = shown.title,
                        .x = {.label = sweep.label, .unit = sweep.unit, .scale = sweep.scale},
                        .y = {.label = shown.axis, .unit = shown.unit},
                        .row = row++};
    for (const std::string& id : shown.ids) {
      report::Points points;
      for (const series::TrialSummary& s : summaries) {
        const auto score = std::find_if(s.scores.begin(), s.scores.end(), [&](const auto& v) { return v.id == id; });
        if (score != s.scores.end() && score->n > 0) {
          points.name = score->label;
          points.x.push_back(sweep.of(s));
          points.y.push_back(score->value.value);
          points.sigma_y.push_back(score->value.sigma);
        }
      }
      if (!points.x.empty()) {
        panel.marks.emplace_back(std::move(points));
      }
    }
    figure.panels.push_back(std::move(panel));
  }
  figure.caption = "Bars: binomial σ of shares, standard error of medians.";
  return figure;
}

}  // namespace

void add_trial_summaries(const std::vector<series::TrialSummary>& summaries, StepOutput& out) {
  const series::TrialSummary& first = summaries.front();
  for (const series::TrialScore& score : first.scores) {
    if (score.n == 0) {
      continue;
    }
    out.results.push_back({.id = score.id,
                           .value = score.value.value,
                           .sigma = score.value.sigma,
                           .unit = score.unit == "relative" ? "" : score.unit,
                           .method = fmt::format("{} drawn series, {}; n = {}", first.trials - first.failed,
                                                 condition_text(first), score.n),
                           .evidence = "twin",
                           .label = score.label,
                           .headline = std::find(headlines.begin(), headlines.end(), score.id) != headlines.end()});
  }
  for (const series::TrialSummary& s : summaries) {
    for (const series::TrialScore& score : s.scores) {
      if (score.target && score.n > 0) {
        out.checks.push_back({score.label, met(score) ? CheckStatus::ok : CheckStatus::attention, text(score.value),
                              fmt::format("{} {}", score.at_least ? "≥" : "|…| ≤", *score.target), condition_text(s)});
      }
    }
    if (s.failed > 0) {
      out.checks.push_back({"Series that gave nothing", CheckStatus::attention,
                            fmt::format("{} of {}", s.failed, s.trials), "0", condition_text(s)});
    }
  }
  if (const auto sweep = sweep_of(summaries)) {
    out.figures.push_back(sweep_figure(summaries, *sweep));
  }
}

io::Table score_table(const std::vector<series::TrialSummary>& summaries) {
  std::vector<double> electrons, drift, jitter, value, sigma, n, target;
  std::vector<std::string> id, unit;
  for (const series::TrialSummary& s : summaries) {
    for (const series::TrialScore& score : s.scores) {
      electrons.push_back(s.electrons);
      drift.push_back(s.drift_px);
      jitter.push_back(s.jitter_px);
      id.push_back(score.id);
      value.push_back(score.n > 0 ? score.value.value : nan);
      sigma.push_back(score.n > 0 ? score.value.sigma : nan);
      unit.push_back(score.unit);
      n.push_back(static_cast<double>(score.n));
      target.push_back(score.target.value_or(nan));
    }
  }
  io::Table out;
  out.columns = {io::number_column("electrons", "e/px", electrons),
                 io::number_column("drift", "px", drift),
                 io::number_column("jitter", "px", jitter),
                 io::text_column("score", id),
                 io::number_column("value", "", value),
                 io::number_column("sigma", "", sigma),
                 io::text_column("unit", unit),
                 io::number_column("n", "", n),
                 io::number_column("target", "", target)};
  return out;
}

io::Table trial_grain_table(const std::vector<series::Trial>& trials) {
  std::vector<std::vector<double>> columns(15);
  std::vector<std::string> truth, call;
  for (const series::Trial& t : trials) {
    for (const series::GrainScore& g : t.grains) {
      if (g.truth == series::Entry::none) {
        continue;
      }
      truth.emplace_back(series::name(g.truth));
      call.emplace_back(series::name(g.call));
      const auto read = [](const series::Pair& p) { return p.read ? p.read->value : nan; };
      const auto sigma = [](const series::Pair& p) { return p.read ? p.read->sigma : nan; };
      const std::array<double, 15> row{static_cast<double>(t.seed),
                                       t.electrons,
                                       t.drift_px,
                                       t.jitter_px,
                                       static_cast<double>(g.grain),
                                       g.onset_degC.truth,
                                       read(g.onset_degC),
                                       sigma(g.onset_degC),
                                       g.speed_px_s.truth,
                                       read(g.speed_px_s),
                                       sigma(g.speed_px_s),
                                       g.direction_deg.truth < 1e3 ? g.direction_deg.truth : nan,
                                       read(g.direction_deg),
                                       g.completed_degC.truth,
                                       read(g.completed_degC)};
      for (std::size_t c = 0; c < row.size(); ++c) {
        columns[c].push_back(row[c]);
      }
    }
  }
  constexpr std::array<std::array<const char*, 2>, 15> names{{{"seed", ""},
                                                              {"electrons", "e/px"},
                                                              {"drift", "px"},
                                                              {"jitter", "px"},
                                                              {"grain", ""},
                                                              {"onset_true", "degC"},
                                                              {"onset", "degC"},
                                                              {"onset_sigma", "K"},
                                                              {"speed_true", "px/s"},
                                                              {"speed", "px/s"},
                                                              {"speed_sigma", "px/s"},
                                                              {"direction_true", "deg"},
                                                              {"direction", "deg"},
                                                              {"completed_true", "degC"},
                                                              {"completed", "degC"}}};
  io::Table out;
  for (std::size_t c = 0; c < names.size(); ++c) {
    out.columns.push_back(io::number_column(names[c][0], names[c][1], columns[c]));
  }
  out.columns.push_back(io::text_column("entry_true", truth));
  out.columns.push_back(io::text_column("entry", call));
  return out;
}

io::Table confusion_of_entries(const std::vector<series::TrialSummary>& summaries) {
  std::vector<double> electrons, drift, jitter;
  std::vector<std::string> truth;
  std::array<std::vector<double>, series::entry_calls> calls;
  for (const series::TrialSummary& s : summaries) {
    for (const series::Entry entry : {series::Entry::continuous, series::Entry::wall, series::Entry::independent}) {
      electrons.push_back(s.electrons);
      drift.push_back(s.drift_px);
      jitter.push_back(s.jitter_px);
      truth.emplace_back(series::name(entry));
      for (std::size_t c = 0; c < series::entry_calls; ++c) {
        calls[c].push_back(static_cast<double>(s.confusion[static_cast<std::size_t>(entry) - 1][c]));
      }
    }
  }
  io::Table out;
  out.columns = {io::number_column("electrons", "e/px", electrons), io::number_column("drift", "px", drift),
                 io::number_column("jitter", "px", jitter), io::text_column("entry_true", truth)};
  for (std::size_t c = 0; c < series::entry_calls; ++c) {
    out.columns.push_back(io::number_column(series::name(static_cast<series::EntryCall>(c)), "", calls[c]));
  }
  return out;
}

}  // namespace hotstage::study::detail
