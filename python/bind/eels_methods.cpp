// SPDX-License-Identifier: GPL-3.0-or-later
// EELS functions on arrays: Fourier-log, Richardson–Lucy, thickness, spikes, valence, contrast.

#include "hotstage/atoms/material.hpp"
#include "hotstage/eels/contrast.hpp"
#include "hotstage/eels/fourier_log.hpp"
#include "hotstage/eels/richardson_lucy.hpp"
#include "hotstage/eels/spikes.hpp"
#include "hotstage/eels/thickness.hpp"
#include "hotstage/eels/valence.hpp"

#include "bind.hpp"
#include "eels_arrays.hpp"
#include "long_call.hpp"
#include <algorithm>
#include <map>
#include <optional>

namespace hotstage::python {

namespace {

using namespace eels;

// ----------------------------------------------------------------------------------------------------- deconvolution

py::tuple bound_fourier_log(const Floats& low, const py::dict& energies, const py::dict& options, const py::dict& how) {
  const auto counts = view(low);
  const EnergyAxis axis = calibration_of(energies, counts).axis;
  const auto peak_options = options_from<ZeroLossOptions>(options["zero_loss"].cast<py::dict>());
  const auto chosen = options_from<FourierLogOptions>(options["fourier_log"].cast<py::dict>());
  Floats single = make_floats(counts.extent(0), counts.extent(1));
  Floats sigma = make_floats(counts.extent(0), counts.extent(1));
  const auto to = mutable_view(single);
  const auto to_sigma = mutable_view(sigma);
  std::vector<FourierLogResult> results(counts.extent(0));
  call_without_lock(how, [&](Run& run) {
    const FourierLog plan(axis, chosen);
    const std::vector<ZeroLoss> peaks = zero_loss_peaks(counts, axis, peak_options, run);
    parallel_chunks(run, results.size(), tile, [&](std::size_t begin, std::size_t end) {
      FourierLog::Scratch scratch = plan.make_scratch();
      for (std::size_t i = begin; i < end; ++i) {
        results[i] = plan.apply(counts.row(i), peaks[i], scratch, to.row(i), to_sigma.row(i));
      }
    });
  });
  py::dict out;
  out["done"] = column(results, [](const FourierLogResult& r) { return was_done(r.status); });
  out["status"] = texts(results, [](const FourierLogResult& r) { return name(r.status); });
  add_estimate(out, "thickness", results, [](const FourierLogResult& r) { return r.thickness; });
  out["tail_difference"] = column(results, [](const FourierLogResult& r) { return r.tail_difference; });
  out["extended_share"] = column(results, [](const FourierLogResult& r) { return r.extended_share; });
  out["sum_rule"] = column(results, [](const FourierLogResult& r) { return r.sum_rule; });
  out["largest_phase"] = column(results, [](const FourierLogResult& r) { return r.largest_phase; });
  out["resolved_eV"] = column(results, [](const FourierLogResult& r) { return r.resolved.in(units::eV); });
  return py::make_tuple(single, sigma, out);
}

struct Iteration {
  const PowerLawFitter& fitter;
  const RichardsonLucy& method;
  const std::vector<ZeroLoss>& peaks;
};

RichardsonLucyResult iterate(const Iteration& by, const Pair& pair, std::size_t item, const EnergyAxis& axis,
                             std::span<float> out) {
  const PowerLaw law = by.fitter.fit(pair.core.row(item));
  std::fill(out.begin(), out.end(), 0.0F);
  if (!law.usable()) {
    return {};
  }
  std::vector<double> background(axis.size, 0.0);
  const std::size_t first = std::min(law.window.last, axis.size);
  predict(law, axis, {first, axis.size}, std::span(background).subspan(first));
  const std::size_t low = pair.low.extent(0) == 1 ? 0 : item;
  return by.method.apply(pair.core.row(item), background, pair.low.row(low), by.peaks[low], out);
}

py::tuple bound_richardson_lucy(const Floats& core, const Floats& low, const py::dict& given, const py::dict& options,
                                const py::dict& how) {
  const Pair pair = pair_of(core, low);
  const EnergyAxis core_axis = calibration_of(given["core"].cast<py::dict>(), pair.core).axis;
  const EnergyAxis low_axis = calibration_of(given["low"].cast<py::dict>(), pair.low).axis;
  const auto peak_options = options_from<ZeroLossOptions>(options["zero_loss"].cast<py::dict>());
  const PowerLawFitter fitter(core_axis, window_of(given["window"].cast<std::pair<double, double>>()),
                              options_from<BackgroundOptions>(options["background"].cast<py::dict>()));
  const RichardsonLucy method(core_axis, low_axis,
                              options_from<RichardsonLucyOptions>(options["richardson_lucy"].cast<py::dict>()));
  Floats out = make_floats(pair.core.extent(0), pair.core.extent(1));
  const auto to = mutable_view(out);
  std::vector<RichardsonLucyResult> results(pair.core.extent(0));
  call_without_lock(how, [&](Run& run) {
    const std::vector<ZeroLoss> peaks = zero_loss_peaks(pair.low, low_axis, peak_options, run);
    parallel_chunks(run, results.size(), tile, [&](std::size_t begin, std::size_t end) {
      for (std::size_t i = begin; i < end; ++i) {
        results[i] = iterate({fitter, method, peaks}, pair, i, core_axis, to.row(i));
      }
    });
  });
  py::dict columns;
  columns["done"] = column(results, [](const RichardsonLucyResult& r) { return was_done(r.status); });
  columns["status"] = texts(results, [](const RichardsonLucyResult& r) { return name(r.status); });
  columns["stopped"] = texts(results, [](const RichardsonLucyResult& r) { return name(r.stopped); });
  columns["iterations"] =
      column(results, [](const RichardsonLucyResult& r) { return static_cast<std::int64_t>(r.iterations); });
  columns["thickness"] = column(results, [](const RichardsonLucyResult& r) { return r.thickness; });
  columns["chi2_per_channel"] = column(results, [](const RichardsonLucyResult& r) { return r.chi2_per_channel; });
  columns["sum_rule"] = column(results, [](const RichardsonLucyResult& r) { return r.sum_rule; });
  return py::make_tuple(out, columns);
}

// --------------------------------------------------------------------------------------------------------- thickness

struct ThicknessArguments {
  std::string material;
  std::optional<Density> density;
  std::optional<double> effective_z;
  PathModel model = PathModel::iakoubovskii;
  std::optional<Energy> beam_energy;
  std::optional<Angle> convergence;
  std::optional<Angle> collection;
  double max_thickness = 3.0;
  ZeroLossOptions zero_loss;

  template <class V>
  void fields(V& v) {
    v("material", material, {.help = "name of a material (data/materials) that gives density and mean Z"});
    v("density", density, {.help = "density of the specimen", .unit = "g/cm^3"});
    v("effective_z", effective_z, {.help = "effective atomic number", .min = 1.0, .max = 100.0});
    v("model", model, {.help = "mean free path: iakoubovskii (density), malis (mean Z)"});
    v("beam_energy", beam_energy, {.help = "beam energy", .unit = "keV", .min = 1.0});
    v("convergence", convergence, {.help = "convergence semi-angle of the probe", .unit = "mrad", .min = 0.0});
    v("collection", collection, {.help = "collection semi-angle", .unit = "mrad", .min = 1e-3});
    v("max_thickness", max_thickness, {.help = "t/lambda above which an item is refused", .min = 0.1});
    v("zero_loss", zero_loss, {.help = "zero-loss peak"});
  }

  [[nodiscard]] Estimate path_nm() const {
    Medium medium = material.empty() ? Medium{} : medium_of(atoms::find_material(material));
    medium.density = density ? density : medium.density;
    medium.effective_z = effective_z ? effective_z : medium.effective_z;
    if (!medium.density && !medium.effective_z) {
      return {};
    }
    if (!beam_energy || !collection || !convergence) {
      throw Error(Errc::bad_input, "a mean free path needs beam energy, convergence and collection angle",
                  "Give beam_energy_keV, convergence_mrad and collection_mrad, or leave the material out for t/lambda");
    }
    const Estimate path = mean_free_paths(medium, {*beam_energy, *convergence, *collection}).of(model);
    if (!(path.value > 0.0)) {
      throw Error(Errc::bad_input, "the model of the mean free path lacks its input",
                  "iakoubovskii needs density_g_per_cm3, malis effective_z; or name the material");
    }
    return path;
  }
};

py::dict bound_thickness(const Floats& low, const py::dict& energies, const py::dict& options, const py::dict& how) {
  const auto counts = view(low);
  const EnergyAxis axis = calibration_of(energies, counts).axis;
  const auto chosen = options_from<ThicknessArguments>(options);
  const Estimate path = chosen.path_nm();
  const auto peaks = long_call(how, [&](Run& run) { return zero_loss_peaks(counts, axis, chosen.zero_loss, run); });
  std::vector<RelativeThickness> items;
  for (const ZeroLoss& peak : peaks) {
    items.push_back(relative_thickness(peak, chosen.max_thickness));
  }
  py::dict out;
  out["status"] = texts(items, [](const RelativeThickness& t) { return name(t.status); });
  add_estimate(out, "t_over_lambda", items, [](const RelativeThickness& t) { return t.value; });
  out["systematic"] = column(items, [](const RelativeThickness& t) { return t.systematic; });
  if (path.value > 0.0) {
    std::vector<AbsoluteThickness> lengths;
    for (const RelativeThickness& item : items) {
      lengths.push_back(item.ok() ? absolute_thickness(item, path) : AbsoluteThickness{});
    }
    out["nm"] = column(lengths, [](const AbsoluteThickness& t) { return t.nm; });
    out["nm_counting"] = column(lengths, [](const AbsoluteThickness& t) { return t.counting; });
    out["nm_systematic"] = column(lengths, [](const AbsoluteThickness& t) { return t.systematic; });
    out["nm_model"] = column(lengths, [](const AbsoluteThickness& t) { return t.model; });
    out["nm_sigma"] = column(lengths, [](const AbsoluteThickness& t) { return t.sigma(); });
  }
  return out;
}

// ------------------------------------------------------------------------------------------------------------ spikes

/// `row` items follow each other along the scan and are each other's neighbours.
py::tuple bound_remove_spikes(const Floats& given, std::size_t row, const py::dict& options, const py::dict& how) {
  const auto counts = view(given);
  const auto chosen = options_from<SpikeOptions>(options);
  Floats out = make_floats(counts.extent(0), counts.extent(1));
  std::copy(counts.data(), counts.data() + counts.size(), out.mutable_data());
  const auto to = mutable_view(out);
  const std::size_t rows = row > 0 ? counts.extent(0) / row : 0;
  std::vector<std::vector<Spike>> found(rows);
  call_without_lock(how, [&](Run& run) {
    parallel_chunks(run, rows, 1, [&](std::size_t begin, std::size_t end) {
      for (std::size_t r = begin; r < end; ++r) {
        found[r] = remove_spikes(to.rows(r * row, row), r * row, chosen);
      }
    });
  });
  std::vector<Spike> all;
  for (const std::vector<Spike>& part : found) {
    all.insert(all.end(), part.begin(), part.end());
  }
  py::dict columns;
  columns["item"] = column(all, [](const Spike& s) { return static_cast<std::int64_t>(s.item); });
  columns["channel"] = column(all, [](const Spike& s) { return static_cast<std::int64_t>(s.channel); });
  columns["counts"] = column(all, [](const Spike& s) { return s.counts; });
  columns["replacement"] = column(all, [](const Spike& s) { return s.replacement; });
  columns["deviation"] = column(all, [](const Spike& s) { return s.deviation; });
  return py::make_tuple(out, columns);
}

// -------------------------------------------------------------------------------------------------- valence, contrast

struct ValenceArguments {
  std::string method;
  std::string set;
  std::string reference_compound;

  template <class V>
  void fields(V& v) {
    v("method", method, {.help = "how the quantity was measured: only a curve of the same method is used"});
    v("set", set, {.help = "set of the calibration table; the one that has the method when empty"});
    v("reference_compound", reference_compound,
      {.help = "compound the L3 shift is counted from; empty: the quantity is L3/L2"});
  }
};

std::optional<MetalCall> metal_call(const std::string& text) {
  for (const MetalCall call : {MetalCall::oxide, MetalCall::metal, MetalCall::undecided}) {
    if (text == name(call)) {
      return call;
    }
  }
  return std::nullopt;
}

py::dict bound_valence(const std::string& element, const Doubles& value, const Doubles& sigma,
                       const std::vector<std::string>& calls, const py::dict& options) {
  const auto chosen = options_from<ValenceArguments>(options);
  const std::vector<ValenceStandard> table = valence_standards();
  const ValenceCurve curve = chosen.reference_compound.empty()
                                 ? ratio_curve(table, element, chosen.method, chosen.set)
                                 : shift_curve(table, element, chosen.method, chosen.reference_compound, chosen.set);
  std::vector<Valence> found;
  for (std::size_t i = 0; i < span_of(value).size(); ++i) {
    const auto call = metal_call(calls[calls.size() == 1 ? 0 : i]);
    if (!call) {
      throw Error(Errc::bad_input, fmt::format("\"{}\" is no call", calls[calls.size() == 1 ? 0 : i]),
                  "oxide, metal or undecided");
    }
    found.push_back(valence_of(curve, {span_of(value)[i], span_of(sigma)[i]}, *call));
  }
  py::dict out;
  out["status"] = texts(found, [](const Valence& v) { return name(v.status); });
  add_estimate(out, "valence", found, [](const Valence& v) { return v.value; });
  out["calibration_sigma"] = column(found, [](const Valence& v) { return v.calibration; });
  return out;
}

using Members = std::map<std::string, std::pair<Doubles, Doubles>>;

std::vector<Estimate> members_of(const std::pair<Doubles, Doubles>& given) {
  std::vector<Estimate> out;
  for (std::size_t i = 0; i < span_of(given.first).size(); ++i) {
    out.push_back({span_of(given.first)[i], span_of(given.second)[i]});
  }
  return out;
}

py::dict bound_contrast(const Members& first, const Members& second) {
  std::vector<MethodDifference> methods;
  for (const auto& [method, members] : first) {
    const auto other = second.find(method);
    if (other == second.end()) {
      throw Error(Errc::bad_input, fmt::format("the second region has no values of \"{}\"", method),
                  "Give the same methods for both regions");
    }
    const std::vector<Estimate> a = members_of(members);
    const std::vector<Estimate> b = members_of(other->second);
    const Estimate mean_a = region_mean(a);
    const Estimate mean_b = region_mean(b);
    methods.push_back(
        {method, {mean_a.value - mean_b.value, std::hypot(mean_a.sigma, mean_b.sigma)}, a.size(), b.size()});
  }
  const Contrast contrast = contrast_of(std::move(methods));
  py::dict out;
  out["method"] = texts(contrast.methods, [](const MethodDifference& m) { return m.method; });
  add_estimate(out, "difference", contrast.methods, [](const MethodDifference& m) { return m.difference; });
  out["mean"] = contrast.mean;
  out["counting"] = contrast.counting;
  out["spread"] = contrast.spread;
  out["sigma"] = contrast.sigma();
  out["significance"] = contrast.significance();
  return out;
}

}  // namespace

void bind_eels_methods(py::module_& eels) {
  eels.def("fourier_log", &bound_fourier_log);
  eels.def("richardson_lucy", &bound_richardson_lucy);
  eels.def("thickness", &bound_thickness);
  eels.def("remove_spikes", &bound_remove_spikes);
  eels.def("valence", &bound_valence);
  eels.def("contrast", &bound_contrast);
  const auto options = eels.attr("options").cast<py::dict>();
  options["fourier_log"] = describe_struct<FourierLogOptions>();
  options["richardson_lucy"] = describe_struct<RichardsonLucyOptions>();
  options["thickness"] = describe_struct<ThicknessArguments>();
  options["remove_spikes"] = describe_struct<SpikeOptions>();
  options["valence"] = describe_struct<ValenceArguments>();
}

}  // namespace hotstage::python
