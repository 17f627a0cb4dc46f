// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/core/constants.hpp"
#include "hotstage/core/parallel.hpp"
#include "hotstage/eels/background.hpp"
#include "hotstage/eels/cross_section.hpp"
#include "hotstage/eels/edges.hpp"
#include "hotstage/eels/fourier_ratio.hpp"
#include "hotstage/eels/zero_loss.hpp"

#include <fmt/format.h>
#include <pybind11/stl.h>

#include "arrays.hpp"
#include "bind.hpp"
#include "convert.hpp"
#include "eels_arrays.hpp"
#include "long_call.hpp"
#include <string>
#include <vector>

namespace hotstage::python {

namespace {

using namespace eels;

// ------------------------------------------------------------------------------------------------------- zero loss

py::dict zero_loss_columns(const std::vector<ZeroLoss>& peaks) {
  py::dict out;
  out["centre_eV"] = column(peaks, [](const ZeroLoss& p) { return p.centre_eV; });
  out["centre_sigma_eV"] = column(peaks, [](const ZeroLoss& p) { return p.centre_sigma; });
  out["centre_channel"] = column(peaks, [](const ZeroLoss& p) { return p.centre_channel; });
  out["fwhm_eV"] = column(peaks, [](const ZeroLoss& p) { return p.fwhm_eV; });
  out["height"] = column(peaks, [](const ZeroLoss& p) { return p.height; });
  out["I0"] = column(peaks, [](const ZeroLoss& p) { return p.I0; });
  out["I0_mirror"] = column(peaks, [](const ZeroLoss& p) { return p.I0_mirror; });
  out["It"] = column(peaks, [](const ZeroLoss& p) { return p.It; });
  out["thickness"] = column(peaks, [](const ZeroLoss& p) { return p.thickness.value; });
  out["thickness_sigma"] = column(peaks, [](const ZeroLoss& p) { return p.thickness.sigma; });
  out["thickness_mirror"] = column(peaks, [](const ZeroLoss& p) { return p.thickness_mirror.value; });
  out["thickness_mirror_sigma"] = column(peaks, [](const ZeroLoss& p) { return p.thickness_mirror.sigma; });
  out["minimum_channel"] = column(peaks, [](const ZeroLoss& p) { return static_cast<std::int64_t>(p.minimum); });
  out["found"] = column(peaks, [](const ZeroLoss& p) { return p.found(); });
  out["flags"] = texts(peaks, [](const ZeroLoss& p) { return flags_text(p.flags); });
  return out;
}

py::dict bound_find_zero_loss(const Floats& low, const py::dict& energies, const py::dict& options,
                              const py::dict& how) {
  const auto counts = view(low);
  const Calibration calibration = calibration_of(energies, counts);
  const auto chosen = options_from<ZeroLossOptions>(options);
  return zero_loss_columns(
      long_call(how, [&](Run& run) { return zero_loss_peaks(counts, calibration.axis, chosen, run); }));
}

// ------------------------------------------------------------------------------------------------------ background

py::dict background_columns(const std::vector<PowerLaw>& fits) {
  py::dict out;
  out["A"] = column(fits, [](const PowerLaw& f) { return f.A; });
  out["r"] = column(fits, [](const PowerLaw& f) { return f.r; });
  out["reference_eV"] = column(fits, [](const PowerLaw& f) { return f.reference_eV; });
  out["var_lnA"] = column(fits, [](const PowerLaw& f) { return f.var_lnA; });
  out["cov_lnA_r"] = column(fits, [](const PowerLaw& f) { return f.cov_lnA_r; });
  out["var_r"] = column(fits, [](const PowerLaw& f) { return f.var_r; });
  out["chi2"] = column(fits, [](const PowerLaw& f) { return f.chi2; });
  out["dof"] = column(fits, [](const PowerLaw& f) { return f.dof; });
  out["noise_factor"] = column(fits, [](const PowerLaw& f) { return f.noise_factor; });
  out["usable"] = column(fits, [](const PowerLaw& f) { return f.usable(); });
  out["status"] = texts(fits, [](const PowerLaw& f) { return name(f.status); });
  return out;
}

py::tuple bound_subtract_background(const Floats& core, const py::dict& energies,
                                    const std::pair<double, double>& window, const py::dict& options,
                                    const py::dict& how) {
  const auto counts = view(core);
  const Calibration calibration = calibration_of(energies, counts);
  const PowerLawFitter fitter(calibration.axis, window_of(window), options_from<BackgroundOptions>(options));
  Floats net = make_floats(counts.extent(0), counts.extent(1));
  const auto out = mutable_view(net);
  std::vector<PowerLaw> fits(counts.extent(0));
  call_without_lock(how, [&](Run& run) {
    parallel_chunks(run, fits.size(), tile, [&](std::size_t begin, std::size_t end) {
      subtract_background(tile_of(counts, calibration, begin, end), fitter, out.rows(begin, end - begin),
                          std::span(fits).subspan(begin, end - begin));
    });
  });
  return py::make_tuple(net, background_columns(fits));
}

struct Windows {
  Window fit;
  Window signal;
};

struct Nets {
  std::vector<PowerLaw> fits;
  std::vector<NetIntegral> integrals;
};

Nets net_integrals(const View<const float, 2>& counts, const Calibration& calibration, const PowerLawFitter& fitter,
                   const Window& signal, const Run& run) {
  Nets out{std::vector<PowerLaw>(counts.extent(0)), std::vector<NetIntegral>(counts.extent(0))};
  parallel_chunks(run, counts.extent(0), tile, [&](std::size_t begin, std::size_t end) {
    for (std::size_t i = begin; i < end; ++i) {
      const double shift = calibration.shift_eV.empty() ? 0.0 : calibration.shift_eV[i];
      out.fits[i] = fitter.fit(counts.row(i), shift);
      out.integrals[i] = net_integral(counts.row(i), calibration.axis.shifted(shift), out.fits[i], signal);
    }
  });
  return out;
}

py::tuple bound_net_integral(const Floats& core, const py::dict& energies, const py::dict& windows,
                             const py::dict& options, const py::dict& how) {
  const auto counts = view(core);
  const Calibration calibration = calibration_of(energies, counts);
  const Windows chosen{window_of(windows["fit"].cast<std::pair<double, double>>()),
                       window_of(windows["signal"].cast<std::pair<double, double>>())};
  const PowerLawFitter fitter(calibration.axis, chosen.fit, options_from<BackgroundOptions>(options));
  const Nets nets =
      long_call(how, [&](Run& run) { return net_integrals(counts, calibration, fitter, chosen.signal, run); });
  py::dict out;
  out["net"] = column(nets.integrals, [](const NetIntegral& n) { return n.net.value; });
  out["net_sigma"] = column(nets.integrals, [](const NetIntegral& n) { return n.net.sigma; });
  out["raw"] = column(nets.integrals, [](const NetIntegral& n) { return n.raw; });
  out["background"] = column(nets.integrals, [](const NetIntegral& n) { return n.background; });
  out["covered_low_eV"] = column(nets.integrals, [](const NetIntegral& n) { return n.covered.low_eV; });
  out["covered_high_eV"] = column(nets.integrals, [](const NetIntegral& n) { return n.covered.high_eV; });
  return py::make_tuple(out, background_columns(nets.fits));
}

// --------------------------------------------------------------------------------------------------- deconvolution

/// One low loss for all core losses, or one each.
void deconvolve_pair(const Pair& pair, const FourierRatio& plan, const std::vector<ZeroLoss>& peaks, View<float, 2> out,
                     std::vector<Deconvolution>& results, const Run& run) {
  const bool shared = pair.low.extent(0) == 1;
  LowLossTransform common;
  if (shared) {
    FourierRatio::Scratch scratch = plan.make_scratch();
    common = plan.transform(pair.low.row(0), peaks.front(), scratch);
  }
  parallel_chunks(run, pair.core.extent(0), tile, [&](std::size_t begin, std::size_t end) {
    FourierRatio::Scratch scratch = plan.make_scratch();
    for (std::size_t i = begin; i < end; ++i) {
      results[i] = plan.apply(pair.core.row(i), shared ? common : plan.transform(pair.low.row(i), peaks[i], scratch),
                              scratch, out.row(i));
    }
  });
}

py::dict deconvolution_columns(const std::vector<Deconvolution>& results) {
  py::dict out;
  out["done"] = column(results, [](const Deconvolution& d) { return was_done(d.status); });
  out["thickness"] = column(results, [](const Deconvolution& d) { return d.thickness; });
  out["sum_rule"] = column(results, [](const Deconvolution& d) { return d.sum_rule; });
  out["floored"] = column(results, [](const Deconvolution& d) { return d.floored; });
  out["extended_fraction"] = column(results, [](const Deconvolution& d) { return d.extended_fraction; });
  out["status"] = texts(results, [](const Deconvolution& d) { return name(d.status); });
  return out;
}

py::tuple bound_fourier_ratio(const Floats& core, const Floats& low, const py::dict& energies, const py::dict& options,
                              const py::dict& how) {
  const Pair pair = pair_of(core, low);
  const EnergyAxis core_axis = calibration_of(energies["core"].cast<py::dict>(), pair.core).axis;
  const EnergyAxis low_axis = calibration_of(energies["low"].cast<py::dict>(), pair.low).axis;
  const auto peak_options = options_from<ZeroLossOptions>(options["zero_loss"].cast<py::dict>());
  const auto chosen = options_from<FourierRatioOptions>(options["fourier_ratio"].cast<py::dict>());
  Floats out = make_floats(pair.core.extent(0), pair.core.extent(1));
  const auto to = mutable_view(out);
  std::vector<Deconvolution> results(pair.core.extent(0));
  call_without_lock(how, [&](Run& run) {
    const FourierRatio plan(core_axis, low_axis, chosen);
    deconvolve_pair(pair, plan, zero_loss_peaks(pair.low, low_axis, peak_options, run), to, results, run);
  });
  return py::make_tuple(out, deconvolution_columns(results));
}

// -------------------------------------------------------------------------------------------------- cross-sections

struct CrossSectionOptions {
  Energy beam_energy{};
  Angle convergence{};
  Angle collection{};
  Interaction interaction = Interaction::full;
  ShellModel model = ShellModel::hydrogenic;
  std::filesystem::path gosh;

  template <class V>
  void fields(V& v) {
    v("beam_energy", beam_energy, {.help = "beam energy", .unit = "keV", .min = 1.0, .required = true});
    v("convergence", convergence,
      {.help = "convergence semi-angle of the probe", .unit = "mrad", .min = 0.0, .required = true});
    v("collection", collection,
      {.help = "collection semi-angle of the spectrometer", .unit = "mrad", .min = 1e-3, .required = true});
    v("interaction", interaction,
      {.help = "longitudinal: Coulomb term only, as SIGMAK3 and SIGMAL3; full: plus the transverse term"});
    v("model", model, {.help = "oscillator strengths: hydrogenic, our own tables (gos), or a file (gosh)"});
    v("gosh", gosh, {.help = "GOSH file of oscillator strengths, with model = gosh"});
  }

  [[nodiscard]] Illumination illumination() const { return {beam_energy, convergence, collection}; }
};

py::dict edge_dict(const Edge& edge) {
  py::dict out;
  out["name"] = edge.name();
  out["element"] = edge.element;
  out["number"] = edge.number;
  out["shell"] = edge.shell;
  out["onset_eV"] = edge.onset.base();
  out["has_cross_section"] = has_cross_section(edge);
  return out;
}

py::list bound_edges(const std::string& element) {
  py::list out;
  const std::vector<Edge> some =
      element.empty() ? std::vector<Edge>(all_edges().begin(), all_edges().end()) : element_edges(element);
  for (const Edge& edge : some) {
    out.append(edge_dict(edge));
  }
  return out;
}

py::dict bound_cross_section(const std::string& edge, const std::pair<double, double>& window,
                             const py::dict& options) {
  const auto chosen = options_from<CrossSectionOptions>(options);
  const auto tables = tables_of(chosen.model, chosen.gosh);
  const CrossSection section = partial_cross_section(find_edge(edge), window_of(window), chosen.illumination(),
                                                     chosen.interaction, tables.get());
  py::dict out;
  out["value_barn"] = section.value.base() / constants::barn_nm2;
  out["model_uncertainty"] = section.model_uncertainty;
  out["oscillator_strength"] = section.oscillator_strength;
  out["convergence_factor"] = section.convergence_factor;
  out["model"] = section.model;
  return out;
}

py::array_t<double> bound_differential(const std::string& edge, const Doubles& energies_eV, const py::dict& options) {
  const auto chosen = options_from<CrossSectionOptions>(options);
  const auto tables = tables_of(chosen.model, chosen.gosh);
  const Edge found = find_edge(edge);
  auto out = make_array<double>({span_of(energies_eV).size()});
  double* to = out.mutable_data();
  for (const double energy : span_of(energies_eV)) {
    *to++ =
        differential_cross_section(found, energy * units::eV, chosen.illumination(), chosen.interaction, tables.get());
  }
  return out;
}

double bound_mean_free_path(double density_g_per_cm3, const py::dict& options) {
  const Unit unit = parse_unit("g/cm^3");
  const Density density(density_g_per_cm3 * unit.factor);
  return mean_free_path(density, options_from<CrossSectionOptions>(options).illumination()).in(units::nm);
}

}  // namespace

void bind_eels(py::module_& module) {
  py::module_ eels = module.def_submodule("eels");
  eels.def("find_zero_loss", &bound_find_zero_loss);
  eels.def("subtract_background", &bound_subtract_background);
  eels.def("net_integral", &bound_net_integral);
  eels.def("fourier_ratio", &bound_fourier_ratio);
  eels.def("edges", &bound_edges);
  eels.def("find_edge", [](const std::string& name) { return edge_dict(find_edge(name)); });
  eels.def("cross_section", &bound_cross_section);
  eels.def("differential_cross_section", &bound_differential);
  eels.def("mean_free_path_nm", &bound_mean_free_path);
  py::dict options;
  options["find_zero_loss"] = describe_struct<ZeroLossOptions>();
  options["background"] = describe_struct<BackgroundOptions>();
  options["fourier_ratio"] = describe_struct<FourierRatioOptions>();
  options["cross_section"] = describe_struct<CrossSectionOptions>();
  eels.attr("options") = options;
  bind_eels_methods(eels);
  bind_eels_passes(eels);
}

}  // namespace hotstage::python
