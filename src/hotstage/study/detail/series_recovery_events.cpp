// SPDX-License-Identifier: GPL-3.0-or-later
// Second part of SeriesRecovery: fronts, entries, zones, waits, growth and the clock.

#include "hotstage/num/statistics.hpp"
#include "hotstage/study/detail/series_cobalt.hpp"
#include "hotstage/study/detail/series_findings.hpp"
#include "hotstage/study/detail/series_recovery.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>

namespace hotstage::study::detail {

namespace {

constexpr double never = std::numeric_limits<double>::infinity();

double rms(const std::vector<double>& values) {
  double sum = 0.0;
  for (const double v : values) {
    sum += v * v;
  }
  return values.empty() ? 0.0 : std::sqrt(sum / static_cast<double>(values.size()));
}

/// What is true of the front of a grain, from the medians of its blocks.
struct TrueFront {
  double start_s = never;
  double speed_px_s = 0.0;
  double angle_deg = 0.0;
  double completed_s = never;  ///< nine tenths of the blocks
};

/// Start: its first hundredth, as series.track defines it; speed: 1/median |∇t₀|, direction: mean unit gradient, both
/// by differences over two blocks.
std::optional<TrueFront> true_front(const series::OnsetField& field, int grain) {
  TrueFront out;
  std::vector<double> times, slopes;
  double sy = 0.0;
  double sx = 0.0;
  const auto at = [&](std::size_t b) {
    return field.grain[b] == grain && std::isfinite(field.value[b]) ? std::optional(field.value[b]) : std::nullopt;
  };
  const double way = 2.0 * static_cast<double>(field.block_px);
  for (std::size_t b = 0; b < field.value.size(); ++b) {
    if (field.grain[b] != grain) {
      continue;
    }
    times.push_back(field.value[b]);
    const std::size_t row = b / field.columns;
    const std::size_t column = b % field.columns;
    if (row == 0 || column == 0 || row + 1 == field.rows || column + 1 == field.columns) {
      continue;
    }
    const auto up = at(b - field.columns);
    const auto down = at(b + field.columns);
    const auto left = at(b - 1);
    const auto right = at(b + 1);
    if (up && down && left && right) {
      const double gy = (*down - *up) / way;
      const double gx = (*right - *left) / way;
      const double slope = std::hypot(gy, gx);
      slopes.push_back(slope);
      sy += slope > 0.0 ? gy / slope : 0.0;
      sx += slope > 0.0 ? gx / slope : 0.0;
    }
  }
  constexpr std::size_t fewest = 6;
  if (slopes.size() < fewest) {
    return std::nullopt;
  }
  std::sort(times.begin(), times.end());
  constexpr double done = 0.9;
  constexpr double first = 0.01;
  out.start_s = times[std::max<std::size_t>(1, static_cast<std::size_t>(first * static_cast<double>(times.size())))];
  out.completed_s = times[static_cast<std::size_t>(done * static_cast<double>(times.size() - 1))];
  out.speed_px_s = 1.0 / num::median(slopes);
  out.angle_deg = std::atan2(sy, sx) * 180.0 / std::numbers::pi;
  return out;
}

}  // namespace

std::array<double, 2> SeriesRecovery::on_field(double y_nm, double x_nm) const {
  return {(y_nm - field_.y0_nm) / field_.pixel_nm, (x_nm - field_.x0_nm) / field_.pixel_nm};
}

std::optional<series::OnsetField> SeriesRecovery::true_field(View<const std::int32_t, 2> labels, double share) const {
  const signal::Signal* onset = inputs_.find_signal("onset");
  if (onset == nullptr || !truth_s_) {
    return std::nullopt;
  }
  series::OnsetField out{.rows = onset->axes[0].size, .columns = onset->axes[1].size};
  out.block_px = field_.columns / out.columns;
  for (std::size_t b = 0; b < out.rows * out.columns; ++b) {
    std::map<int, std::size_t> votes;
    std::vector<double> times;
    for (std::size_t k = 0; k < out.block_px * out.block_px; ++k) {
      const std::size_t y = b / out.columns * out.block_px + k / out.block_px;
      const std::size_t x = b % out.columns * out.block_px + k % out.block_px;
      ++votes[labels_.view()(y, x) > 0 ? labels(y, x) : 0];
      if (const double time = truth_s_->view()(y, x); !std::isnan(time)) {
        times.push_back(time);
      }
    }
    const auto most =
        std::max_element(votes.begin(), votes.end(), [](const auto& a, const auto& c) { return a.second < c.second; });
    std::sort(times.begin(), times.end());
    const double median =
        times.empty() ? never : times[static_cast<std::size_t>(share * static_cast<double>(times.size()))];
    const bool seen = !times.empty() && covered(b / out.columns, b % out.columns, out.block_px);
    out.grain.push_back(seen ? most->first : 0);
    out.value.push_back(median < last_frame_s() ? median : never);
  }
  return out;
}

series::OnsetField SeriesRecovery::found_field(const series::OnsetField& like) const {
  series::OnsetField out = like;
  const Buffer<float, 2> map = signal::read_all(inputs_.signal("onset"));
  for (std::size_t b = 0; b < out.value.size(); ++b) {
    const auto value = static_cast<double>(map.data()[b]);
    out.value[b] = std::isfinite(value) ? value : never;
  }
  return out;
}

void SeriesRecovery::compare_fronts(StepOutput& out) {
  const io::Table* fronts = table("fronts");
  const auto field = true_field(labels_.view());
  if (fronts == nullptr || !field) {
    return;
  }
  const double scale = field_.pixel_nm / field_.file_pixel_nm;
  std::vector<double> relative, pulls, starts, start_pulls;
  for (std::size_t i = 0; i < fronts->rows(); ++i) {
    const auto number = [&](const char* column) { return fronts->numbers(column)[i]; };
    const auto grain = static_cast<int>(number("grain"));
    const auto truth = true_front(*field, grain);
    if (!truth || !std::isfinite(truth->start_s)) {
      continue;
    }
    const auto degrees = [&](const char* what, double true_s, const char* value, const char* sigma) {
      if (std::isfinite(number(value)) && std::isfinite(true_s)) {
        rows_.add(fmt::format("front of grain {} {}, hidden offset known", grain, what), lamella_degC(true_s),
                  {number(value) + lamella_offset_K_, number(sigma)}, "degC");
      }
    };
    degrees("starts", truth->start_s, "onset", "onset_sigma");
    degrees("has passed nine tenths", truth->completed_s, "completed", "completed_sigma");
    starts.push_back(number("onset") + lamella_offset_K_ - lamella_degC(truth->start_s));
    start_pulls.push_back(starts.back() / number("onset_sigma"));
    const double speed = truth->speed_px_s * field_.pixel_nm;
    const Estimate found{number("speed") * scale, number("speed_sigma") * scale};
    rows_.add(fmt::format("front of grain {} speed", grain), speed, found, "nm/s");
    relative.push_back(found.value / speed - 1.0);
    pulls.push_back((found.value - speed) / found.sigma);
    if (std::isfinite(number("direction"))) {
      const double off = std::remainder(number("direction") - truth->angle_deg, 360.0);
      rows_.add(fmt::format("front of grain {} direction", grain), truth->angle_deg,
                {truth->angle_deg + off, number("direction_sigma")}, "deg");
    }
  }
  compare_local_speed(*field, out);
  if (relative.empty()) {
    return;
  }
  out.results.push_back(
      {.id = "front_speed_error",
       .value = num::median(relative),
       .sigma = relative.size() > 1 ? std::optional<double>(1.2533 * num::median_deviation(relative) /
                                                            std::sqrt(static_cast<double>(relative.size())))
                                    : std::nullopt,
       .method =
           fmt::format("median over {} grains of fitted over true speed, less 1; rms pull {:.1f}; truth: 1/median "
                       "|∇t₀| of the grain",
                       relative.size(), rms(pulls)),
       .evidence = "twin",
       .label = "Relative error of the fitted front speed"});
  out.results.push_back(
      {.id = "front_start_error",
       .value = num::median(starts),
       .sigma = starts.size() > 1 ? std::optional<double>(num::standard_error(starts)) : std::nullopt,
       .unit = "K",
       .method = fmt::format("median over {} grains of the fitted minus the true start, hidden offset "
                             "taken off; rms {:.1f} K, rms pull {:.1f}; truth: first hundredth "
                             "of its blocks",
                             starts.size(), rms(starts), rms(start_pulls)),
       .evidence = "twin",
       .label = "Error of the start of fitted fronts"});
}

void SeriesRecovery::compare_local_speed(const series::OnsetField& field, StepOutput& out) {
  const io::Table* onsets = table("onsets");
  const double scale = field_.pixel_nm / field_.file_pixel_nm;
  const series::OnsetField ends = true_field(labels_.view(), 0.9).value_or(field);
  std::vector<double> relative, pulls;
  for (std::size_t i = 0; onsets != nullptr && i < onsets->rows(); ++i) {
    const auto grain = static_cast<int>(onsets->numbers("grain")[i]);
    const auto truth = true_front(field, grain);
    const auto done = true_front(ends, grain);
    const Estimate speed{onsets->numbers("velocity")[i] * scale, onsets->numbers("velocity_sigma")[i] * scale};
    if (truth && std::isfinite(speed.value)) {
      const double true_speed = truth->speed_px_s * field_.pixel_nm;
      rows_.add(fmt::format("grain {} local speed", grain), true_speed, speed, "nm/s");
      relative.push_back(speed.value / true_speed - 1.0);
      pulls.push_back((speed.value - true_speed) / speed.sigma);
    }
    const double completed = onsets->numbers("completed")[i];
    if (done && std::isfinite(done->completed_s) && std::isfinite(completed)) {
      rows_.add(fmt::format("grain {} completed, hidden offset known", grain), lamella_degC(done->completed_s),
                {completed + lamella_offset_K_, 0.0}, "degC");
    }
  }
  if (!relative.empty()) {
    out.results.push_back(
        {.id = "local_speed_error",
         .value = num::median(relative),
         .sigma = relative.size() > 1 ? std::optional<double>(1.2533 * num::median_deviation(relative) /
                                                              std::sqrt(static_cast<double>(relative.size())))
                                      : std::nullopt,
         .method = fmt::format("median over {} grains of 1/median |∇t₀| from planes over 5 × 5 blocks "
                               "over the true one, less 1; rms pull {:.1f}",
                               relative.size(), rms(pulls)),
         .evidence = "twin",
         .label = "Relative error of the local front speed"});
  }
}

void SeriesRecovery::compare_zones(StepOutput& out) {
  const auto field = true_field(labels_.view());
  if (!field || table("onsets") == nullptr) {
    return;
  }
  series::OnsetField truth = *field;
  for (double& value : truth.value) {
    value = std::isfinite(value) ? set_point_degC(value) : never;
  }
  const series::OnsetField found = found_field(*field);
  const series::ZoneOptions zones = zone_options(field_.file_pixel_nm, 1);
  const auto true_lead = series::boundary_lead(truth, found_.view(), zones);
  const io::Table* found_zones = table("zones");
  const Estimate found_lead = found_zones != nullptr ? zone_lead(*found_zones) : Estimate{};
  if (true_lead.found && found_zones != nullptr) {
    rows_.add("boundaries before interior, boundaries as found", true_lead.lead.value, found_lead, "K");
  }
  if (const auto own = true_field(truth_.view()); own && found_zones != nullptr) {
    series::OnsetField by_truth = truth;
    by_truth.grain = own->grain;
    const auto lead = series::boundary_lead(by_truth, truth_.view(), zones);
    if (lead.found) {
      rows_.add("boundaries before interior, true boundaries", lead.lead.value, found_lead, "K");
    }
  }
  double first_s = never;
  for (const double time_s : table("onsets")->numbers("time")) {
    first_s = std::isfinite(time_s) ? std::min(first_s, time_s) : first_s;
  }
  const auto damage = damage_discs(inputs_, inputs_.signal("found_labels"), first_s);
  compare_sites(damage);
  const auto true_damage = series::damage_lead(truth, damage, {});
  const auto found_damage = series::damage_lead(found, damage, {});
  if (true_damage.sites > 0 && found_damage.sites > 0) {
    rows_.add("beside damage before its grain", true_damage.lead, {found_damage.lead, found_damage.random_sigma}, "K");
    rows_.add("change runs outwards from damage", true_damage.outward,
              {found_damage.outward, found_damage.outward_sigma}, "");
  }
  compare_holds(*field, out);
}

void SeriesRecovery::compare_sites(const std::vector<series::DamageDisc>& damage) {
  const auto scene = inputs_.records.find("scene");
  if (scene == inputs_.records.end()) {
    return;
  }
  std::vector<series::Site> sites;
  const auto add = [&](double y_nm, double x_nm) {
    const auto [y, x] = on_field(y_nm, x_nm);
    sites.push_back({y, x});
  };
  for (const char* list : {"voids", "cores"}) {
    for (const Value& site : scene->second.at(list).as_array()) {
      add(site.at("y_nm").as_number(), site.at("x_nm").as_number());
    }
  }
  for (const Value& crack : scene->second.at("cracks").as_array()) {
    add(0.5 * (crack.at("y0_nm").as_number() + crack.at("y1_nm").as_number()),
        0.5 * (crack.at("x0_nm").as_number() + crack.at("x1_nm").as_number()));
  }
  const auto truth = series::test_sites(truth_.view(), sites, {});
  const auto found = series::test_sites(found_.view(), sites_of(damage), {});
  rows_.add("damage in the field: voids, cracks, cores", static_cast<double>(truth.sites),
            {static_cast<double>(found.sites), 0.0}, "");
  if (truth.sites > 1 && found.sites > 1) {
    rows_.add("damage to the nearest boundary, mean", truth.distance_px * field_.pixel_nm,
              {found.distance_px * field_.pixel_nm, 0.0}, "nm");
    rows_.add("chance that damage lies as close to boundaries", truth.p_boundary, {found.p_boundary, 0.0}, "");
    rows_.add("chance that damage lies as close to junctions", truth.p_junction, {found.p_junction, 0.0}, "");
  }
}

void SeriesRecovery::compare_holds(const series::OnsetField& truth, StepOutput& out) {
  const io::Table* found = table("boundaries");
  const Value::Array& frames = frames_truth_.at("frames").as_array();
  if (found == nullptr || frames.size() < 2) {
    return;
  }
  std::vector<double> speeds;
  for (const auto& [grain, matched] : matched_) {
    if (const auto front = true_front(truth, grain)) {
      speeds.push_back(front->speed_px_s);
    }
  }
  signal::Timeline timeline;
  for (const Value& frame : frames) {
    timeline.frame_start_s.push_back(frame.at("start_s").as_number());
  }
  const auto holds =
      series::boundary_holds(truth, found_.view(), last_frame_s(), hold_options(timeline, num::median(speeds), 1));
  std::size_t decided = 0;
  std::size_t right = 0;
  std::vector<double> until_truth, until_found;
  for (const series::BoundaryHold& h : holds) {
    for (std::size_t i = 0; i < found->rows(); ++i) {
      if (found->numbers("a")[i] != h.a || found->numbers("b")[i] != h.b) {
        continue;
      }
      rows_.add(fmt::format("wait at boundary {}|{}", h.a, h.b), h.wait_s.value,
                {found->numbers("wait")[i], found->numbers("wait_sigma")[i]}, "s");
      const std::string& verdict = found->column("verdict").texts[i];
      if (verdict != "cannot tell" && h.verdict != series::HoldVerdict::cannot_tell) {
        ++decided;
        right += verdict == series::name(h.verdict) ? 1U : 0U;
      }
      if (verdict == "held" && h.verdict == series::HoldVerdict::held && std::isfinite(h.until_s) &&
          std::isfinite(found->numbers("until")[i])) {
        until_truth.push_back(lamella_degC(h.until_s));
        until_found.push_back(found->numbers("until")[i] + lamella_offset_K_);
      }
    }
  }
  if (!until_truth.empty()) {
    rows_.add("boundaries held up to (median), hidden offset known", num::median(until_truth),
              {num::median(until_found), 0.0}, "degC");
  }
  if (decided > 0) {
    out.results.push_back(
        {.id = "holds_right",
         .value = static_cast<double>(right) / static_cast<double>(decided),
         .method = fmt::format("{} boundaries of {} that are decided in truth and analysis", decided, found->rows()),
         .evidence = "twin",
         .label = "Right verdicts on waits at boundaries"});
  }
}

void SeriesRecovery::compare_growth(StepOutput& out) {
  const auto scene = inputs_.records.find("scene");
  const io::Table* tracks = table("tracks");
  const double scale = field_.pixel_nm / field_.file_pixel_nm;
  if (scene != inputs_.records.end() && scene->second.find("voids") != nullptr && tracks != nullptr) {
    std::size_t number = 0;
    for (const Value& truth : scene->second.at("voids").as_array()) {
      ++number;
      const auto [y, x] = on_field(truth.at("y_nm").as_number(), truth.at("x_nm").as_number());
      const double radius = truth.at("radius_nm").as_number();
      std::vector<double> errors, pulls;
      for (std::size_t i = 0; i < tracks->rows(); ++i) {
        const bool here = std::hypot(tracks->numbers("y")[i] / field_.file_pixel_nm - y,
                                     tracks->numbers("x")[i] / field_.file_pixel_nm - x) *
                              field_.pixel_nm <
                          radius;
        if (here && tracks->column("kind").texts[i] == "void") {
          errors.push_back(tracks->numbers("radius")[i] * scale - radius);
          pulls.push_back(errors.back() / (tracks->numbers("radius_sigma")[i] * scale));
        }
      }
      if (!errors.empty()) {
        rows_.add(fmt::format("void {} radius followed, mean of {} windows", number, errors.size()), radius,
                  {radius + num::mean(errors), num::standard_error(errors)}, "nm");
        rows_.add(fmt::format("void {} radius followed, rms pull", number), 1.0, {rms(pulls), 0.0}, "");
      }
    }
  }
  const io::Table* voids = table("voids");
  const io::Table* events = table("events");
  const io::Table* course = table("course");
  if (voids == nullptr || events == nullptr) {
    return;
  }
  const std::vector<VoidCourse> courses = void_courses(*voids);
  const CobaltReading reading = read_cobalt(courses);
  const auto& kinds = events->column("kind").texts;
  const auto cobalt = std::find(kinds.begin(), kinds.end(), "cobalt");
  if (!reading.best || cobalt == kinds.end()) {
    out.checks.push_back(
        {"Growth in a void",
         reading.best.has_value() == (cobalt != kinds.end()) ? CheckStatus::ok : CheckStatus::attention,
         fmt::format("{} in the truth, {} in the analysis", cobalt != kinds.end() ? "one" : "none",
                     reading.best ? "one" : "none"),
         "the same", "A particle of metal in a void"});
    return;
  }
  const VoidCourse& best = courses[*reading.best];
  const double nucleus_s = events->numbers("time")[static_cast<std::size_t>(cobalt - kinds.begin())];
  rows_.add("growth in a void first seen (true: nucleus; later by nature)", nucleus_s, {reading.seen.time_s.value, 0.0},
            "s");
  if (reading.start_s) {
    rows_.add("growth in a void began", nucleus_s, *reading.start_s, "s");
  }
  if (course == nullptr) {
    return;
  }
  const auto true_radius = [&](double time_s) {
    const std::vector<double>& t = course->numbers("time");
    const auto above = std::lower_bound(t.begin(), t.end(), time_s);
    const auto i = static_cast<std::size_t>(above - t.begin());
    return course->numbers("cobalt_radius")[std::min(i, t.size() - 1)];
  };
  out.results.push_back(
      {.id = "cobalt_seen_radius",
       .value = true_radius(reading.seen.time_s.value),
       .unit = "nm",
       .method = fmt::format("true radius {:.0f} s after the nucleus, when the analysis first sees it",
                             reading.seen.time_s.value - nucleus_s),
       .evidence = "twin",
       .label = "Smallest particle that is seen to grow"});
  rows_.add("particle radius by its bright area, last value", true_radius(best.time_s.back()),
            {std::sqrt(best.particle_nm2.back() / std::numbers::pi) * scale, 0.0}, "nm");
  // Brightness is volume: its cube root is the radius up to a factor.
  const auto middle = static_cast<std::size_t>(
      std::upper_bound(best.time_s.begin(), best.time_s.end(), reading.seen.time_s.value) - best.time_s.begin());
  for (std::size_t i = std::min(middle + 1, best.time_s.size() - 1); i + 1 < best.time_s.size(); i += 3) {
    const double volume =
        (best.brightness_nm2[i] - reading.seen.baseline) / (best.brightness_nm2.back() - reading.seen.baseline);
    const double sigma = reading.seen.scatter / (best.brightness_nm2.back() - reading.seen.baseline);
    if (volume > 0.0) {
      rows_.add(fmt::format("particle radius at {:.0f} s over the last, from brightness", best.time_s[i]),
                true_radius(best.time_s[i]) / true_radius(best.time_s.back()),
                {std::cbrt(volume), std::cbrt(volume) / 3.0 * std::hypot(sigma / volume, sigma)}, "");
    }
  }
}

void SeriesRecovery::compare_clock() {
  const io::Table* timeline = table("timeline");
  const Value::Array& frames = frames_truth_.at("frames").as_array();
  if (timeline == nullptr) {
    return;
  }
  rows_.add("time of a row", 1e3 * frames_truth_.at("instrument").at("row_s").as_number(),
            {1e3 * num::median(timeline->numbers("exposure")) / static_cast<double>(field_.rows), 0.0}, "ms");
  const std::size_t last = std::min(frames.size(), timeline->rows()) - 1;
  rows_.add("start of the last frame", frames[last].at("start_s").as_number(), {timeline->numbers("start")[last], 0.0},
            "s");
  rows_.add("set point in the first row of the last frame",
            frames[last].at("first_row_degC").as_number() - lamella_offset_K_,
            {timeline->numbers("first_row")[last], timeline->numbers("sigma_reading")[last]}, "degC");
}

}  // namespace hotstage::study::detail
