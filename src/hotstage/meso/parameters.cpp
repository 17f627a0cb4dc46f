// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/meso/parameters.hpp"

#include "hotstage/core/data_folders.hpp"
#include "hotstage/core/error.hpp"
#include "hotstage/io/document.hpp"
#include "hotstage/io/sha256.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace hotstage::meso {

namespace {

constexpr std::string_view schema = "hotstage.meso_parameters/1";
constexpr std::uint64_t parameter_stream = 0x6d65736f'00000100ULL;

struct Member {
  std::string_view name;
  double* value;
};

struct MemberCollector {
  std::vector<Member> members;

  void operator()(std::string_view name, double& value, const FieldInfo&) { members.push_back({name, &value}); }
};

std::vector<Member> members_of(Parameters& parameters) {
  MemberCollector collector;
  parameters.fields(collector);
  return std::move(collector.members);
}

const ParameterInfo* find(const ParameterTable& table, std::string_view name) {
  const auto found = std::find_if(table.begin(), table.end(), [&](const ParameterInfo& p) { return p.name == name; });
  return found == table.end() ? nullptr : &*found;
}

void check(const ParameterTable& table, const Location& where) {
  Parameters parameters;
  for (const Member& member : members_of(parameters)) {
    const auto rows =
        std::count_if(table.begin(), table.end(), [&](const ParameterInfo& p) { return p.name == member.name; });
    if (rows != 1) {
      throw Error(Errc::bad_input, where,
                  fmt::format("parameter {} stands {} times in the table, it must stand once", member.name, rows));
    }
  }
  const std::size_t expected = members_of(parameters).size();
  if (table.size() != expected) {
    throw Error(Errc::bad_input, where,
                fmt::format("the parameter table has {} rows, the model {} parameters", table.size(), expected),
                "Remove the rows the model does not know");
  }
  for (const ParameterInfo& p : table) {
    const bool needs_positive = p.prior == PriorKind::lognormal || p.prior == PriorKind::log_uniform;
    if (p.source.empty() || (needs_positive && !(p.value > 0.0)) ||
        (p.prior == PriorKind::lognormal && !(p.spread > 1.0)) ||
        (p.prior == PriorKind::log_uniform && !(p.min && p.max && *p.min > 0.0 && *p.max > *p.min))) {
      throw Error(Errc::bad_input, where,
                  fmt::format("parameter {}: no source, or a prior that makes no sense", p.name),
                  "lognormal: value > 0 and spread > 1; log_uniform: 0 < min < max");
    }
  }
}

/// Draws until the number lies within its limits; priors are cut, not clamped.
double draw_one(const ParameterInfo& p, Rng rng) {
  constexpr int attempts = 1000;
  for (int i = 0; i < attempts; ++i) {
    double value = p.value;
    if (p.prior == PriorKind::normal) {
      value += p.spread * rng.normal();
    } else if (p.prior == PriorKind::lognormal) {
      value *= std::exp(std::log(p.spread) * rng.normal());
    }
    if (value >= p.min.value_or(value) && value <= p.max.value_or(value)) {
      return value;
    }
  }
  return p.value;
}

Value posterior_value(const Posterior& posterior) {
  Value out = Value::object();
  out["parameter"] = "ln(front_speed_nm_per_s)";
  out["mean"] = posterior.mean;
  out["sigma"] = posterior.sigma;
  out["prior"] = "flat on the grid";
  out["log_speed"] = Value::array();
  out["likelihood"] = Value::array();
  for (std::size_t i = 0; i < posterior.log_speed.size(); ++i) {
    out["log_speed"].push_back(posterior.log_speed[i]);
    out["likelihood"].push_back(posterior.likelihood[i]);
  }
  return out;
}

Value body(const Frozen& frozen) {
  Value out = Value::object();
  out["schema"] = schema;
  out["fitted_to"] = Value::array();
  out["fitted_to"].push_back("C6");
  out["parameters"] = Value::array();
  for (ParameterInfo info : frozen.table) {
    out["parameters"].push_back(canonical(describe(info)));
  }
  out["posterior"] = posterior_value(frozen.posterior);
  return out;
}

}  // namespace

ParameterTable parameter_table(const Value& document) {
  ParameterTable table;
  for (const Value& row : document.at("parameter").as_array()) {
    table.push_back(from_table<ParameterInfo>(row));
  }
  check(table, document.where);
  return table;
}

ParameterTable parameter_table() {
  return parameter_table(io::read_document(data_folder("meso") / "parameters.toml"));
}

Parameters central(const ParameterTable& table) {
  Parameters out;
  for (const Member& member : members_of(out)) {
    const ParameterInfo* info = find(table, member.name);
    HOTSTAGE_EXPECTS(info != nullptr);
    *member.value = info->value;
  }
  return out;
}

Parameters draw(const ParameterTable& table, std::uint64_t seed, std::uint64_t index) {
  Parameters out;
  std::uint64_t stream = parameter_stream;
  for (const Member& member : members_of(out)) {
    const ParameterInfo* info = find(table, member.name);
    HOTSTAGE_EXPECTS(info != nullptr);
    *member.value = draw_one(*info, Rng(seed, stream++, index));
  }
  return out;
}

double Posterior::likelihood_at(double log_speed_value) const {
  HOTSTAGE_EXPECTS(log_speed.size() >= 2);
  const double step = log_speed[1] - log_speed[0];
  const double place =
      std::clamp((log_speed_value - log_speed.front()) / step, 0.0, static_cast<double>(log_speed.size() - 1));
  const auto below = std::min(static_cast<std::size_t>(place), log_speed.size() - 2);
  const double share = place - static_cast<double>(below);
  return (1.0 - share) * likelihood[below] + share * likelihood[below + 1];
}

double Posterior::quantile(double p) const {
  HOTSTAGE_EXPECTS(log_speed.size() >= 2 && log_speed.size() == likelihood.size());
  double total = 0.0;
  for (std::size_t i = 1; i < likelihood.size(); ++i) {
    total += 0.5 * (likelihood[i] + likelihood[i - 1]);
  }
  double sum = 0.0;
  for (std::size_t i = 1; i < likelihood.size(); ++i) {
    const double piece = 0.5 * (likelihood[i] + likelihood[i - 1]);
    if (piece > 0.0 && sum + piece >= p * total) {
      return log_speed[i - 1] + (log_speed[i] - log_speed[i - 1]) * (p * total - sum) / piece;
    }
    sum += piece;
  }
  return log_speed.back();
}

Value to_value(const Frozen& frozen) {
  Value out = body(frozen);
  out["sha256"] = io::sha256(io::to_json(body(frozen), io::JsonStyle::compact));
  return out;
}

Frozen frozen_from_value(const Value& value) {
  const auto found = value.text_at("schema");
  if (found != schema) {
    throw Error(Errc::bad_input, value.where,
                fmt::format("expected a record of schema {}, found {}", schema, found.value_or("none")),
                "Bind the output `parameters` of meso.fit");
  }
  Frozen out;
  for (const Value& row : value.at("parameters").as_array()) {
    out.table.push_back(from_table<ParameterInfo>(row));
  }
  check(out.table, value.where);
  const Value& posterior = value.at("posterior");
  out.posterior.log_speed = posterior.at("log_speed").as_numbers();
  out.posterior.likelihood = posterior.at("likelihood").as_numbers();
  out.posterior.mean = posterior.at("mean").as_number();
  out.posterior.sigma = posterior.at("sigma").as_number();
  out.sha256 = value.at("sha256").as_text();
  const std::string computed = io::sha256(io::to_json(body(out), io::JsonStyle::compact));
  if (computed != out.sha256 || out.posterior.log_speed.size() < 2 ||
      out.posterior.log_speed.size() != out.posterior.likelihood.size()) {
    throw Error(Errc::refused, value.where,
                "the frozen parameters do not match their SHA-256: they were changed after the fit",
                "Run meso.fit again");
  }
  return out;
}

}  // namespace hotstage::meso
