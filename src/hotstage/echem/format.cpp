// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/echem/format.hpp"

#include "hotstage/io/files.hpp"
#include "hotstage/io/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace hotstage::echem {

#define HOTSTAGE_PLUGIN(name) \
  namespace name {            \
  extern const Format format; \
  }
#include "hotstage/echem/formats.inc"
#undef HOTSTAGE_PLUGIN

namespace {

/// A format's sniff sees this much of the file.
constexpr std::size_t head_bytes = 4096;

std::string list_titles() {
  std::string out;
  for (const Format* format : formats()) {
    out += fmt::format("{}{}", out.empty() ? "" : ", ", format->title);
  }
  return out;
}

bool is_text(std::string_view text) {
  return std::ranges::none_of(text, [](char c) {
    const auto code = static_cast<unsigned char>(c);
    return code < 0x09 || (code > 0x0D && code < 0x20) || code == 0x7F;
  });
}

}  // namespace

std::span<const Format* const> formats() {
#define HOTSTAGE_PLUGIN(name) &name::format,
  static constexpr std::array table{
#include "hotstage/echem/formats.inc"
  };
#undef HOTSTAGE_PLUGIN
  return table;
}

const Format& find_format(std::string_view id) {
  const auto found = std::ranges::find_if(formats(), [&](const Format* format) { return format->id == id; });
  if (found == formats().end()) {
    throw Error(Errc::bad_input, fmt::format("there is no cycler format \"{}\"", id), "Known are " + list_titles());
  }
  return **found;
}

CyclerData parse_cycler(std::string_view text, const std::string& file) {
  if (text.empty()) {
    throw Error(Errc::bad_input, Location{.file = file}, "the file is empty (0 bytes)",
                "Export it again from the cycler's software");
  }
  const std::string_view head = text.substr(0, head_bytes);
  const Format* best = nullptr;
  Match best_match = Match::no;
  if (is_text(head)) {
    for (const Format* format : formats()) {
      const Match match = format->sniff(head);
      if (static_cast<int>(match) > static_cast<int>(best_match)) {
        best = format;
        best_match = match;
      }
    }
  }
  if (best == nullptr) {
    throw Error(Errc::unsupported, Location{.file = file}, "not a cycler file known here",
                fmt::format("Known are {}; other files can be exported to one of them", list_titles()));
  }
  try {
    CyclerData data = best->read(io::to_utf8(text), file);
    data.format = best->id;
    data.file = file;
    return data;
  } catch (Error& error) {
    error.in_file(file);
    throw;
  }
}

CyclerData read_cycler(const std::filesystem::path& file) {
  return parse_cycler(io::read_text(file), file.string());
}

}  // namespace hotstage::echem
