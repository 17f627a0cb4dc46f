// SPDX-License-Identifier: GPL-3.0-or-later
// Step series.strip: chosen frames side by side as a paper prints them.

#include "hotstage/study/detail/film_strip.hpp"
#include "hotstage/study/detail/image_shrink.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

namespace hotstage::study::series_strip {

namespace {

struct Options {
  detail::FilmOptions film;
  std::vector<Temperature> temperatures;
  int count = 4;
  int per_row = 4;
  int shown_pixels = 0;

  template <class V>
  void fields(V& v) {
    film.fields(v);
    v("temperatures", temperatures, {.help = "the frame nearest to each; needs the log", .unit = "degC"});
    v("count", count, {.help = "frames at equal distances when no temperatures are given", .min = 1, .max = 64});
    v("per_row", per_row, {.help = "images in a row", .min = 1, .max = 8});
    v("shown_pixels", shown_pixels,
      {.help = "longest edge of an image; larger ones become block means; 0: as recorded", .min = 0, .max = 100000});
  }
};

std::size_t nearest(const detail::Film& film, double degC) {
  std::size_t best = 0;
  double distance = std::numeric_limits<double>::infinity();
  for (std::size_t f = 0; f < film.frames(); ++f) {
    if (const auto t = film.temperature(f); t && std::abs(*t - degC) < distance) {
      best = f;
      distance = std::abs(*t - degC);
    }
  }
  if (!std::isfinite(distance)) {
    throw Error(Errc::refused, fmt::format("no frame has a temperature, so none is at {:.4g} degC", degC),
                "Bind log to the holder's log, and look at its clock with series.timeline; or use count");
  }
  return best;
}

std::vector<std::size_t> choose(const detail::Film& film, const Options& options) {
  std::vector<std::size_t> out;
  for (const Temperature& temperature : options.temperatures) {
    out.push_back(nearest(film, temperature.in_degC()));
  }
  if (out.empty()) {
    const std::size_t n = std::min(film.frames(), static_cast<std::size_t>(options.count));
    for (std::size_t i = 0; i < n; ++i) {
      out.push_back(n == 1 ? 0 : i * (film.frames() - 1) / (n - 1));
    }
  }
  return out;
}

StepOutput run(const StepInputs& inputs, const Value& table, Run& run) {
  const auto options = from_table<Options>(table);
  const detail::Film film(inputs, options.film);
  const std::vector<std::size_t> shown = choose(film, options);
  const std::array<double, 2> range = film.grey_range(shown);
  report::Figure figure{.id = "strip", .title = "Frames of the series", .caption = film.caption()};
  std::vector<double> number, time, temperature;
  for (std::size_t i = 0; i < shown.size(); ++i) {
    run.check_stop();
    const detail::FilmFrame frame = film.frame(shown[i]);
    report::Panel panel = detail::strip_panel(film, frame, range);
    auto& image = std::get<report::Image>(panel.marks.front());
    const std::size_t pixels = image.grid.columns;
    image.grid = detail::block_means(image.grid, static_cast<std::size_t>(options.shown_pixels));
    if (i == 0 && image.grid.columns < pixels) {
      figure.caption += fmt::format(" Shown as means of {0} × {0} pixels.", pixels / image.grid.columns);
    }
    panel.row = i / static_cast<std::size_t>(options.per_row);
    panel.column = i % static_cast<std::size_t>(options.per_row);
    // One grey scale for all: one bar, beside the last.
    std::get<report::Image>(panel.marks.front()).bar = i + 1 == shown.size();
    figure.panels.push_back(std::move(panel));
    number.push_back(static_cast<double>(shown[i]));
    time.push_back(frame.time_s);
    temperature.push_back(frame.degC.value_or(std::numeric_limits<double>::quiet_NaN()));
  }
  StepOutput out;
  out.figures.push_back(std::move(figure));
  out.tables["shown"].columns = {io::number_column("frame", "", number), io::number_column("time", "s", time),
                                 io::number_column("temperature", "degC", temperature)};
  out.results.push_back({.id = "frames",
                         .value = static_cast<double>(shown.size()),
                         .method = options.temperatures.empty() ? "at equal distances" : "nearest to the temperatures",
                         .label = "Frames shown"});
  constexpr double near_K = 5.0;
  double farthest = 0.0;
  for (std::size_t i = 0; i < options.temperatures.size(); ++i) {
    farthest = std::max(farthest, std::abs(temperature[i] - options.temperatures[i].in_degC()));
  }
  if (!options.temperatures.empty()) {
    out.checks.push_back({"Frames at the temperatures asked for",
                          farthest <= near_K ? CheckStatus::ok : CheckStatus::attention,
                          fmt::format("up to {:.1f} K away", farthest), "5 K",
                          "The images carry the temperature of the frame, not the one asked for"});
  }
  return out;
}

}  // namespace

extern const Step step;
const Step step{
    .id = "series.strip",
    .version = 2,
    .title = "Frame strip",
    .help =
        "Chosen frames side by side with temperature, time and scale bar, moved with the specimen, and with grain "
        "boundaries, voids and the front drawn over them when they are given",
    .example = "hotstage series strip --frames series.emd --log heater.dens --temperatures \"500 degC,600 degC\"",
    .inputs = detail::film_inputs(),
    .outputs = {{"shown", Kind::table, "number, time and temperature of the frames shown"}},
    .options = make_options<Options>,
    .run = run,
};

}  // namespace hotstage::study::series_strip
