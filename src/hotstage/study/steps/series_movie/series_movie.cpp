// SPDX-License-Identifier: GPL-3.0-or-later
// Step series.movie: the series as an MP4 file with temperature, time, scale bar and what was found.

#include "hotstage/io/files.hpp"
#include "hotstage/io/temporary_folder.hpp"
#include "hotstage/study/detail/movie.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace hotstage::study::series_movie {

namespace {

struct Options {
  detail::FilmOptions film;
  double frames_per_second = 10.0;
  int every = 1;
  int longest_side = 768;
  int quality = 20;

  template <class V>
  void fields(V& v) {
    film.fields(v);
    v("frames_per_second", frames_per_second, {.help = "of the movie", .min = 0.1, .max = 120.0});
    v("every", every, {.help = "every n-th frame of the series", .min = 1, .max = 100000});
    v("longest_side", longest_side,
      {.help = "pixels; frames are enlarged by a whole factor or shrunk to fit", .min = 64, .max = 4096});
    v("quality", quality, {.help = "constant rate factor of x264, 0 lossless to 51", .min = 0, .max = 51});
  }
};

StepOutput run(const StepInputs& inputs, const Value& table, Run& run) {
  const auto options = from_table<Options>(table);
  const std::string ffmpeg = detail::find_ffmpeg();
  const detail::Film film(inputs, options.film);
  std::vector<std::size_t> shown;
  for (std::size_t f = 0; f < film.frames(); f += static_cast<std::size_t>(options.every)) {
    shown.push_back(f);
  }
  const std::array<double, 2> range = film.grey_range(shown);
  const io::TemporaryFolder folder;
  const std::filesystem::path file = folder / "movie.mp4";
  std::optional<detail::MovieWriter> writer;
  std::array<std::size_t, 2> size{};
  for (std::size_t i = 0; i < shown.size(); ++i) {
    run.check_stop();
    const detail::Picture picture =
        detail::draw_frame(film, film.frame(shown[i]), range, static_cast<std::size_t>(options.longest_side));
    if (!writer) {
      size = {picture.rows(), picture.columns()};
      writer.emplace(ffmpeg, file, size,
                     detail::MovieOptions{.per_second = options.frames_per_second, .quality = options.quality});
    }
    writer->add(picture);
    run.progress(static_cast<double>(i + 1) / static_cast<double>(shown.size()), "frames");
  }
  writer->finish();
  StepOutput out;
  constexpr std::size_t largest = std::size_t{4} << 30;
  out.raw_text["movie"] = {"mp4", io::read_text(file, largest)};
  out.results.push_back({.id = "frames",
                         .value = static_cast<double>(shown.size()),
                         .method = fmt::format("H.264, {} × {} px, {:.3g} per second; {}", size[1], size[0],
                                               options.frames_per_second, film.caption()),
                         .label = "Frames in the movie"});
  return out;
}

}  // namespace

extern const Step step;
const Step step{
    .id = "series.movie",
    .version = 1,
    .title = "Movie",
    .help =
        "The series as an MP4 file (H.264, by an installed ffmpeg) with temperature, time and scale bar, moved with "
        "the specimen, and with grain boundaries, voids and the front drawn over it when they are given",
    .example = "hotstage series movie --frames series.emd --log heater.dens --drift drift.csv",
    .inputs = detail::film_inputs(),
    .outputs = {{"movie", Kind::raw, "the MP4 file"}},
    .options = make_options<Options>,
    .run = run,
};

}  // namespace hotstage::study::series_movie
