// SPDX-License-Identifier: GPL-3.0-or-later
// Step atoms.slab: a slab of any (hkl), every cut of it inspected.

#include "hotstage/atoms/slab.hpp"
#include "hotstage/study/detail/atoms_pages.hpp"

#include <fmt/format.h>

#include <cmath>

namespace hotstage::study::atoms_slab {

namespace {

struct Options {
  detail::CrystalOptions crystal;
  std::array<int, 3> miller{1, 0, 4};
  Length thickness = 12.0 * units::angstrom;
  Length vacuum = 12.0 * units::angstrom;
  Length plane_tolerance = 0.3 * units::angstrom;
  atoms::Polar polar = atoms::Polar::refuse;

  template <class V>
  void fields(V& v) {
    crystal.fields(v);
    v("miller", miller, {.help = "Miller indices in the conventional cell", .min = -12.0, .max = 12.0});
    v("thickness", thickness,
      {.help = "least thickness in whole periods", .unit = "angstrom", .min = 0.0, .max = 200.0});
    v("vacuum", vacuum, {.help = "vacuum in total", .unit = "angstrom", .min = 0.0, .max = 200.0});
    v("plane_tolerance", plane_tolerance,
      {.help = "atoms this close along the normal are one plane", .unit = "angstrom", .min = 0.0, .max = 2.0});
    v("polar", polar, {.help = "what to do when every cut has a dipole"});
  }
};

io::Table cut_table(const std::vector<atoms::Slab>& cuts) {
  std::vector<double> dipole, symmetric, bonds, thickness;
  std::vector<std::string> top, bottom, top_sites, bottom_sites;
  for (const atoms::Slab& cut : cuts) {
    dipole.push_back(cut.dipole_e_per_A);
    symmetric.push_back(cut.symmetric ? 1.0 : 0.0);
    bonds.push_back(cut.top.cut_bonds / cut.area_A2);
    thickness.push_back(cut.thickness_A);
    top.push_back(cut.top.plane);
    bottom.push_back(cut.bottom.plane);
    top_sites.push_back(atoms::text(cut.top));
    bottom_sites.push_back(atoms::text(cut.bottom));
  }
  io::Table out;
  out.columns = {io::text_column("top_plane", top),
                 io::text_column("top", top_sites),
                 io::text_column("bottom_plane", bottom),
                 io::text_column("bottom", bottom_sites),
                 io::number_column("cut_bonds", "angstrom^-2", bonds),
                 io::number_column("dipole", "e/angstrom", dipole),
                 io::number_column("symmetric", "", symmetric),
                 io::number_column("thickness", "angstrom", thickness)};
  return out;
}

void check_faces(const atoms::Slab& slab, StepOutput& out) {
  const bool equal = atoms::text(slab.top) == atoms::text(slab.bottom);
  out.checks.push_back({"Coordination of both faces", equal ? CheckStatus::ok : CheckStatus::attention,
                        fmt::format("top: {}; bottom: {}", atoms::text(slab.top), atoms::text(slab.bottom)), "equal",
                        "A plane torn apart leaves atoms with one bond on one face"});
  out.checks.push_back({"Faces exchanged by symmetry", slab.symmetric ? CheckStatus::ok : CheckStatus::attention,
                        slab.symmetric ? "yes" : "no", "yes", "Else the surface energy is a mean of two faces"});
  out.checks.push_back({"Dipole along the normal",
                        std::abs(slab.dipole_e_per_A) < 1e-3 ? CheckStatus::ok : CheckStatus::attention,
                        fmt::format("{:.4f} e/Å per period", slab.dipole_e_per_A), "0", "Formal charges; Li +1, O −2"});
}

StepOutput run(const StepInputs& inputs, const Value& table, Run&) {
  const auto options = from_table<Options>(table);
  const atoms::SlabOptions wanted{.miller = options.miller,
                                  .min_thickness_A = options.thickness.in(units::angstrom),
                                  .vacuum_A = options.vacuum.in(units::angstrom),
                                  .plane_tolerance_A = options.plane_tolerance.in(units::angstrom),
                                  .polar = options.polar};
  const atoms::Structure bulk = detail::crystal_of(inputs, options.crystal);
  const atoms::Slab slab = atoms::slab(bulk, wanted);
  StepOutput out;
  out.results.push_back(detail::geometric("area", slab.area_A2, "angstrom^2", "Area of one face"));
  out.results.push_back(detail::geometric("thickness", slab.thickness_A, "angstrom", "Thickness of the slab"));
  out.results.push_back(detail::geometric("units", double(slab.units), "", "Formula units in the slab"));
  out.results.push_back(detail::geometric("cut_bonds", slab.top.cut_bonds / slab.area_A2, "angstrom^-2",
                                          "Bonds cut per area of the top face"));
  check_faces(slab, out);
  out.tables["cuts"] = cut_table(atoms::slabs(bulk, wanted));
  out.raw_text["slab"] = detail::extxyz({&slab.structure, 1});
  out.figures.push_back(detail::model_figure(slab.structure, "model", slab.structure.comment));
  out.figures.push_back(detail::projection_figure(slab.structure, "slab", slab.structure.comment));
  out.assumptions.push_back({"Bulk from " + detail::origin_of(inputs, options.crystal), "Cut, not relaxed"});
  return out;
}

}  // namespace

extern const Step step;
const Step step{
    .id = "atoms.slab",
    .version = 2,
    .title = "Surface slab",
    .help =
        "Cuts a stoichiometric slab between whole atomic planes and inspects both faces: lost neighbours, dipole, "
        "symmetry",
    .example = "hotstage atoms slab --miller 1 0 4 --thickness '12 angstrom'",
    .inputs = {{"structure", Kind::raw, false, "bulk crystal, POSCAR or extended XYZ; replaces the phase"}},
    .outputs = {{"slab", Kind::raw, "the slab, extended XYZ"},
                {"cuts", Kind::table, "every cut of this direction with both its faces"}},
    .options = make_options<Options>,
    .run = run,
};

}  // namespace hotstage::study::atoms_slab
