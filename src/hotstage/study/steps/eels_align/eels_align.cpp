// SPDX-License-Identifier: GPL-3.0-or-later
// Step eels.align: zero-loss peak of every item: energy offset, width, t/λ.

#include "hotstage/core/parallel.hpp"
#include "hotstage/eels/zero_loss.hpp"
#include "hotstage/num/statistics.hpp"
#include "hotstage/study/detail/eels_pages.hpp"

#include <fmt/format.h>

namespace hotstage::study::eels_align {

namespace {

std::vector<eels::ZeroLoss> find_all(const signal::Signal& low, const eels::ZeroLossOptions& options, Run& run) {
  const eels::EnergyAxis axis = eels::energy_axis_of(low);
  std::vector<eels::ZeroLoss> peaks(low.items());
  const std::size_t tile =
      std::max(low.source->preferred_items(),
               signal::tile_items(low.items(), low.channels() * sizeof(float),
                                  std::min<std::size_t>(run.memory, std::size_t{64} << 20), run.threads));
  parallel_chunks(run, low.items(), tile, [&](std::size_t begin, std::size_t end) {
    Buffer<float, 2> counts({end - begin, low.channels()});
    signal::read(low, {begin, end - begin, 0, low.channels()}, counts.view());
    eels::find_zero_loss({counts.view()}, axis, options, std::span(peaks).subspan(begin, end - begin));
    run.progress(static_cast<double>(end) / static_cast<double>(low.items()), "zero-loss peaks");
  });
  return peaks;
}

io::Table peak_table(const signal::Signal& low, const std::vector<eels::ZeroLoss>& peaks) {
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
  table.columns = detail::position_columns(low);
  for (io::Column& column : std::vector{
           io::number_column("energy_offset", "eV", offset), io::number_column("energy_offset_sigma", "eV", sigma),
           io::number_column("zlp_fwhm", "eV", width), io::number_column("I0", "counts", elastic),
           io::number_column("It", "counts", total), io::number_column("t_over_lambda", "", thickness),
           io::number_column("t_over_lambda_sigma", "", thickness_sigma), io::text_column("flags", flags)}) {
    table.columns.push_back(std::move(column));
  }
  return table;
}

StepOutput run(const StepInputs& inputs, const Value& table, Run& run) {
  const auto options = from_table<eels::ZeroLossOptions>(table);
  const signal::Signal& low = inputs.signal("low");
  const std::vector<eels::ZeroLoss> peaks = find_all(low, options, run);
  StepOutput out;
  detail::ItemQuantity offset{.name = "zero-loss position", .unit = "eV"};
  detail::ItemQuantity thickness{.name = "t/λ"};
  std::vector<double> found_centre, found_thickness, found_width;
  for (const eels::ZeroLoss& peak : peaks) {
    offset.value.push_back(peak.centre_eV);
    offset.sigma.push_back(peak.centre_sigma);
    offset.valid.push_back(peak.found() ? 1 : 0);
    thickness.value.push_back(peak.thickness.value);
    thickness.sigma.push_back(peak.thickness.sigma);
    thickness.valid.push_back(peak.found() ? 1 : 0);
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
                           .method = "parabola through the logarithm of the peak",
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
  out.figures = detail::item_figures(low, std::vector{offset, thickness});
  detail::check_zero_loss(peaks, out.checks);
  return out;
}

}  // namespace

extern const Step step;
const Step step{
    .id = "eels.align",
    .version = 1,
    .title = "Zero-loss alignment",
    .help =
        "Finds the zero-loss peak of every item: energy offset (kept as a table, nothing is resampled), width, t/λ, "
        "saturated or split peaks",
    .example = "hotstage eels align --low LL.dm3",
    .inputs = {{"low", Kind::signal, true, "low-loss spectra"}},
    .outputs = {{"table", Kind::table, "one row per item"}},
    .options = make_options<eels::ZeroLossOptions>,
    .run = run,
};

}  // namespace hotstage::study::eels_align
