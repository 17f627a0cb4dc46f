// SPDX-License-Identifier: GPL-3.0-or-later
// Step recover.eels: the line scan read blind against what was put in.

#include "hotstage/eels/trials.hpp"
#include "hotstage/study/detail/recovery_rows.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace hotstage::study::recover_eels {

namespace {

struct Options {
  double limit = 4.0;

  template <class V>
  void fields(V& v) {
    v("limit", limit, {.help = "largest pull that is no reason for attention", .min = 1.0});
  }
};

Estimate estimate(const Value& record, const std::string& key) {
  return {record.at(key).as_number(), record.at(key + "_sigma").as_number()};
}

double sum_over(const Value& values, const Value::Array& where) {
  double sum = 0.0;
  for (const Value& i : where) {
    sum += values.as_array()[static_cast<std::size_t>(i.as_integer())].as_number();
  }
  return sum;
}

/// Total thickness of the materials whose name fits, over the positions.
template <class Fits>
double thickness(const Value& truth, const Value::Array& where, const Fits& fits) {
  double sum = 0.0;
  for (const Member& material : truth.at("thickness_nm").as_object()) {
    sum += fits(material.key) ? sum_over(material.value, where) : 0.0;
  }
  return sum;
}

void compare_void(const Value& record, const Value& truth, detail::RecoveryRows& out) {
  const Value::Array& core = record.at("core").as_array();
  const double cobalt = sum_over(truth.at("cobalt_per_nm2"), core);
  const double oxygen = sum_over(truth.at("oxygen_per_nm2"), core);
  if (record.at("co_fraction_sigma").as_number() > 0.0) {
    out.add("Co/(Co+O) in the void", cobalt / std::max(cobalt + oxygen, 1e-12), estimate(record, "co_fraction"), "");
  }
  if (record.at("co_per_o_sigma").as_number() > 0.0 && oxygen > 0.0) {
    out.add("Co/O in the void", cobalt / oxygen, estimate(record, "co_per_o"), "");
  }
  const Value::Array& reference = record.at("reference").as_array();
  const double foil = thickness(truth, reference, [](const std::string&) { return true; }) /
                      static_cast<double>(std::max<std::size_t>(reference.size(), 1));
  const auto mean = [&](const char* name) {
    return thickness(truth, core, [name](const std::string& key) { return key == name; }) /
           (static_cast<double>(core.size()) * foil);
  };
  out.add("metal, in foils", mean("Co"), estimate(record, "metal_thickness"), "");
  out.add("CoO, in foils", mean("CoO"), estimate(record, "oxide_thickness"), "");
}

/// Root mean square pull of t/λ along the line, as a quantity of its own.
void compare_thickness(const io::Table& profile, const Value& truth, detail::RecoveryRows& out) {
  const std::vector<double>& found = profile.numbers("t_over_lambda");
  const std::vector<double>& sigma = profile.numbers("t_over_lambda_sigma");
  const Value::Array& expected = truth.at("t_over_lambda").as_array();
  Estimate sum;
  double true_sum = 0.0;
  double n = 0.0;
  for (std::size_t i = 0; i < std::min(found.size(), expected.size()); ++i) {
    if (std::isfinite(found[i]) && std::isfinite(sigma[i])) {
      sum.value += found[i];
      sum.sigma = std::hypot(sum.sigma, sigma[i]);
      true_sum += expected[i].as_number();
      n += 1.0;
    }
  }
  if (n > 0.0) {
    constexpr double definition = 0.01;  // of t/λ: where the zero-loss peak ends
    const double mean = sum.value / n;
    out.add("mean t/lambda", true_sum / n, {mean, std::hypot(sum.sigma / n, definition * mean)}, "");
  }
}

Check product_check(const std::string& put_in, const std::string& call) {
  bool right = false;
  for (const auto& filling : enum_names(eels::Filling{})) {
    right = right || (filling.name == put_in && call == eels::name(eels::expected_call(filling.value)));
  }
  return {"Product", right ? CheckStatus::ok : CheckStatus::attention,
          fmt::format("{} was put in, \"{}\" is read", put_in, call), "the same", "One scan decides nothing"};
}

StepOutput run(const StepInputs& inputs, const Value& table, Run&) {
  const auto options = from_table<Options>(table);
  const Value& record = inputs.records.at("record");
  const Value& truth = inputs.records.at("truth");
  detail::RecoveryRows recovery;
  compare_thickness(inputs.tables.at("profile"), truth, recovery);
  const bool read = record.at("status").as_text() == "ok";
  if (read) {
    recovery.add("axis shift", truth.at("axis_shift_eV").as_number(), estimate(record, "axis_shift_eV"), "eV");
  }
  if (read && record.at("pre_peak_eV_sigma").as_number() > 0.0) {
    recovery.add("O K pre-peak", truth.at("pre_peak_eV").as_number(), estimate(record, "pre_peak_eV"), "eV");
  }
  if (read && record.at("void_found").as_bool()) {
    compare_void(record, truth, recovery);
  }
  StepOutput out;
  recovery.publish(options.limit, "One scan: how often σ holds is the business of eels.trials", out);
  out.checks.push_back(product_check(truth.at("product").as_text(), record.at("call").as_text()));
  return out;
}

}  // namespace

extern const Step step;
const Step step{
    .id = "recover.eels",
    .version = 2,
    .title = "Line scan against the truth",
    .help = "Compares Co/O, amounts of metal and CoO, axis shift, pre-peak and thickness with what was put in",
    .example = "hotstage run study.toml",
    .inputs = {{"profile", Kind::table, true, "profile of eels.product"},
               {"record", Kind::record, true, "record of eels.product"},
               {"truth", Kind::truth, true, "truth of eels.scan"}},
    .outputs = {{"recovery", Kind::table, "quantity, truth, recovered, sigma, pull, unit"}},
    .role = Role::recovery,
    .options = make_options<Options>,
    .run = run,
};

}  // namespace hotstage::study::recover_eels
