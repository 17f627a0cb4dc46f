// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/study/detail/series_cobalt.hpp"

#include "hotstage/study/detail/series_findings.hpp"

#include <fmt/format.h>

#include <cmath>
#include <map>

namespace hotstage::study::detail {

std::vector<VoidCourse> void_courses(const io::Table& voids) {
  constexpr long stride = 5;
  std::map<int, VoidCourse> by_spot;
  for (std::size_t i = 0; i < voids.rows(); ++i) {
    const double value = voids.numbers("brightness")[i];
    if (std::lround(voids.numbers("frame")[i]) % stride != 2 || !std::isfinite(value)) {
      continue;
    }
    const auto spot = static_cast<int>(voids.numbers("spot")[i]);
    VoidCourse& course = by_spot[spot];
    course.spot = spot;
    course.time_s.push_back(voids.numbers("time")[i]);
    course.brightness_nm2.push_back(value);
    course.particle_nm2.push_back(voids.numbers("particle")[i]);
  }
  std::vector<VoidCourse> out;
  for (auto& [spot, course] : by_spot) {
    out.push_back(std::move(course));
  }
  return out;
}

std::vector<double> reference_of(const std::vector<VoidCourse>& courses, std::size_t without,
                                 std::size_t also_without) {
  const std::size_t n = courses[without].time_s.size();
  std::vector<double> sum(n, 0.0);
  double others = 0.0;
  for (std::size_t c = 0; c < courses.size(); ++c) {
    if (c == without || c == also_without || courses[c].time_s.size() != n) {
      continue;
    }
    others += 1.0;
    for (std::size_t i = 0; i < n; ++i) {
      sum[i] += courses[c].brightness_nm2[i];
    }
  }
  if (others == 0.0) {
    return {};
  }
  for (double& value : sum) {
    value /= others;
  }
  return sum;
}

CobaltReading read_cobalt(const std::vector<VoidCourse>& courses) {
  CobaltReading out{.voids = courses.size()};
  for (std::size_t c = 0; c < courses.size(); ++c) {
    const series::FirstSeen seen =
        series::first_seen(courses[c].time_s, courses[c].brightness_nm2, reference_of(courses, c, c));
    if (seen.seen && (!out.best || seen.time_s.value < out.seen.time_s.value)) {
      out.best = c;
      out.seen = seen;
    }
  }
  if (!out.best) {
    return out;
  }
  const VoidCourse& best = courses[*out.best];
  out.growth = series::fit_growth(best.time_s, best.brightness_nm2);
  out.start_s = series::growth_start_s(best.time_s, best.brightness_nm2);
  for (std::size_t c = 0; c < courses.size(); ++c) {
    if (c != *out.best &&
        series::first_seen(courses[c].time_s, courses[c].brightness_nm2, reference_of(courses, c, *out.best)).seen) {
      out.elsewhere.push_back(courses[c].spot);
    }
  }
  return out;
}

void add_cobalt(const Tracking& t, const StepInputs& inputs, StepOutput& out) {
  const auto voids = inputs.tables.find("voids");
  if (voids == inputs.tables.end() || voids->second.rows() == 0 || too_coarse(t)) {
    return;
  }
  const std::vector<VoidCourse> courses = void_courses(voids->second);
  const CobaltReading reading = read_cobalt(courses);
  if (!reading.best) {
    out.checks.push_back({"Growth in voids", CheckStatus::attention,
                          fmt::format("no particle stands clear of the scatter in {} voids", reading.voids), "5 σ",
                          "cobalt_seen and cobalt_onset are not given"});
    return;
  }
  const series::Thermometry& th = t.events.thermometry;
  const auto temperature = [&](const std::string& id, const Estimate& time_s, const std::string& method,
                               const std::string& label) {
    const double rate = std::abs(th.log.rate_K_per_s(time_s.value));
    out.results.push_back({.id = id,
                           .value = th.log.at(time_s.value),
                           .sigma = std::hypot(std::hypot(time_s.sigma, th.clock_sigma_s) * rate,
                                               std::hypot(th.log_sigma_K, th.chip_sigma_K)),
                           .unit = "degC",
                           .method = method,
                           .label = label});
  };
  const VoidCourse& best = courses[*reading.best];
  temperature(
      "cobalt_seen", reading.seen.time_s,
      fmt::format("spot {} ({} voids in all): brightness inside, less the mean of the others, stays 5 σ ({:.2g} nm²) "
                  "above its first half; it began before that",
                  best.spot, reading.voids, 5.0 * reading.seen.scatter),
      "Growth in a void first seen");
  out.results.push_back({.id = "cobalt_elsewhere",
                         .value = static_cast<double>(reading.elsewhere.size()),
                         .method = fmt::format("other voids of {} in which brightness rises by 5 σ too", reading.voids),
                         .label = "Voids with growth beside that one"});
  if (reading.start_s) {
    temperature("cobalt_onset", *reading.start_s,
                fmt::format("t₀ of nucleation and growth, spot {}; AICc {:.1f} below the best law without incubation",
                            best.spot, reading.growth.aic_gain),
                "Growth in a void began");
  } else {
    out.checks.push_back(
        {"Onset of growth in a void", CheckStatus::attention,
         reading.growth.seen ? fmt::format("cannot tell: AICc of an incubation {:.1f} below growth without one",
                                           reading.growth.aic_gain)
                             : "cannot tell: too few bright values",
         "10", "cobalt_onset is not given: on a ramp, activated growth from the start looks the same"});
  }
}

}  // namespace hotstage::study::detail
