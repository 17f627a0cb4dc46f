// SPDX-License-Identifier: GPL-3.0-or-later
// GPAW (doi:10.1063/5.0182685) in plane-wave mode, as an i-PI client through ASE.

#include "hotstage/calc/detail/mpi.hpp"
#include "hotstage/calc/detail/python.hpp"
#include "hotstage/calc/engine.hpp"
#include "hotstage/io/document.hpp"
#include "hotstage/io/files.hpp"

#include <fmt/format.h>

namespace hotstage::calc::engine_gpaw {

namespace {

const EngineStatus& found() {
  static const EngineStatus status = detail::python_engine(
      {.id = "gpaw",
       .title = "GPAW, plane waves and PAW",
       .hint =
           "Debian: apt install gpaw gpaw-data python3-ase libopenblas0-pthread; or set HOTSTAGE_PYTHON to a python "
           "that has gpaw and ase"},
      "import ase, gpaw; print(gpaw.__version__, 'ase', ase.__version__)");
  return status;
}

EngineStatus detect() {
  return found();
}

std::string hubbard(const DftOptions& options) {
  const double u_eV = options.hubbard_U.in(units::eV);
  if (u_eV <= 0.0) {
    return "";
  }
  return fmt::format(":d,{}{}", io::shortest(u_eV), options.convention == HubbardConvention::plain ? ",0" : "");
}

bool usual_residual(const DftOptions& options) {
  return options.residual == DftOptions{}.residual;
}

/// A looser residual asks for a tighter density: forces follow the density.
double density_limit(const DftOptions& options) {
  return usual_residual(options) ? 1e-3 : 3e-4;
}

Value parameters(const DftOptions& options, const atoms::Structure& structure) {
  Value out = Value::object();
  out["mode"] = "pw";
  out["ecut_eV"] = options.cutoff.in(units::eV);
  out["xc"] = "PBE";
  Value kpts = Value::array();
  for (const int n : options.kpts) {
    kpts.push_back(n);
  }
  out["kpts"] = std::move(kpts);
  out["gamma"] = true;
  out["hubbard_Co"] = hubbard(options);
  out["spin"] = is_magnetic(structure);
  out["smearing"] = "fermi";
  out["width_eV"] = options.smearing.in(units::eV);
  Value convergence = Value::object();
  convergence["energy"] = 1e-4;
  convergence["density"] = density_limit(options);
  if (!usual_residual(options)) {
    convergence["eigenstates"] = options.residual;
  }
  out["convergence"] = std::move(convergence);
  return out;
}

std::string script(const DftOptions& options, const atoms::Structure& s) {
  std::string out =
      "# Written by Hotstage: GPAW as an i-PI client. Start it by hand with the socket's name as argument.\n"
      "import sys\n\nfrom ase import Atoms\nfrom ase.calculators.socketio import SocketClient\n"
      "from gpaw import GPAW, PW, FermiDirac\nfrom gpaw.mpi import world\n\n";
  out += detail::atoms_in_python(s);
  const std::string u = hubbard(options);
  out += fmt::format(
      "atoms.calc = GPAW(mode=PW({}), xc='PBE', kpts={{'size': ({}, {}, {}), 'gamma': True}},\n"
      "                  setups={}, occupations=FermiDirac({}), txt='gpaw.txt', maxiter=200,\n"
      "                  convergence={{'energy': 1e-4, 'density': {}, 'eigenstates': {}}}, parallel={{'augment_grids': "
      "True}},\n"
      "                  symmetry={{'point_group': False}})\n"
      "SocketClient(unixsocket=sys.argv[1], comm=world).run(atoms, use_stress=False)\n",
      io::shortest(options.cutoff.in(units::eV)), options.kpts[0], options.kpts[1], options.kpts[2],
      u.empty() ? "{}" : fmt::format("{{'Co': '{}'}}", u), io::shortest(options.smearing.in(units::eV)),
      io::shortest(density_limit(options)), io::shortest(options.residual));
  return out;
}

IpiLaunch prepare(const DftOptions& options, const atoms::Structure& structure, const std::filesystem::path& folder) {
  io::write_text(folder / "client.py", script(options, structure));
  if (options.ranks > 1) {
    return detail::with_mpi(options.ranks, {found().program, "-m", "gpaw", "python", "client.py", "{socket}"});
  }
  return {.words = {found().program, "client.py", "{socket}"}, .environment = {}};
}

}  // namespace

extern const Engine engine;
const Engine engine{.id = "gpaw",
                    .title = "GPAW, plane waves and PAW",
                    .virial = Virial::absent,
                    .detect = detect,
                    .parameters = parameters,
                    .prepare = prepare};

}  // namespace hotstage::calc::engine_gpaw
