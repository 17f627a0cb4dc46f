// SPDX-License-Identifier: GPL-3.0-or-later
// Step series.phases: layered, spinel, rock salt or metal, orientation and strain from local spectra.

#include "hotstage/num/statistics.hpp"
#include "hotstage/study/detail/series_phase_pages.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace hotstage::study::series_phases {

namespace {

struct Options {
  detail::ImageOptions image;
  series::PhaseMapOptions map;
  std::array<int, 4> reference{0, 0, 0, 0};

  template <class V>
  void fields(V& v) {
    image.fields(v);
    map.fields(v);
    v("reference", reference,
      {.help =
           "where strain is zero: first row, first column, rows, columns; 0 0 0 0: median of the most frequent phase"});
  }
};

void add_shares(const series::PhaseMap& map, StepOutput& out) {
  const auto all = static_cast<double>(map.cells.size());
  std::size_t told = 0;
  for (std::size_t p = 0; p <= series::n_cathode_phases; ++p) {
    const auto phase = static_cast<series::CathodePhase>(p);
    std::size_t count = 0;
    double variance = 0.0;
    std::vector<double> a;
    for (const series::PhaseCell& cell : map.cells) {
      if (cell.phase == phase) {
        ++count;
        a.push_back(cell.a_A);
      }
      const double q = p < series::n_cathode_phases ? cell.probability[p] : 0.0;
      variance += q * (1.0 - q);
    }
    told += p < series::n_cathode_phases ? count : 0;
    std::string id(series::name(phase));
    std::replace(id.begin(), id.end(), ' ', '_');
    Result share{.id = "share_" + id,
                 .value = static_cast<double>(count) / all,
                 .method = "share of windows told with the probability asked for",
                 .label = fmt::format("Share {}", series::name(phase))};
    if (p < series::n_cathode_phases) {
      share.sigma = std::sqrt(variance) / all;
      share.method += "; σ from the probabilities";
    }
    out.results.push_back(std::move(share));
    if (phase != series::CathodePhase::not_told && a.size() > 1) {
      out.results.push_back({.id = "a_" + id,
                             .value = num::median(a),
                             .sigma = num::median_deviation(a) / std::sqrt(static_cast<double>(a.size())),
                             .unit = "angstrom",
                             .method = "median over windows, σ from their scatter; pixel size as stored",
                             .label = fmt::format("Cubic cell of the metal sublattice, {}", series::name(phase))});
    }
  }
  out.checks.push_back({"Windows told", told * 2 > map.cells.size() ? CheckStatus::ok : CheckStatus::attention,
                        fmt::format("{} of {}", told, map.cells.size()), "more than half",
                        "Weak spots: more counts or larger windows; another zone axis is never told"});
}

void add_strain(const series::PhaseMap& map, StepOutput& out) {
  std::vector<double> away;
  for (const series::PhaseCell& cell : map.cells) {
    if (cell.strain && cell.phase_strain) {
      away.push_back(cell.strain->xx - cell.phase_strain->xx);
      away.push_back(cell.strain->yy - cell.phase_strain->yy);
    }
  }
  if (!away.empty()) {
    out.results.push_back({.id = "strain_difference",
                           .value = num::median_deviation(away),
                           .method = "robust scatter of local fit less geometric phase, both directions",
                           .label = "Strain: difference of the two methods"});
  }
}

StepOutput run(const StepInputs& inputs, const Value& table, Run& run) {
  const auto options = from_table<Options>(table);
  const signal::Signal& signal = inputs.signal("image");
  detail::ImagePart image = detail::read_image(signal, options.image);
  const std::array<double, 2> pixel = detail::require_pixel(image, signal);
  std::array<std::size_t, 4> reference{};
  for (std::size_t i = 0; i < 4; ++i) {
    reference[i] = static_cast<std::size_t>(std::max(0, options.reference[i]));
  }
  const series::PhaseMap map = series::map_phases(image.counts.view(), pixel, options.map, reference, run);
  StepOutput out;
  out.tables["windows"] = detail::phase_table(map, image);
  out.signals["phases"] = detail::phase_signal(map, image);
  add_shares(map, out);
  add_strain(map, out);
  out.figures.push_back(detail::phase_figure(map, image));
  if (map.has_reference) {
    out.figures.push_back(detail::strain_figure(map, image));
  }
  out.assumptions.push_back({"The beam is along <110> of the cubic, [100] of the layered phase",
                             "in other zones the {111} pair is missing and nothing is told"});
  out.assumptions.push_back({"Contrast is that of metal columns", "amplitudes from columns of equal atoms, HAADF"});
  return detail::said_denoised(inputs, run, std::move(out));
}

}  // namespace

extern const Step step;
const Step step{
    .id = "series.phases",
    .version = 1,
    .title = "Phases, orientation and strain from local spectra",
    .help =
        "Slides a window over an atomic-resolution image along <110>cub ∥ [100]hex and tells layered, spinel, rock "
        "salt "
        "and Co metal by spacings and superlattice spots, or says that it cannot; local spacings, orientation, strain",
    .example = "hotstage series phases --image haadf.dm4 --window \"3 nm\"",
    .inputs = {{"image", Kind::signal, true,
                "image with a correct pixel size (series.lattice), or a registered stack"}},
    .outputs = {{"windows", Kind::table, "per window: phase, probabilities, spacings, spot amplitudes, strain"},
                {"phases", Kind::signal, "map: 0 not told, 1 layered, 2 spinel, 3 rock salt, 4 metal"}},
    .options = make_options<Options>,
    .run = run,
};

}  // namespace hotstage::study::series_phases
