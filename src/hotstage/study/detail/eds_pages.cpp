// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/study/detail/eds_pages.hpp"

#include "hotstage/core/parallel.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

namespace hotstage::study::detail {

namespace {

/// Misfit that says the model is not the spectrum.
constexpr double poor_chi2 = 2.0;
constexpr double unexplained_sigma = 6.0;

const double nothing = std::numeric_limits<double>::quiet_NaN();

std::size_t tile_of(const signal::Signal& signal, const Run& run) {
  const std::size_t preferred = signal.source->preferred_items();
  const std::size_t fits =
      signal::tile_items(signal.items(), signal.channels() * sizeof(float), run.memory / 4, run.threads);
  // Whole chunks of the file, as many as fit.
  return fits > preferred ? fits / preferred * preferred : fits;
}

/// Expected counts are whole photons: σ of a channel is √model.
std::vector<double> residual_of(std::span<const double> counts, const eds::SpectrumFit& fit) {
  std::vector<double> out;
  for (std::size_t i = 0; i < fit.model.size(); ++i) {
    constexpr double least = 0.5;
    out.push_back((counts[fit.lines.first + i] - fit.model[i]) / std::sqrt(std::max(fit.model[i], least)));
  }
  return out;
}

struct Peak {
  double energy_eV = 0.0;
  double sigmas = 0.0;
};

/// The largest excess over one FWHM that the model does not explain.
Peak largest_excess(std::span<const double> counts, const eds::SpectrumFit& fit) {
  Peak best;
  const eds::EnergyAxis& axis = fit.lines.axis;
  for (std::size_t i = 0; i < fit.model.size(); ++i) {
    const double energy = axis.value(static_cast<double>(fit.lines.first + i));
    const auto half = static_cast<std::size_t>(0.5 * fit.lines.resolution.fwhm(energy) / axis.step_eV);
    if (i < half || i + half >= fit.model.size()) {
      continue;
    }
    double excess = 0.0;
    double expected = 0.0;
    for (std::size_t j = i - half; j <= i + half; ++j) {
      excess += counts[fit.lines.first + j] - fit.model[j];
      expected += fit.model[j];
    }
    const double sigmas = excess / std::sqrt(std::max(expected, 1.0));
    if (sigmas > best.sigmas) {
      best = {energy, sigmas};
    }
  }
  return best;
}

}  // namespace

eds::EnergyAxis eds_axis(const signal::Signal& signal) {
  const signal::Axis axis = signal::energy_axis(signal);
  if (!(axis.scale > 0.0)) {
    throw Error(Errc::bad_input, fmt::format("the energy axis of {} falls", signal.metadata.title));
  }
  return {axis.offset, axis.scale, axis.size};
}

std::vector<double> sum_spectrum(const signal::Signal& signal, Run& run) {
  const std::size_t tile = tile_of(signal, run);
  const std::size_t chunks = (signal.items() + tile - 1) / tile;
  std::vector<std::vector<double>> parts(chunks);
  parallel_chunks(run, signal.items(), tile, [&](std::size_t begin, std::size_t end) {
    Buffer<float, 2> spectra({end - begin, signal.channels()});
    signal::read(signal, {begin, end - begin, 0, signal.channels()}, spectra.view());
    std::vector<double>& part = parts[begin / tile];
    part.assign(signal.channels(), 0.0);
    for (std::size_t i = 0; i < end - begin; ++i) {
      for (std::size_t c = 0; c < signal.channels(); ++c) {
        part[c] += static_cast<double>(spectra.row(i)[c]);
      }
    }
  });
  std::vector<double> out(signal.channels(), 0.0);
  for (const std::vector<double>& part : parts) {
    for (std::size_t c = 0; c < out.size(); ++c) {
      out[c] += part[c];
    }
  }
  return out;
}

AreaMaps area_maps(const signal::Signal& signal, const eds::AreaEstimator& estimator, Run& run) {
  const std::size_t lines = estimator.weights.extent(0);
  const std::size_t channels = estimator.weights.extent(1);
  AreaMaps out{Buffer<double, 2>({lines, signal.items()}), Buffer<double, 2>({lines, signal.items()})};
  parallel_chunks(run, signal.items(), tile_of(signal, run), [&](std::size_t begin, std::size_t end) {
    Buffer<float, 2> spectra({end - begin, channels});
    signal::read(signal, {begin, end - begin, estimator.first, channels}, spectra.view());
    for (std::size_t item = begin; item < end; ++item) {
      const std::span<const float> counts = spectra.row(item - begin);
      for (std::size_t k = 0; k < lines; ++k) {
        const std::span<const double> weights = estimator.weights.row(k);
        double area = 0.0;
        double variance = 0.0;
        for (std::size_t c = 0; c < channels; ++c) {
          if (counts[c] != 0.0F) {
            const double part = weights[c] * static_cast<double>(counts[c]);
            area += part;
            variance += weights[c] * part;
          }
        }
        out.area.row(k)[item] = area;
        out.variance.row(k)[item] = variance;
      }
    }
  });
  return out;
}

io::Table line_table(const eds::SpectrumFit& fit) {
  std::vector<std::string> name, status;
  std::vector<double> energy, width, area, counting, model, below;
  for (const eds::FamilyArea& one : fit.areas) {
    name.push_back(one.family->name() + "a");
    status.emplace_back(one.found ? "found" : "not found");
    energy.push_back(one.family->alpha_energy());
    width.push_back(fit.lines.resolution.fwhm(one.family->alpha_energy()));
    area.push_back(one.alpha.value);
    counting.push_back(one.alpha.sigma);
    model.push_back(one.sigma_model);
    below.push_back(one.below.value_or(nothing));
  }
  io::Table out;
  out.columns = {io::text_column("line", name),
                 io::text_column("status", status),
                 io::number_column("energy", "eV", energy),
                 io::number_column("FWHM", "eV", width),
                 io::number_column("area", "counts", area),
                 io::number_column("sigma_counting", "counts", counting),
                 io::number_column("sigma_model", "counts", model),
                 io::number_column("below_95", "counts", below)};
  return out;
}

io::Table composition_table(const eds::Composition& composition) {
  std::vector<std::string> element, line, status;
  std::vector<double> atom, atom_counting, atom_k, weight, ratio, ratio_counting, ratio_k, below, ratio_below,
      absorption;
  for (const eds::ElementAmount& one : composition.elements) {
    element.emplace_back(one.family->element.symbol);
    line.push_back(one.family->name() + "a");
    status.emplace_back(one.found ? "found" : "not found");
    const auto known = [&](double value) { return one.found ? value : nothing; };
    atom.push_back(known(100.0 * one.atom.value));
    atom_counting.push_back(known(100.0 * one.atom.counting));
    atom_k.push_back(known(100.0 * one.atom.k_factor));
    weight.push_back(known(100.0 * one.weight.value));
    ratio.push_back(known(one.ratio.value));
    ratio_counting.push_back(known(one.ratio.counting));
    ratio_k.push_back(known(one.ratio.k_factor));
    below.push_back(one.atom_below ? 100.0 * *one.atom_below : nothing);
    ratio_below.push_back(one.ratio_below.value_or(nothing));
    absorption.push_back(one.absorption);
  }
  const std::string reference(composition.elements[composition.reference].family->element.symbol);
  io::Table out;
  out.columns = {io::text_column("element", element),
                 io::text_column("line", line),
                 io::text_column("status", status),
                 io::number_column("atomic fraction", "%", atom),
                 io::number_column("sigma_counting", "%", atom_counting),
                 io::number_column("sigma_k", "%", atom_k),
                 io::number_column("below_95", "%", below),
                 io::number_column("weight fraction", "%", weight),
                 io::number_column("atoms per " + reference, "", ratio),
                 io::number_column("ratio_sigma_counting", "", ratio_counting),
                 io::number_column("ratio_sigma_k", "", ratio_k),
                 io::number_column("ratio_below_95", "", ratio_below),
                 io::number_column("absorption factor", "", absorption)};
  return out;
}

report::Figure spectrum_figure(std::span<const double> counts, const eds::SpectrumFit& fit) {
  const eds::EnergyAxis& axis = fit.lines.axis;
  std::vector<double> energy, measured;
  for (std::size_t i = 0; i < fit.model.size(); ++i) {
    energy.push_back(1e-3 * axis.value(static_cast<double>(fit.lines.first + i)));
    measured.push_back(counts[fit.lines.first + i]);
  }
  const double top = *std::max_element(measured.begin(), measured.end());
  report::Panel spectrum{.title = "Sum spectrum",
                         .x = {.label = "Energy", .unit = "keV"},
                         .y = {.label = "Counts"},
                         .height = 1.4,
                         .x_link = "energy"};
  spectrum.marks.emplace_back(
      report::Line{.name = "measured", .x = energy, .y = measured, .colour = report::Colour::ink});
  spectrum.marks.emplace_back(report::Line{.name = "fit", .x = energy, .y = fit.model, .colour = report::Colour::blue});
  spectrum.marks.emplace_back(report::Line{.name = "background",
                                           .x = energy,
                                           .y = fit.background,
                                           .dash = report::Dash::dashed,
                                           .colour = report::Colour::vermilion});
  std::vector<eds::FamilyArea> sorted = fit.areas;
  std::ranges::sort(sorted, {}, [](const eds::FamilyArea& area) { return area.family->alpha_energy(); });
  spectrum.y.range = {{-0.03 * top, 1.15 * top}};
  double height = 1.08;
  for (const eds::FamilyArea& area : sorted) {
    const double at = 1e-3 * area.family->alpha_energy();
    spectrum.marks.emplace_back(
        report::VerticalLine{.value = at,
                             .dash = report::Dash::dotted,
                             .colour = area.found ? report::Colour::green : report::Colour::grey});
    // Labels at changing heights, so that neighbours do not cover each other.
    height = height < 0.55 ? 1.08 : height - 0.09;
    spectrum.marks.emplace_back(report::Text{
        .text = fmt::format("{}α{}", area.family->name(), area.found ? "" : "?"), .x = at, .y = height * top});
  }
  report::Panel residual{.title = "",
                         .x = {.label = "Energy", .unit = "keV"},
                         .y = {.label = "Residual", .unit = "σ"},
                         .row = 1,
                         .height = 0.5,
                         .x_link = "energy"};
  residual.marks.emplace_back(
      report::Line{.name = "residual", .x = energy, .y = residual_of(counts, fit), .colour = report::Colour::ink});
  residual.marks.emplace_back(report::HorizontalLine{.value = 0.0});
  return {.id = "spectrum",
          .title = "X-ray spectrum and fit",
          .caption =
              fmt::format("Lines marked at their α energy (grey: not found). χ²/ν = {:.2f}; FWHM at Mn Kα {:.0f} eV.",
                          fit.chi2_per_dof, fit.lines.resolution.mn_ka_eV),
          .panels = {spectrum, residual}};
}

void add_eds_checks(std::span<const double> counts, const eds::SpectrumFit& fit,
                    std::span<const eds::Interference> interferences, StepOutput& out) {
  out.checks.push_back({.name = "the model fits the spectrum",
                        .status = fit.chi2_per_dof < poor_chi2 ? CheckStatus::ok : CheckStatus::attention,
                        .measured = fmt::format("χ²/ν = {:.2f} over {} channels", fit.chi2_per_dof, fit.model.size()),
                        .limit = fmt::format("below {:.0f}", poor_chi2),
                        .meaning = "what it has above 1 is part of σ (model) of the areas"});
  const Peak peak = largest_excess(counts, fit);
  out.checks.push_back({.name = "no peak is left over",
                        .status = peak.sigmas < unexplained_sigma ? CheckStatus::ok : CheckStatus::attention,
                        .measured = fmt::format("{:.1f} σ at {:.2f} keV", peak.sigmas, 1e-3 * peak.energy_eV),
                        .limit = fmt::format("below {:.0f} σ over one FWHM", unexplained_sigma),
                        .meaning = "else an element is missing from the list, or it is an escape or sum peak"});
  for (const std::string& held : fit.held) {
    out.assumptions.push_back({.what = "held: " + held, .why = "not enough counts to fit it"});
  }
  for (const eds::Interference& one : interferences) {
    const std::string where =
        fmt::format("{} lies {:+.0f} eV from {} (FWHM {:.0f} eV)", one.other, one.distance_eV, one.line, one.fwhm_eV);
    const std::string consequence =
        one.listed
            ? "the fit separates them by their families; the correlation is in σ"
            : "not in the list: if the specimen, grid or FIB brings the element, its counts are taken for " + one.line;
    out.warnings.push_back(
        {one.listed ? "eds.overlap" : "eds.unlisted_neighbour", fmt::format("{}: {}", where, consequence), 1});
  }
}

}  // namespace hotstage::study::detail
