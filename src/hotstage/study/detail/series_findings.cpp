// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/study/detail/series_findings.hpp"

#include "hotstage/num/statistics.hpp"
#include "hotstage/study/detail/series_tables.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

namespace hotstage::study::detail {

namespace {

constexpr double never = std::numeric_limits<double>::infinity();
constexpr double empty_cell = std::numeric_limits<double>::quiet_NaN();

double frame_step_s(const signal::Timeline& timeline) {
  const std::vector<double>& start = timeline.frame_start_s;
  return start.size() > 1 ? (start.back() - start.front()) / static_cast<double>(start.size() - 1) : 0.0;
}

/// σ of a temperature whose time has σ_s, chip and log included.
double sigma_K(const Tracking& t, double time_s, double time_sigma_s) {
  const series::Thermometry& th = t.events.thermometry;
  const double rate = std::abs(th.log.rate_K_per_s(time_s));
  return std::hypot(std::hypot(time_sigma_s, th.clock_sigma_s) * rate, std::hypot(th.log_sigma_K, th.chip_sigma_K));
}

/// One way to ask which zone is first.
struct ZoneVariant {
  series::OnsetDefinition definition = series::OnsetDefinition::ten_percent;
  double share = 0.0;
  series::BoundaryLead lead;
};

std::string_view name_of(series::OnsetDefinition definition) {
  for (const auto& entry : enum_names(definition)) {
    if (entry.value == definition) {
      return entry.name;
    }
  }
  return "";
}

/// The definition of the series and 2 % first; then every definition with 1, 2, 5 and 10 % of the blocks.
std::vector<ZoneVariant> zone_variants(const Tracking& t, View<const std::int32_t, 2> labels) {
  std::vector<ZoneVariant> out;
  const auto add = [&](series::OnsetDefinition definition, double share) {
    const auto map = series::onset_map(t.grid, t.changes, t.events.drift, t.events.thermometry, definition);
    series::ZoneOptions options = zone_options(t.events.pixel_nm, t.events.seed);
    options.share = share;
    const auto field = series::onset_field(t.grid, map, &series::BlockOnset::degC);
    if (const auto lead = series::boundary_lead(field, labels, options); lead.found) {
      out.push_back({definition, share, lead});
    }
  };
  add(t.events.definition, zone_options(1.0, 1).share);
  for (const auto& entry : enum_names(t.events.definition)) {
    for (const double share : {0.01, 0.02, 0.05, 0.1}) {
      add(entry.value, share);
    }
  }
  return out;
}

io::Table zone_table(const std::vector<ZoneVariant>& variants) {
  std::vector<double> share, edge, inside, lead, sigma, probability;
  std::vector<std::string> definition;
  for (const ZoneVariant& v : variants) {
    definition.emplace_back(name_of(v.definition));
    share.push_back(v.share);
    edge.push_back(v.lead.at_boundary);
    inside.push_back(v.lead.interior);
    lead.push_back(v.lead.lead.value);
    sigma.push_back(v.lead.lead.sigma);
    probability.push_back(v.lead.probability);
  }
  io::Table table;
  table.columns = {io::text_column("definition", definition),
                   io::number_column("share", "", share),
                   io::number_column("boundaries", "degC", edge),
                   io::number_column("interior", "degC", inside),
                   io::number_column("lead", "K", lead),
                   io::number_column("sigma", "K", sigma),
                   io::number_column("probability", "", probability)};
  return table;
}

void add_zones(const Tracking& t, View<const std::int32_t, 2> labels, StepOutput& out) {
  const std::vector<ZoneVariant> variants = zone_variants(t, labels);
  out.tables["zones"] = zone_table(variants);
  if (variants.empty()) {
    out.checks.push_back({"Boundaries or interior first", CheckStatus::attention, "one of the zones does not start", "",
                          "boundary_lead and boundary_first_probability are not given"});
    return;
  }
  const Estimate lead = zone_lead(out.tables["zones"]);
  const std::string method = fmt::format(
      "temperature at which {:.0f} % of the blocks have changed: at boundaries (within 10 nm) {:.1f} °C, elsewhere "
      "{:.1f} °C; σ: bootstrap over tiles of 3 blocks a side {:.1f} K and spread over {} definitions of onset and "
      "share",
      100.0 * variants[0].share, variants[0].lead.at_boundary, variants[0].lead.interior, variants[0].lead.lead.sigma,
      variants.size() - 1);
  out.results.push_back({.id = "boundary_lead",
                         .value = lead.value,
                         .sigma = lead.sigma,
                         .unit = "K",
                         .method = method,
                         .label = "Boundaries change before the interior by"});
  out.results.push_back({.id = "boundary_first_probability",
                         .value = num::mean(out.tables["zones"].numbers("probability")),
                         .method = method + "; mean of the probabilities of all",
                         .label = "Probability that boundaries change first"});
  const series::SiteTest starts = series::test_sites(labels, start_places(t), {.seed = t.events.seed});
  if (starts.sites > 1) {
    out.results.push_back(
        {.id = "starts_p_value",
         .value = starts.p_boundary,
         .method = fmt::format("starting places of {} grains lie {:.1f} px from the nearest boundary, random places "
                               "{:.1f} px; Monte-Carlo, one-sided",
                               starts.sites, starts.distance_px, starts.random_distance_px),
         .label = "Chance that grains start as close to boundaries"});
  }
}

void add_damage(const Tracking& t, const StepInputs& inputs, StepOutput& out) {
  const std::vector<series::DamageDisc> damage = damage_discs(inputs, t.frames, first_onset_s(t));
  const series::OnsetField field = series::onset_field(t.grid, t.map, &series::BlockOnset::degC);
  const series::DamageLead lead = series::damage_lead(field, damage, {.seed = t.events.seed});
  if (lead.sites == 0) {
    out.checks.push_back({"Fronts from damage", CheckStatus::attention,
                          fmt::format("{} voids, cracks and dark spots in grains that change", damage.size()),
                          "at least 1", "damage_lead, outward_correlation and their chances are not given"});
    return;
  }
  const std::string sites =
      fmt::format("{} voids, cracks and dark spots, against discs at random places of their grains", lead.sites);
  out.results.push_back(
      {.id = "damage_lead",
       .value = lead.lead,
       .sigma = lead.random_sigma,
       .unit = "K",
       .method = fmt::format("median onset of a grain minus that beside the damage; {}: {:.1f} K; σ: scatter of those",
                             sites, lead.random_lead),
       .label = "Material beside damage changes before its grain by"});
  out.results.push_back({.id = "damage_p_value",
                         .value = lead.p_lead,
                         .method = sites + "; Monte-Carlo, one-sided",
                         .label = "Chance that random places are as early as damage"});
  out.results.push_back(
      {.id = "outward_correlation",
       .value = lead.outward,
       .sigma = lead.outward_sigma,
       .method = fmt::format("rank correlation of onset with distance from the damage in its grain; {}: {:.2f}", sites,
                             lead.random_outward),
       .label = "Change runs outwards from damage"});
  out.results.push_back({.id = "outward_p_value",
                         .value = lead.p_outward,
                         .method = sites + "; Monte-Carlo, one-sided",
                         .label = "Chance that change runs as much away from random places"});
}

/// Median of the fitted speeds, nm/s; nothing without a front.
std::optional<Estimate> fitted_speed(const Tracking& t, const std::vector<series::FrontFit>& fronts) {
  std::vector<double> speed, sigma;
  for (const series::FrontFit& f : fronts) {
    if (f.found) {
      speed.push_back(f.speed_px_s().value * t.events.pixel_nm);
      sigma.push_back(f.speed_px_s().sigma * t.events.pixel_nm);
    }
  }
  if (speed.empty()) {
    return std::nullopt;
  }
  const double scatter = speed.size() > 1 ? num::median_deviation(speed) : num::median(sigma);
  return Estimate{num::median(speed),
                  1.2533 * std::max(scatter, num::median(sigma)) / std::sqrt(static_cast<double>(speed.size()))};
}

void add_entries(const Tracking& t, const Findings& f, StepOutput& out) {
  double crossed = 0.0;
  double variance = 0.0;
  double none = 1.0;
  std::size_t decided = 0;
  const series::EntryReading* first = nullptr;
  for (const series::EntryReading& e : f.entries) {
    const double p = 1.0 - e.independent;
    crossed += p;
    variance += p * (1.0 - p);
    none *= 1.0 - p;
    decided += e.verdict != series::EntryVerdict::cannot_tell ? 1U : 0U;
    const bool clear = e.verdict == series::EntryVerdict::continuous || e.verdict == series::EntryVerdict::wall;
    if (clear && (first == nullptr || e.start_s < first->start_s)) {
      first = &e;
    }
  }
  if (f.entries.empty()) {
    out.checks.push_back(
        {"Entries into grains", CheckStatus::attention, "no front was fitted", "", "no probability of a crossing"});
    return;
  }
  const std::string of = fmt::format("{} grains with a fitted front, {} decided", f.entries.size(), decided);
  out.results.push_back({.id = "grains_crossed_into",
                         .value = crossed,
                         .sigma = std::sqrt(variance),
                         .method = "sum of the probabilities of a front from the neighbour; " + of,
                         .label = "Grains entered across a boundary"});
  out.results.push_back({.id = "crossing_probability",
                         .value = 1.0 - none,
                         .method = "that at least one grain was entered across a boundary; " + of,
                         .label = "Probability of a crossing"});
  for (const series::Crossing& c : t.crossings) {
    const auto entry = std::ranges::find_if(f.entries, [&](const auto& e) { return e.into == c.into; });
    if (c.verdict == series::CrossingVerdict::crossing && entry != f.entries.end() &&
        entry->verdict == series::EntryVerdict::independent) {
      out.checks.push_back({fmt::format("Entry into grain {}", c.into), CheckStatus::attention,
                            fmt::format("by its first blocks from grain {}, by its fitted front by itself", c.from), "",
                            "Two readings of the same blocks disagree: first_crossing may be none"});
    }
  }
  if (first == nullptr) {
    out.checks.push_back({"Temperature of a crossing", CheckStatus::attention, "cannot tell: " + of,
                          "an entry with a probability of 0.7 of a crossing",
                          "crossing_start is not given: all grains may have started by themselves"});
    return;
  }
  const auto fit = std::ranges::find_if(f.fronts, [&](const auto& front) { return front.grain == first->into; });
  out.results.push_back(
      {.id = "crossing_start",
       .value = t.events.thermometry.log.at(first->start_s),
       .sigma = sigma_K(t, first->start_s, fit->start_s().sigma),
       .unit = "degC",
       .method =
           fmt::format("grain {} from grain {} ({}), continuous {:.2f}, wall {:.2f}, by itself {:.2f}", first->into,
                       first->from, series::name(first->verdict), first->continuous, first->wall, first->independent),
       .label = "First clear entry across a boundary"});
}

io::Table hold_table(const Tracking& t, const std::vector<series::BoundaryHold>& holds) {
  const series::TemperatureLog& log = t.events.thermometry.log;
  std::vector<std::vector<double>> c(10);
  std::vector<std::string> verdict;
  for (const series::BoundaryHold& h : holds) {
    const std::array<double, 10> row{static_cast<double>(h.a),
                                     static_cast<double>(h.b),
                                     t.frames.axes[0].value(h.y_px),
                                     t.frames.axes[1].value(h.x_px),
                                     static_cast<double>(h.places),
                                     h.wait_s.value,
                                     h.wait_s.sigma,
                                     log.at(h.arrival_s),
                                     std::isfinite(h.until_s) ? log.at(h.until_s) : empty_cell,
                                     h.held};
    for (std::size_t i = 0; i < row.size(); ++i) {
      c[i].push_back(row[i]);
    }
    verdict.emplace_back(series::name(h.verdict));
  }
  const std::array<std::pair<const char*, const char*>, 10> names{{{"a", ""},
                                                                   {"b", ""},
                                                                   {"y", "nm"},
                                                                   {"x", "nm"},
                                                                   {"places", ""},
                                                                   {"wait", "s"},
                                                                   {"wait_sigma", "s"},
                                                                   {"arrival", "degC"},
                                                                   {"until", "degC"},
                                                                   {"p_held", ""}}};
  io::Table table;
  for (std::size_t i = 0; i < names.size(); ++i) {
    table.columns.push_back(io::number_column(names[i].first, names[i].second, c[i]));
  }
  table.columns.push_back(io::text_column("verdict", verdict));
  return table;
}

void add_holds(const Tracking& t, const std::vector<series::BoundaryHold>& holds, StepOutput& out) {
  double held = 0.0;
  double decided = 0.0;
  double variance = 0.0;
  std::vector<double> until;
  for (const series::BoundaryHold& h : holds) {
    if (h.verdict == series::HoldVerdict::cannot_tell) {
      continue;
    }
    decided += 1.0;
    variance += h.held * (1.0 - h.held);
    if (h.verdict == series::HoldVerdict::held) {
      held += 1.0;
      if (std::isfinite(h.until_s)) {
        until.push_back(t.events.thermometry.log.at(h.until_s));
      }
    }
  }
  if (decided == 0.0) {
    out.checks.push_back({"Boundaries that held", CheckStatus::attention,
                          fmt::format("none of {} boundaries can be told", holds.size()), "",
                          "boundaries_held and arrest_end are not given"});
    return;
  }
  const double share = held / decided;
  out.results.push_back(
      {.id = "boundaries_held",
       .value = share,
       .sigma = std::sqrt(share * (1.0 - share) / decided + variance / (decided * decided)),
       .method = fmt::format("{:.0f} of {:.0f} decided boundaries ({} in all): the later side changed more than 2.5 "
                             "frames after the earlier, way of the front taken off; the others were passed, or two "
                             "fronts met",
                             held, decided, holds.size()),
       .label = "Share of boundaries at which a front waited"});
  if (until.empty()) {
    out.checks.push_back({"Boundaries that held", CheckStatus::attention, "none, or to the end of the series", "",
                          "arrest_end is not given"});
    return;
  }
  const double spread =
      until.size() > 1 ? 1.2533 * num::median_deviation(until) / std::sqrt(static_cast<double>(until.size())) : 0.0;
  out.results.push_back(
      {.id = "arrest_end",
       .value = num::median(until),
       .sigma = std::hypot(spread, std::hypot(t.events.thermometry.chip_sigma_K, t.events.thermometry.log_sigma_K)),
       .unit = "degC",
       .method = fmt::format("median over {} boundaries that held of the temperature at which their "
                             "later side changed",
                             until.size()),
       .label = "Boundaries held up to"});
}

}  // namespace

Estimate zone_lead(const io::Table& zones) {
  const std::vector<double>& leads = zones.numbers("lead");
  return {leads.front(), std::hypot(zones.numbers("sigma").front(), num::standard_deviation(leads))};
}

std::vector<series::DamageDisc> damage_discs(const StepInputs& inputs, const signal::Signal& frames, double before_s) {
  const double nm = series::pixel_nm(frames);
  const auto rows = [&](const char* name) -> const io::Table* {
    const auto found = inputs.tables.find(name);
    return found == inputs.tables.end() || found->second.rows() == 0 ? nullptr : &found->second;
  };
  const auto disc = [&](const io::Table& table, std::size_t i) {
    return series::DamageDisc{(table.numbers("y")[i] - frames.axes[0].value(0.0)) / frames.axes[0].scale,
                              (table.numbers("x")[i] - frames.axes[1].value(0.0)) / frames.axes[1].scale,
                              table.numbers("radius")[i] / nm};
  };
  std::vector<series::DamageDisc> out;
  if (const io::Table* spots = rows("spots")) {
    for (std::size_t i = 0; i < spots->rows(); ++i) {
      out.push_back(disc(*spots, i));
    }
  }
  const io::Table* tracks = rows("tracks");
  const std::size_t voids = out.size();
  double last = -1.0;
  for (std::size_t i = 0; tracks != nullptr && i < tracks->rows(); ++i) {
    const double track = tracks->numbers("track")[i];
    if (track == last || tracks->column("kind").texts[i] != "void" || tracks->numbers("time")[i] >= before_s) {
      continue;
    }
    last = track;
    const series::DamageDisc d = disc(*tracks, i);
    const bool known = std::any_of(out.begin(), out.begin() + static_cast<std::ptrdiff_t>(voids), [&](const auto& v) {
      return std::hypot(v.y_px - d.y_px, v.x_px - d.x_px) < v.radius_px + d.radius_px;
    });
    if (!known) {
      out.push_back(d);
    }
  }
  return out;
}

double first_onset_s(const Tracking& t) {
  double first = never;
  for (const series::GrainOnset& grain : t.grains) {
    first = grain.found ? std::min(first, grain.time_s) : first;
  }
  return first;
}

std::vector<series::Site> sites_of(std::span<const series::DamageDisc> damage) {
  std::vector<series::Site> out;
  for (const series::DamageDisc& d : damage) {
    out.push_back({d.y_px, d.x_px});
  }
  return out;
}

std::vector<series::Site> start_places(const Tracking& t) {
  std::vector<series::Site> out;
  for (const series::GrainOnset& grain : t.grains) {
    if (grain.found) {
      out.push_back({grain.y_px, grain.x_px});
    }
  }
  return out;
}

series::HoldOptions hold_options(const signal::Timeline& timeline, double speed_px_s, std::uint64_t seed) {
  constexpr double slack_frames = 2.5;  // as read_entries
  return {.slowness_s_px = speed_px_s > 0.0 ? 1.0 / speed_px_s : 0.0,
          .slack_s = slack_frames * frame_step_s(timeline),
          .seed = seed};
}

series::ZoneOptions zone_options(double pixel_nm, std::uint64_t seed) {
  constexpr double zone_nm = 10.0;
  return {.near_px = zone_nm / pixel_nm, .seed = seed};
}

Findings add_findings(const Tracking& t, const StepInputs& inputs, View<const std::int32_t, 2> labels, Run& run,
                      StepOutput& out) {
  Findings f;
  const bool dated = !too_coarse(t);
  if (dated) {
    f.fronts = series::fit_fronts(t.events, labels, run);
  }
  f.entries = series::read_entries(t.events, f.fronts, labels, {});
  const auto speed = fitted_speed(t, f.fronts);
  if (dated && speed) {
    const series::Thermometry& th = t.events.thermometry;
    f.holds = series::boundary_holds(series::onset_field(t.grid, t.map, &series::BlockOnset::time_s), labels,
                                     th.timeline.frame_start_s.back(),
                                     hold_options(th.timeline, speed->value / t.events.pixel_nm, t.events.seed));
  }
  out.tables["fronts"] = front_table(f.fronts, t.events, t.frames);
  out.tables["entries"] = entry_table(f.entries, t.events);
  out.tables["boundaries"] = hold_table(t, f.holds);
  out.tables["zones"] = zone_table({});
  if (!dated) {
    return f;
  }
  if (speed) {
    out.results.push_back(
        {.id = "fitted_speed",
         .value = speed->value,
         .sigma = speed->sigma,
         .unit = "nm/s",
         .method = fmt::format("median over {} grains of 1/|∇t₀| of a plane, radial or handed-on front fitted "
                               "to the whole grain; one front a grain is assumed",
                               out.tables["fronts"].rows()),
         .label = "Front speed, fitted"});
  }
  add_zones(t, labels, out);
  add_damage(t, inputs, out);
  add_entries(t, f, out);
  add_holds(t, f.holds, out);
  return f;
}

}  // namespace hotstage::study::detail
