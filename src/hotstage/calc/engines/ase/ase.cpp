// SPDX-License-Identifier: GPL-3.0-or-later
// Any calculator of ASE (doi:10.1088/1361-648X/aa680e), by name, as an i-PI client: EMT, learned potentials, other
// codes.

#include "hotstage/calc/detail/child.hpp"
#include "hotstage/calc/detail/python.hpp"
#include "hotstage/calc/engine.hpp"
#include "hotstage/io/files.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>

namespace hotstage::calc::engine_ase {

namespace {

const EngineStatus& found() {
  static const EngineStatus status = detail::python_engine(
      {.id = "ase",
       .title = "Any calculator of ASE",
       .hint = "Debian: apt install python3-ase; or set HOTSTAGE_PYTHON to a python that has ase"},
      "import ase; print(ase.__version__)");
  return status;
}

EngineStatus detect() {
  return found();
}

/// The name goes into a script: letters of a Python path only.
std::string checked(const std::string& name) {
  constexpr std::string_view allowed = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.:";
  if (name.empty()) {
    throw Error(Errc::bad_input, "the engine ase needs the name of a calculator",
                "Add calculator = \"emt\", or \"module:Class\" for one that ASE does not know by name");
  }
  if (name.find_first_not_of(allowed) != std::string::npos || std::count(name.begin(), name.end(), ':') > 1) {
    throw Error(Errc::bad_input, fmt::format("\"{}\" is not the name of a calculator", name),
                "Give a name of ASE such as \"emt\", or \"module:Class\"");
  }
  return name;
}

Value parameters(const DftOptions& options, const atoms::Structure&) {
  Value out = Value::object();
  out["calculator"] = checked(options.calculator);
  out["ase"] = found().version;
  return out;
}

std::string script(const DftOptions& options, const atoms::Structure& s) {
  const std::string name = checked(options.calculator);
  const std::size_t colon = name.find(':');
  std::string out =
      "# Written by Hotstage: a calculator of ASE as an i-PI client. Start it by hand with the socket's name as "
      "argument.\nimport sys\n\nfrom ase import Atoms\nfrom ase.calculators.socketio import SocketClient\n";
  out += colon == std::string::npos
             ? fmt::format(
                   "from ase.calculators.calculator import get_calculator_class\n\nCalculator = "
                   "get_calculator_class('{}')\n",
                   name)
             : fmt::format("from {} import {} as Calculator\n\n", name.substr(0, colon), name.substr(colon + 1));
  out += detail::atoms_in_python(s);
  return out + "atoms.calc = Calculator()\nSocketClient(unixsocket=sys.argv[1]).run(atoms, use_stress=False)\n";
}

IpiLaunch prepare(const DftOptions& options, const atoms::Structure& structure, const std::filesystem::path& folder) {
  io::write_text(folder / "client.py", script(options, structure));
  return {.words = {found().program, "client.py", "{socket}"}, .environment = {}};
}

}  // namespace

extern const Engine engine;
const Engine engine{.id = "ase",
                    .title = "Any calculator of ASE",
                    .virial = Virial::absent,
                    .detect = detect,
                    .parameters = parameters,
                    .prepare = prepare};

}  // namespace hotstage::calc::engine_ase
