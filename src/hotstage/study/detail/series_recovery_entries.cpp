// SPDX-License-Identifier: GPL-3.0-or-later
// Third part of SeriesRecovery: how each grain was entered, against the events that were simulated.

#include "hotstage/study/detail/series_recovery.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

namespace hotstage::study::detail {

namespace {

constexpr double none = std::numeric_limits<double>::quiet_NaN();

struct TrueEntry {
  std::string kind;  ///< "crossed" or "independent"; empty: nothing happened in the grain within the field
  int from = 0;      ///< true grain
  double degC = none;
};

}  // namespace

void SeriesRecovery::compare_entries(StepOutput& out) {
  const io::Table* entries = table("entries");
  const io::Table* events = table("events");
  if (entries == nullptr || events == nullptr) {
    return;
  }
  // The first event of the true grain at a place that this found grain covers.
  const auto truth_of = [&](int grain) {
    TrueEntry entry;
    for (std::size_t i = 0; i < events->rows() && entry.kind.empty(); ++i) {
      const std::string& kind = events->column("kind").texts[i];
      const auto [y, x] = on_field(events->numbers("y")[i], events->numbers("x")[i]);
      if (kind == "cobalt" || y < 0.0 || x < 0.0 || y > static_cast<double>(field_.rows - 1) ||
          x > static_cast<double>(field_.columns - 1)) {
        continue;
      }
      const int there =
          found_.view()(static_cast<std::size_t>(std::lround(y)), static_cast<std::size_t>(std::lround(x)));
      const auto matched = matched_.find(grain);
      const bool own = matched != matched_.end() && static_cast<int>(events->numbers("grain")[i]) == matched->second;
      if (there == grain || own) {
        const bool crossed = kind == "crossing" && own;
        entry = {crossed ? "crossed" : "independent", crossed ? static_cast<int>(events->numbers("from_grain")[i]) : 0,
                 events->numbers("temperature")[i]};
      }
    }
    return entry;
  };
  std::vector<double> grain, from, true_from, degC, p_crossed;
  std::vector<std::string> truth, found, call;
  std::size_t decided = 0;
  std::size_t right = 0;
  for (std::size_t i = 0; i < entries->rows(); ++i) {
    const auto into = static_cast<int>(entries->numbers("into")[i]);
    const TrueEntry entry = truth_of(into);
    const std::string& verdict = entries->column("verdict").texts[i];
    if (entry.kind.empty()) {
      continue;
    }
    const std::string reading = verdict == "continuous" || verdict == "wall" ? "crossed" : verdict;
    const bool clear = reading != "cannot tell";
    decided += clear ? 1U : 0U;
    right += clear && reading == entry.kind ? 1U : 0U;
    grain.push_back(into);
    truth.push_back(entry.kind);
    true_from.push_back(entry.from != 0 ? entry.from : none);
    degC.push_back(entry.degC);
    found.push_back(verdict);
    from.push_back(entries->numbers("from")[i]);
    p_crossed.push_back(1.0 - entries->numbers("p_independent")[i]);
    call.emplace_back(!clear ? "not decided" : reading == entry.kind ? "right" : "wrong");
  }
  io::Table result;
  result.columns = {io::number_column("grain", "", grain),
                    io::text_column("truth", truth),
                    io::number_column("true_from", "", true_from),
                    io::number_column("true_temperature", "degC", degC),
                    io::text_column("found", found),
                    io::number_column("from", "", from),
                    io::number_column("p_crossed", "", p_crossed),
                    io::text_column("call", call)};
  const std::size_t all = grain.size();
  out.tables["entries"] = std::move(result);
  if (all == 0) {
    return;
  }
  const auto crossings = static_cast<double>(std::count(truth.begin(), truth.end(), "crossed"));
  rows_.add("grains first entered across a boundary", crossings,
            {static_cast<double>(std::count_if(found.begin(), found.end(),
                                               [](const std::string& v) { return v == "continuous" || v == "wall"; })),
             0.0},
            "");
  out.results.push_back({.id = "entries_decided",
                         .value = static_cast<double>(decided) / static_cast<double>(all),
                         .method = fmt::format("{} of {} grains; the others: cannot tell", decided, all),
                         .evidence = "twin",
                         .label = "Entries into grains that are decided"});
  if (decided > 0) {
    out.results.push_back({.id = "entries_right",
                           .value = static_cast<double>(right) / static_cast<double>(decided),
                           .method = fmt::format("{} of {} decided ones agree with the first event of the grain in the "
                                                 "field, crossed or by itself",
                                                 right, decided),
                           .evidence = "twin",
                           .label = "Right entries into grains"});
  }
}

}  // namespace hotstage::study::detail
