// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/calc/engine.hpp"

#include "hotstage/calc/testing/crystals.hpp"
#include "hotstage/io/files.hpp"
#include "hotstage/io/temporary_folder.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace hotstage::calc {
namespace {

constexpr const char* avx512 = "flags : fpu fma avx2 avx512f avx512dq avx512vl ";
constexpr const char* avx2 = "flags : fpu fma avx2 ";

TrapState state(const std::vector<Trap>& traps, const std::string& name) {
  for (const Trap& trap : traps) {
    if (trap.name == name) {
      return trap.state;
    }
  }
  ADD_FAILURE() << "no trap " << name;
  return TrapState::ok;
}

TEST(Traps, reference_blas_is_a_failure_and_openblas_is_not) {
  EXPECT_EQ(state(judge({.blas = "/usr/lib/x86_64-linux-gnu/blas/libblas.so.3.11.0"}), "BLAS library"),
            TrapState::failure);
  EXPECT_EQ(state(judge({.blas = "/usr/lib/x86_64-linux-gnu/openblas-pthread/libblas.so.3"}), "BLAS library"),
            TrapState::ok);
  EXPECT_EQ(state(judge({.blas = ""}), "BLAS library"), TrapState::warning);
}

TEST(Traps, kernels_follow_the_processor) {
  EXPECT_EQ(core_type_for(avx512), "SkylakeX");
  EXPECT_EQ(core_type_for(avx2), "Haswell");
  EXPECT_EQ(core_type_for("flags : fpu sse2 "), "");
}

TEST(Traps, kernels_that_the_processor_cannot_run_are_a_failure) {
  const std::string name = "BLAS kernels for this processor";
  EXPECT_EQ(state(judge({.cpu_flags = avx2, .core_type = "SkylakeX"}), name), TrapState::failure);
  EXPECT_EQ(state(judge({.cpu_flags = avx512, .core_type = "Haswell"}), name), TrapState::warning);
  EXPECT_EQ(state(judge({.cpu_flags = avx512, .core_type = "SkylakeX"}), name), TrapState::ok);
}

TEST(Traps, more_ranks_than_cores_is_a_warning) {
  EXPECT_EQ(state(judge({.ranks = 4, .cores = 2}), "threads under MPI"), TrapState::warning);
  EXPECT_EQ(state(judge({.ranks = 2, .cores = 2}), "threads under MPI"), TrapState::ok);
}

TEST(Engines, pair_is_always_there_and_unknown_names_get_a_hint) {
  const auto all = engine_statuses();
  EXPECT_TRUE(all.front().installed);
  EXPECT_EQ(all.size(), 1 + engines().size());
  try {
    static_cast<void>(find_engine("gpwa"));
    FAIL();
  } catch (const Error& error) {
    EXPECT_NE(error.hint().find("gpaw"), std::string::npos) << error.hint();
  }
}

TEST(Engines, gpaw_script_holds_the_settings_and_the_moments) {
  const io::TemporaryFolder folder;
  atoms::Structure s = testing::lithium_cobaltate();
  s.moments_muB = {2.7, 0, 0, 0};
  DftOptions options{.kpts = {3, 3, 3}};
  static_cast<void>(find_engine("gpaw").prepare(options, s, folder.path()));
  const std::string text = io::read_text(folder / "client.py");
  for (const char* part : {"PW(400)", "'size': (3, 3, 3)", "{'Co': ':d,3.91'}", "FermiDirac(0.05)", "2.7000, 0.0000",
                           "'point_group': False", "'Co', 'Li', 'O', 'O'"}) {
    EXPECT_NE(text.find(part), std::string::npos) << part << "\n" << text;
  }
  options.convention = HubbardConvention::plain;
  EXPECT_EQ(find_engine("gpaw").parameters(options, s).at("hubbard_Co").as_text(), ":d,3.91,0");
}

TEST(Engines, ase_script_takes_the_calculator_by_name_or_from_a_module_and_nothing_else) {
  const io::TemporaryFolder folder;
  const atoms::Structure s = testing::lithium_cobaltate();
  static_cast<void>(find_engine("ase").prepare({.calculator = "emt"}, s, folder.path()));
  EXPECT_NE(io::read_text(folder / "client.py").find("get_calculator_class('emt')"), std::string::npos);
  static_cast<void>(find_engine("ase").prepare({.calculator = "mace.calculators:mace_mp"}, s, folder.path()));
  EXPECT_NE(io::read_text(folder / "client.py").find("from mace.calculators import mace_mp as Calculator"),
            std::string::npos);
  for (const char* name : {"", "emt'); import os; ('", "a:b:c", "os.system('ls')", "emt\nimport os"}) {
    EXPECT_THROW(static_cast<void>(find_engine("ase").parameters({.calculator = name}, s)), Error) << name;
  }
}

TEST(Engines, qe_deck_never_uses_the_gamma_mode_and_names_potentials) {
  const io::TemporaryFolder folder;
  const io::TemporaryFolder potentials;
  for (const char* name : {"Co.pbe-n-us.UPF", "Li.pbe-s-us.UPF", "O.pbe-n-us.UPF"}) {
    io::write_text(potentials / name, "");
  }
  const DftOptions options{.pseudopotentials = potentials.path()};
  const atoms::Structure s = testing::lithium_cobaltate();
  static_cast<void>(find_engine("qe").prepare(options, s, folder.path()));
  const std::string text = io::read_text(folder / "pw.in");
  EXPECT_NE(text.find("K_POINTS automatic\n1 1 1 0 0 0"), std::string::npos) << text;
  EXPECT_EQ(text.find("K_POINTS gamma"), std::string::npos);
  EXPECT_NE(text.find("Hubbard_U(1)=3.91"), std::string::npos);
  EXPECT_NE(text.find("Li 6.94"), std::string::npos);
  EXPECT_EQ(find_engine("qe").parameters(options, s).at("potential_Co").as_text(), "Co.pbe-n-us.UPF");
}

TEST(Engines, qe_says_which_potential_is_missing) {
  const io::TemporaryFolder empty;
  const DftOptions options{.pseudopotentials = empty.path()};
  try {
    static_cast<void>(find_engine("qe").parameters(options, testing::lithium_cobaltate()));
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), Errc::missing_tool);
    EXPECT_NE(error.message().find("no UPF file for Co"), std::string::npos) << error.message();
  }
}

}  // namespace
}  // namespace hotstage::calc
