// SPDX-License-Identifier: GPL-3.0-or-later
// Quantum ESPRESSO (doi:10.1088/1361-648X/aa8f79) as an i-PI client: pw.x with calculation = 'scf' and --ipi.

#include "hotstage/calc/detail/child.hpp"
#include "hotstage/calc/detail/mpi.hpp"
#include "hotstage/calc/engine.hpp"
#include "hotstage/io/document.hpp"
#include "hotstage/io/files.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <set>

namespace hotstage::calc::engine_qe {

namespace {

constexpr double rydberg_eV = 13.605693122994;

EngineStatus detect() {
  EngineStatus out{.id = "qe",
                   .title = "Quantum ESPRESSO",
                   .installed = false,
                   .version = "",
                   .program = "",
                   .hint =
                       "Debian: apt install quantum-espresso; PBE potentials for Co and Li must be made or fetched and "
                       "named with `pseudopotentials`"};
  const std::filesystem::path program = detail::find_program("pw.x");
  out.installed = !program.empty();
  out.program = program.string();
  return out;
}

/// The potential of an element: the first file, by name, that begins with its symbol.
std::string potential(const std::filesystem::path& folder, const atoms::Element& element) {
  std::set<std::string> found;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(folder, error)) {
    const std::string name = entry.path().filename().string();
    const std::string ending = io::extension(entry.path());
    const char next = name.size() > element.symbol.size() ? name[element.symbol.size()] : ' ';
    if (name.rfind(element.symbol, 0) == 0 && (next == '.' || next == '_') && (ending == "upf" || ending == "UPF")) {
      found.insert(name);
    }
  }
  if (found.empty()) {
    throw Error(
        Errc::missing_tool, fmt::format("no UPF file for {} in \"{}\"", element.symbol, folder.string()),
        "name the folder of the pseudopotentials with `pseudopotentials`; the files must begin with the symbol");
  }
  return *found.begin();
}

std::vector<atoms::Element> kinds(const atoms::Structure& s) {
  std::vector<atoms::Element> out;
  for (const atoms::Element& e : s.elements) {
    if (std::find(out.begin(), out.end(), e) == out.end()) {
      out.push_back(e);
    }
  }
  return out;
}

Value parameters(const DftOptions& options, const atoms::Structure& structure) {
  Value out = Value::object();
  out["ecut_eV"] = options.cutoff.in(units::eV);
  out["xc"] = "PBE";
  Value kpts = Value::array();
  for (const int n : options.kpts) {
    kpts.push_back(n);
  }
  out["kpts"] = std::move(kpts);
  out["hubbard_Co"] = options.hubbard_U.in(units::eV);
  out["hubbard_projection"] = "atomic";
  out["spin"] = is_magnetic(structure);
  out["smearing"] = "fermi";
  out["width_eV"] = options.smearing.in(units::eV);
  for (const atoms::Element& e : kinds(structure)) {
    out[fmt::format("potential_{}", e.symbol)] = potential(options.pseudopotentials, e);
  }
  return out;
}

/// pw.x gives starting moments per species: one mean moment per element, relative to eight valence electrons.
std::string magnetisation(const atoms::Structure& s, const std::vector<atoms::Element>& all) {
  std::string out = " nspin=2\n";
  for (std::size_t kind = 0; kind < all.size(); ++kind) {
    double sum = 0.0;
    double count = 0.0;
    for (std::size_t i = 0; i < s.size(); ++i) {
      if (s.elements[i] == all[kind]) {
        sum += s.moments_muB[i];
        count += 1.0;
      }
    }
    out += fmt::format(" starting_magnetization({})={:.3f}\n", kind + 1, std::clamp(sum / count / 8.0, -1.0, 1.0));
  }
  return out;
}

std::string deck(const DftOptions& options, const atoms::Structure& s) {
  const std::vector<atoms::Element> all = kinds(s);
  const double cutoff_Ry = options.cutoff.in(units::eV) / rydberg_eV;
  std::string out = fmt::format(
      "&control\n calculation='scf', prefix='hotstage', outdir='./scratch', pseudo_dir='{}'\n tprnfor=.true., "
      "tstress=.true., disk_io='low'\n/\n&system\n ibrav=0, nat={}, ntyp={}, ecutwfc={:.4f}, ecutrho={:.4f}\n "
      "occupations='smearing', smearing='fermi-dirac', degauss={:.6f}\n",
      std::filesystem::absolute(options.pseudopotentials).string(), s.size(), all.size(), cutoff_Ry, 8.0 * cutoff_Ry,
      options.smearing.in(units::eV) / rydberg_eV);
  if (is_magnetic(s)) {
    out += magnetisation(s, all);
  }
  const auto cobalt = std::find(all.begin(), all.end(), atoms::element("Co"));
  if (options.hubbard_U.in(units::eV) > 0.0 && cobalt != all.end()) {
    out += fmt::format(" lda_plus_u=.true., lda_plus_u_kind=0, U_projection_type='atomic', Hubbard_U({})={}\n",
                       cobalt - all.begin() + 1, io::shortest(options.hubbard_U.in(units::eV)));
  }
  out += "/\n&electrons\n conv_thr=1d-7, mixing_beta=0.4, electron_maxstep=200\n/\nATOMIC_SPECIES\n";
  for (const atoms::Element& e : all) {
    out += fmt::format("{} {:.4f} {}\n", e.symbol, e.mass_u, potential(options.pseudopotentials, e));
  }
  out += "CELL_PARAMETERS angstrom\n";
  for (const atoms::Vector& row : s.cell_A) {
    out += fmt::format("{:.10f} {:.10f} {:.10f}\n", row[0], row[1], row[2]);
  }
  out += "ATOMIC_POSITIONS angstrom\n";
  for (std::size_t i = 0; i < s.size(); ++i) {
    out += fmt::format("{} {:.10f} {:.10f} {:.10f}\n", s.elements[i].symbol, s.positions_A[i][0], s.positions_A[i][1],
                       s.positions_A[i][2]);
  }
  // Never `K_POINTS gamma`: QE 6.7 converges to a wrong energy with it for 48 atoms and ultrasoft potentials.
  return out + fmt::format("K_POINTS automatic\n{} {} {} 0 0 0\n", options.kpts[0], options.kpts[1], options.kpts[2]);
}

IpiLaunch prepare(const DftOptions& options, const atoms::Structure& structure, const std::filesystem::path& folder) {
  io::write_text(folder / "pw.in", deck(options, structure));
  std::vector<std::string> words{detail::find_program("pw.x").string(), "--ipi", "{socket}:UNIX", "-in", "pw.in"};
  if (options.ranks > 1) {
    return detail::with_mpi(options.ranks, std::move(words));
  }
  return {.words = std::move(words), .environment = {}};
}

}  // namespace

extern const Engine engine;
const Engine engine{.id = "qe",
                    .title = "Quantum ESPRESSO",
                    .virial = Virial::served,
                    .detect = detect,
                    .parameters = parameters,
                    .prepare = prepare};

}  // namespace hotstage::calc::engine_qe
