// SPDX-License-Identifier: GPL-3.0-or-later
// Protochips: "Time, Notes, Channel A Temperature, …"; the settings are notes of the first rows.

#include "hotstage/heater/detail/log_rows.hpp"
#include "hotstage/heater/format.hpp"
#include "hotstage/io/delimited.hpp"
#include "hotstage/signal/clock.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>

namespace hotstage::heater::protochips {

namespace {

constexpr std::string_view first_columns = "Time, Notes,";

std::string trimmed(std::string_view text) {
  const std::size_t first = text.find_first_not_of(" \t\r");
  return first == std::string_view::npos ? std::string()
                                         : std::string(text.substr(first, text.find_last_not_of(" \t\r") - first + 1));
}

std::vector<std::string> cells_of(std::string_view line) {
  std::vector<std::string> out;
  for (;;) {
    const std::size_t end = std::min(line.find(','), line.size());
    out.push_back(trimmed(line.substr(0, end)));
    if (end == line.size()) {
      return out;
    }
    line.remove_prefix(end + 1);
  }
}

/// Notes may hold commas: the cells beyond the columns belong to them.
void join_notes(std::vector<std::string>& cells, std::size_t columns) {
  while (cells.size() > columns && columns >= 3) {
    cells[1] += ", " + cells[2];
    cells.erase(cells.begin() + 2);
  }
}

class Reader {
 public:
  Reader(std::string_view text, std::string file) : text_(text), file_(std::move(file)) {}

  HeaterLog read(const ReadOptions& options) {
    while (!text_.empty()) {
      ++line_;
      const std::size_t end = std::min(text_.find('\n'), text_.size());
      const std::string_view content = text_.substr(0, end);
      complete_ = end < text_.size();
      text_.remove_prefix(std::min(end + 1, text_.size()));
      if (trimmed(content).empty()) {
        continue;
      }
      if (columns_.empty()) {
        take_names(content);
      } else {
        take_row(content);
      }
    }
    if (columns_.empty()) {
      throw Error(Errc::bad_input, Location{.file = file_}, "the log has no line of column names");
    }
    HeaterLog log = detail::build_log(std::move(rows_), file_, options);
    finish(log);
    return log;
  }

 private:
  void take_names(std::string_view content) {
    columns_ = cells_of(content);
    const auto found = std::ranges::find_if(
        columns_, [](const std::string& name) { return name.find("Temperature") != std::string::npos; });
    if (found == columns_.end()) {
      throw Error(Errc::bad_input, Location{.file = file_, .line = line_},
                  "the log has no column of temperatures: " + trimmed(content),
                  "Give the thermal log, not the electrical one");
    }
    temperature_ = static_cast<std::size_t>(found - columns_.begin());
    constexpr std::size_t before = 2;  // times and notes
    if (temperature_ < before) {
      throw Error(Errc::bad_input, Location{.file = file_, .line = line_},
                  "the log has no columns of times and notes before the temperatures: " + trimmed(content),
                  "Give the log as the software exported it");
    }
  }

  void take_row(std::string_view content) {
    std::vector<std::string> cells = cells_of(content);
    join_notes(cells, columns_.size());
    if (cells.size() < columns_.size()) {
      if (!complete_) {
        cut_.push_back({"incomplete row", line_, "the last row is not complete: dropped"});
        return;
      }
      throw Error(Errc::bad_input, Location{.file = file_, .line = line_},
                  fmt::format("a row of {} cells", cells.size()), "Copy the log again");
    }
    const double time = detail::number_in(cells[0], file_, line_, 1);
    const std::string& note = cells[1];
    const std::size_t equals = note.find(" = ");
    if (time == 0.0 && equals != std::string::npos && rows_.line.empty()) {
      settings_.emplace(note.substr(0, equals), note.substr(equals + 3));
      return;
    }
    check_units();
    if (!note.empty()) {
      notes_.push_back({time * unit_s_, note});
    }
    rows_.time_s.push_back(time * unit_s_);
    rows_.temperature.push_back(
        detail::number_in(cells[temperature_], file_, line_, static_cast<int>(temperature_) + 1));
    rows_.line.push_back(line_);
  }

  void check_units() {
    const auto said = [&](const char* key) {
      const auto found = settings_.find(key);
      return found == settings_.end() ? std::string() : found->second;
    };
    const std::string time = said("Time units");
    const std::string temperature = said("Temperature units");
    if (time == "Milliseconds" || time.empty()) {
      unit_s_ = 1e-3;
    } else if (time == "Seconds") {
      unit_s_ = 1.0;
    } else {
      throw Error(Errc::unsupported, Location{.file = file_}, fmt::format("times in \"{}\"", time));
    }
    if (!temperature.empty() && temperature != "Degrees C") {
      throw Error(Errc::unsupported, Location{.file = file_}, fmt::format("temperatures in \"{}\"", temperature),
                  "Export them in degrees C");
    }
  }

  /// "Date (yyyy.mm.dd)" and "Time (hh:mm:ss.ms)": when the time was zero.
  void finish(HeaterLog& log) const {
    for (const auto& [key, value] : settings_) {
      if (key.starts_with("Date")) {
        log.date = value;
      }
      const auto start = key.starts_with("Time (") ? signal::read_clock(value) : std::nullopt;
      if (start) {
        for (const double time : log.time_s) {
          log.wall_s.push_back(start->second + time);
        }
      }
    }
    log.notes = notes_;
    log.repairs.insert(log.repairs.end(), cut_.begin(), cut_.end());
  }

  std::string_view text_;
  std::string file_;
  int line_ = 0;
  bool complete_ = true;
  std::vector<std::string> columns_;
  std::size_t temperature_ = 0;
  double unit_s_ = 1e-3;
  std::map<std::string, std::string> settings_;
  std::vector<LogNote> notes_;
  std::vector<Repair> cut_;
  detail::LogRows rows_;
};

Match sniff(std::string_view head) {
  return head.starts_with(first_columns) ? Match::yes : Match::no;
}

HeaterLog read(std::string_view text, const std::string& file, const ReadOptions& options) {
  return Reader(text, file).read(options);
}

}  // namespace

extern const LogFormat format;
const LogFormat format{.id = "protochips", .title = "Protochips thermal CSV", .sniff = sniff, .read = read};

}  // namespace hotstage::heater::protochips
