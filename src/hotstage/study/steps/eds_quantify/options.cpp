// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/study/steps/eds_quantify/options.hpp"

#include "hotstage/core/error.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace hotstage::study::eds_quantify {

namespace {

/// Detector noise hides lines below.
constexpr double lowest_line = 180.0;  // eV

}  // namespace

std::vector<const eds::LineFamily*> fitted_families(const Options& options, const eds::LineTable& table,
                                                    const eds::EnergyAxis& axis) {
  std::vector<const eds::LineFamily*> out;
  for (const std::string& name : options.lines) {
    out.push_back(&table.find(name));
  }
  const double low = std::max(lowest_line, options.low.value_or(Energy{}).in(units::eV));
  const double end = options.high ? options.high->in(units::eV) : axis.value(static_cast<double>(axis.size) - 1.0);
  for (const std::string& symbol : options.lines.empty() ? options.elements : std::vector<std::string>{}) {
    constexpr double margin = 250.0;  // eV, so that the whole line is fitted
    const auto found = table.families_of(atoms::element(symbol), low, end - margin);
    if (found.empty()) {
      throw Error(Errc::bad_input,
                  fmt::format("{} has no line between {:.0f} and {:.0f} eV", symbol, low, end - margin),
                  "Leave it out, or widen the range");
    }
    out.insert(out.end(), found.begin(), found.end());
  }
  std::vector<const eds::LineFamily*> unique;
  for (const eds::LineFamily* family : out) {
    if (std::ranges::find(unique, family) == unique.end()) {
      unique.push_back(family);
    }
  }
  return unique;
}

std::vector<const eds::LineFamily*> quantified_families(const Options& options,
                                                        std::span<const eds::LineFamily* const> fitted,
                                                        std::span<const eds::KFactor> factors) {
  std::vector<const eds::LineFamily*> out;
  for (const eds::LineFamily* family : fitted) {
    const auto named = [&](std::string_view name) { return name == family->name() || name == family->name() + "a"; };
    const bool wanted = options.quantify.empty() ? std::ranges::any_of(factors, named, &eds::KFactor::line)
                                                 : std::ranges::any_of(options.quantify, named);
    const auto same = [&](const eds::LineFamily* other) { return other->element == family->element; };
    if (!wanted) {
      continue;
    }
    if (std::ranges::any_of(out, same)) {
      if (options.quantify.empty()) {
        continue;
      }
      throw Error(Errc::bad_input, fmt::format("two lines of {} are to be quantified", family->element.symbol),
                  "Name one line per element in `quantify`");
    }
    out.push_back(family);
  }
  if (out.empty()) {
    throw Error(Errc::bad_input, "no fitted line has a k-factor", "Write lines as in the table of lines: \"Co K\"");
  }
  return out;
}

eds::FitOptions fit_options(const Options& options, const signal::Metadata& metadata,
                            std::vector<Assumption>& assumptions) {
  eds::FitOptions out{.detection_sigma = options.detection};
  if (options.low.has_value() != options.high.has_value()) {
    throw Error(Errc::bad_input, "low and high belong together", "Give both ends of the fitted range, or none");
  }
  if (options.low) {
    out.low_eV = options.low->in(units::eV);
    out.high_eV = options.high->in(units::eV);
  }
  const auto beam = options.beam_energy ? options.beam_energy : metadata.beam_energy;
  out.beam_eV = beam ? beam->in(units::eV) : out.beam_eV;
  if (!beam) {
    assumptions.push_back({"beam energy 200 keV", "the file does not say; it shapes the background only"});
  }
  const auto width = options.resolution ? options.resolution : metadata.resolution;
  out.resolution.mn_ka_eV = width ? width->in(units::eV) : out.resolution.mn_ka_eV;
  if (options.calibrate == Calibration::none) {
    out.calibrate = eds::Calibrate::none;
  } else if (options.calibrate == Calibration::energy) {
    out.calibrate = eds::Calibrate::energy;
  }
  if (!width && out.calibrate != eds::Calibrate::full) {
    assumptions.push_back({"resolution 130 eV at Mn Kα", "neither given nor stated in the file"});
  }
  return out;
}

eds::QuantifyOptions quantify_options(const Options& options, const signal::Metadata& metadata) {
  eds::QuantifyOptions out{.basis = options.k_basis == Basis::atom ? eds::KBasis::atom : eds::KBasis::weight};
  if (options.thickness.has_value() != options.density.has_value()) {
    throw Error(Errc::bad_input, "thickness and density belong together", "Give both to correct absorption, or none");
  }
  if (options.thickness) {
    const auto angle = options.take_off ? options.take_off : metadata.elevation;
    if (!angle || !(angle->in(units::rad) > 0.0)) {
      throw Error(Errc::bad_input, "the absorption correction needs the take-off angle, which the file does not state",
                  "Give take_off");
    }
    out.absorption = eds::Absorption{*options.thickness, *options.density, *angle};
  }
  return out;
}

std::vector<atoms::Element> suspects(const Options& options) {
  std::vector<atoms::Element> out;
  for (const std::string& symbol : options.suspects) {
    out.push_back(atoms::element(symbol));
  }
  return out;
}

}  // namespace hotstage::study::eds_quantify
