// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/study/detail/eels_align_pages.hpp"

#include "hotstage/num/statistics.hpp"
#include "hotstage/study/detail/eels_low_loss.hpp"

#include <fmt/format.h>

namespace hotstage::study::detail {

namespace {

io::Table peak_table(const signal::Signal& low, std::span<const eels::ZeroLoss> peaks) {
  std::vector<double> offset, sigma, width, elastic, total, thickness, thickness_sigma;
  std::vector<std::string> flags;
  for (const eels::ZeroLoss& peak : peaks) {
    offset.push_back(-peak.centre_eV);
    sigma.push_back(peak.centre_sigma);
    width.push_back(peak.fwhm_eV);
    elastic.push_back(peak.I0);
    total.push_back(peak.It);
    thickness.push_back(peak.thickness.value);
    thickness_sigma.push_back(peak.thickness.sigma);
    flags.push_back(eels::flags_text(peak.flags));
  }
  io::Table table;
  table.columns = position_columns(low);
  for (io::Column& column : std::vector{
           io::number_column("energy_offset", "eV", offset), io::number_column("energy_offset_sigma", "eV", sigma),
           io::number_column("zlp_fwhm", "eV", width), io::number_column("I0", "counts", elastic),
           io::number_column("It", "counts", total), io::number_column("t_over_lambda", "", thickness),
           io::number_column("t_over_lambda_sigma", "", thickness_sigma), io::text_column("flags", flags)}) {
    table.columns.push_back(std::move(column));
  }
  return table;
}

}  // namespace

std::vector<double> offsets_of(std::span<const eels::ZeroLoss> peaks) {
  std::vector<double> found;
  for (const eels::ZeroLoss& peak : peaks) {
    if (peak.found()) {
      found.push_back(peak.centre_eV);
    }
  }
  const double mean = num::mean(found);
  std::vector<double> out;
  for (const eels::ZeroLoss& peak : peaks) {
    out.push_back(peak.found() ? -peak.centre_eV : -mean);
  }
  return out;
}

std::vector<double> wander_of(std::span<const double> offsets) {
  const double mean = num::mean(offsets);
  std::vector<double> out(offsets.begin(), offsets.end());
  for (double& value : out) {
    value -= mean;
  }
  return out;
}

StepOutput align_page(const signal::Signal& low, std::span<const eels::ZeroLoss> peaks) {
  StepOutput out;
  ItemQuantity offset{.name = "zero-loss position", .unit = "eV"};
  ItemQuantity thickness{.name = "t/λ"};
  ItemQuantity flag{.name = "zero-loss flags"};
  std::vector<double> found_centre, found_thickness, found_width;
  for (const eels::ZeroLoss& peak : peaks) {
    offset.value.push_back(peak.centre_eV);
    offset.sigma.push_back(peak.centre_sigma);
    offset.valid.push_back(peak.found() ? 1 : 0);
    thickness.value.push_back(peak.thickness.value);
    thickness.sigma.push_back(peak.thickness.sigma);
    thickness.valid.push_back(peak.found() ? 1 : 0);
    flag.value.push_back(static_cast<double>(peak.flags));
    if (peak.found()) {
      found_centre.push_back(peak.centre_eV);
      found_thickness.push_back(peak.thickness.value);
      found_width.push_back(peak.fwhm_eV);
    }
  }
  if (!found_centre.empty()) {
    const bool several = found_centre.size() > 1;
    const auto spread = [&](const std::vector<double>& values, double single) {
      return several ? num::standard_error(values) : single;
    };
    out.results.push_back({.id = "position",
                           .value = num::mean(found_centre),
                           .sigma = spread(found_centre, offset.sigma.front()),
                           .unit = "eV",
                           .method = "maximum of the correlation with a Gaussian of its own width",
                           .label = "Zero-loss position",
                           .headline = true});
    out.results.push_back({.id = "wander",
                           .value = num::standard_deviation(found_centre),
                           .sigma = {},
                           .unit = "eV",
                           .method = "standard deviation of the position over items",
                           .label = "Wander of the position"});
    out.results.push_back({.id = "fwhm",
                           .value = num::mean(found_width),
                           .sigma = several ? std::optional(num::standard_error(found_width)) : std::nullopt,
                           .unit = "eV",
                           .method = "measured, channel width included",
                           .label = "Zero-loss width (FWHM)"});
    out.results.push_back({.id = "t/lambda",
                           .value = num::mean(found_thickness),
                           .sigma = spread(found_thickness, thickness.sigma.front()),
                           .method = "ln(It/I0), I0 up to the first minimum",
                           .label = "t/λ",
                           .headline = true});
  }
  out.tables["table"] = peak_table(low, peaks);
  out.signals["flags"] = map_signal(low, flag);
  out.figures = scaled_maps(low, std::vector{offset, thickness, flag});
  check_zero_loss(eels::summaries_of(peaks), out.checks);
  for (report::Figure& figure : out.figures) {
    if (figure.id.ends_with("zero-loss-flags")) {
      figure.caption =
          "Sum of 1 not found, 2 vacuum, 4 saturated, 8 split, 16 cut by the start of the axis, 32 range "
          "too short for deconvolution; 0: nothing wrong.";
    }
  }
  return out;
}

void add_calibration(const eels::Calibration& calibration, StepOutput& out) {
  out.results.push_back(
      {.id = "calibration",
       .value = calibration.shift_eV,
       .sigma = calibration.sigma_eV,
       .unit = "eV",
       .method = fmt::format("added to the axis so that {} of {} lies at {:g} eV (found at {:.2f})",
                             calibration.line.maximum ? "the maximum" : "the onset", calibration.line.name,
                             calibration.line.energy.in(units::eV), calibration.found_eV),
       .label = "Shift of the core-loss axis",
       .headline = true});
  out.assumptions.push_back({"calibration", fmt::format("{} lies at {:g} eV; kept in the tags of the written signal",
                                                        calibration.line.name, calibration.line.energy.in(units::eV))});
}

}  // namespace hotstage::study::detail
