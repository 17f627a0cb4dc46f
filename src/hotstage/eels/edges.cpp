// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/eels/edges.hpp"

#include "hotstage/atoms/element.hpp"
#include "hotstage/core/data_folders.hpp"
#include "hotstage/core/error.hpp"
#include "hotstage/core/nearest.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <fstream>

namespace hotstage::eels {

namespace {

Edge parse_row(const std::string& line, const std::string& file, int number) {
  const std::size_t first = line.find(',');
  const std::size_t second = line.find(',', first == std::string::npos ? first : first + 1);
  double onset_eV = 0.0;
  if (second != std::string::npos) {
    const char* end = line.data() + line.size();
    const auto [stop, status] = std::from_chars(line.data() + second + 1, end, onset_eV);
    if (status == std::errc{} && stop == end && onset_eV > 0.0) {
      Edge edge;
      edge.element = line.substr(0, first);
      edge.number = atoms::element(edge.element).number;
      edge.shell = line.substr(first + 1, second - first - 1);
      edge.onset = onset_eV * units::eV;
      return edge;
    }
  }
  throw Error(Errc::bad_input, Location{.file = file, .line = number},
              fmt::format(R"("{}" is not "element,shell,onset_eV")", line));
}

std::vector<Edge> read_table() {
  const std::string file = (data_folder("eels_edges") / "edges.csv").string();
  std::ifstream in(file);
  std::string line;
  std::vector<Edge> out;
  for (int number = 1; std::getline(in, line); ++number) {
    if (number > 1 && !line.empty()) {
      out.push_back(parse_row(line, file, number));
    }
  }
  if (out.empty()) {
    throw Error(Errc::io, Location{.file = file}, "the table of edge energies cannot be read or is empty",
                "Reinstall Hotstage or set HOTSTAGE_DATA to its data folder");
  }
  return out;
}

const std::vector<Edge>& table() {
  static const std::vector<Edge> edges = read_table();
  return edges;
}

// "L2,3", "L23" and "L" name the whole shell: its lowest onset stands for it.
std::string subshell(std::string_view shell) {
  struct Alias {
    std::string_view written;
    std::string_view meant;
  };

  constexpr std::array aliases{Alias{"K1", "K"},   Alias{"L", "L3"},    Alias{"L2,3", "L3"}, Alias{"L23", "L3"},
                               Alias{"M", "M5"},   Alias{"M4,5", "M5"}, Alias{"M45", "M5"},  Alias{"M2,3", "M3"},
                               Alias{"M23", "M3"}, Alias{"L3,2", "L3"}, Alias{"M5,4", "M5"}};
  for (const Alias& alias : aliases) {
    if (alias.written == shell) {
      return std::string(alias.meant);
    }
  }
  return std::string(shell);
}

std::vector<std::string> names_of(std::string_view element) {
  std::vector<std::string> out;
  for (const Edge& edge : table()) {
    if (element.empty() || edge.element == element) {
      out.push_back(edge.name());
    }
  }
  return out;
}

}  // namespace

std::span<const Edge> all_edges() {
  return table();
}

Edge find_edge(std::string_view name) {
  const std::size_t cut = name.find_first_of(" _-");
  if (cut == std::string_view::npos || cut == 0 || cut + 1 >= name.size()) {
    throw Error(Errc::bad_input, fmt::format("\"{}\" is not an edge", name),
                R"(Write element and shell, for example "O K" or "Ti L3")");
  }
  const atoms::Element element = atoms::element(name.substr(0, cut));
  const std::string shell = subshell(name.substr(cut + 1));
  for (const Edge& edge : table()) {
    if (edge.number == element.number && edge.shell == shell) {
      return edge;
    }
  }
  const std::vector<std::string> known = names_of(element.symbol);
  const std::string wanted = std::string(element.symbol) + ' ' + shell;
  throw Error(Errc::bad_input, fmt::format("no edge \"{}\" of {} between 10 and 3000 eV is known", name, element.name),
              known.empty() ? std::string("Choose an edge of another element") : nearest_hint(wanted, known));
}

std::vector<Edge> element_edges(std::string_view element) {
  std::vector<Edge> out;
  for (const Edge& edge : table()) {
    if (edge.element == element) {
      out.push_back(edge);
    }
  }
  std::ranges::sort(out, {}, &Edge::onset);
  return out;
}

}  // namespace hotstage::eels
