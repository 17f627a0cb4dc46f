// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/study/detail/meso_pages.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

namespace hotstage::study::detail {

namespace {

constexpr double bin_K = 10.0;
constexpr double first_bin_degC = 400.0;
constexpr std::size_t bins = 30;

report::Bars histogram(const std::string& name, const std::vector<meso::Draw>& draws, meso::Pick pick) {
  report::Bars out{.name = name, .values = std::vector<double>(bins, 0.0)};
  double total = 0.0;
  for (const meso::Draw& draw : draws) {
    total += draw.weight;
    if (const auto degC = pick(draw)) {
      const double place = (*degC - first_bin_degC) / bin_K;
      if (place >= 0.0 && place < static_cast<double>(bins)) {
        out.values[static_cast<std::size_t>(place)] += draw.weight;
      }
    }
  }
  for (std::size_t i = 0; i < bins; ++i) {
    out.labels.push_back(fmt::format("{:.0f}", first_bin_degC + (static_cast<double>(i) + 0.5) * bin_K));
    out.values[i] /= std::max(total, std::numeric_limits<double>::min());
  }
  return out;
}

report::Panel histogram_panel(const std::string& title) {
  return {.title = title, .x = {.label = "Temperature", .unit = "degC"}, .y = {.label = "Share of draws"}, .marks = {}};
}

constexpr double never_degC = 700.0;

std::optional<double> difference(const std::optional<double>& a, const std::optional<double>& b) {
  return a && b ? std::optional(*a - *b) : std::nullopt;
}

/// Every k-th cell, so that a report of many maps stays small; voids are gaps.
report::Grid shown_grid(const meso::Polycrystal& crystal, const std::vector<double>& values) {
  constexpr std::size_t most = 160;
  const std::size_t stride = (crystal.cells + most - 1) / most;
  const std::size_t n = crystal.cells / stride;
  const double field = static_cast<double>(n * stride) * crystal.pixel_nm;
  report::Grid grid{.rows = n, .columns = n, .values = {}, .x = {0.0, field}, .y = {0.0, field}};
  for (std::size_t i = 0; i < n * n; ++i) {
    const std::size_t cell = (i / n * stride + stride / 2) * crystal.cells + i % n * stride + stride / 2;
    grid.values.push_back(crystal.label[cell] > 0 ? values[cell] : std::nan(""));
  }
  return grid;
}

report::AxisSpec nm_axis(const std::string& label) {
  return {.label = label, .unit = "nm"};
}

}  // namespace

meso::FieldOptions FieldChoice::options(const StepInputs& inputs, meso::Driver driver) const {
  return {.cells = static_cast<std::size_t>(cells),
          .field_nm = field.in(units::nm),
          .grains = static_cast<std::size_t>(grains),
          .driver = driver,
          .drivers = meso::drivers_from_value(inputs.records.at("drivers")),
          .seed = static_cast<std::uint64_t>(seed)};
}

InputSpec drivers_input() {
  return {"drivers", Kind::record, true, "temperatures above which oxygen may leave (thermo.reactions)"};
}

void MapKeeper::add(const meso::FoilState& state) {
  constexpr std::array wanted_degC{500.0, 550.0, 600.0, 650.0};
  constexpr double near_K = 0.5;
  const double degC = programme_.at(state.time_s * units::s).in_degC();
  while (next_ < wanted_degC.size() && degC >= wanted_degC[next_] - near_K) {
    const bool last_of_its_kind = next_ + 1 == wanted_degC.size() || degC < wanted_degC[next_ + 1] - near_K;
    if (last_of_its_kind) {
      maps_.push_back({degC, {state.transformed.begin(), state.transformed.end()}});
    }
    ++next_;
  }
}

kinetics::Programme lamella_programme(const Value& heating) {
  const auto schema = heating.text_at("schema");
  if (schema != "hotstage.heating/1") {
    throw Error(Errc::bad_input, heating.where,
                fmt::format("expected a record of schema hotstage.heating/1, found {}", schema.value_or("none")),
                "Bind the output `heating` of heater.simulate");
  }
  const auto set_point = kinetics::Programme::from_value(heating.at("programme"));
  const Time ahead = heating.at("clock_offset_s").as_number() * units::s;
  std::vector<kinetics::ProgrammePoint> points(set_point.points().begin(), set_point.points().end());
  for (kinetics::ProgrammePoint& point : points) {
    point.time = point.time - ahead;
  }
  return kinetics::Programme(std::move(points)).shifted(heating.at("lamella_offset_K").as_number() * units::K);
}

std::vector<double> look_times(const kinetics::Programme& programme, Time interval) {
  std::vector<double> out;
  const double begin = programme.begin().in(units::s);
  const double end = programme.end().in(units::s);
  for (std::size_t i = 0; begin + static_cast<double>(i) * interval.in(units::s) < end; ++i) {
    out.push_back(begin + static_cast<double>(i) * interval.in(units::s));
  }
  out.push_back(end);
  return out;
}

std::vector<signal::Axis> field_axes(const meso::Polycrystal& crystal) {
  signal::Axis y{
      .name = "y", .size = crystal.cells, .offset = 0.5 * crystal.pixel_nm, .scale = crystal.pixel_nm, .unit = "nm"};
  signal::Axis x = y;
  x.name = "x";
  return {y, x};
}

signal::Signal state_signal(const meso::Polycrystal& crystal, const meso::StateRecorder& recorder) {
  signal::Signal out;
  out.metadata.title = "Thickness of each material";
  const std::vector<double>& times = recorder.times_s();
  out.navigation = {{.name = "time", .size = times.size(), .unit = "s", .points = times},
                    {.name = "material", .size = meso::material_names.size(), .unit = ""}};
  out.axes = field_axes(crystal);
  out.intensity_unit = "nm";
  const Buffer<float, 2> maps = recorder.maps();
  Buffer<float, 2> rows({times.size() * meso::material_names.size(), crystal.label.size()});
  std::copy_n(maps.data(), maps.size(), rows.data());
  out.source = signal::memory_source(std::move(rows));
  return out;
}

signal::Signal label_signal(const meso::Polycrystal& crystal) {
  signal::Signal out;
  out.metadata.title = "Grains";
  out.axes = field_axes(crystal);
  Buffer<float, 2> values({1, crystal.label.size()});
  std::transform(crystal.label.begin(), crystal.label.end(), values.data(),
                 [](int label) { return static_cast<float>(label); });
  out.source = signal::memory_source(std::move(values));
  return out;
}

void add_balance(const meso::Outcome& outcome, StepOutput& out) {
  constexpr double limit = 1e-12;
  const double worst = std::max(
      {std::abs(outcome.oxygen.error()), std::abs(outcome.cobalt_atoms.error()), std::abs(outcome.lithium.error())});
  out.checks.push_back({.name = "O, Co and Li balance",
                        .status = worst <= limit ? CheckStatus::ok : CheckStatus::failed,
                        .measured = fmt::format("{:.1e}", worst),
                        .limit = fmt::format("{:.0e} relative", limit),
                        .meaning = "what the fields hold plus what the reactions released is what was there"});
}

report::Figure state_figure(const meso::Polycrystal& crystal, std::span<const StateMap> maps) {
  report::Figure figure{.id = "state",
                        .title = "Transformed share of the foil",
                        .caption =
                            "0: layered, 1: spinel or rock salt. Lines are grain boundaries; holes are voids "
                            "and cracks.",
                        .panels = {}};
  const report::Grid grains = shown_grid(crystal, {crystal.label.begin(), crystal.label.end()});
  std::vector<double> levels;
  for (std::size_t g = 1; g < crystal.grains(); ++g) {
    levels.push_back(static_cast<double>(g) + 0.5);
  }
  for (std::size_t i = 0; i < maps.size(); ++i) {
    const report::Grid grid = shown_grid(crystal, maps[i].transformed);
    report::Panel panel{.title = fmt::format("{:.0f} degC", maps[i].temperature_degC),
                        .x = nm_axis("x"),
                        .y = nm_axis("y"),
                        .marks = {},
                        .row = i / 2,
                        .column = i % 2};
    panel.marks.emplace_back(
        report::Image{.name = "transformed", .grid = grid, .range = {{0.0, 1.0}}, .bar_label = "transformed share"});
    panel.marks.emplace_back(
        report::Contour{.name = "grain boundaries", .grid = grains, .levels = levels, .colour = report::Colour::grey});
    figure.panels.push_back(std::move(panel));
  }
  return figure;
}

report::Figure course_figure(const meso::Outcome& outcome, const std::string& title) {
  report::Line all{.name = "whole field"};
  report::Line boundary{.name = "within 10 nm of a boundary"};
  report::Line interior{.name = "interior"};
  report::Line rock_salt{.name = "rock salt", .dash = report::Dash::dashed};
  report::Line radius{.name = "Co in the special void"};
  for (const meso::Sample& sample : outcome.samples) {
    for (report::Line* line : {&all, &boundary, &interior, &rock_salt, &radius}) {
      line->x.push_back(sample.temperature_degC);
    }
    all.y.push_back(sample.transformed);
    boundary.y.push_back(sample.at_boundary);
    interior.y.push_back(sample.interior);
    rock_salt.y.push_back(sample.rock_salt);
    radius.y.push_back(sample.metal_radius_nm);
  }
  const report::AxisSpec temperature{.label = "Temperature", .unit = "degC"};
  report::Figure figure{.id = "course", .title = title, .panels = {}};
  figure.panels.push_back({.title = "Transformation",
                           .x = temperature,
                           .y = {.label = "Share of the solid"},
                           .marks = {all, boundary, interior, rock_salt},
                           .x_link = "temperature"});
  figure.panels.push_back({.title = "Metal",
                           .x = temperature,
                           .y = nm_axis("Radius"),
                           .marks = {radius},
                           .row = 1,
                           .height = 0.6,
                           .x_link = "temperature"});
  return figure;
}

report::Figure crossing_figure(const std::vector<meso::Draw>& draws) {
  report::Panel panel = histogram_panel("First apparent crossing");
  panel.marks.emplace_back(histogram("A: no crossing, pristine law", draws,
                                     [](const meso::Draw& d) { return d.crossing[0].temperature_degC; }));
  panel.marks.emplace_back(
      histogram("B: wall with a barrier", draws, [](const meso::Draw& d) { return d.crossing[1].temperature_degC; }));
  panel.marks.emplace_back(
      histogram("C: open wall", draws, [](const meso::Draw& d) { return d.crossing[2].temperature_degC; }));
  return {.id = "crossing",
          .title = "When a neighbour without a core begins, under three explanations",
          .caption = "The paper's frames bracket it in (550, 650] degC. Same seeds and priors for all three.",
          .panels = {panel}};
}

report::Figure onset_figure(const std::vector<meso::Draw>& draws) {
  report::Panel panel = histogram_panel("Onset");
  panel.marks.emplace_back(histogram("aged", draws, [](const meso::Draw& d) { return d.aged_onset_degC; }));
  panel.marks.emplace_back(histogram("pristine", draws, [](const meso::Draw& d) { return d.pristine_onset_degC; }));
  return {
      .id = "onset",
      .title = "Onset of visible transformation",
      .caption = "Weighted draws; the front speed was fitted to the aged onset (C6), the pristine one is predicted.",
      .panels = {panel}};
}

void add_band(const std::vector<meso::Draw>& draws, meso::Pick pick, const BandResult& what, StepOutput& out) {
  const meso::Band band = meso::band_of(draws, pick);
  if (band.counted * 2 < band.counted + band.missing || band.counted == 0) {
    out.checks.push_back({.name = what.label,
                          .status = CheckStatus::attention,
                          .measured = fmt::format("seen in {} of {} draws", band.counted, draws.size()),
                          .limit = "half of the draws",
                          .meaning = "no number is given"});
    return;
  }
  constexpr double rounding = 1e-9;  // a balance is the same in every draw: it has no band
  const bool exact = band.half_width() < rounding * std::abs(band.median);
  out.results.push_back(
      {.id = what.id,
       .value = band.median,
       .sigma = exact ? std::nullopt : std::optional(band.half_width()),
       .unit = what.unit,
       .method = fmt::format("{}; median and half the 68 % band [{:.4g}, {:.4g}] of {} weighted draws", what.method,
                             band.low, band.high, draws.size()),
       .evidence = "literature",
       .label = what.label,
       .headline = what.headline});
  if (exact) {
    return;
  }
  out.results.push_back({.id = what.id + "_band_width",
                         .value = band.high - band.low,
                         .unit = what.unit == "degC" ? "K" : what.unit,
                         .method = "width of the 68 % band",
                         .evidence = "literature",
                         .label = what.label + ", width of the band"});
}

std::optional<double> onset_difference(const meso::Draw& draw) {
  if (!draw.aged_onset_degC || !draw.pristine_onset_degC) {
    return std::nullopt;
  }
  return *draw.pristine_onset_degC - *draw.aged_onset_degC;
}

std::optional<double> halo_ratio(const meso::Draw& draw) {
  return draw.halo.radius_nm > 0.0 ? std::optional(draw.halo.reach_nm / draw.halo.radius_nm) : std::nullopt;
}

std::optional<double> boundary_first(const meso::Draw& draw) {
  if (!draw.pristine_boundary_degC && !draw.pristine_interior_degC) {
    return std::nullopt;
  }
  const double boundary = draw.pristine_boundary_degC.value_or(never_degC);
  return boundary < draw.pristine_interior_degC.value_or(never_degC) ? 1.0 : 0.0;
}

std::optional<double> aged_first(const meso::Draw& draw) {
  if (!draw.aged_onset_degC && !draw.pristine_onset_degC) {
    return std::nullopt;
  }
  return draw.aged_onset_degC.value_or(never_degC) < draw.pristine_onset_degC.value_or(never_degC) ? 1.0 : 0.0;
}

std::optional<double> aged_interval(const meso::Draw& draw) {
  return meso::probability_between(draw.aged_onset_degC, 500.0, 550.0, draw.parameters.lamella_sigma_K);
}

meso::Pick crossing_pick(meso::Rival rival) {
  switch (rival) {
    case meso::Rival::a:
      return [](const meso::Draw& d) { return d.crossing[0].temperature_degC; };
    case meso::Rival::b:
      return [](const meso::Draw& d) { return d.crossing[1].temperature_degC; };
    case meso::Rival::c:
      break;
  }
  return [](const meso::Draw& d) { return d.crossing[2].temperature_degC; };
}

std::vector<NamedPick> hold_shifts() {
  return {{"aged_shift_hold_60", "Aged onset, moved by 60 s holds",
           [](const meso::Draw& d) { return difference(d.aged_hold_degC[0], d.aged_onset_degC); }},
          {"aged_shift_hold_600", "Aged onset, moved by 600 s holds",
           [](const meso::Draw& d) { return difference(d.aged_hold_degC[1], d.aged_onset_degC); }},
          {"pristine_shift_hold_60", "Pristine onset, moved by 60 s holds",
           [](const meso::Draw& d) { return difference(d.pristine_hold_degC[0], d.pristine_onset_degC); }},
          {"pristine_shift_hold_600", "Pristine onset, moved by 600 s holds",
           [](const meso::Draw& d) { return difference(d.pristine_hold_degC[1], d.pristine_onset_degC); }}};
}

std::vector<meso::Draw> with_holds(const std::vector<meso::Draw>& draws) {
  std::vector<meso::Draw> out;
  std::copy_if(draws.begin(), draws.end(), std::back_inserter(out), [](const meso::Draw& d) { return d.with_holds; });
  return out;
}

io::Table draw_table(const std::vector<meso::Draw>& draws) {
  io::Table table;
  const auto add = [&](const std::string& name, const std::string& unit, meso::Pick pick) {
    std::vector<double> values;
    for (const meso::Draw& draw : draws) {
      values.push_back(pick(draw).value_or(std::nan("")));
    }
    table.columns.push_back(io::number_column(name, unit, std::move(values)));
  };
  using meso::Draw;
  add("weight", "", [](const Draw& d) { return std::optional(d.weight); });
  add("x", "", [](const Draw& d) { return std::optional(d.x); });
  add("front_speed", "nm/s", [](const Draw& d) { return std::optional(d.parameters.front_speed_nm_per_s); });
  add("aged_onset", "degC", [](const Draw& d) { return d.aged_onset_degC; });
  add("pristine_onset", "degC", [](const Draw& d) { return d.pristine_onset_degC; });
  add("pristine_boundary", "degC", [](const Draw& d) { return d.pristine_boundary_degC; });
  add("pristine_interior", "degC", [](const Draw& d) { return d.pristine_interior_degC; });
  add("crossing_A", "degC", crossing_pick(meso::Rival::a));
  add("crossing_B", "degC", crossing_pick(meso::Rival::b));
  add("crossing_C", "degC", crossing_pick(meso::Rival::c));
  add("aged_onset_hold_60", "degC", [](const Draw& d) { return d.aged_hold_degC[0]; });
  add("aged_onset_hold_600", "degC", [](const Draw& d) { return d.aged_hold_degC[1]; });
  add("pristine_onset_hold_60", "degC", [](const Draw& d) { return d.pristine_hold_degC[0]; });
  add("pristine_onset_hold_600", "degC", [](const Draw& d) { return d.pristine_hold_degC[1]; });
  add("cobalt_onset", "degC", [](const Draw& d) { return d.cobalt_onset_degC; });
  add("cobalt_radius", "nm", [](const Draw& d) { return std::optional(d.cobalt_radius_nm); });
  add("halo_reach", "nm", [](const Draw& d) { return std::optional(d.halo.reach_nm); });
  return table;
}

io::Table rival_table(const std::vector<meso::Draw>& draws) {
  std::vector<std::string> names{"A: no crossing, pristine law", "B: wall with a barrier", "C: open wall"};
  std::vector<double> median, low, high, probability, sigma;
  for (const meso::Rival rival : {meso::Rival::a, meso::Rival::b, meso::Rival::c}) {
    const meso::Band band = meso::band_of(draws, crossing_pick(rival));
    const Estimate p = meso::crossing_probability(draws, rival);
    median.push_back(band.median);
    low.push_back(band.low);
    high.push_back(band.high);
    probability.push_back(p.value);
    sigma.push_back(p.sigma);
  }
  io::Table table;
  table.columns = {io::text_column("rival", names),
                   io::number_column("first_crossing", "degC", median),
                   io::number_column("band_low", "degC", low),
                   io::number_column("band_high", "degC", high),
                   io::number_column("probability_550_650", "", probability),
                   io::number_column("probability_sigma", "", sigma)};
  return table;
}

void add_ensemble_checks(const std::vector<meso::Draw>& draws, StepOutput& out) {
  constexpr std::size_t fewest = 50;
  constexpr double balance_limit = 1e-12;
  const double effective = meso::effective_draws(draws);
  out.checks.push_back({.name = "Number of draws",
                        .status = draws.size() >= fewest ? CheckStatus::ok : CheckStatus::attention,
                        .measured = fmt::format("{}, worth {:.1f} equal ones", draws.size(), effective),
                        .limit = fmt::format(">= {}", fewest),
                        .meaning = "weights make front speed and priors one posterior given C6; few effective draws "
                                   "make bands and Bayes factors noisy"});
  double worst = 0.0;
  for (const meso::Draw& draw : draws) {
    worst = std::max(worst, draw.worst_balance);
  }
  out.checks.push_back({.name = "O, Co and Li balance of all runs",
                        .status = worst <= balance_limit ? CheckStatus::ok : CheckStatus::failed,
                        .measured = fmt::format("{:.1e}", worst),
                        .limit = fmt::format("{:.0e} relative", balance_limit),
                        .meaning = "no atom is made or lost"});
}

void add_onset_results(const std::vector<meso::Draw>& draws, StepOutput& out) {
  add_band(
      draws, [](const meso::Draw& d) { return d.aged_onset_degC; },
      {.id = "aged_onset", .label = "Onset, aged (fitted to C6)", .method = "2 % of the field seen to change"}, out);
  add_band(
      draws, [](const meso::Draw& d) { return d.pristine_onset_degC; },
      {.id = "pristine_onset",
       .label = "Onset, pristine",
       .method = "same parameters, no cores, x = 1",
       .headline = true},
      out);
  add_band(draws, onset_difference,
           {.id = "onset_difference", .label = "Pristine minus aged onset", .unit = "K", .method = "draw by draw"},
           out);
  add_band(
      draws, [](const meso::Draw& d) { return d.cobalt_onset_degC; },
      {.id = "cobalt_onset", .label = "Co nucleus in the special void", .method = "walk law, barrier 1.58 eV"}, out);
  add_band(
      draws, [](const meso::Draw& d) { return std::optional(d.cobalt_radius_nm); },
      {.id = "cobalt_radius",
       .label = "Radius of the Co at 650 degC",
       .unit = "nm",
       .method = "constant supply over the void's faces after the nucleus"},
      out);
  add_band(
      draws, [](const meso::Draw& d) { return std::optional(d.halo.oxide_volumes); },
      {.id = "co_balance_volumes",
       .label = "Volumes of LiCoO2 emptied per volume of Co",
       .unit = "",
       .method = "Co missing from the cells around the void over the metal"},
      out);
  add_band(draws, halo_ratio,
           {.id = "halo_over_radius",
            .label = "Reach of the halo over the radius of the metal",
            .unit = "",
            .method = "distance from the void that holds 90 % of the Co taken"},
           out);
  for (const auto& pick : hold_shifts()) {
    add_band(with_holds(draws), pick.pick,
             {.id = pick.id, .label = pick.label, .unit = "K", .method = "same draw with and without imaging holds"},
             out);
  }
}

void add_rival_results(const std::vector<meso::Draw>& draws, StepOutput& out) {
  for (const meso::Rival rival : {meso::Rival::a, meso::Rival::b, meso::Rival::c}) {
    const std::string letter(1, static_cast<char>('A' + static_cast<int>(rival)));
    add_band(draws, crossing_pick(rival),
             {.id = "first_crossing_" + letter,
              .label = "First apparent crossing, rival " + letter,
              .method = "first core-free neighbour of a damaged grain that shows 5 % of itself transformed",
              .headline = rival == meso::Rival::b},
             out);
    const Estimate p = meso::crossing_probability(draws, rival);
    out.results.push_back({.id = "probability_crossing_550_650_" + letter,
                           .value = p.value,
                           .sigma = p.sigma,
                           .method = "P(first apparent crossing in (550, 650] degC), lamella error included, given C6",
                           .evidence = "literature",
                           .label = "Probability of C8's interval, rival " + letter});
  }
  for (const meso::Rival other : {meso::Rival::a, meso::Rival::c}) {
    const Estimate log_factor = meso::log_bayes_factor(draws, meso::Rival::b, other);
    const std::string letter = other == meso::Rival::a ? "A" : "C";
    out.results.push_back({.id = "bayes_factor_B_" + letter,
                           .value = std::exp(log_factor.value),
                           .sigma = std::exp(log_factor.value) * log_factor.sigma,
                           .method = fmt::format("same seeds, same priors, barrier not tuned; ln = {:.3g} +- {:.2g} "
                                                 "(Monte Carlo, leaving out one draw)",
                                                 log_factor.value, log_factor.sigma),
                           .evidence = "literature",
                           .label = "Bayes factor of B over " + letter,
                           .headline = true});
  }
}

void add_assumptions(StepOutput& out) {
  out.assumptions.push_back(
      {"Two dimensions through the foil's thickness",
       "fronts, boundaries and voids run straight through; what happens inside 80 nm is averaged"});
  out.assumptions.push_back({"Grain boundaries do not pass the catalysis of the front",
                             "they are crossed by events (rival B); A and C are run beside it"});
  out.assumptions.push_back({"Co metal may form once Co reaches the face",
                             "no reductant is balanced against it (premise P4 is judged apart)"});
  out.assumptions.push_back(
      {"One set of parameters for aged and pristine material",
       "only the front speed is fitted, to C6; the rest are priors with their sources in the table"});
}

}  // namespace hotstage::study::detail
