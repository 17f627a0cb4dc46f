// SPDX-License-Identifier: GPL-3.0-or-later
// Step eels.whitelines: L3/L2 by named methods, shift of L3, formal valence by sourced standards.

#include "hotstage/study/detail/eels_white_line_pages.hpp"

namespace hotstage::study::eels_whitelines {

namespace {

struct Options {
  eels::WhiteLineOptions lines;
  detail::ValenceOptions valence;
  detail::DrawnLine line;

  template <class V>
  void fields(V& v) {
    lines.fields(v);
    valence.fields(v);
    line.fields(v);
  }
};

StepOutput run(const StepInputs& inputs, const Value& table, Run& run) {
  const auto options = from_table<Options>(table);
  const signal::Signal& core = inputs.signal("core");
  const eels::WhiteLineResult result =
      eels::measure_white_lines({core, inputs.find_signal("low"), inputs.find_signal("stray")}, options.lines, run);
  StepOutput out;
  detail::add_white_line_page({inputs, options.lines, options.valence, options.line, result}, out);
  return out;
}

std::vector<InputSpec> inputs() {
  std::vector<InputSpec> out = detail::dual_inputs(detail::LowLoss::optional);
  out.push_back({"standards", Kind::table, false, "standards of known valence; data/white_lines when absent"});
  return out;
}

}  // namespace

extern const Step step;
const Step step{
    .id = "eels.whitelines",
    .version = 3,
    .title = "White lines and valence",
    .help =
        "L3/L2 by six named methods with their spread, shift of L3, sum over the continuum, O per metal, and formal "
        "valence by standards measured with the same method; refused for thick, noisy or not deconvolved items",
    .example = "hotstage eels whitelines --core scan.hspy --low low.hspy --edge \"Mn L3\"",
    .inputs = inputs(),
    .outputs = {{"items", Kind::table, "one row per item"},
                {"line", Kind::table, "position along the scan or the drawn line, with σ"},
                {"standard", Kind::table, "this scan as rows of a table of standards"}},
    .options = make_options<Options>,
    .run = run,
};

}  // namespace hotstage::study::eels_whitelines
