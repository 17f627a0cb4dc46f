// SPDX-License-Identifier: GPL-3.0-or-later
// Step eels.product: what stands in the void of a dual-EELS line scan, from the two files alone.

#include "hotstage/study/detail/eels_pages.hpp"
#include "hotstage/study/detail/eels_scan_pages.hpp"

namespace hotstage::study::eels_product {

namespace {

StepOutput run(const StepInputs& inputs, const Value& table, Run& run) {
  const auto options = from_table<eels::ProductOptions>(table);
  const signal::Signal& core = inputs.signal("core");
  const eels::ProductReading reading =
      eels::read_product({core, inputs.find_signal("low"), inputs.find_signal("stray")}, options, run);
  StepOutput out;
  detail::add_product_figures(inputs, reading, out);
  detail::add_product_results(reading, out);
  detail::add_product_checks(reading, out);
  out.tables["profile"] = detail::profile_table(core, reading);
  out.records["record"] = detail::product_record(core, reading);
  detail::add_bright_phase(inputs, reading, out);
  out.assumptions.push_back(
      {"The best stretch of the line is undamaged LiCoO2",
       "Co/O is calibrated there (2.0 ± 0.04 O per Co); Co L3 of LiCoO2 at 780.5 ± 0.2 eV calibrates the axis"});
  out.assumptions.push_back(
      {"Products are Co, CoO, both, or something without O and Co",
       "Co3O4 at the walls is allowed for as an uncertainty, not called; densities are those of the solids"});
  return out;
}

std::vector<InputSpec> inputs() {
  std::vector<InputSpec> out = detail::dual_inputs(detail::LowLoss::required);
  out.push_back({"eds", Kind::record, false,
                 "EDS of the void: {\"elements\": {\"Pt\": {\"value\": …, \"sigma\": …}, \"Ga\": …, \"C\": …}}"});
  return out;
}

}  // namespace

extern const Step step;
const Step step{
    .id = "eels.product",
    .version = 2,
    .title = "Product in a void",
    .help =
        "Finds the void on a dual-EELS line scan, reads Co/O as atoms, as a Co fraction and as raw intensities, calls "
        "metal, CoO, a mixture, something unidentified or nothing, and compares Co L inside and at the walls",
    .example = "hotstage eels product --core core.dm4 --low low.dm4",
    .inputs = inputs(),
    .outputs = {{"profile", Kind::table, "one row per position"},
                {"record", Kind::record, "hotstage.product/1: regions, readings, call with probabilities"}},
    .options = make_options<eels::ProductOptions>,
    .run = run,
};

}  // namespace hotstage::study::eels_product
