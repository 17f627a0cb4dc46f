// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/heater/detail/log_rows.hpp"

#include "hotstage/core/error.hpp"
#include "hotstage/io/delimited.hpp"
#include "hotstage/signal/clock.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <optional>

namespace hotstage::heater::detail {

namespace {

constexpr double day_s = 86400.0;
constexpr double zero_degC = -273.15;

class Builder {
 public:
  Builder(LogRows rows, const std::string& file, const ReadOptions& options)
      : rows_(std::move(rows)), file_(file), options_(options) {}

  HeaterLog build() {
    for (std::size_t i = 0; i < rows_.temperature.size(); ++i) {
      take(i);
    }
    if (log_.time_s.empty()) {
      throw Error(Errc::bad_input, Location{.file = file_}, "the log has no complete row",
                  "Export it again from the heater's software");
    }
    return std::move(log_);
  }

 private:
  void repair(std::size_t row, const std::string& kind, const std::string& text) {
    log_.repairs.push_back({kind, rows_.line[row], text});
  }

  void take(std::size_t i) {
    const double temperature = rows_.temperature[i];
    if (!std::isfinite(temperature)) {
      repair(i, "no temperature", "row dropped: it has no temperature");
      return;
    }
    if (temperature < zero_degC) {
      throw Error(Errc::bad_input, Location{.file = file_, .line = rows_.line[i]},
                  fmt::format("{:.6g} degC is below absolute zero", temperature), "Is the column in degC?");
    }
    const std::optional<double> wall = wall_of(i);
    const double time = rows_.time_s.empty() ? wall.value_or(std::nan("")) : rows_.time_s[i];
    if (!std::isfinite(time)) {
      repair(i, "no time", "row dropped: it has no time");
      return;
    }
    if (!log_.time_s.empty() && time <= log_.time_s.back()) {
      step_back(i, time, temperature);
      return;
    }
    log_.time_s.push_back(time);
    log_.temperature_degC.push_back(temperature);
    if (!rows_.set_degC.empty()) {
      log_.set_degC.push_back(rows_.set_degC[i]);
    }
    add_wall(i, wall);
  }

  [[nodiscard]] std::optional<double> wall_of(std::size_t i) {
    if (rows_.clock.empty()) {
      return std::nullopt;
    }
    const auto reading = signal::read_clock(rows_.clock[i], options_.columns.day_order);
    if (!reading) {
      repair(i, "wall clock", fmt::format("\"{}\" is not a time of day", rows_.clock[i]));
      return std::nullopt;
    }
    if (reading->day) {
      first_day_ = first_day_ ? first_day_ : reading->day;
      return reading->second + static_cast<double>(*reading->day - *first_day_) * day_s;
    }
    const std::optional<double> clock = reading->second;
    if (last_clock_ && *clock < *last_clock_ - 0.5 * day_s) {
      days_ += 1;
      repair(i, "midnight", "the wall clock passed midnight");
    }
    last_clock_ = clock;
    return *clock + days_ * day_s;
  }

  void add_wall(std::size_t i, const std::optional<double>& wall) {
    if (!wall || !walls_complete_) {
      walls_complete_ = false;
      log_.wall_s.clear();
      return;
    }
    constexpr double step_s = 1.0;
    if (!log_.wall_s.empty()) {
      const double by_wall = *wall - log_.wall_s.back();
      const double by_time = log_.time_s.back() - log_.time_s[log_.time_s.size() - 2];
      if (std::abs(by_wall - by_time) > step_s) {
        repair(i, "clock step",
               fmt::format("the wall clock went on by {:.3f} s while the experiment went on by {:.3f} s; the "
                           "experiment's time counts",
                           by_wall, by_time));
      }
    }
    log_.wall_s.push_back(*wall);
  }

  void step_back(std::size_t i, double time, double temperature) {
    const double last = log_.time_s.back();
    if (time == last && temperature == log_.temperature_degC.back()) {
      repair(i, "duplicate row", "row dropped: it repeats the row before it");
      return;
    }
    if (options_.on_backstep == BackStep::refuse) {
      throw Error(Errc::bad_input, Location{.file = file_, .line = rows_.line[i]},
                  fmt::format("time runs backwards ({:.3f} s after {:.3f} s)", time, last),
                  "Re-export the log, or set on_backstep = \"drop\"");
    }
    repair(i, "time backwards", fmt::format("row dropped: {:.3f} s after {:.3f} s", time, last));
  }

  LogRows rows_;
  std::string file_;
  ReadOptions options_;
  HeaterLog log_;
  std::optional<double> last_clock_;
  std::optional<long long> first_day_;
  int days_ = 0;
  bool walls_complete_ = true;
};

}  // namespace

HeaterLog build_log(LogRows rows, const std::string& file, const ReadOptions& options) {
  return Builder(std::move(rows), file, options).build();
}

double number_in(const std::string& cell, const std::string& file, int line, int column) {
  const auto value = io::parse_number(cell);
  if (!value) {
    std::string dotted = cell;
    std::ranges::replace(dotted, ',', '.');
    const bool comma = dotted != cell && io::parse_number(dotted).has_value();
    throw Error(
        Errc::bad_input, Location{.file = file, .line = line, .column = column},
        cell.empty() ? std::string("a number is missing") : fmt::format("\"{}\" is not a number", cell),
        comma ? "The comma is the decimal mark here: export with points, or give `columns` with decimal_comma = true"
              : "Export the log again");
  }
  return *value;
}

}  // namespace hotstage::heater::detail
