// SPDX-License-Identifier: GPL-3.0-or-later
// Step eels.deconvolve: Plural scattering.

#include "hotstage/study/detail/eels_cube.hpp"
#include "hotstage/study/detail/eels_pages.hpp"

namespace hotstage::study::eels_deconvolve {

namespace {

StepOutput run(const StepInputs& inputs, const Value& table, Run& run) {
  return detail::cube_step(inputs, from_table<detail::CubeOptions>(table), eels::PluralScattering::fourier_ratio, run);
}

}  // namespace

extern const Step step;
const Step step{
    .id = "eels.deconvolve",
    .version = 1,
    .title = "Plural scattering",
    .help = "Removes the background before an edge and plural scattering (Fourier-ratio) of every item",
    .example = "hotstage eels deconvolve --core HL.dm3 --low LL.dm3 --edge \"O K\"",
    .inputs = detail::dual_inputs(detail::LowLoss::required),
    .outputs = {{"items", Kind::table, "one row per item"},
                {"mean", Kind::signal, "mean signal"},
                {"cube", Kind::signal, "signal of every item, with keep = \"cube\""}},
    .options = make_options<detail::CubeOptions>,
    .run = run,
};

}  // namespace hotstage::study::eels_deconvolve
