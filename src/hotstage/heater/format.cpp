// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/heater/format.hpp"

#include "hotstage/io/files.hpp"
#include "hotstage/io/text.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace hotstage::heater {

#define HOTSTAGE_PLUGIN(name)    \
  namespace name {               \
  extern const LogFormat format; \
  }
#include "hotstage/heater/formats.inc"
#undef HOTSTAGE_PLUGIN

namespace {

constexpr std::size_t head_bytes = 4096;

std::string list_titles() {
  std::string out;
  for (const LogFormat* format : formats()) {
    out += fmt::format("{}{} ({})", out.empty() ? "" : ", ", format->id, format->title);
  }
  return out;
}

const LogFormat* match_head(std::string_view head) {
  const LogFormat* best = nullptr;
  Match best_match = Match::no;
  for (const LogFormat* format : formats()) {
    const Match match = format->sniff(head);
    if (static_cast<int>(match) > static_cast<int>(best_match)) {
      best = format;
      best_match = match;
    }
  }
  return best;
}

std::string_view without_mark(std::string_view text) {
  constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";
  return text.starts_with(byte_order_mark) ? text.substr(byte_order_mark.size()) : text;
}

}  // namespace

std::span<const LogFormat* const> formats() {
#define HOTSTAGE_PLUGIN(name) &name::format,
  static constexpr std::array table{
#include "hotstage/heater/formats.inc"
  };
#undef HOTSTAGE_PLUGIN
  return table;
}

const LogFormat& find_format(std::string_view id) {
  const auto found = std::ranges::find_if(formats(), [&](const LogFormat* format) { return format->id == id; });
  if (found == formats().end()) {
    throw Error(Errc::bad_input, fmt::format("there is no heater log format \"{}\"", id), "Known are " + list_titles());
  }
  return **found;
}

const LogFormat* sniff_log(const std::filesystem::path& file) {
  const std::vector<std::byte> head = io::read_head(file, head_bytes);
  return match_head(without_mark({reinterpret_cast<const char*>(head.data()), head.size()}));
}

std::vector<std::filesystem::path> files_behind(const std::filesystem::path& file) {
  std::vector<std::filesystem::path> out{file};
  const LogFormat* format = sniff_log(file);
  if (format != nullptr && format->companion != nullptr) {
    if (std::filesystem::path beside = format->companion(file); !beside.empty()) {
      out.push_back(std::move(beside));
    }
  }
  return out;
}

HeaterLog parse_log(std::string_view text, const std::string& file, const ReadOptions& options) {
  const std::string_view body = without_mark(text);
  if (body.empty()) {
    throw Error(Errc::bad_input, Location{.file = file}, "the heater log is empty",
                "Export it again from the heater's software");
  }
  const LogFormat* best =
      options.columns.temperature.empty() ? match_head(body.substr(0, head_bytes)) : &find_format("table");
  if (best == nullptr) {
    throw Error(
        Errc::unsupported, Location{.file = file}, "not a heater log known here",
        "Known are " + list_titles() + "; for other tables name columns.time_column and columns.temperature_column");
  }
  try {
    HeaterLog log = best->read(io::to_utf8(body), file, options);
    log.format = best->id;
    log.file = file;
    return log;
  } catch (Error& error) {
    error.in_file(file);
    throw;
  }
}

HeaterLog read_log(const std::filesystem::path& file, const ReadOptions& options) {
  return parse_log(io::read_text(file), file.string(), options);
}

}  // namespace hotstage::heater
