// SPDX-License-Identifier: GPL-3.0-or-later
// Step eels.background: Background subtraction.

#include "hotstage/study/detail/eels_cube.hpp"
#include "hotstage/study/detail/eels_pages.hpp"

namespace hotstage::study::eels_background {

namespace {

StepOutput run(const StepInputs& inputs, const Value& table, Run& run) {
  return detail::cube_step(inputs, from_table<detail::CubeOptions>(table), {}, run);
}

}  // namespace

extern const Step step;
const Step step{
    .id = "eels.background",
    .version = 1,
    .title = "Background subtraction",
    .help = "Fits a power law before an edge of every item and removes it",
    .example = "hotstage eels background --core HL.dm3 --edge \"O K\" --keep cube",
    .inputs = detail::dual_inputs(detail::LowLoss::optional),
    .outputs = {{"items", Kind::table, "one row per item"},
                {"mean", Kind::signal, "mean signal"},
                {"cube", Kind::signal, "signal of every item, with keep = \"cube\""}},
    .options = make_options<detail::CubeOptions>,
    .run = run,
};

}  // namespace hotstage::study::eels_background
