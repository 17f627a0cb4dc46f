// SPDX-License-Identifier: GPL-3.0-or-later
// Frames as they are shown, in a strip or a movie: moved with the specimen, with temperature, time and what was found.

#pragma once

#include "hotstage/heater/format.hpp"
#include "hotstage/heater/frame_temperature.hpp"
#include "hotstage/series/registration.hpp"
#include "hotstage/study/step.hpp"

#include <array>
#include <optional>
#include <string>
#include <vector>

namespace hotstage::study::detail {

/// Options that a strip and a movie share.
struct FilmOptions {
  heater::ColumnMap columns;
  heater::ClockZero zero = heater::ClockZero::ramp;
  Time clock_offset{};
  int average = 1;

  template <class V>
  void fields(V& v) {
    v("columns", columns, {.help = "of a log that no format knows: which column of the table is what"});
    v("zero", zero,
      {.help = "what time 0 of the frames is: the start of the log's ramp, its first row, or a date of a wall clock"});
    v("clock_offset", clock_offset, {.help = "heater clock minus microscope clock", .unit = "s"});
    v("average", average,
      {.help = "frames averaged for display (needs the drift), half before and half after; the caption says so",
       .min = 1,
       .max = 101});
  }
};

/// Inputs of both steps, in the order of their registry entries.
[[nodiscard]] std::vector<InputSpec> film_inputs();

enum class OutlineKind { boundary, void_edge, front };

/// A line in pixels of the shown image (pixel centres at whole numbers).
struct Outline {
  OutlineKind kind = OutlineKind::boundary;
  std::vector<std::array<double, 2>> points;  ///< y, x
};

struct FilmFrame {
  std::size_t frame = 0;
  double time_s = 0.0;  ///< middle of the frame
  std::optional<double> degC;
  Buffer<float, 2> image;  ///< rows × columns of the common field, stored counts
  std::vector<Outline> outlines;
};

/// A series ready to be shown.
class Film {
 public:
  /// Reads the optional inputs drift, log, labels, spots, voids and onset. Throws Error{bad_input} when one of them
  /// does not belong to the frames or an average is asked for without the drift.
  Film(const StepInputs& inputs, const FilmOptions& options);

  [[nodiscard]] std::size_t frames() const { return timeline_.frame_start_s.size(); }

  [[nodiscard]] std::size_t rows() const { return rows_; }

  [[nodiscard]] std::size_t columns() const { return columns_; }

  /// Middle of a frame in °C; nothing without a log or outside it.
  [[nodiscard]] std::optional<double> temperature(std::size_t frame) const { return temperatures_[frame]; }

  [[nodiscard]] FilmFrame frame(std::size_t index) const;

  /// Values shown black and white: 0.5 % and 99.5 % quantiles of some of the frames together, the same for all.
  [[nodiscard]] std::array<double, 2> grey_range(const std::vector<std::size_t>& shown) const;

  /// 1, 2 or 5 times a power of ten, a fifth to a half of the width; nothing when the axis is no length.
  [[nodiscard]] std::optional<report::ScaleBar> scale_bar() const;

  [[nodiscard]] const signal::Signal& signal() const { return frames_; }

  /// What a reader must know: averaging, drift, outlines.
  [[nodiscard]] std::string caption() const;

 private:
  void read_temperatures(const StepInputs& inputs, const FilmOptions& options);
  void read_drift(const StepInputs& inputs);
  void add_voids(std::size_t frame, std::vector<Outline>& out) const;
  void add_front(double degC, std::vector<Outline>& out) const;

  struct Circle {
    double y_px;
    double x_px;
    std::vector<double> radius_px;  ///< per frame; 0: none
  };

  signal::Signal frames_;
  signal::Timeline timeline_;
  int average_ = 1;
  std::vector<std::optional<double>> temperatures_;
  std::vector<std::array<long, 2>> shift_;  ///< whole pixels, y and x; empty without a drift table
  std::vector<bool> usable_;
  std::size_t first_row_ = 0;  ///< of the common field, in frame 0
  std::size_t first_column_ = 0;
  std::size_t rows_ = 0;
  std::size_t columns_ = 0;
  std::vector<Outline> boundaries_;  ///< in pixels of frame 0
  std::string edits_;                ///< of the labels by hand, as a caption says it
  std::vector<Circle> circles_;
  std::optional<signal::Signal> onset_;
  Buffer<float, 2> onset_map_;  ///< °C per block
};

}  // namespace hotstage::study::detail
