// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/atoms/format.hpp"

#include "hotstage/core/error.hpp"
#include "hotstage/io/files.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace hotstage::atoms {

#define HOTSTAGE_PLUGIN(name) \
  namespace name {            \
  extern const Format format; \
  }
#include "hotstage/atoms/formats.inc"
#undef HOTSTAGE_PLUGIN

namespace {

constexpr std::size_t head_bytes = 4096;

std::string list_titles() {
  std::string out;
  for (const Format* format : formats()) {
    out += fmt::format("{}{} (.{})", out.empty() ? "" : ", ", format->title, format->extensions.front());
  }
  return out;
}

const Format* best_match(std::string_view head, const std::filesystem::path& file) {
  const std::string name = file.filename().string();
  const std::string extension = io::extension(file);
  const Format* best = nullptr;
  int best_score = 0;
  for (const Format* format : formats()) {
    const Match match = format->sniff(head, name);
    const bool named = std::ranges::find(format->extensions, extension) != format->extensions.end();
    const int score = match == Match::no ? 0 : (match == Match::yes ? 4 : 2) + (named ? 1 : 0);
    if (score > best_score) {
      best = format;
      best_score = score;
    }
  }
  return best;
}

}  // namespace

std::span<const Format* const> formats() {
#define HOTSTAGE_PLUGIN(name) &name::format,
  static constexpr std::array table{
#include "hotstage/atoms/formats.inc"
  };
#undef HOTSTAGE_PLUGIN
  return table;
}

const Format& format_named(std::string_view id) {
  for (const Format* format : formats()) {
    if (format->id == id) {
      return *format;
    }
  }
  throw Error(Errc::unsupported, fmt::format("\"{}\" is not a structure format", id), "Known are " + list_titles());
}

const Format& format_for(const std::filesystem::path& file) {
  const std::string extension = io::extension(file);
  const std::string name = file.filename().string();
  for (const Format* format : formats()) {
    // An empty head asks by name alone.
    if (std::ranges::find(format->extensions, extension) != format->extensions.end() ||
        format->sniff({}, name) == Match::yes) {
      return *format;
    }
  }
  throw Error(Errc::unsupported, Location{.file = file.string()}, "the name fits no structure format",
              "Known are " + list_titles());
}

std::vector<Frame> load_frames(const std::filesystem::path& file) {
  const std::string text = io::read_text(file);
  if (text.empty()) {
    throw Error(Errc::bad_input, Location{.file = file.string()}, "the file is empty (0 bytes)");
  }
  const Format* format = best_match(std::string_view(text).substr(0, head_bytes), file);
  if (format == nullptr) {
    throw Error(Errc::unsupported, Location{.file = file.string()}, "not a structure format known here",
                "Known are " + list_titles());
  }
  return format->read(text, file.string());
}

Structure load_structure(const std::filesystem::path& file) {
  return load_frames(file).back().structure;
}

void save_frames(std::span<const Frame> frames, const std::filesystem::path& file) {
  io::write_text(file, format_for(file).write(frames));
}

void save_structure(const Structure& structure, const std::filesystem::path& file) {
  save_frames(std::array{Frame{.structure = structure}}, file);
}

std::string to_extxyz(const Structure& structure) {
  return format_named("extxyz").write(std::array{Frame{.structure = structure}});
}

}  // namespace hotstage::atoms
