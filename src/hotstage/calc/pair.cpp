// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/calc/pair.hpp"

#include "hotstage/atoms/cell.hpp"
#include "hotstage/atoms/neighbours.hpp"
#include "hotstage/calc/detail/ewald.hpp"
#include "hotstage/core/data_folders.hpp"
#include "hotstage/io/document.hpp"
#include "hotstage/io/sha256.hpp"

#include <fmt/format.h>

#include <cmath>

namespace hotstage::calc {

namespace {

double slope(const BuckinghamTerm& t, double r) {
  return -t.amplitude_eV / t.rho_A * std::exp(-r / t.rho_A) + 6.0 * t.dispersion_eV_A6 / std::pow(r, 7);
}

double value(const BuckinghamTerm& t, double r) {
  return t.amplitude_eV * std::exp(-r / t.rho_A) - t.dispersion_eV_A6 / std::pow(r, 6);
}

/// Distance of the barrier below which dispersion pulls the ions into each other; 0 without dispersion.
double innermost(const BuckinghamTerm& t) {
  if (t.dispersion_eV_A6 <= 0.0) {
    return 0.0;
  }
  double r = 7.0 * t.rho_A;  // the slope of A exp(−r/ρ) r⁷ changes sign here: outside, repulsion can win only above it
  while (r > 0.05 && slope(t, r) < 0.0) {
    r -= 0.005;
  }
  return r;
}

class PairCalculator final : public Calculator {
 public:
  explicit PairCalculator(PairPotential potential) : potential_(std::move(potential)) {
    settings_.engine = "pair";
    Value parameters = Value::object();
    parameters["potential"] = potential_.name;
    parameters["source_sha256"] = potential_.source_sha256.substr(0, 16);
    parameters["cutoff_A"] = potential_.cutoff_A;
    parameters["accuracy"] = potential_.accuracy;
    parameters["ions"] = "rigid";
    settings_.parameters = std::move(parameters);
    for (const BuckinghamTerm& term : potential_.terms) {
      innermost_A_.push_back(innermost(term));
    }
  }

  [[nodiscard]] const Settings& settings() const override { return settings_; }

  [[nodiscard]] Evaluation evaluate(const atoms::Structure& structure, Run& run) override {
    run.check_stop();
    const std::vector<double> charges = charges_of(structure);
    detail::EwaldSum sum = detail::ewald(structure, charges, potential_.accuracy);
    add_short_range(structure, sum);
    Evaluation out{.energy_eV = sum.energy_eV, .forces_eV_A = std::move(sum.forces_eV_A), .stress_eV_A3 = {}};
    atoms::Cell stress = sum.virial_eV;
    const double volume = atoms::volume_A3(structure.cell_A);
    for (atoms::Vector& row : stress) {
      row = atoms::scale(row, 1.0 / volume);
    }
    out.stress_eV_A3 = stress;
    return out;
  }

 private:
  [[nodiscard]] std::vector<double> charges_of(const atoms::Structure& s) const {
    std::vector<double> out(s.size());
    for (std::size_t i = 0; i < s.size(); ++i) {
      bool found = false;
      for (const ElementCharge& entry : potential_.charges) {
        if (entry.element == s.elements[i]) {
          out[i] = entry.charge_e;
          found = true;
        }
      }
      if (!found) {
        throw Error(Errc::refused, fmt::format("atom {} is {}: the pair potential \"{}\" has no charge for it", i + 1,
                                               s.elements[i].symbol, potential_.name));
      }
    }
    return out;
  }

  [[nodiscard]] std::size_t term_of(const atoms::Element& a, const atoms::Element& b) const {
    for (std::size_t t = 0; t < potential_.terms.size(); ++t) {
      const BuckinghamTerm& term = potential_.terms[t];
      if ((term.a == a && term.b == b) || (term.a == b && term.b == a)) {
        return t;
      }
    }
    return potential_.terms.size();
  }

  void add_short_range(const atoms::Structure& s, detail::EwaldSum& out) const {
    for (const atoms::Neighbour& pair : atoms::neighbours(s, potential_.cutoff_A)) {
      const std::size_t t = term_of(s.elements[pair.from], s.elements[pair.to]);
      if (t == potential_.terms.size()) {
        continue;
      }
      const BuckinghamTerm& term = potential_.terms[t];
      if (pair.distance_A <= innermost_A_[t]) {
        throw Error(
            Errc::refused,
            fmt::format("atoms {} ({}) and {} ({}) are {:.2f} Å apart: below {:.2f} Å this potential pulls them "
                        "into each other",
                        pair.from + 1, s.elements[pair.from].symbol, pair.to + 1, s.elements[pair.to].symbol,
                        pair.distance_A, innermost_A_[t]),
            "start from a structure or a path without such close contacts");
      }
      out.energy_eV += 0.5 * (value(term, pair.distance_A) - value(term, potential_.cutoff_A));
      const double radial = slope(term, pair.distance_A) / pair.distance_A;
      for (std::size_t k = 0; k < 3; ++k) {
        out.forces_eV_A[pair.from][k] += radial * pair.step_A[k];
        for (std::size_t m = 0; m < 3; ++m) {
          out.virial_eV[k][m] += 0.5 * radial * pair.step_A[k] * pair.step_A[m];
        }
      }
    }
  }

  PairPotential potential_;
  Settings settings_;
  std::vector<double> innermost_A_;
};

BuckinghamTerm term_from(const Value& node) {
  const Value::Array& names = node.at("between").as_array();
  if (names.size() != 2) {
    throw Error(Errc::bad_input, node.where, "`between` must name two elements");
  }
  return {.a = atoms::element(names[0].as_text()),
          .b = atoms::element(names[1].as_text()),
          .amplitude_eV = node.at("A_eV").as_number(),
          .rho_A = node.at("rho_A").as_number(),
          .dispersion_eV_A6 = node.at("C_eV_A6").as_number()};
}

}  // namespace

PairPotential read_pair_potential(std::string_view name) {
  const auto file = data_folder("pair_potentials") / fmt::format("{}.toml", name);
  const Value table = io::read_document(file);
  PairPotential out;
  out.name = table.at("name").as_text();
  out.cutoff_A = table.at("cutoff_A").as_number();
  out.source_sha256 = io::sha256_file(file);
  for (const Member& member : table.at("charges_e").as_object()) {
    out.charges.push_back({atoms::element(member.key), member.value.as_number()});
  }
  for (const Value& node : table.at("pair").as_array()) {
    out.terms.push_back(term_from(node));
  }
  return out;
}

std::unique_ptr<Calculator> make_pair_calculator(const PairPotential& potential) {
  return std::make_unique<PairCalculator>(potential);
}

}  // namespace hotstage::calc
