// SPDX-License-Identifier: GPL-3.0-or-later
// DENSsolutions Impulse: "… Heat raw.csv" and "… Synchronized data.csv".

#include "hotstage/heater/format.hpp"
#include "hotstage/io/delimited.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <optional>

namespace hotstage::heater::impulse {

namespace {

constexpr double day_s = 86400.0;
constexpr double zero_degC = -273.15;

Match sniff(std::string_view head) {
  return head.starts_with("TimeStamp,Experiment time,Temperature Measured") ? Match::yes : Match::no;
}

/// "13:40:25.811" as seconds since midnight.
std::optional<double> clock_s(std::string_view text) {
  const std::size_t first = text.find(':');
  const std::size_t second = first == std::string_view::npos ? first : text.find(':', first + 1);
  if (second == std::string_view::npos) {
    return std::nullopt;
  }
  const auto hours = io::parse_number(text.substr(0, first));
  const auto minutes = io::parse_number(text.substr(first + 1, second - first - 1));
  const auto seconds = io::parse_number(text.substr(second + 1));
  const bool complete = hours && minutes && seconds;
  if (!complete || !(*hours >= 0.0 && *hours < 24.0) || !(*minutes >= 0.0 && *minutes < 60.0) ||
      !(*seconds >= 0.0 && *seconds < 61.0)) {
    return std::nullopt;
  }
  return *hours * 3600.0 + *minutes * 60.0 + *seconds;
}

/// Rows as they stand in the file, before any is dropped.
struct Rows {
  std::vector<std::string> clock;  // empty: no such column
  std::vector<double> time_s;      // empty: no such column
  std::vector<double> temperature;
  std::vector<int> line;
};

const io::Column* find_column(const io::Table& table, std::string_view name) {
  for (const io::Column& column : table.columns) {
    if (column.name == name) {
      return &column;
    }
  }
  return nullptr;
}

Rows rows_of(const io::Table& table) {
  if (table.rows() == 0) {
    throw Error(Errc::bad_input, "the log has no complete row", "Export it again from the heater's software");
  }
  Rows rows;
  rows.temperature = table.numbers("Temperature Measured");
  rows.line = table.lines;
  const io::Column* clock = find_column(table, "TimeStamp");
  if (clock != nullptr && clock->is_text) {
    rows.clock = clock->texts;
  }
  if (find_column(table, "Experiment time") != nullptr) {
    rows.time_s = table.numbers("Experiment time");
    if (std::ranges::none_of(rows.time_s, [](double t) { return std::isfinite(t); })) {
      rows.time_s.clear();
    }
  }
  if (rows.time_s.empty() && rows.clock.empty()) {
    throw Error(Errc::bad_input, "the log has neither \"Experiment time\" nor a readable \"TimeStamp\"",
                "Export it again with its time columns");
  }
  return rows;
}

class Reader {
 public:
  Reader(Rows rows, const std::string& file, const ReadOptions& options)
      : rows_(std::move(rows)), file_(file), options_(options) {}

  HeaterLog read() {
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
    const double time = rows_.time_s.empty() ? wall.value_or(NAN) : rows_.time_s[i];
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
    add_wall(i, wall);
  }

  [[nodiscard]] std::optional<double> wall_of(std::size_t i) {
    if (rows_.clock.empty()) {
      return std::nullopt;
    }
    const std::optional<double> clock = clock_s(rows_.clock[i]);
    if (!clock) {
      repair(i, "wall clock", fmt::format("\"{}\" is not a time of day", rows_.clock[i]));
      return std::nullopt;
    }
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

  Rows rows_;
  std::string file_;
  ReadOptions options_;
  HeaterLog log_;
  std::optional<double> last_clock_;
  int days_ = 0;
  bool walls_complete_ = true;
};

HeaterLog read(std::string_view text, const std::string& file, const ReadOptions& options) {
  const io::Table table = io::parse_table(text, file, {.delimiter = ',', .comment = 0, .header = io::Header::present});
  return Reader(rows_of(table), file, options).read();
}

/// Milliseconds as Impulse prints them; a number needs no trailing zeros.
std::string short_number(double value, int decimals) {
  std::string text = fmt::format("{:.{}f}", value, decimals);
  const std::size_t last = text.find_last_not_of('0');
  text.resize(text[last] == '.' ? last : last + 1);
  return text;
}

std::string write(const HeaterLog& log) {
  std::string out = "TimeStamp,Experiment time,Temperature Measured\n";
  for (std::size_t i = 0; i < log.size(); ++i) {
    const double wall = log.wall_s.empty() ? log.time_s[i] : log.wall_s[i];
    const auto ms = static_cast<long long>(std::llround(wall * 1e3)) % static_cast<long long>(day_s * 1e3);
    out += fmt::format("{:02}:{:02}:{:02}.{:03},{},{}\n", ms / 3600000, ms / 60000 % 60, ms / 1000 % 60, ms % 1000,
                       short_number(log.time_s[i], 3), short_number(log.temperature_degC[i], 6));
  }
  return out;
}

}  // namespace

extern const LogFormat format;
const LogFormat format{
    .id = "impulse", .title = "DENSsolutions Impulse CSV", .sniff = sniff, .read = read, .write = write};

}  // namespace hotstage::heater::impulse
