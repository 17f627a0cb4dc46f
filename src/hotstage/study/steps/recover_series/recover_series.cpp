// SPDX-License-Identifier: GPL-3.0-or-later
// Step recover.series: drift, detector, grains, voids, onsets and crossings of a simulated series against the truth.

#include "hotstage/kinetics/programme.hpp"
#include "hotstage/num/statistics.hpp"
#include "hotstage/study/detail/series_pages.hpp"
#include "hotstage/study/detail/series_recovery.hpp"

#include <fmt/format.h>

namespace hotstage::study::recover_series {

namespace {

struct Options {
  template <class V>
  void fields(V&) {}
};

StepOutput run(const StepInputs& inputs, const Value&, Run&) {
  detail::SeriesRecovery recovery(inputs);
  StepOutput out;
  recovery.compare_drift(out);
  recovery.compare_detector();
  recovery.compare_grains(out);
  recovery.compare_voids();
  recovery.compare_onsets(out);
  recovery.compare_crossing(out);
  recovery.compare_fronts(out);
  recovery.compare_entries(out);
  recovery.compare_zones(out);
  recovery.compare_growth(out);
  recovery.compare_clock();
  recovery.finish(out);
  return out;
}

}  // namespace

extern const Step step;
const Step step{
    .id = "recover.series",
    .version = 3,
    .title = "Frame series against the truth",
    .help =
        "Compares drift, gain, black level, grains, voids, onset, front and entry of each grain, waits at boundaries, "
        "first crossing, voids and particles over time with what was put into a simulated series",
    .example = "hotstage run study.toml",
    .inputs = {{"drift", Kind::table, true, "drift of series.register"},
               {"found_labels", Kind::signal, true, "labels of series.segment"},
               {"spots", Kind::table, false, "spots of series.segment"},
               {"onset", Kind::signal, false, "onset map of series.track"},
               {"onsets", Kind::table, false, "onsets of series.track"},
               {"crossings", Kind::table, false, "crossings of series.track"},
               {"fronts", Kind::table, false, "fronts of series.track"},
               {"entries", Kind::table, false, "entries of series.track"},
               {"boundaries", Kind::table, false, "boundaries of series.track: waits"},
               {"zones", Kind::table, false, "zones of series.track"},
               {"voids", Kind::table, false, "voids of series.segment"},
               {"tracks", Kind::table, false, "tracks of series.segment"},
               {"timeline", Kind::table, false, "timeline of series.timeline"},
               {"frames_truth", Kind::truth, true, "truth of stem.simulate"},
               {"labels", Kind::truth, true, "labels of meso.simulate"},
               {"state", Kind::truth, false, "state of meso.simulate"},
               {"scene", Kind::truth, false, "scene of meso.simulate"},
               {"events", Kind::truth, false, "events of meso.simulate"},
               {"course", Kind::truth, false, "course of meso.simulate: radius of the metal"},
               {"heating", Kind::truth, true, "heating of heater.simulate"}},
    .outputs = {{"recovery", Kind::table, "quantity, truth, recovered, sigma, pull, unit"},
                {"entries", Kind::table, "how each grain was entered: truth beside the analysis"}},
    .role = Role::recovery,
    .options = make_options<Options>,
    .run = run,
};

}  // namespace hotstage::study::recover_series
