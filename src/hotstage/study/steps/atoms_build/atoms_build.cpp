// SPDX-License-Identifier: GPL-3.0-or-later
// Step atoms.build: a crystal, a supercell of it, and one of the distinct ways to take lithium out.

#include "hotstage/atoms/bonding.hpp"
#include "hotstage/atoms/orderings.hpp"
#include "hotstage/atoms/symmetry.hpp"
#include "hotstage/study/detail/atoms_pages.hpp"

#include <fmt/format.h>

#include <cmath>

namespace hotstage::study::atoms_build {

namespace {

struct Options {
  detail::CrystalOptions crystal;
  std::array<int, 3> supercell{1, 1, 1};
  std::optional<double> lithium;
  std::size_t order = 0;

  template <class V>
  void fields(V& v) {
    crystal.fields(v);
    v("supercell", supercell, {.help = "copies along a, b, c", .min = 1.0, .max = 20.0});
    v("lithium", lithium, {.help = "Li per Co to keep; all of it when unset", .min = 0.0, .max = 1.0});
    v("order", order, {.help = "which of the distinct Li orders, from 0 (fewest close Li pairs)"});
  }
};

io::Table order_table(const std::vector<atoms::Ordering>& orders) {
  std::vector<double> number, multiplicity, pairs, group;
  std::vector<std::string> removed;
  for (std::size_t k = 0; k < orders.size(); ++k) {
    number.push_back(double(k));
    multiplicity.push_back(double(orders[k].multiplicity));
    pairs.push_back(double(orders[k].close_pairs));
    group.push_back(double(atoms::find_symmetry(orders[k].structure).number));
    removed.push_back(fmt::format("{}", fmt::join(orders[k].removed, " ")));
  }
  io::Table out;
  out.columns = {io::number_column("order", "", number), io::number_column("multiplicity", "", multiplicity),
                 io::number_column("close_pairs", "", pairs), io::number_column("space_group", "", group),
                 io::text_column("removed", removed)};
  return out;
}

/// Takes lithium out; returns the whole structure when none is to go.
atoms::Structure emptied(const atoms::Structure& host, const Options& options, StepOutput& out) {
  if (!options.lithium) {
    return host;
  }
  const std::size_t remove = atoms::lithium_to_remove(host, *options.lithium);
  const auto orders = atoms::orderings(host, {.element = atoms::element("Li"), .remove = remove});
  if (options.order >= orders.size()) {
    throw Error(Errc::bad_input, fmt::format("order {} was asked for, there are {}", options.order, orders.size()),
                "Orders are counted from 0");
  }
  out.tables["orders"] = order_table(orders);
  out.results.push_back(detail::geometric("orders", double(orders.size()), "", "Symmetry-distinct Li orders"));
  atoms::Structure chosen = orders[options.order].structure;
  chosen.comment = fmt::format("{}, Li order {} of {}", atoms::formula(chosen), options.order, orders.size());
  return chosen;
}

void check_bonds(const atoms::Structure& s, StepOutput& out) {
  const std::vector<int> bonds = atoms::bond_counts(s, atoms::Bonding(s));
  std::string text;
  for (const auto& [element, count] : atoms::composition(s)) {
    int least = 1000;
    int most = 0;
    for (std::size_t i = 0; i < s.size(); ++i) {
      if (s.elements[i] == element) {
        least = std::min(least, bonds[i]);
        most = std::max(most, bonds[i]);
      }
    }
    text += fmt::format("{}{} {}", text.empty() ? "" : ", ", element.symbol,
                        least == most ? fmt::format("{}", least) : fmt::format("{}–{}", least, most));
  }
  out.checks.push_back({"Bonds per atom", CheckStatus::ok, text, "", "Neighbours within 1.25 × the shortest bond"});
}

StepOutput run(const StepInputs& inputs, const Value& table, Run&) {
  const auto options = from_table<Options>(table);
  StepOutput out;
  const atoms::Structure host = atoms::repeated(detail::crystal_of(inputs, options.crystal), options.supercell);
  const atoms::Structure built = emptied(host, options, out);
  const atoms::Symmetry symmetry = atoms::find_symmetry(built);
  out.results.push_back(detail::geometric("atoms", double(built.size()), "", "Atoms in the cell"));
  out.results.push_back(
      detail::geometric("volume", std::abs(atoms::volume_A3(built.cell_A)), "angstrom^3", "Volume of the cell"));
  out.results.push_back(
      detail::geometric("space_group", symmetry.number, "", "Space group number of " + symmetry.international));
  out.results.push_back(detail::geometric("closest", detail::closest_A(built), "angstrom", "Shortest distance"));
  check_bonds(built, out);
  out.tables["sites"] = detail::atom_table(built);
  out.raw_text["atoms"] = detail::extxyz({&built, 1});
  out.figures.push_back(detail::model_figure(built, "model", atoms::formula(built)));
  out.figures.push_back(detail::projection_figure(built, "structure", atoms::formula(built)));
  out.assumptions.push_back({"Cell from " + detail::origin_of(inputs, options.crystal), "As measured, not relaxed"});
  return out;
}

}  // namespace

extern const Step step;
const Step step{
    .id = "atoms.build",
    .version = 2,
    .title = "Crystal structure",
    .help =
        "Builds a phase around LiCoO2 or reads a structure, repeats it, takes lithium out in one of the ways that "
        "symmetry tells apart",
    .example = "hotstage atoms build --phase LiCoO2 --supercell 2 2 1 --lithium 0.5",
    .inputs = {{"structure", Kind::raw, false, "POSCAR or extended XYZ; replaces the phase"}},
    .outputs = {{"atoms", Kind::raw, "the structure, extended XYZ"},
                {"sites", Kind::table, "atoms with places, Wyckoff letters and bonds"},
                {"orders", Kind::table, "distinct Li orders, when lithium is taken out"}},
    .options = make_options<Options>,
    .run = run,
};

}  // namespace hotstage::study::atoms_build
