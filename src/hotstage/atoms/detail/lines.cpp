// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/atoms/detail/lines.hpp"

#include "hotstage/io/delimited.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>

namespace hotstage::atoms::detail {

namespace {

/// A word of a broken file, short enough for a message.
std::string shown(std::string_view word) {
  constexpr std::size_t longest = 40;
  return word.size() > longest ? fmt::format("{}…", word.substr(0, longest)) : std::string(word);
}

}  // namespace

std::string_view Lines::next(std::string_view expected) {
  if (at_end()) {
    ++line_;
    fail(fmt::format("the file ends where {} should stand", expected), "Copy the file again; it was cut short");
  }
  ++line_;
  const std::string_view line = *peek();
  const std::size_t end = text_.find('\n', place_);
  place_ = end == std::string_view::npos ? text_.size() : end + 1;
  return line;
}

std::optional<std::string_view> Lines::peek() const {
  if (at_end()) {
    return std::nullopt;
  }
  std::string_view line = text_.substr(place_, std::min(text_.find('\n', place_), text_.size()) - place_);
  if (line.ends_with('\r')) {
    line.remove_suffix(1);
  }
  return line;
}

void Lines::fail(const std::string& message, const std::string& hint) const {
  throw Error(Errc::bad_input, Location{.file = file_, .line = line_}, message, hint);
}

std::size_t Lines::left() const {
  return at_end() ? 0 : std::size_t(std::ranges::count(text_.substr(place_), '\n')) + (text_.ends_with('\n') ? 0 : 1);
}

double Lines::number(std::string_view word) const {
  const auto value = io::parse_number(word);
  if (!value || !std::isfinite(*value)) {
    fail(fmt::format("\"{}\" is not a number", shown(word)));
  }
  return *value;
}

std::size_t Lines::count(std::string_view word) const {
  std::size_t out = 0;
  const auto [end, status] = std::from_chars(word.data(), word.data() + word.size(), out);
  if (status != std::errc{} || end != word.data() + word.size()) {
    fail(fmt::format("\"{}\" is not a count of atoms", shown(word)));
  }
  return out;
}

Vector Lines::vector(const std::vector<std::string_view>& words, std::size_t first) const {
  if (words.size() < first + 3) {
    fail(fmt::format("three numbers should stand here, there are {}", words.size() - std::min(first, words.size())));
  }
  return {number(words[first]), number(words[first + 1]), number(words[first + 2])};
}

bool Lines::logical(std::string_view word) const {
  // The first letter decides, as in Fortran: T, .T., .TRUE., true.
  std::string_view rest = word.starts_with('.') ? word.substr(1) : word;
  const char c = rest.empty() ? ' ' : rest.front();
  if (c == 'T' || c == 't' || rest == "1") {
    return true;
  }
  if (c == 'F' || c == 'f' || rest == "0") {
    return false;
  }
  fail(fmt::format("\"{}\" is neither T nor F", shown(word)));
}

std::vector<std::string_view> words(std::string_view line) {
  std::vector<std::string_view> out;
  constexpr std::string_view blanks = " \t\r\v\f";
  std::size_t place = line.find_first_not_of(blanks);
  while (place != std::string_view::npos) {
    const std::size_t end = std::min(line.find_first_of(blanks, place), line.size());
    out.push_back(line.substr(place, end - place));
    place = line.find_first_not_of(blanks, end);
  }
  return out;
}

}  // namespace hotstage::atoms::detail
