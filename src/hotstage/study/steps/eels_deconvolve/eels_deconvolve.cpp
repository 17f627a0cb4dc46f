// SPDX-License-Identifier: GPL-3.0-or-later
// Step eels.deconvolve: Plural scattering.

#include "hotstage/study/detail/eels_deconvolve_page.hpp"
#include "hotstage/study/detail/eels_pages.hpp"

#include <algorithm>
#include <optional>

namespace hotstage::study::eels_deconvolve {

namespace {

/// One item by Richardson–Lucy; the background begins where its fit window ends.
std::vector<float> iterate(const eels::RichardsonLucy& method, const eels::ChainItem& item,
                           detail::IterationRecord& record) {
  const eels::EdgeSignal& edge = item.edges[0];
  std::vector<float> out(edge.counts.size(), 0.0F);
  if (!edge.background.usable()) {
    return out;
  }
  std::vector<double> background(edge.counts.size(), 0.0);
  const std::size_t first = std::min(edge.background.window.last, background.size());
  predict(edge.background, edge.axis, {first, background.size()}, std::span(background).subspan(first));
  record.result = method.apply(edge.counts, background, item.low, item.zero_loss, out);
  const eels::Window window = detail::cube_window(*edge.placed);
  record.sum = eels::integrate(std::span<const float>(out), eels::channels_in(edge.axis, window));
  return out;
}

StepOutput run(const StepInputs& inputs, const Value& table, Run& run) {
  const auto options = from_table<detail::DeconvolveOptions>(table);
  detail::CubeHooks hooks{.scattering = eels::PluralScattering::fourier_ratio};
  std::vector<detail::IterationRecord> records;
  std::optional<eels::RichardsonLucy> method;
  if (options.method == detail::DeconvolutionMethod::richardson_lucy) {
    const signal::Signal& core = inputs.signal("core");
    method.emplace(eels::energy_axis_of(core), eels::energy_axis_of(inputs.signal("low")), options.richardson_lucy);
    records.resize(core.items());
    hooks.item = [&](const eels::ChainItem& item) { return iterate(*method, item, records[item.item]); };
  }
  hooks.finish = [&](const eels::Chain& chain, const eels::MeanSpectra& means, StepOutput& out) {
    detail::add_methods(chain, detail::compare(chain, means, options, run), records, out);
  };
  return detail::cube_step(inputs, options.cube, hooks, run);
}

}  // namespace

extern const Step step;
const Step step{
    .id = "eels.deconvolve",
    .version = 2,
    .title = "Plural scattering",
    .help =
        "Removes the background before an edge and plural scattering of every item, by Fourier-ratio or "
        "Richardson-Lucy, and compares both on the mean spectrum",
    .example = "hotstage eels deconvolve --core HL.dm3 --low LL.dm3 --edge \"O K\" --method richardson_lucy",
    .inputs = detail::dual_inputs(detail::LowLoss::required),
    .outputs = {{"items", Kind::table, "one row per item"},
                {"mean", Kind::signal, "mean signal"},
                {"cube", Kind::signal, "signal of every item, with keep = \"cube\""}},
    .options = make_options<detail::DeconvolveOptions>,
    .run = run,
};

}  // namespace hotstage::study::eels_deconvolve
