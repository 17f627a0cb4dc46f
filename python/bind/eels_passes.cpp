// SPDX-License-Identifier: GPL-3.0-or-later
// EELS passes over whole Signals: quantification, whole-spectrum model, references, white lines, pre-peak.

#include "hotstage/eels/mlls.hpp"
#include "hotstage/eels/model_fit.hpp"
#include "hotstage/eels/pre_peak.hpp"
#include "hotstage/eels/quantify.hpp"
#include "hotstage/eels/white_lines.hpp"
#include "hotstage/signal/signal.hpp"

#include "bind.hpp"
#include "eels_arrays.hpp"
#include "long_call.hpp"
#include <array>
#include <cstdint>

namespace hotstage::python {

namespace {

using namespace eels;
using signal::Signal;

ChainInput input_of(const Signal& core, const Signal* low) {
  return {.core = core, .low = low};
}

py::array_t<double> doubles(std::span<const double> values) {
  return copied(values);
}

py::array_t<double> doubles(std::span<const float> values) {
  return copied(std::span<const double>(std::vector<double>(values.begin(), values.end())));
}

py::list warnings_of(const std::vector<Warning>& warnings) {
  py::list out;
  for (const Warning& warning : warnings) {
    out.append(py::make_tuple(warning.kind, warning.text));
  }
  return out;
}

py::tuple window_tuple(const Window& window) {
  return py::make_tuple(window.low_eV, window.high_eV);
}

/// The numbers of a ratio that are not per item; its items go into `columns`.
py::dict ratio_dict(const RatioResult& ratio, py::dict& columns) {
  columns[ratio.name.c_str()] = doubles(std::span<const double>(ratio.value));
  columns[(ratio.name + "_sigma").c_str()] = doubles(std::span<const double>(ratio.sigma));
  py::dict out;
  out["mean"] = ratio.mean.value;
  out["mean_sigma"] = ratio.mean.sigma;
  out["of_sums"] = ratio.of_sums.value;
  out["of_sums_sigma"] = ratio.of_sums.sigma;
  out["scatter"] = ratio.scatter;
  out["counting_sigma_of_item"] = ratio.propagated;
  out["model_uncertainty"] = ratio.model_uncertainty;
  out["items"] = ratio.used;
  return out;
}

template <class Result>
py::dict ratios_of(const Result& result, py::dict& columns) {
  py::dict out;
  for (const RatioResult& ratio : result.ratios) {
    out[ratio.name.c_str()] = ratio_dict(ratio, columns);
  }
  return out;
}

py::dict bound_quantify(const Signal& core, const Signal* low, const py::dict& options, const py::dict& how) {
  const auto chosen = options_from<QuantifyOptions>(options);
  const QuantifyResult result = long_call(how, [&](Run& run) { return quantify(input_of(core, low), chosen, run); });
  py::dict items;
  items["status"] = texts(result.status, [](ItemStatus s) { return name(s); });
  items["shift_eV"] = doubles(std::span<const double>(result.shift_eV));
  items["thickness"] = doubles(std::span<const float>(result.thickness));
  items["thickness_sigma"] = doubles(std::span<const float>(result.thickness_sigma));
  py::list edges;
  for (const EdgeResult& edge : result.edges) {
    const std::string name = edge.placed.edge.name();
    items[(name + "_intensity").c_str()] = doubles(std::span<const float>(edge.intensity));
    items[(name + "_intensity_sigma").c_str()] = doubles(std::span<const float>(edge.sigma));
    py::dict one;
    one["name"] = name;
    one["onset_eV"] = edge.placed.onset_eV;
    one["window_eV"] = window_tuple(edge.signal);
    one["k"] = edge.k.value;
    one["k_sigma"] = edge.k.sigma;
    one["total"] = edge.total.value;
    one["total_sigma"] = edge.total.sigma;
    edges.append(one);
  }
  py::dict out;
  out["ratios"] = ratios_of(result, items);
  out["items"] = items;
  out["edges"] = edges;
  out["warnings"] = warnings_of(result.warnings);
  return out;
}

py::dict bound_fit_model(const Signal& core, const Signal* low, const py::dict& options, const py::dict& how) {
  const auto chosen = options_from<ModelFitOptions>(options);
  const ModelFitResult result = long_call(how, [&](Run& run) { return fit_model(input_of(core, low), chosen, run); });
  py::dict items;
  items["status"] = texts(result.status, [](ModelStatus s) { return name(s); });
  items["chi2_per_dof"] = doubles(std::span<const double>(result.chi2_per_dof));
  items["thickness"] = doubles(std::span<const double>(result.thickness));
  items["thickness_sigma"] = doubles(std::span<const double>(result.thickness_sigma));
  py::list edges;
  for (const ModelEdgeResult& edge : result.edges) {
    const std::string name = edge.placed.edge.name();
    items[(name + "_amplitude").c_str()] = doubles(std::span<const double>(edge.amplitude));
    items[(name + "_amplitude_sigma").c_str()] = doubles(std::span<const double>(edge.sigma));
    py::dict one;
    one["name"] = name;
    one["onset_eV"] = edge.placed.onset_eV;
    one["k"] = edge.k.value;
    one["k_sigma"] = edge.k.sigma;
    edges.append(one);
  }
  py::dict spectra;
  const ModelMeans& means = result.means;
  std::vector<double> energies(means.axis.size);
  for (std::size_t i = 0; i < energies.size(); ++i) {
    energies[i] = means.axis.value(static_cast<double>(i));
  }
  spectra["energy_eV"] = doubles(std::span<const double>(energies));
  spectra["core"] = doubles(std::span<const double>(means.core));
  spectra["fit"] = doubles(std::span<const double>(means.fit));
  spectra["background"] = doubles(std::span<const double>(means.background));
  spectra["residual"] = doubles(std::span<const double>(means.residual));
  spectra["residual_sigma"] = doubles(std::span<const double>(means.residual_sigma));
  py::dict out;
  out["ratios"] = ratios_of(result, items);
  out["items"] = items;
  out["edges"] = edges;
  out["mean"] = spectra;
  out["warnings"] = warnings_of(result.warnings);
  return out;
}

py::dict bound_mlls(const Signal& data, const std::vector<const Signal*>& references, const py::dict& options,
                    const py::dict& how) {
  const auto chosen = options_from<MllsOptions>(options);
  const MllsResult result = long_call(how, [&](Run& run) { return fit_references(data, references, chosen, run); });
  py::dict items;
  items["valid"] = column(result.valid, [](char v) { return v != 0; });
  items["chi2_per_dof"] = doubles(std::span<const double>(result.chi2_per_dof));
  items["misfit"] = doubles(std::span<const double>(result.misfit));
  items["shift_eV"] = doubles(std::span<const double>(result.shift_eV));
  items["shift_sigma_eV"] = doubles(std::span<const double>(result.shift_sigma));
  py::list names;
  for (const MllsReference& reference : result.references) {
    names.append(reference.name);
    items[reference.name.c_str()] = doubles(std::span<const double>(reference.coefficient));
    items[(reference.name + "_sigma").c_str()] = doubles(std::span<const double>(reference.sigma));
    items[(reference.name + "_share").c_str()] = doubles(std::span<const double>(reference.share));
  }
  py::dict out;
  out["items"] = items;
  out["references"] = names;
  out["condition"] = result.condition;
  out["mean"] = doubles(std::span<const double>(result.mean));
  out["fit"] = doubles(std::span<const double>(result.fit));
  out["warnings"] = warnings_of(result.warnings);
  return out;
}

py::dict bound_white_lines(const Signal& core, const Signal* low, const py::dict& options, const py::dict& how) {
  const auto chosen = options_from<WhiteLineOptions>(options);
  const WhiteLineResult result =
      long_call(how, [&](Run& run) { return measure_white_lines(input_of(core, low), chosen, run); });
  const std::vector<WhiteLines>& lines = result.items;
  py::dict items;
  items["status"] = texts(lines, [](const WhiteLines& w) { return name(w.status); });
  items["thickness"] = doubles(std::span<const double>(result.thickness));
  add_estimate(items, "l3", lines, [](const WhiteLines& w) { return w.l3; });
  add_estimate(items, "l2", lines, [](const WhiteLines& w) { return w.l2; });
  add_estimate(items, "ratio", lines, [](const WhiteLines& w) { return w.ratio; });
  add_estimate(items, "normalised", lines, [](const WhiteLines& w) { return w.normalised; });
  for (std::size_t m = 0; m < white_line_methods; ++m) {
    const std::string method(name(static_cast<WhiteLineMethod>(m)));
    items[("status_" + method).c_str()] = texts(lines, [&](const WhiteLines& w) { return name(w.methods[m].status); });
    add_estimate(items, "ratio_" + method, lines, [&](const WhiteLines& w) { return w.methods[m].ratio; });
  }
  items["spread"] = column(lines, [](const WhiteLines& w) { return w.spread.sigma; });
  for (const auto method : {LinePositionMethod::fit, LinePositionMethod::maximum}) {
    const auto m = static_cast<std::size_t>(method);
    const std::string by = method == LinePositionMethod::fit ? "fit" : "maximum";
    add_estimate(items, "l3_eV_" + by, lines, [&](const WhiteLines& w) { return w.l3_eV[m]; });
    add_estimate(items, "l3_shift_eV_" + by, lines, [&](const WhiteLines& w) { return w.l3_shift[m]; });
  }
  add_estimate(items, "oxygen_per_metal", lines, [](const WhiteLines& w) { return w.oxygen_per_metal; });
  py::dict out;
  out["items"] = items;
  out["oxygen_model"] = result.oxygen_model;
  out["warnings"] = warnings_of(result.warnings);
  return out;
}

py::dict bound_pre_peak(const Signal& core, const Signal* low, const py::dict& options, const py::dict& how) {
  const auto chosen = options_from<PrePeakOptions>(options);
  const PrePeakResult result =
      long_call(how, [&](Run& run) { return measure_pre_peaks(input_of(core, low), chosen, run); });
  const std::vector<PrePeak>& peaks = result.items;
  py::dict items;
  items["status"] = texts(peaks, [](const PrePeak& p) { return name(p.status); });
  items["shift_eV"] = doubles(std::span<const double>(result.shift_eV));
  items["thickness"] = doubles(std::span<const double>(result.thickness));
  add_estimate(items, "area", peaks, [](const PrePeak& p) { return p.area; });
  add_estimate(items, "to_main", peaks, [](const PrePeak& p) { return p.to_main; });
  add_estimate(items, "to_post", peaks, [](const PrePeak& p) { return p.to_post; });
  add_estimate(items, "position_eV", peaks, [](const PrePeak& p) { return p.position; });
  add_estimate(items, "fit_area", peaks, [](const PrePeak& p) { return p.fit_area; });
  add_estimate(items, "fit_to_main", peaks, [](const PrePeak& p) { return p.fit_to_main; });
  add_estimate(items, "fit_position_eV", peaks, [](const PrePeak& p) { return p.fit_position; });
  items["spread_to_main"] = column(peaks, [](const PrePeak& p) { return p.spread_to_main; });
  items["spread_position_eV"] = column(peaks, [](const PrePeak& p) { return p.spread_position_eV; });
  py::dict out;
  out["items"] = items;
  out["warnings"] = warnings_of(result.warnings);
  return out;
}

}  // namespace

void bind_eels_passes(py::module_& eels) {
  eels.def("quantify", &bound_quantify, py::arg("core"), py::arg("low").none(true), py::arg("options"), py::arg("how"));
  eels.def("fit_model", &bound_fit_model, py::arg("core"), py::arg("low").none(true), py::arg("options"),
           py::arg("how"));
  eels.def("mlls", &bound_mlls);
  eels.def("white_lines", &bound_white_lines, py::arg("core"), py::arg("low").none(true), py::arg("options"),
           py::arg("how"));
  eels.def("pre_peak", &bound_pre_peak, py::arg("core"), py::arg("low").none(true), py::arg("options"), py::arg("how"));
  const auto options = eels.attr("options").cast<py::dict>();
  options["quantify"] = describe_struct<QuantifyOptions>();
  options["fit_model"] = describe_struct<ModelFitOptions>();
  options["mlls"] = describe_struct<MllsOptions>();
  options["white_lines"] = describe_struct<WhiteLineOptions>();
  options["pre_peak"] = describe_struct<PrePeakOptions>();
}

}  // namespace hotstage::python
