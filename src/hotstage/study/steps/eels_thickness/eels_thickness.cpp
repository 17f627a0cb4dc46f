// SPDX-License-Identifier: GPL-3.0-or-later
// Step eels.thickness: t/λ and thickness of every item, σ in parts, and the single-scattering distribution.

#include "hotstage/study/detail/eels_low_loss.hpp"
#include "hotstage/study/detail/eels_thickness_pages.hpp"

namespace hotstage::study::eels_thickness {

namespace {

StepOutput run(const StepInputs& inputs, const Value& table, Run& run) {
  const auto options = from_table<detail::ThicknessOptions>(table);
  const signal::Signal& low = inputs.signal("low");
  const std::optional<eels::MeanFreePaths> paths = detail::paths_of(low, options);
  const std::vector<eels::ZeroLoss> peaks = detail::find_peaks(low, options.zero_loss, run);
  std::vector<eels::RelativeThickness> items;
  items.reserve(peaks.size());
  for (const eels::ZeroLoss& peak : peaks) {
    items.push_back(eels::relative_thickness(peak, options.max_thickness));
  }
  StepOutput out = detail::thickness_page(low, peaks, items, paths, options);
  detail::add_single_scattering(low, detail::single_scattering(low, peaks, options.fourier_log, run), out);
  return out;
}

}  // namespace

extern const Step step;
const Step step{
    .id = "eels.thickness",
    .version = 2,
    .title = "Thickness",
    .help =
        "t/λ of every item by the log-ratio with the zero-loss peak ended in two ways, and thickness in nm by two "
        "mean free paths when the material is given; thick and bad items are refused",
    .example = "hotstage eels thickness --low LL.dm4 --material LiCoO2",
    .inputs = {{"low", Kind::signal, true, "low-loss spectra"}},
    .outputs = {{"items", Kind::table, "one row per item"},
                {"map", Kind::signal, "thickness in nm, or t/λ without a material"},
                {"sigma", Kind::signal, "its standard uncertainty, what is common to all items left out"},
                {"single", Kind::signal, "mean single-scattering distribution (Fourier-log)"}},
    .options = make_options<detail::ThicknessOptions>,
    .run = run,
};

}  // namespace hotstage::study::eels_thickness
