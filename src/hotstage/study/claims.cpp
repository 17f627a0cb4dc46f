// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/study/claims.hpp"

#include "hotstage/core/estimate.hpp"
#include "hotstage/core/nearest.hpp"
#include "hotstage/io/document.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace hotstage::study {

namespace {

constexpr std::array verdict_names = {"supported", "consistent", "not_supported", "out_of_reach", "not_yet"};

enum class Outcome { passed, failed, undecided, missing };

struct Tested {
  Outcome outcome = Outcome::missing;
  std::string text;
};

std::string text_of(const Result& result) {
  const std::string number =
      result.sigma ? hotstage::text(Estimate{result.value, *result.sigma}) : fmt::format("{:.4g}", result.value);
  const std::string& label = result.label.empty() ? result.id : result.label;
  return fmt::format("{} {}{}{}", label, number, result.unit.empty() ? "" : " ", result.unit);
}

bool may_decide(ClaimKind kind) {
  return kind == ClaimKind::measured || kind == ClaimKind::computed || kind == ClaimKind::predicted;
}

Tested test_interval(const ClaimTest& test, const Result& result) {
  const auto [low, high] = *test.within;
  const double sigma = result.sigma.value_or(0.0);
  const bool meets = result.value + sigma >= low && result.value - sigma <= high;
  std::string text = fmt::format("{} {} [{:.5g}, {:.5g}]", text_of(result), meets ? "meets" : "misses", low, high);
  if (test.max_sigma && sigma > *test.max_sigma) {
    return {Outcome::undecided, fmt::format("{}, but a band wider than ±{:.3g} is no test", text, *test.max_sigma)};
  }
  return {meets ? Outcome::passed : Outcome::failed, std::move(text)};
}

Tested test_limit(const Result& result, double limit, double refuted, double direction) {
  const double margin = direction * (result.value - limit);
  const bool refutes = direction * (result.value - refuted) < 0.0;
  const char* wanted = direction > 0.0 ? "at least" : "at most";
  const Outcome outcome = margin >= 0.0 ? Outcome::passed : (refutes ? Outcome::failed : Outcome::undecided);
  return {outcome, fmt::format("{} ({} {:.4g} wanted)", text_of(result), wanted, limit)};
}

Tested run_test(const ClaimTest& test, const Evidence& evidence) {
  const auto found = evidence.results.find(test.result);
  if (found == evidence.results.end()) {
    return {Outcome::missing, fmt::format("no result {}", test.result)};
  }
  const Result& result = found->second;
  if (test.within) {
    return test_interval(test, result);
  }
  if (test.at_least) {
    return test_limit(result, *test.at_least, test.refuted_below.value_or(*test.at_least), 1.0);
  }
  return test_limit(result, *test.at_most, test.refuted_above.value_or(*test.at_most), -1.0);
}

/// The kind the evidence allows.
ClaimKind honest_kind(const ClaimEntry& entry, const Evidence& evidence, const std::vector<const Result*>& used) {
  if (evidence.fitted_to.contains(entry.id)) {
    return ClaimKind::fitted;
  }
  const auto any = [&](std::string_view word) {
    return std::any_of(used.begin(), used.end(), [&](const Result* r) { return r->evidence == word; });
  };
  if (may_decide(entry.kind) && any("twin")) {
    return ClaimKind::recovered;
  }
  const bool all_real =
      !used.empty() && std::all_of(used.begin(), used.end(), [](const Result* r) { return r->evidence == "real"; });
  return entry.kind == ClaimKind::measured && !all_real ? ClaimKind::input : entry.kind;
}

std::string joined_evidence(const std::vector<const Result*>& used) {
  std::set<std::string> words;
  for (const Result* result : used) {
    words.insert(result->evidence);
  }
  std::string out;
  for (const std::string& word : words) {
    out += (out.empty() ? "" : ", ") + word;
  }
  return out;
}

Verdict verdict_of(const std::vector<Tested>& tests) {
  const auto any = [&](Outcome outcome) {
    return std::any_of(tests.begin(), tests.end(), [&](const Tested& t) { return t.outcome == outcome; });
  };
  if (any(Outcome::failed)) {
    return Verdict::not_supported;
  }
  if (any(Outcome::missing)) {
    return Verdict::not_yet;
  }
  return any(Outcome::undecided) ? Verdict::consistent : Verdict::supported;
}

ClaimEntry read_claim(const std::string& id, const Value& table) {
  Value words = Value::object();
  words.where = table.where;
  std::vector<ClaimTest> tests;
  for (const Member& member : table.as_object()) {
    if (member.key != "test") {
      words[member.key] = member.value;
      continue;
    }
    for (const Value& node : member.value.as_array()) {
      tests.push_back(from_table<ClaimTest>(node));
      const ClaimTest& test = tests.back();
      if (test.within.has_value() + test.at_least.has_value() + test.at_most.has_value() != 1) {
        throw Error(Errc::bad_input, node.where,
                    fmt::format("a test of claim {} needs one of within, at_least, at_most", id));
      }
    }
  }
  ClaimEntry entry = from_table<ClaimEntry>(words);
  entry.id = id;
  entry.tests = std::move(tests);
  const bool open = entry.verdict == "out_of_reach" || entry.verdict == "not_yet";
  if (entry.tests.empty() ? !open : !entry.verdict.empty()) {
    throw Error(Errc::bad_input, table.where,
                fmt::format("claim {}: a verdict is the outcome of tests and cannot be written down", id),
                "Without tests write verdict = \"out_of_reach\" or \"not_yet\", else leave it out");
  }
  return entry;
}

}  // namespace

std::string_view name(Verdict verdict) noexcept {
  return verdict_names[static_cast<std::size_t>(verdict)];
}

std::string_view name(ClaimKind kind) noexcept {
  for (const auto& entry : enum_names(ClaimKind{})) {
    if (entry.value == kind) {
      return entry.name;
    }
  }
  return "";
}

std::vector<ClaimEntry> read_claims(const std::filesystem::path& file) {
  const Value document = io::read_document(file);
  std::vector<ClaimEntry> out;
  try {
    for (const Member& member : document.as_object()) {
      if (member.key != "claim") {
        throw Error(Errc::bad_input, member.value.where, fmt::format("unknown section [{}]", member.key),
                    "A claims file has [claim.ID] and [[claim.ID.test]]");
      }
      for (const Member& claim : member.value.as_object()) {
        out.push_back(read_claim(claim.key, claim.value));
      }
    }
  } catch (Error& error) {
    error.in_file(file.string());
    throw;
  }
  return out;
}

JudgedClaim judge(const ClaimEntry& entry, const Evidence& evidence) {
  JudgedClaim out{.entry = entry, .kind = entry.kind};
  std::vector<Tested> tests;
  std::vector<const Result*> used;
  std::vector<std::string> names;
  for (const ClaimTest& test : entry.tests) {
    tests.push_back(run_test(test, evidence));
    names.push_back(test.result);
  }
  const std::string shown = entry.ours.empty() && !names.empty() ? names.front() : entry.ours;
  names.push_back(shown);
  for (const std::string& result : names) {
    if (const auto found = evidence.results.find(result); found != evidence.results.end()) {
      used.push_back(&found->second);
    }
  }
  if (const auto found = evidence.results.find(shown); found != evidence.results.end()) {
    out.ours = found->second.value;
    out.sigma = found->second.sigma;
    out.unit = found->second.unit;
  }
  out.evidence = joined_evidence(used);
  if (entry.tests.empty()) {
    out.verdict = entry.verdict == "out_of_reach" ? Verdict::out_of_reach : Verdict::not_yet;
    out.why = entry.note;
    return out;
  }
  out.kind = honest_kind(entry, evidence, used);
  out.verdict = verdict_of(tests);
  for (const Tested& test : tests) {
    out.why += (out.why.empty() ? "" : "; ") + test.text;
  }
  if (out.kind != entry.kind) {
    out.why += fmt::format("; declared {}, but its evidence makes it {}", name(entry.kind), name(out.kind));
  }
  if (!may_decide(out.kind) && out.verdict == Verdict::supported) {
    out.verdict = Verdict::consistent;
  } else if (!may_decide(out.kind) && out.verdict == Verdict::not_supported) {
    out.verdict = Verdict::out_of_reach;
    out.why += out.kind == ClaimKind::recovered
                   ? "; simulated data refute nothing: our tools miss it, or the simulation lacks it (see its recovery)"
                   : "; what was put in refutes nothing";
  }
  out.why += entry.note.empty() ? "" : ". " + entry.note;
  return out;
}

}  // namespace hotstage::study
