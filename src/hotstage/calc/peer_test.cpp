// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/atoms/path.hpp"
#include "hotstage/calc/neb.hpp"
#include "hotstage/calc/pair.hpp"
#include "hotstage/io/document.hpp"

#include <gtest/gtest.h>

namespace hotstage::calc {
namespace {

namespace tol {
constexpr double energy = 1e-5;   // eV per cell of 47 atoms: both Ewald sums leave out 1e-10 of 1.6 keV
constexpr double force = 1.5e-3;  // eV/Å: the ends were relaxed to 1e-3 by the peer
constexpr double barrier = 1e-3;  // eV: the task; both bands were stopped at 0.01 eV/Å
}  // namespace tol

std::vector<atoms::Vector> places(const Value& rows) {
  std::vector<atoms::Vector> out;
  for (const Value& row : rows.as_array()) {
    const Value::Array& x = row.as_array();
    out.push_back({x[0].as_number(), x[1].as_number(), x[2].as_number()});
  }
  return out;
}

/// A lithium hop that ASE searched with its own NEB on its own copy of the potential (tests/peers/ase_neb/make.py).
class LithiumHop : public ::testing::Test {
 protected:
  LithiumHop()
      : expected_(io::read_document(HOTSTAGE_SOURCE_DIR "/tests/peers/ase_neb/expected.json")),
        potential_(read_pair_potential("licoo2")) {
    const std::vector<atoms::Vector> cell = places(expected_.at("cell_A"));
    from_.cell_A = {cell[0], cell[1], cell[2]};
    for (const Value& symbol : expected_.at("symbols").as_array()) {
      from_.elements.push_back(atoms::element(symbol.as_text()));
    }
    to_ = from_;
    from_.positions_A = places(expected_.at("from_A"));
    to_.positions_A = places(expected_.at("to_A"));
  }

  Value expected_;
  PairPotential potential_;
  atoms::Structure from_;
  atoms::Structure to_;
  hotstage::Run run_;
};

TEST_F(LithiumHop, has_ends_with_the_energies_of_an_independent_ewald_sum) {
  const auto calculator = make_pair_calculator(potential_);
  const Evaluation a = calculator->evaluate(from_, run_);
  const Evaluation b = calculator->evaluate(to_, run_);
  EXPECT_NEAR(a.energy_eV, expected_.at("energy_from_eV").as_number(), tol::energy);
  EXPECT_NEAR(b.energy_eV, expected_.at("energy_to_eV").as_number(), tol::energy);
  EXPECT_LT(largest_force(from_, a.forces_eV_A), tol::force);
  EXPECT_LT(largest_force(to_, b.forces_eV_A), tol::force);
}

TEST_F(LithiumHop, has_the_barrier_of_ase_with_no_more_energies) {
  NebInput input{.images = atoms::linear_path(from_, to_, {.images = 5, .stops = {}, .order = atoms::Order::as_given}),
                 .calculator = [&](std::size_t) { return make_pair_calculator(potential_); },
                 .folder = {}};
  const Neb neb = find_path(input, {.force_eV_A = 0.01, .iterations = 600}, run_);
  ASSERT_TRUE(neb.converged);
  std::size_t peers = 0;
  for (const Value& peer : expected_.at("runs").as_array()) {
    if (peer.at("converged").as_bool()) {
      ++peers;
      EXPECT_NEAR(neb.barrier_eV, peer.at("barrier_eV").as_number(), tol::barrier) << peer.at("optimiser").as_text();
      EXPECT_LE(static_cast<double>(neb.calls), peer.at("calls").as_number()) << peer.at("optimiser").as_text();
    }
  }
  EXPECT_EQ(peers, 2U) << "a band of the peer did not converge";
  RecordProperty("calls", static_cast<int>(neb.calls));
  RecordProperty("barrier_ueV", static_cast<int>(1e6 * neb.barrier_eV));
}

}  // namespace
}  // namespace hotstage::calc
