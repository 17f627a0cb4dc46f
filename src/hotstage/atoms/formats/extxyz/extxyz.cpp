// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/atoms/detail/lines.hpp"
#include "hotstage/atoms/edit.hpp"
#include "hotstage/atoms/format.hpp"
#include "hotstage/atoms/formats/extxyz/header.hpp"
#include "hotstage/core/error.hpp"
#include "hotstage/io/document.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

namespace hotstage::atoms::extxyz {

namespace {

constexpr std::string_view plain_properties = "species:S:1:pos:R:3";

std::optional<std::string> take_note(Notes& notes, std::string_view key) {
  const auto hit = std::ranges::find(notes, key, [](const auto& note) { return note.first; });
  if (hit == notes.end()) {
    return std::nullopt;
  }
  std::string value = std::move(hit->second);
  notes.erase(hit);
  return value;
}

std::optional<AtomColumn> take_column(std::vector<AtomColumn>& columns, std::string_view name, char type,
                                      std::size_t width) {
  const auto hit = std::ranges::find_if(
      columns, [&](const AtomColumn& c) { return c.name == name && c.type == type && c.width == width; });
  if (hit == columns.end()) {
    return std::nullopt;
  }
  AtomColumn out = std::move(*hit);
  columns.erase(hit);
  return out;
}

void read_lattice(Structure& out, Notes& notes, const detail::Lines& lines) {
  const auto lattice = take_note(notes, "Lattice");
  out.periodic.fill(lattice.has_value());
  if (lattice) {
    const auto numbers = detail::words(*lattice);
    if (numbers.size() != 9) {
      lines.fail(fmt::format("Lattice holds {} numbers instead of 9", numbers.size()));
    }
    for (std::size_t k = 0; k < 3; ++k) {
      out.cell_A[k] = lines.vector(numbers, 3 * k);
    }
  }
  if (const auto pbc = take_note(notes, "pbc")) {
    const auto flags = detail::words(*pbc);
    if (flags.size() != 3) {
      lines.fail(fmt::format("pbc holds {} values instead of 3", flags.size()));
    }
    for (std::size_t k = 0; k < 3; ++k) {
      out.periodic[k] = lines.logical(flags[k]);
    }
    if (!lattice && (out.periodic[0] || out.periodic[1] || out.periodic[2])) {
      lines.fail("pbc names a periodic direction but there is no Lattice");
    }
  }
}

void read_atom(std::string_view line, const std::vector<Property>& properties, std::vector<AtomColumn>& columns,
               const detail::Lines& lines) {
  const auto words = detail::words(line);
  std::size_t wanted = 0;
  for (const Property& p : properties) {
    wanted += p.width;
  }
  if (words.size() != wanted) {
    lines.fail(fmt::format("this atom has {} values, the columns announce {}", words.size(), wanted));
  }
  std::size_t place = 0;
  for (AtomColumn& column : columns) {
    for (std::size_t k = 0; k < column.width; ++k, ++place) {
      const std::string_view word = words[place];
      if (column.type == 'S') {
        column.texts.emplace_back(word);
      } else {
        column.numbers.push_back(column.type == 'L' ? (lines.logical(word) ? 1.0 : 0.0) : lines.number(word));
      }
    }
  }
}

std::vector<Vector> vectors_of(const AtomColumn& column) {
  std::vector<Vector> out;
  for (std::size_t i = 0; i + 2 < column.numbers.size(); i += 3) {
    out.push_back({column.numbers[i], column.numbers[i + 1], column.numbers[i + 2]});
  }
  return out;
}

void read_elements(Structure& out, std::vector<AtomColumn>& columns, const detail::Lines& lines) {
  try {
    if (const auto species = take_column(columns, "species", 'S', 1)) {
      for (const std::string& symbol : species->texts) {
        out.elements.push_back(element(symbol));
      }
      return;
    }
    if (const auto numbers = take_column(columns, "Z", 'I', 1)) {
      for (const double z : numbers->numbers) {
        out.elements.push_back(element(int(std::clamp(z, -1.0, 1e6))));
      }
      return;
    }
  } catch (const Error& e) {
    lines.fail(fmt::format("in the frame that ends here: {}", e.message()), e.hint());
  }
  lines.fail("the columns name no species", "Properties should begin with species:S:1:pos:R:3");
}

/// Moves the columns that Structure and Frame have a place for there; the rest stays.
void settle_columns(Frame& frame, const detail::Lines& lines) {
  Structure& s = frame.structure;
  read_elements(s, frame.columns, lines);
  const auto places = take_column(frame.columns, "pos", 'R', 3);
  if (!places) {
    lines.fail("the columns hold no places", "Properties should hold pos:R:3");
  }
  s.positions_A = vectors_of(*places);
  for (const std::string_view name : {"initial_magmoms", "magmoms"}) {
    if (s.moments_muB.empty()) {
      if (const auto moments = take_column(frame.columns, name, 'R', 1)) {
        s.moments_muB = moments->numbers;
      }
    }
  }
  for (const std::string_view name : {"forces", "force"}) {
    if (frame.forces_eV_per_A.empty()) {
      if (const auto forces = take_column(frame.columns, name, 'R', 3)) {
        frame.forces_eV_per_A = vectors_of(*forces);
      }
    }
  }
  if (const auto movable = take_column(frame.columns, "move_mask", 'L', 1)) {
    for (const double free : movable->numbers) {
      s.fixed.push_back(free == 0.0 ? 1 : 0);
    }
  }
}

Frame read_frame(detail::Lines& lines) {
  const auto first = detail::words(lines.next("the number of atoms"));
  if (first.size() != 1) {
    lines.fail(fmt::format("the first line of a frame holds {} words instead of the number of atoms", first.size()));
  }
  const std::size_t count = lines.count(first.front());
  Frame out;
  out.notes = read_notes(lines.next("the comment line"), lines);
  if (count > lines.left()) {
    lines.fail(fmt::format("the frame announces {} atoms, the file has {} more lines", count, lines.left()),
               "Copy the file again; it was cut short");
  }
  read_lattice(out.structure, out.notes, lines);
  const auto properties =
      read_properties(take_note(out.notes, "Properties").value_or(std::string(plain_properties)), lines);
  for (const Property& p : properties) {
    out.columns.push_back({.name = p.name, .type = p.type, .width = p.width});
  }
  for (std::size_t i = 0; i < count; ++i) {
    read_atom(lines.next("an atom"), properties, out.columns, lines);
  }
  settle_columns(out, lines);
  if (const auto energy = take_note(out.notes, "energy")) {
    out.energy_eV = lines.number(*energy);
  }
  out.structure.comment = take_note(out.notes, "comment").value_or("");
  return out;
}

std::vector<Frame> read(std::string_view text, const std::string& file) {
  detail::Lines lines(text, file);
  std::vector<Frame> out;
  while (!lines.at_end()) {
    if (!out.empty() && detail::words(*lines.peek()).empty()) {
      (void)lines.next("");  // blank lines between and after frames
      continue;
    }
    out.push_back(read_frame(lines));
  }
  return out;
}

/// Lattice and Properties are certain; a count and coordinates may be.
Match sniff(std::string_view head, std::string_view /*name*/) {
  const std::size_t first = std::min(head.find('\n'), head.size());
  const auto words = detail::words(head.substr(0, first));
  const bool counts = words.size() == 1 &&
                      std::ranges::all_of(words.front(), [](char c) { return (c >= '0' && c <= '9') || c == '\r'; });
  if (!counts || first == head.size()) {
    return Match::no;
  }
  const std::string_view second = head.substr(first + 1, head.find('\n', first + 1) - first - 1);
  const bool extended =
      second.find("Lattice=") != std::string_view::npos || second.find("Properties=") != std::string_view::npos;
  return extended ? Match::yes : Match::maybe;
}

std::string lattice_text(const Cell& cell) {
  std::string out;
  for (const Vector& row : cell) {
    for (const double x : row) {
      out += (out.empty() ? "" : " ") + io::shortest(x);
    }
  }
  return out;
}

/// Columns of a frame in the order they are written, those of Structure first.
std::vector<AtomColumn> all_columns(const Frame& frame) {
  const Structure& s = frame.structure;
  AtomColumn species{.name = "species", .type = 'S', .width = 1};
  AtomColumn places{.name = "pos", .type = 'R', .width = 3};
  AtomColumn forces{.name = "forces", .type = 'R', .width = 3};
  AtomColumn movable{.name = "move_mask", .type = 'L', .width = 1};
  for (std::size_t i = 0; i < s.size(); ++i) {
    species.texts.emplace_back(s.elements[i].symbol);
    places.numbers.insert(places.numbers.end(), s.positions_A[i].begin(), s.positions_A[i].end());
  }
  for (const Vector& f : frame.forces_eV_per_A) {
    forces.numbers.insert(forces.numbers.end(), f.begin(), f.end());
  }
  for (const char fixed : s.fixed) {
    movable.numbers.push_back(fixed != 0 ? 0.0 : 1.0);
  }
  std::vector<AtomColumn> out{species, places};
  if (!s.moments_muB.empty()) {
    out.push_back({.name = "initial_magmoms", .type = 'R', .width = 1, .numbers = s.moments_muB});
  }
  if (!s.fixed.empty()) {
    out.push_back(movable);
  }
  if (!frame.forces_eV_per_A.empty()) {
    out.push_back(forces);
  }
  out.insert(out.end(), frame.columns.begin(), frame.columns.end());
  return out;
}

std::string comment_line(const Frame& frame, const std::vector<AtomColumn>& columns) {
  const Structure& s = frame.structure;
  std::string out;
  const bool periodic = s.periodic[0] || s.periodic[1] || s.periodic[2];
  if (periodic || s.cell_A != Cell{}) {
    out += fmt::format("Lattice=\"{}\" ", lattice_text(s.cell_A));
  }
  std::string properties;
  for (const AtomColumn& c : columns) {
    properties += fmt::format("{}{}:{}:{}", properties.empty() ? "" : ":", c.name, c.type, c.width);
  }
  out += written("Properties", properties);
  const auto flag = [](bool on) { return on ? "T" : "F"; };
  out += fmt::format(" pbc=\"{} {} {}\"", flag(s.periodic[0]), flag(s.periodic[1]), flag(s.periodic[2]));
  if (frame.energy_eV) {
    out += " energy=" + io::shortest(*frame.energy_eV);
  }
  if (!s.comment.empty()) {
    out += " " + written("comment", s.comment);
  }
  for (const auto& [key, value] : frame.notes) {
    out += " " + written(key, value);
  }
  return out;
}

void write_atom(std::string& out, const std::vector<AtomColumn>& columns, std::size_t atom) {
  std::string separator;
  for (const AtomColumn& c : columns) {
    for (std::size_t k = 0; k < c.width; ++k) {
      const std::size_t place = atom * c.width + k;
      out += separator;
      if (c.type == 'S') {
        out += c.texts[place];
      } else {
        out += c.type == 'L' ? (c.numbers[place] != 0.0 ? "T" : "F") : io::shortest(c.numbers[place]);
      }
      separator = " ";
    }
  }
  out += '\n';
}

std::string write(std::span<const Frame> frames) {
  std::string out;
  for (const Frame& frame : frames) {
    require_consistent(frame.structure);
    const std::vector<AtomColumn> columns = all_columns(frame);
    for (const AtomColumn& c : columns) {
      HOTSTAGE_EXPECTS((c.type == 'S' ? c.texts.size() : c.numbers.size()) == c.width * frame.structure.size());
    }
    out += fmt::format("{}\n{}\n", frame.structure.size(), comment_line(frame, columns));
    for (std::size_t i = 0; i < frame.structure.size(); ++i) {
      write_atom(out, columns, i);
    }
  }
  return out;
}

}  // namespace

extern const Format format;
const Format format{.id = "extxyz",
                    .title = "extended XYZ",
                    .extensions = {"extxyz", "xyz"},
                    .sniff = sniff,
                    .read = read,
                    .write = write};

}  // namespace hotstage::atoms::extxyz
