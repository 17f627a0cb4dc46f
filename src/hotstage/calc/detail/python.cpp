// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/calc/detail/python.hpp"

#include "hotstage/calc/detail/child.hpp"

#include <fmt/format.h>

#include <cstdlib>

namespace hotstage::calc::detail {

namespace {

constexpr double start_limit_s = 60.0;  // importing an engine on a loaded machine

}  // namespace

EngineStatus python_engine(EngineStatus status, const std::string& probe) {
  const char* chosen = std::getenv("HOTSTAGE_PYTHON");
  for (const std::string& python :
       {std::string(chosen == nullptr ? "" : chosen), std::string("/usr/bin/python3"), std::string("python3")}) {
    if (python.empty() || find_program(python).empty()) {
      continue;
    }
    const std::string text = first_output({python, "-c", probe}, start_limit_s);
    if (!text.empty()) {
      status.installed = true;
      status.version = text.substr(0, text.find('\n'));
      status.program = find_program(python).string();
      break;
    }
  }
  return status;
}

std::string atoms_in_python(const atoms::Structure& s) {
  std::string symbols;
  std::string places;
  for (std::size_t i = 0; i < s.size(); ++i) {
    symbols += fmt::format("'{}', ", s.elements[i].symbol);
    places += fmt::format("    ({:.10f}, {:.10f}, {:.10f}),\n", s.positions_A[i][0], s.positions_A[i][1],
                          s.positions_A[i][2]);
  }
  const auto truth = [](bool yes) { return yes ? "True" : "False"; };
  std::string out = fmt::format("atoms = Atoms([{}], positions=[\n{}], pbc=({}, {}, {}), cell=[\n", symbols, places,
                                truth(s.periodic[0]), truth(s.periodic[1]), truth(s.periodic[2]));
  for (const atoms::Vector& row : s.cell_A) {
    out += fmt::format("    ({:.10f}, {:.10f}, {:.10f}),\n", row[0], row[1], row[2]);
  }
  out += "])\n";
  if (is_magnetic(s)) {
    out += fmt::format("atoms.set_initial_magnetic_moments([{:.4f}])\n", fmt::join(s.moments_muB, ", "));
  }
  return out;
}

}  // namespace hotstage::calc::detail
