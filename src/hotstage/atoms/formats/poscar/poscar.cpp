// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/atoms/cell.hpp"
#include "hotstage/atoms/detail/lines.hpp"
#include "hotstage/atoms/edit.hpp"
#include "hotstage/atoms/format.hpp"
#include "hotstage/core/error.hpp"
#include "hotstage/io/delimited.hpp"
#include "hotstage/io/document.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <optional>

namespace hotstage::atoms::poscar {

namespace {

/// Selective dynamics frees or holds each lattice direction; Structure holds whole atoms only.
constexpr std::string_view mask_column = "move_mask";

/// "Co", "Co_pv", "Co/a1b2…" of a POTCAR title.
std::optional<Element> element_of(std::string_view word) {
  return find_element(word.substr(0, word.find_first_of("_/")));
}

bool all_elements(const std::vector<std::string_view>& words) {
  return !words.empty() && std::ranges::all_of(words, [](std::string_view w) { return element_of(w).has_value(); });
}

bool all_digits(const std::vector<std::string_view>& words) {
  return !words.empty() && std::ranges::all_of(words, [](std::string_view word) {
    return std::ranges::all_of(word, [](char c) { return c >= '0' && c <= '9'; });
  });
}

/// One factor for all, three for x, y and z, or minus the volume of the cell.
Vector read_scale(const std::vector<std::string_view>& words, const Cell& cell, const detail::Lines& lines) {
  if (words.size() >= 3 && words[1].find_first_not_of("+-.0123456789eE") == std::string_view::npos) {
    const Vector out = lines.vector(words);
    if (std::ranges::any_of(out, [](double x) { return x <= 0.0; })) {
      lines.fail("three scale factors must all be positive");
    }
    return out;
  }
  const double factor = lines.number(words.front());
  if (factor == 0.0) {
    lines.fail("the scale factor is 0", "It is 1 in most files; a negative one is the volume in Å³");
  }
  const double used = factor > 0.0 ? factor : std::cbrt(-factor / std::abs(volume_A3(cell)));
  if (!std::isfinite(used)) {
    lines.fail("the scale factor asks for a volume, but the lattice vectors span none");
  }
  return {used, used, used};
}

struct Group {
  Element element;
  std::size_t count = 0;
};

/// Element and count lines. VASP 4 files have no element line: the comment must then name the elements.
std::vector<Group> read_groups(detail::Lines& lines, std::string_view comment) {
  auto names = detail::words(lines.next("the elements"));
  auto counts = names;
  if (all_digits(names)) {
    names = detail::words(comment);
    names.resize(std::min(names.size(), counts.size()));
    if (names.size() != counts.size() || !all_elements(names)) {
      lines.fail("the file has no line of elements (VASP 4), and its first line names none either",
                 "Add a line with the element symbols above the counts");
    }
  } else {
    for (const std::string_view word : names) {
      if (!element_of(word)) {
        lines.fail(fmt::format("\"{}\" in the line of elements is not a chemical element", word.substr(0, 20)));
      }
    }
    counts = detail::words(lines.next("the counts of atoms"));
  }
  if (counts.size() != names.size()) {
    lines.fail(fmt::format("{} counts of atoms for {} elements", counts.size(), names.size()));
  }
  std::vector<Group> out;
  for (std::size_t i = 0; i < counts.size(); ++i) {
    out.push_back({*element_of(names[i]), lines.count(counts[i])});
  }
  return out;
}

struct Mode {
  bool selective = false;
  bool cartesian = false;
};

Mode read_mode(detail::Lines& lines) {
  Mode out;
  auto first = [](std::string_view line) {
    const auto words = detail::words(line);
    return words.empty() ? ' ' : words.front().front();
  };
  char letter = first(lines.next("\"Direct\" or \"Cartesian\""));
  if (letter == 'S' || letter == 's') {
    out.selective = true;
    letter = first(lines.next("\"Direct\" or \"Cartesian\""));
  }
  out.cartesian = letter == 'C' || letter == 'c' || letter == 'K' || letter == 'k';
  return out;
}

/// Whole atoms become flags of the structure; atoms held along some directions only keep the three-valued column.
void settle_mask(Frame& frame, AtomColumn mask) {
  bool whole = true;
  std::vector<char> fixed;
  for (std::size_t i = 0; i + 2 < mask.numbers.size(); i += 3) {
    const double free = mask.numbers[i] + mask.numbers[i + 1] + mask.numbers[i + 2];
    whole = whole && (free == 0.0 || free == 3.0);
    fixed.push_back(free == 0.0 ? 1 : 0);
  }
  if (whole) {
    frame.structure.fixed = std::move(fixed);
  } else {
    frame.columns.push_back(std::move(mask));
  }
}

struct Body {
  Mode mode;
  Vector factor{};
};

void read_atoms(Frame& out, detail::Lines& lines, const std::vector<Group>& groups, const Body& body) {
  Structure& s = out.structure;
  AtomColumn mask{.name = std::string(mask_column), .type = 'L', .width = 3};
  for (const Group& group : groups) {
    if (group.count > lines.left()) {
      lines.fail(fmt::format("{} {} atoms are announced, the file has {} more lines", group.count, group.element.symbol,
                             lines.left()),
                 "Copy the file again; it was cut short");
    }
    for (std::size_t i = 0; i < group.count; ++i) {
      const auto words = detail::words(lines.next("an atom"));
      const Vector v = lines.vector(words);
      s.elements.push_back(group.element);
      s.positions_A.push_back(body.mode.cartesian
                                  ? Vector{v[0] * body.factor[0], v[1] * body.factor[1], v[2] * body.factor[2]}
                                  : combine(v, s.cell_A));
      if (body.mode.selective && words.size() < 6) {
        lines.fail("selective dynamics needs three flags T or F behind the place");
      }
      for (std::size_t k = 3; body.mode.selective && k < 6; ++k) {
        mask.numbers.push_back(lines.logical(words[k]) ? 1.0 : 0.0);
      }
    }
  }
  if (body.mode.selective) {
    settle_mask(out, std::move(mask));
  }
}

/// Velocities and what else may follow the places are not read.
std::vector<Frame> read(std::string_view text, const std::string& file) {
  detail::Lines lines(text, file);
  Frame out;
  Structure& s = out.structure;
  s.comment = std::string(lines.next("the comment"));
  const auto scale_words = detail::words(lines.next("the scale factor"));
  if (scale_words.empty()) {
    lines.fail("the scale factor is missing");
  }
  for (Vector& row : s.cell_A) {
    row = lines.vector(detail::words(lines.next("a lattice vector")));
  }
  const Vector factor = read_scale(scale_words, s.cell_A, lines);
  for (Vector& row : s.cell_A) {
    row = {row[0] * factor[0], row[1] * factor[1], row[2] * factor[2]};
  }
  const double volume = std::abs(volume_A3(s.cell_A));
  if (!(volume > 0.0) || !std::isfinite(volume)) {
    lines.fail("the lattice vectors span no volume", "Give three independent vectors");
  }
  const std::vector<Group> groups = read_groups(lines, s.comment);
  const Mode mode = read_mode(lines);
  read_atoms(out, lines, groups, {mode, factor});
  return {out};
}

bool numeric(std::string_view line, std::size_t least) {
  const auto words = detail::words(line);
  return words.size() >= least && std::ranges::all_of(words.begin(), words.begin() + std::ptrdiff_t(least),
                                                      [](auto w) { return io::parse_number(w).has_value(); });
}

/// A number on the second line and three vectors below it; "POSCAR" or "CONTCAR" in the name.
Match sniff(std::string_view head, std::string_view name) {
  const bool named = name.starts_with("POSCAR") || name.starts_with("CONTCAR");
  if (head.empty()) {
    return named ? Match::yes : Match::no;
  }
  std::vector<std::string_view> first;
  for (std::size_t place = 0; place < head.size() && first.size() < 5;) {
    const std::size_t end = std::min(head.find('\n', place), head.size());
    first.push_back(head.substr(place, end - place));
    place = end + 1;
  }
  const bool shaped =
      first.size() == 5 && numeric(first[1], 1) && numeric(first[2], 3) && numeric(first[3], 3) && numeric(first[4], 3);
  return shaped ? Match::yes : (named ? Match::maybe : Match::no);
}

std::string vector_text(const Vector& v) {
  return fmt::format("{} {} {}", io::shortest(v[0]), io::shortest(v[1]), io::shortest(v[2]));
}

/// Runs of one element, in the order of the atoms: "Li O Li" is legal and keeps the order.
std::vector<Group> groups_of(const Structure& s) {
  std::vector<Group> out;
  for (const Element& e : s.elements) {
    if (out.empty() || !(out.back().element == e)) {
      out.push_back({e, 0});
    }
    ++out.back().count;
  }
  return out;
}

void require_writable(std::span<const Frame> frames) {
  if (frames.size() != 1) {
    throw Error(Errc::unsupported, fmt::format("a POSCAR holds one structure, not {}", frames.size()),
                "Write extended XYZ instead");
  }
  const Structure& s = frames.front().structure;
  require_consistent(s);
  if (!s.periodic[0] || !s.periodic[1] || !s.periodic[2]) {
    throw Error(Errc::unsupported, "a POSCAR is periodic in all directions, this structure is not",
                "Write extended XYZ instead, or make the structure periodic with vacuum around it");
  }
  if (s.size() == 0) {
    throw Error(Errc::unsupported, "a POSCAR needs at least one atom");
  }
}

const AtomColumn* partial_mask(const Frame& frame) {
  const auto hit = std::ranges::find_if(
      frame.columns, [](const AtomColumn& c) { return c.name == mask_column && c.type == 'L' && c.width == 3; });
  return hit == frame.columns.end() ? nullptr : &*hit;
}

/// Cartesian, so that places come back to the last bit. Moments, energies and forces have no place here.
std::string write(std::span<const Frame> frames) {
  require_writable(frames);
  const Structure& s = frames.front().structure;
  const AtomColumn* mask = partial_mask(frames.front());
  std::string comment = s.comment.empty() ? formula(s) : s.comment;
  std::ranges::replace_if(
      comment, [](char c) { return c == '\n' || c == '\r'; }, ' ');
  std::string names;
  std::string counts;
  for (const Group& g : groups_of(s)) {
    names += fmt::format("{}{}", names.empty() ? "" : " ", g.element.symbol);
    counts += fmt::format("{}{}", counts.empty() ? "" : " ", g.count);
  }
  const bool selective = mask != nullptr || !s.fixed.empty();
  std::string out = fmt::format("{}\n1\n{}\n{}\n{}\n{}\n{}\n{}Cartesian\n", comment, vector_text(s.cell_A[0]),
                                vector_text(s.cell_A[1]), vector_text(s.cell_A[2]), names, counts,
                                selective ? "Selective dynamics\n" : "");
  for (std::size_t i = 0; i < s.size(); ++i) {
    out += vector_text(s.positions_A[i]);
    for (std::size_t k = 0; selective && k < 3; ++k) {
      const bool free = mask != nullptr ? mask->numbers[3 * i + k] != 0.0 : s.fixed[i] == 0;
      out += free ? " T" : " F";
    }
    out += '\n';
  }
  return out;
}

}  // namespace

extern const Format format;
const Format format{.id = "poscar",
                    .title = "VASP POSCAR",
                    .extensions = {"vasp", "poscar"},
                    .sniff = sniff,
                    .read = read,
                    .write = write};

}  // namespace hotstage::atoms::poscar
