// SPDX-License-Identifier: GPL-3.0-or-later
// DENSsolutions Impulse: "… Heat raw.csv" and "… Synchronized data.csv".

#include "hotstage/heater/detail/log_rows.hpp"
#include "hotstage/heater/format.hpp"
#include "hotstage/io/delimited.hpp"
#include "hotstage/io/files.hpp"
#include "hotstage/io/text.hpp"
#include "hotstage/signal/clock.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <optional>

namespace hotstage::heater::impulse {

namespace {

constexpr double day_s = 86400.0;

constexpr std::string_view metadata_mark = "Experiment date,";

Match sniff(std::string_view head) {
  return head.starts_with("TimeStamp,Experiment time,Temperature Measured") || head.starts_with(metadata_mark)
             ? Match::yes
             : Match::no;
}

const io::Column* find_column(const io::Table& table, std::string_view name) {
  for (const io::Column& column : table.columns) {
    if (column.name == name) {
      return &column;
    }
  }
  return nullptr;
}

detail::LogRows rows_of(const io::Table& table) {
  if (table.rows() == 0) {
    throw Error(Errc::bad_input, "the log has no complete row", "Export it again from the heater's software");
  }
  detail::LogRows rows;
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

/// "13:46:46: Live note one"
void add_note(HeaterLog& log, std::string_view line) {
  const std::size_t mark = line.find(": ");
  const auto clock = signal::read_clock(line.substr(0, std::min(mark, line.size())));
  if (mark == std::string_view::npos || !clock || log.wall_s.empty()) {
    return;
  }
  double since_first = clock->second - log.wall_s.front();
  if (since_first < -0.5 * day_s) {
    since_first += day_s;  // past midnight
  }
  log.notes.push_back({log.time_s.front() + since_first, std::string(line.substr(mark + 2))});
}

/// "… Heat raw.csv" and "… Synchronized data.csv" lie beside "… Metadata.log".
std::filesystem::path metadata_of(const std::filesystem::path& path) {
  const std::string file = path.string();
  std::filesystem::path beside;
  for (const std::string_view ending : {"Heat raw.csv", "Synchronized data.csv"}) {
    if (file.ends_with(ending)) {
      beside = file.substr(0, file.size() - ending.size()) + "Metadata.log";
    }
  }
  std::error_code none;
  return std::filesystem::is_regular_file(beside, none) ? beside : std::filesystem::path();
}

/// Date and live notes.
void add_metadata(HeaterLog& log, const std::string& file) {
  const std::filesystem::path beside = metadata_of(file);
  if (beside.empty()) {
    return;
  }
  const std::string text = io::to_utf8(io::read_text(beside));
  bool in_notes = false;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find_first_of("\r\n", at), text.size());
    std::string_view line = std::string_view(text).substr(at, end - at);
    at = end + 1;
    constexpr std::string_view notes_mark = "Live notes, ";
    if (line.starts_with(metadata_mark)) {
      log.date = line.substr(std::min(metadata_mark.size() + 1, line.size()));
    } else if (line.starts_with(notes_mark)) {
      in_notes = true;
      line.remove_prefix(notes_mark.size());
    }
    if (in_notes) {
      add_note(log, line);
    }
  }
}

HeaterLog read(std::string_view text, const std::string& file, const ReadOptions& options) {
  if (text.starts_with(metadata_mark)) {
    throw Error(Errc::bad_input, Location{.file = file, .line = 1},
                "the metadata of an Impulse run: it holds no temperatures",
                "Give \"… Heat raw.csv\" or \"… Synchronized data.csv\"; the metadata beside them are read");
  }
  const io::Table table = io::parse_table(text, file, {.delimiter = ',', .comment = 0, .header = io::Header::present});
  HeaterLog log = detail::build_log(rows_of(table), file, options);
  add_metadata(log, file);
  return log;
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
const LogFormat format{.id = "impulse",
                       .title = "DENSsolutions Impulse CSV",
                       .sniff = sniff,
                       .read = read,
                       .write = write,
                       .companion = metadata_of};

}  // namespace hotstage::heater::impulse
