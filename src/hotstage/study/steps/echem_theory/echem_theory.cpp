// SPDX-License-Identifier: GPL-3.0-or-later
// Step echem.theory: what one electron per formula unit is worth, and what a 1 C reference means in lithium.

#include "hotstage/echem/cell.hpp"
#include "hotstage/study/detail/echem_pages.hpp"

#include <fmt/format.h>

#include <cmath>

namespace hotstage::study::echem_theory {

namespace {

struct Options {
  detail::SpecificCurrent rate_reference = 178.0 * detail::milliampere_per_gram;

  template <class V>
  void fields(V& v) {
    v("rate_reference", rate_reference,
      {.help = "current that is called 1 C, quoted as a capacity", .unit = "mA/g", .min = 1e-3});
  }
};

StepOutput run(const StepInputs&, const Value& table, Run&) {
  const auto options = from_table<Options>(table);
  const double capacity = echem::theoretical_capacity(echem::licoo2_g_per_mol);
  const double reference = options.rate_reference.in(detail::milliampere_per_gram);
  StepOutput out;
  out.results.push_back({.id = "theoretical_capacity",
                         .value = capacity,
                         .sigma = 0.01,
                         .unit = "mA h/g",
                         .method = "F/(3.6 M) of LiCoO2, M = 97.871 g/mol; sigma: atomic weight of Li",
                         .evidence = "literature",
                         .label = "Theoretical capacity of LiCoO_{2}",
                         .headline = true});
  out.results.push_back({.id = "li_fraction_of_reference",
                         .value = reference / capacity,
                         .method = fmt::format("{:g} mA h/g over the theoretical capacity", reference),
                         .evidence = "literature",
                         .label = "Lithium per Co that the 1 C reference stands for"});
  out.checks.push_back({"the quoted capacity is the theoretical one",
                        std::abs(reference / capacity - 1.0) < 0.01 ? CheckStatus::ok : CheckStatus::attention,
                        fmt::format("{:g} against {:.1f} mA h/g", reference, capacity), "1 %",
                        "178 mA h/g is a practical 1 C reference, 0.65 Li per Co"});
  return out;
}

}  // namespace

extern const Step step;
const Step step{
    .id = "echem.theory",
    .version = 1,
    .title = "Theoretical capacity",
    .help = "F/(3.6 M) of LiCoO2 and the lithium that a 1 C reference stands for",
    .example = "hotstage echem theory --rate_reference \"178 mA/g\"",
    .inputs = {},
    .outputs = {},
    .options = make_options<Options>,
    .run = run,
};

}  // namespace hotstage::study::echem_theory
