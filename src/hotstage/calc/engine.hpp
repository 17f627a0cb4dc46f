// SPDX-License-Identifier: GPL-3.0-or-later
// Engines in other programs: which are installed, what they need to run right, and calculators on them.

#pragma once

#include "hotstage/calc/calculator.hpp"
#include "hotstage/calc/ipi.hpp"
#include "hotstage/core/fields.hpp"

#include <array>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace hotstage::calc {

/// How the occupation of the d shell in PBE+U is defined: absolute energies differ by 1 eV per cobalt between the two.
enum class HubbardConvention { normalised, plain };

constexpr auto enum_names(HubbardConvention) {
  return std::array<EnumName<HubbardConvention>, 2>{
      EnumName<HubbardConvention>{HubbardConvention::normalised, "normalised"},
      EnumName<HubbardConvention>{HubbardConvention::plain, "plain"}};
}

/// Plane-wave PBE(+U) settings that every engine understands. Defaults are the reduced settings of our own numbers.
struct DftOptions {
  Energy cutoff = 400.0 * units::eV;
  std::array<int, 3> kpts{1, 1, 1};     ///< mesh that contains Γ
  Energy hubbard_U = 3.91 * units::eV;  ///< on Co 3d; 0: none
  HubbardConvention convention = HubbardConvention::normalised;
  Energy smearing = 0.05 * units::eV;
  double residual = 4e-8;                  ///< of the eigenstates, eV² per valence electron (gpaw)
  int ranks = 1;                           ///< MPI processes
  std::filesystem::path pseudopotentials;  ///< folder with UPF files, for engines that need them
  std::string calculator;                  ///< of ASE, for the engine ase
  bool paper_settings = false;

  template <class V>
  void fields(V& v) {
    v("cutoff", cutoff, {.help = "plane-wave cutoff", .unit = "eV", .min = 50.0});
    v("kpts", kpts, {.help = "k-point mesh that contains Gamma", .min = 1});
    v("hubbard_U", hubbard_U, {.help = "Hubbard U on Co 3d; 0: none", .unit = "eV", .min = 0.0});
    v("convention", convention, {.help = "how the occupation of the d shell is defined"});
    v("smearing", smearing, {.help = "Fermi smearing", .unit = "eV", .min = 1e-4});
    v("residual", residual,
      {.help =
           "gpaw: residual of the eigenstates, eV^2 per electron; open shells at the Fermi level stall long after the "
           "energy has settled: 1e-6 there",
       .min = 1e-12,
       .max = 1e-3});
    v("ranks", ranks, {.help = "MPI processes per engine", .min = 1, .max = 1024});
    v("pseudopotentials", pseudopotentials, {.help = "folder with UPF files (qe)"});
    v("calculator", calculator,
      {.help = "for the engine ase: name of its calculator such as \"emt\", or \"module:Class\""});
    v("paper_settings", paper_settings, {.help = "label the result as computed with the publication's settings"});
  }
};

/// Whether and where an engine is installed.
struct EngineStatus {
  std::string id;
  std::string title;
  bool installed = false;
  std::string version;
  std::string program;  ///< path
  std::string hint;     ///< how to get it, when it is not there
};

/// One engine: a folder below engines/ and a word in CMakeLists.txt.
struct Engine {
  std::string_view id;
  std::string_view title;
  Virial virial = Virial::absent;
  EngineStatus (*detect)() = nullptr;
  /// Parameters as they go into the record, for these atoms.
  Value (*parameters)(const DftOptions& options, const atoms::Structure& structure) = nullptr;
  /// Writes the input into the folder and says how to start. Throws Error{missing_tool} for missing pieces.
  IpiLaunch (*prepare)(const DftOptions& options, const atoms::Structure& structure,
                       const std::filesystem::path& folder) = nullptr;
};

[[nodiscard]] std::span<const Engine* const> engines();

/// Whether any atom has a starting moment: then engines polarise spins.
[[nodiscard]] bool is_magnetic(const atoms::Structure& structure);

/// Throws Error{bad_input} with the nearest name.
[[nodiscard]] const Engine& find_engine(std::string_view id);

/// "pair" (which is always there) and every engine.
[[nodiscard]] std::vector<EngineStatus> engine_statuses();

/// A calculator by name: "pair", or an engine over i-PI in its own folder. `like` gives elements and moments, from
/// which the settings follow. Throws Error{missing_tool} with the installation hint.
[[nodiscard]] std::unique_ptr<Calculator> make_calculator(std::string_view engine, const DftOptions& options,
                                                          const atoms::Structure& like,
                                                          const std::filesystem::path& folder);

enum class TrapState { ok, warning, failure };

/// One of the known traps, as found on this machine.
struct Trap {
  std::string name;
  TrapState state = TrapState::ok;
  std::string found;
  std::string remedy;  ///< empty when nothing is to be done
};

/// Looks at what decides whether an engine is slow or wrong: the BLAS library, its kernels for this processor, threads
/// under MPI. Each trap was met and measured (README).
[[nodiscard]] std::vector<Trap> check_engine(const DftOptions& options);

/// The facts of a machine that `judge` decides on; separate so that other machines can be imagined in tests.
struct MachineFacts {
  std::string blas;       ///< resolved path of libblas.so.3; empty: none found
  std::string cpu_flags;  ///< the flags line of /proc/cpuinfo
  std::string core_type;  ///< OPENBLAS_CORETYPE of our environment
  std::string threads;    ///< OMP_NUM_THREADS of our environment
  int ranks = 1;
  unsigned cores = 1;
};

[[nodiscard]] std::vector<Trap> judge(const MachineFacts& facts);

/// OPENBLAS_CORETYPE for a processor with these flags: the kernels OpenBLAS 0.3.21 fails to choose on processors newer
/// than itself. Empty when there is nothing better than its own choice.
[[nodiscard]] std::string core_type_for(std::string_view cpu_flags);

/// Variables every engine is started with: kernels for this processor, one thread per rank.
[[nodiscard]] std::vector<std::pair<std::string, std::string>> engine_environment();

}  // namespace hotstage::calc
