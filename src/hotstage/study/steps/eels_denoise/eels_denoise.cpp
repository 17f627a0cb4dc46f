// SPDX-License-Identifier: GPL-3.0-or-later
// Step eels.denoise: PCA of the counts with a stated number of components, and tests of what it lost.

#include "hotstage/eels/denoise.hpp"
#include "hotstage/study/detail/eels_denoise_pages.hpp"

namespace hotstage::study::eels_denoise {

namespace {

StepOutput run(const StepInputs& inputs, const Value& table, Run& run) {
  const auto options = from_table<eels::DenoiseOptions>(table);
  const signal::Signal& core = inputs.signal("core");
  const eels::DenoiseResult result = eels::denoise(core, options, run);
  StepOutput out = detail::denoise_page(core, result, options);
  out.signals["denoised"] = eels::denoised_signal(core, result);
  return out;
}

}  // namespace

extern const Step step;
const Step step{
    .id = "eels.denoise",
    .version = 1,
    .title = "PCA denoising",
    .help =
        "Keeps the principal components of the counts that noise cannot explain, tests the residual for lost signals, "
        "and tells how many pixels must share a weak feature for it to survive",
    .example = "hotstage eels denoise --core scan.hspy",
    .inputs = {{"core", Kind::signal, true, "spectra of a scan: counts as recorded, one axis"}},
    .outputs = {{"denoised", Kind::signal, "low-rank spectra, tagged: later steps warn that σ is no counting σ"},
                {"components", Kind::table, "eigenvalues with what noise alone would give"},
                {"items", Kind::table, "scores and residual test per item"},
                {"spectra", Kind::table, "mean, component spectra and residual test per channel"},
                {"survival", Kind::table, "share of the test feature left against the number of pixels that hold it"},
                {"residual", Kind::signal, "map of χ² per channel of the residual"}},
    .options = make_options<eels::DenoiseOptions>,
    .run = run,
};

}  // namespace hotstage::study::eels_denoise
