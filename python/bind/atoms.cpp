// SPDX-License-Identifier: GPL-3.0-or-later
// Structures cross over as dictionaries of arrays; hotstage.atoms wraps them.

#include "hotstage/atoms/crystal.hpp"
#include "hotstage/atoms/edit.hpp"
#include "hotstage/atoms/format.hpp"
#include "hotstage/atoms/path.hpp"
#include "hotstage/atoms/slab.hpp"
#include "hotstage/atoms/vacancy.hpp"
#include "hotstage/core/error.hpp"

#include <fmt/format.h>
#include <pybind11/stl.h>

#include "arrays.hpp"
#include "bind.hpp"
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace hotstage::python {

namespace {

using atoms::Structure;
using atoms::Vector;

py::array vectors(std::span<const Vector> rows) {
  auto out = make_array<double>({rows.size(), 3});
  double* to = out.mutable_data();
  for (const Vector& row : rows) {
    to = std::copy(row.begin(), row.end(), to);
  }
  return out;
}

py::dict to_dict(const Structure& s) {
  std::vector<std::string> symbols;
  for (const atoms::Element& e : s.elements) {
    symbols.emplace_back(e.symbol);
  }
  py::dict out;
  out["cell"] = vectors(s.cell_A);
  out["symbols"] = symbols;
  out["positions"] = vectors(s.positions_A);
  out["pbc"] = std::vector<bool>(s.periodic.begin(), s.periodic.end());
  out["moments"] = s.moments_muB.empty() ? py::object(py::none()) : copied(std::span<const double>(s.moments_muB));
  out["fixed"] = s.fixed.empty() ? py::object(py::none()) : py::cast(std::vector<bool>(s.fixed.begin(), s.fixed.end()));
  out["comment"] = s.comment;
  return out;
}

std::vector<Vector> rows_of(const Doubles& array, std::string_view name) {
  if (array.ndim() != 2 || array.shape(1) != 3) {
    throw Error(Errc::bad_input, fmt::format("`{}` must be an array of rows of three numbers", name));
  }
  std::vector<Vector> out(static_cast<std::size_t>(array.shape(0)));
  const double* from = array.data();
  for (Vector& row : out) {
    std::copy_n(from, 3, row.begin());
    from += 3;
  }
  return out;
}

Structure from_dict(const py::dict& d) {
  Structure out;
  const auto cell = rows_of(d["cell"].cast<Doubles>(), "cell");
  const auto pbc = d["pbc"].cast<std::vector<bool>>();
  if (cell.size() != 3 || pbc.size() != 3) {
    throw Error(Errc::bad_input, "`cell` must be 3 × 3 and `pbc` three values");
  }
  std::copy_n(cell.begin(), 3, out.cell_A.begin());
  std::copy_n(pbc.begin(), 3, out.periodic.begin());
  for (const std::string& symbol : d["symbols"].cast<std::vector<std::string>>()) {
    out.elements.push_back(atoms::element(symbol));
  }
  out.positions_A = rows_of(d["positions"].cast<Doubles>(), "positions");
  if (!d["moments"].is_none()) {
    const auto moments = d["moments"].cast<Doubles>();
    out.moments_muB.assign(span_of(moments).begin(), span_of(moments).end());
  }
  if (!d["fixed"].is_none()) {
    for (const bool fixed : d["fixed"].cast<std::vector<bool>>()) {
      out.fixed.push_back(fixed ? 1 : 0);
    }
  }
  out.comment = d["comment"].cast<std::string>();
  atoms::require_consistent(out);
  return out;
}

py::list to_list(std::span<const Structure> structures) {
  py::list out;
  for (const Structure& s : structures) {
    out.append(to_dict(s));
  }
  return out;
}

py::list load(const std::string& file) {
  py::list out;
  for (const atoms::Frame& frame : atoms::load_frames(file)) {
    out.append(to_dict(frame.structure));
  }
  return out;
}

void save(const std::vector<py::dict>& structures, const std::string& file) {
  std::vector<atoms::Frame> frames;
  for (const py::dict& d : structures) {
    frames.push_back({.structure = from_dict(d)});
  }
  atoms::save_frames(frames, file);
}

py::dict phase(const std::string& name, std::optional<double> a, std::optional<double> c, std::optional<double> z,
               const std::string& cell) {
  if (cell != "conventional" && cell != "primitive") {
    throw Error(Errc::bad_input, fmt::format("`cell` is \"{}\"", cell), "Write \"conventional\" or \"primitive\"");
  }
  const auto kind = cell == "primitive" ? atoms::CellKind::primitive : atoms::CellKind::conventional;
  return to_dict(atoms::phase_structure(name, {.a_A = a, .c_A = c, .z = z, .cell = kind}));
}

py::tuple slab(const py::dict& bulk, const atoms::IntVector& miller, double thickness, double vacuum) {
  const atoms::Slab made =
      atoms::slab(from_dict(bulk), {.miller = miller, .min_thickness_A = thickness, .vacuum_A = vacuum});
  py::dict facts;
  facts["area"] = made.area_A2;
  facts["thickness"] = made.thickness_A;
  facts["units"] = made.units;
  facts["symmetric"] = made.symmetric;
  facts["top"] = atoms::text(made.top);
  facts["bottom"] = atoms::text(made.bottom);
  return py::make_tuple(to_dict(made.structure), facts);
}

py::list vacancies(const py::dict& host, const std::string& symbol) {
  py::list out;
  for (const atoms::Vacancy& v : atoms::vacancies(from_dict(host), atoms::element(symbol))) {
    out.append(py::make_tuple(to_dict(v.structure), v.site, v.multiplicity, v.neighbours));
  }
  return out;
}

}  // namespace

void bind_atoms(py::module_& module) {
  py::module_ out = module.def_submodule("atoms");
  out.def("load", &load, py::arg("file"));
  out.def("save", &save, py::arg("structures"), py::arg("file"));
  out.def("phases", [] {
    std::vector<std::string> names;
    for (const atoms::Phase& p : atoms::phases()) {
      names.push_back(p.name);
    }
    return names;
  });
  out.def("phase", &phase, py::arg("name"), py::arg("a"), py::arg("c"), py::arg("z"), py::arg("cell"));
  out.def("repeated", [](const py::dict& s, const atoms::IntVector& count) {
    return to_dict(atoms::repeated(from_dict(s), count));
  });
  out.def("slab", &slab, py::arg("bulk"), py::arg("miller"), py::arg("thickness"), py::arg("vacuum"));
  out.def("vacancies", &vacancies, py::arg("host"), py::arg("element"));
  out.def("path", [](const py::dict& start, const py::dict& end, std::size_t images) {
    return to_list(atoms::idpp_path(from_dict(start), from_dict(end), {.images = images}).images);
  });
}

}  // namespace hotstage::python
