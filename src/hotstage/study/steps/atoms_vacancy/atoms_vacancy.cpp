// SPDX-License-Identifier: GPL-3.0-or-later
// Step atoms.vacancy: the vacancies of one element that symmetry tells apart.

#include "hotstage/atoms/vacancy.hpp"
#include "hotstage/study/detail/atoms_pages.hpp"

#include <fmt/format.h>

namespace hotstage::study::atoms_vacancy {

namespace {

struct Options {
  detail::CrystalOptions crystal;
  std::array<int, 3> supercell{2, 2, 1};
  std::string element = "O";

  template <class V>
  void fields(V& v) {
    crystal.fields(v);
    v("supercell", supercell, {.help = "copies along a, b, c", .min = 1.0, .max = 20.0});
    v("element", element, {.help = "element that goes missing"});
  }
};

io::Table vacancy_table(const std::vector<atoms::Vacancy>& all) {
  std::vector<double> site, multiplicity, x, y, z;
  std::vector<std::string> wyckoff, neighbours;
  for (const atoms::Vacancy& v : all) {
    site.push_back(double(v.site));
    multiplicity.push_back(double(v.multiplicity));
    wyckoff.push_back(v.wyckoff);
    neighbours.push_back(v.neighbours);
    x.push_back(v.place_A[0]);
    y.push_back(v.place_A[1]);
    z.push_back(v.place_A[2]);
  }
  io::Table out;
  out.columns = {io::number_column("site", "", site),   io::number_column("multiplicity", "", multiplicity),
                 io::text_column("wyckoff", wyckoff),   io::text_column("neighbours", neighbours),
                 io::number_column("x", "angstrom", x), io::number_column("y", "angstrom", y),
                 io::number_column("z", "angstrom", z)};
  return out;
}

StepOutput run(const StepInputs& inputs, const Value& table, Run&) {
  const auto options = from_table<Options>(table);
  const atoms::Structure host = atoms::repeated(detail::crystal_of(inputs, options.crystal), options.supercell);
  const std::vector<atoms::Vacancy> all = atoms::vacancies(host, atoms::element(options.element));
  std::vector<atoms::Structure> structures;
  std::size_t sites = 0;
  for (const atoms::Vacancy& v : all) {
    structures.push_back(v.structure);
    sites += v.multiplicity;
  }
  StepOutput out;
  out.results.push_back(
      detail::geometric("distinct", double(all.size()), "", fmt::format("Distinct {} vacancies", options.element)));
  out.results.push_back(
      detail::geometric("sites", double(sites), "", fmt::format("{} sites in the cell", options.element)));
  out.tables["vacancies"] = vacancy_table(all);
  out.raw_text["defects"] = detail::extxyz(structures);
  out.figures.push_back(detail::model_figure(structures.front(), "model", structures.front().comment));
  out.figures.push_back(detail::projection_figure(structures.front(), "vacancy", structures.front().comment));
  out.assumptions.push_back({"Host from " + detail::origin_of(inputs, options.crystal),
                             "Sites are told apart by the host's symmetry, before relaxation; moments are ignored"});
  return out;
}

}  // namespace

extern const Step step;
const Step step{
    .id = "atoms.vacancy",
    .version = 2,
    .title = "Distinct vacancies",
    .help = "Takes out one atom of an element at every site that symmetry tells apart",
    .example = "hotstage atoms vacancy --element O --supercell 2 2 1",
    .inputs = {{"structure", Kind::raw, false, "host, POSCAR or extended XYZ; replaces the phase"}},
    .outputs = {{"defects", Kind::raw, "one frame per vacancy, extended XYZ, in the order of the table"},
                {"vacancies", Kind::table, "sites with multiplicity, Wyckoff letter and neighbours"}},
    .options = make_options<Options>,
    .run = run,
};

}  // namespace hotstage::study::atoms_vacancy
