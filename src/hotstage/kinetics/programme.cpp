// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/kinetics/programme.hpp"

#include "hotstage/core/error.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace hotstage::kinetics {

Programme::Programme(std::vector<ProgrammePoint> points) : points_(std::move(points)) {
  if (points_.empty()) {
    throw Error(Errc::bad_input, "a temperature programme needs at least one point");
  }
  for (std::size_t i = 0; i < points_.size(); ++i) {
    const bool finite = std::isfinite(points_[i].time.base()) && std::isfinite(points_[i].temperature.in_K());
    if (!finite || points_[i].temperature.in_K() <= 0.0 || (i > 0 && points_[i].time < points_[i - 1].time)) {
      throw Error(Errc::bad_input,
                  fmt::format("temperature programme: point {} ({:.6g} s, {:.6g} degC) is not finite, below absolute "
                              "zero, or earlier than the one before it",
                              i, points_[i].time.in(units::s), points_[i].temperature.in_degC()));
    }
  }
}

Programme Programme::ramp(Temperature start, Temperature end, HeatingRate rate, std::span<const Hold> holds) {
  if (rate.base() <= 0.0 || end <= start) {
    throw Error(Errc::bad_input, "a ramp needs a rate above zero and an end above its start");
  }
  std::vector<ProgrammePoint> points{{Time{}, start}};
  const auto climb = [&](Temperature to) {
    const Time last = points.back().time + Time((to - points.back().temperature).base() / rate.base());
    points.push_back({last, to});
  };
  for (const Hold& hold : holds) {
    if (hold.temperature < points.back().temperature || hold.temperature > end || hold.duration.base() < 0.0) {
      throw Error(Errc::bad_input, fmt::format("hold at {:.6g} degC: holds stand in order of temperature inside the "
                                               "ramp and last zero seconds or more",
                                               hold.temperature.in_degC()));
    }
    climb(hold.temperature);
    points.push_back({points.back().time + hold.duration, hold.temperature});
  }
  climb(end);
  return Programme(std::move(points));
}

Temperature Programme::at(Time time) const {
  const auto after = std::upper_bound(points_.begin(), points_.end(), time,
                                      [](Time t, const ProgrammePoint& p) { return t < p.time; });
  if (after == points_.begin()) {
    return points_.front().temperature;
  }
  if (after == points_.end()) {
    return points_.back().temperature;
  }
  const ProgrammePoint& a = *(after - 1);
  const double share = (time - a.time) / (after->time - a.time);
  return a.temperature + (after->temperature - a.temperature) * share;
}

Time Programme::begin() const {
  return points_.front().time;
}

Time Programme::end() const {
  return points_.back().time;
}

std::optional<Time> Programme::first_time_at(Temperature temperature) const {
  if (points_.front().temperature >= temperature) {
    return points_.front().time;
  }
  for (std::size_t i = 1; i < points_.size(); ++i) {
    const ProgrammePoint& a = points_[i - 1];
    const ProgrammePoint& b = points_[i];
    if (b.temperature >= temperature) {
      const double share = (temperature - a.temperature) / (b.temperature - a.temperature);
      return a.time + (b.time - a.time) * share;
    }
  }
  return std::nullopt;
}

std::optional<Time> Programme::last_time_at(Temperature temperature) const {
  if (!first_time_at(temperature)) {
    return std::nullopt;
  }
  if (points_.back().temperature <= temperature) {
    return points_.back().time;
  }
  for (std::size_t i = points_.size() - 1; i > 0; --i) {
    const ProgrammePoint& a = points_[i - 1];
    const ProgrammePoint& b = points_[i];
    if (a.temperature <= temperature) {  // and b lies above: the last crossing
      const double share = (temperature - a.temperature) / (b.temperature - a.temperature);
      return a.time + (b.time - a.time) * share;
    }
  }
  return points_.front().time;
}

Programme Programme::shifted(TemperatureDifference offset) const {
  std::vector<ProgrammePoint> out = points_;
  for (ProgrammePoint& point : out) {
    point.temperature = point.temperature + offset;
  }
  return Programme(std::move(out));
}

Value Programme::to_value() const {
  Value out = Value::object();
  out["points"] = Value::array();
  for (const ProgrammePoint& point : points_) {
    Value entry = Value::object();
    entry["time_s"] = point.time.in(units::s);
    entry["temperature_degC"] = point.temperature.in_degC();
    out["points"].push_back(std::move(entry));
  }
  return out;
}

Programme Programme::from_value(const Value& value) {
  std::vector<ProgrammePoint> points;
  for (const Value& entry : value.at("points").as_array()) {
    points.push_back(
        {entry.at("time_s").as_number() * units::s, Temperature::celsius(entry.at("temperature_degC").as_number())});
  }
  return Programme(std::move(points));
}

}  // namespace hotstage::kinetics
