// SPDX-License-Identifier: GPL-3.0-or-later
// Step eels.reading: what a Co/O number means in atoms, as a fraction, or in raw intensities.

#include "hotstage/eels/readings.hpp"
#include "hotstage/study/step.hpp"

#include <fmt/format.h>

#include <cmath>

namespace hotstage::study::eels_reading {

namespace {

struct Options {
  double number = 0.9;
  double spread = 0.15;
  Energy beam_energy = 300.0 * units::keV;
  Angle convergence = 17.8 * units::mrad;
  Angle collection = 35.0 * units::mrad;

  template <class V>
  void fields(V& v) {
    v("number", number, {.help = "the Co/O number that was published", .min = 0.01, .max = 0.999});
    v("spread", spread, {.help = "relative spread of a ratio of cross-sections", .min = 0.0, .max = 0.5});
    v("beam_energy", beam_energy, {.help = "beam energy", .unit = "keV", .min = 10.0});
    v("convergence", convergence, {.help = "convergence semi-angle", .unit = "mrad", .min = 0.0});
    v("collection", collection, {.help = "collection semi-angle; the paper gives none", .unit = "mrad", .min = 1.0});
  }
};

io::Table reading_table(std::span<const eels::Reading> readings) {
  std::vector<std::string> meaning, metal_possible, oxide_possible;
  std::vector<double> ratio, ratio_sigma, metal, metal_sigma, oxide, oxide_sigma;
  for (const eels::Reading& r : readings) {
    meaning.emplace_back(eels::name(r.meaning));
    ratio.push_back(r.co_per_o.value);
    ratio_sigma.push_back(r.co_per_o.sigma);
    metal.push_back(r.metal_possible ? r.metal.value : std::nan(""));
    metal_sigma.push_back(r.metal_possible ? r.metal.sigma : std::nan(""));
    oxide.push_back(r.oxide_possible ? r.oxide.value : std::nan(""));
    oxide_sigma.push_back(r.oxide_possible ? r.oxide.sigma : std::nan(""));
  }
  io::Table out;
  out.columns = {io::text_column("reading", meaning),
                 io::number_column("Co_per_O", "", ratio),
                 io::number_column("Co_per_O_sigma", "", ratio_sigma),
                 io::number_column("metal_volume", "", metal),
                 io::number_column("metal_volume_sigma", "", metal_sigma),
                 io::number_column("CoO_volume", "", oxide),
                 io::number_column("CoO_volume_sigma", "", oxide_sigma)};
  return out;
}

report::Figure ratio_figure(std::span<const eels::Reading> readings) {
  report::Figure figure{.id = "co-o", .title = "Co/O of a column that is partly metal or CoO, the rest LiCoO_{2}"};
  report::Panel panel{.x = {.label = "Volume share of the product", .range = std::array{0.0, 1.0}},
                      .y = {.label = "Co/O in atoms", .scale = report::Scale::log}};
  const atoms::Material& host = atoms::find_material("LiCoO2");
  for (const char* name : {"Co", "CoO"}) {
    report::Line line{.name = name};
    for (int i = 0; i <= 97; ++i) {
      line.x.push_back(0.01 * i);
      line.y.push_back(eels::co_per_o_of(host, atoms::find_material(name), 0.01 * i));
    }
    panel.marks.emplace_back(std::move(line));
  }
  for (const eels::Reading& r : readings) {
    panel.marks.emplace_back(report::HorizontalLine{std::string(eels::name(r.meaning)), r.co_per_o.value});
  }
  figure.panels.push_back(std::move(panel));
  figure.caption = "The same published number as atoms, as a fraction Co/(Co+O), or as raw intensities.";
  return figure;
}

void add(const eels::Reading& reading, const char* word, StepOutput& out) {
  const std::string method = "densities of LiCoO2, Co and CoO; spread of the cross-sections";
  const auto result = [&](const char* what, const char* label, const Estimate& share) {
    out.results.push_back(
        {.id = fmt::format("{}_volume_if_{}", what, word),
         .value = share.value,
         .sigma = share.sigma,
         .method = method,
         .evidence = "literature",
         .label = fmt::format("{} by volume, if the number is {}", label, eels::name(reading.meaning)),
         .headline = reading.metal_possible && what[0] == 'm'});
  };
  if (reading.metal_possible) {
    result("metal", "Metal", reading.metal);
  }
  if (reading.oxide_possible) {
    result("coo", "CoO", reading.oxide);
  } else {
    out.checks.push_back({fmt::format("CoO, if the number is {}", eels::name(reading.meaning)), CheckStatus::ok,
                          fmt::format("Co/O {:.3g}", reading.co_per_o.value), "at most 1",
                          "No amount of CoO over LiCoO2 reaches this ratio"});
  }
}

StepOutput run(const StepInputs&, const Value& table, Run&) {
  const auto options = from_table<Options>(table);
  const auto readings =
      eels::read_number({.number = options.number,
                         .spread = options.spread,
                         .illumination = {options.beam_energy, options.convergence, options.collection}});
  StepOutput out;
  const std::array words{"atoms", "fraction", "raw"};
  for (std::size_t i = 0; i < readings.size(); ++i) {
    add(readings[i], words[i], out);
  }
  out.tables["readings"] = reading_table(readings);
  out.figures.push_back(ratio_figure(readings));
  out.assumptions.push_back({"The beam crosses LiCoO2 and one product, nothing else",
                             "a mixture of metal and CoO lies between the two lines"});
  return out;
}

}  // namespace

extern const Step step;
const Step step{
    .id = "eels.reading",
    .version = 1,
    .title = "Three readings of a Co/O number",
    .help =
        "Volume share of Co metal or CoO over LiCoO2 that a published Co/O number asks for, read as atoms, as "
        "Co/(Co+O) or as raw intensities",
    .example = "hotstage eels reading --number 0.9",
    .inputs = {},
    .outputs = {{"readings", Kind::table, "the three readings"}},
    .options = make_options<Options>,
    .run = run,
};

}  // namespace hotstage::study::eels_reading
