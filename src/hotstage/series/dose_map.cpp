// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/series/dose_map.hpp"

#include "hotstage/core/error.hpp"
#include "hotstage/num/statistics.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

namespace hotstage::series {

namespace {

constexpr double electrons_per_nA_s = 6.241509074460763e9;  // CODATA 2018 (exact)

[[noreturn]] void missing(const signal::Signal& frames, const char* what, const char* hint) {
  throw Error(Errc::refused, Location{.file = frames.file}, fmt::format("no dose: the {} is not known", what), hint);
}

/// In nA; 0 when nobody says.
double current_of(const signal::Signal& frames, const DoseMapOptions& options) {
  if (options.beam_current) {
    return options.beam_current->base() / electrons_per_nA_s;
  }
  for (const char* path :
       {"metadata.Acquisition_instrument.TEM.beam_current", "Acquisition_instrument.TEM.beam_current",
        "first.metadata.Acquisition_instrument.TEM.beam_current"}) {
    if (const std::optional<double> stored = frames.original.number_at(path); stored && *stored > 0.0) {
      return *stored;
    }
  }
  return 0.0;
}

double pixel_area_nm2(const signal::Signal& frames) {
  double area = 1.0;
  for (const signal::Axis& axis : frames.axes) {
    const std::optional<Unit> unit = find_unit(axis.unit);
    area *= unit && unit->dimension == Length::dimension ? std::abs(axis.scale) * unit->factor : 0.0;
  }
  return area;
}

double mean_of(const signal::Signal& series, std::size_t frame) {
  const Buffer<float, 2> image = read_frame(series, frame);
  double sum = 0.0;
  for (std::size_t i = 0; i < image.size(); ++i) {
    sum += static_cast<double>(image.data()[i]);
  }
  return sum / static_cast<double>(image.size());
}

/// Means above the black level over their median; frames that come near black are blank.
void find_blanks(const signal::Signal& series, std::span<const FrameDrift> drift, double black, double share,
                 DoseMap& out, Run& run) {
  std::vector<double> signal;
  for (std::size_t f = 0; f < out.frames.size(); ++f) {
    run.check_stop();
    signal.push_back((drift.empty() ? mean_of(series, f) : drift[f].mean) - black);
  }
  const double usual = num::median(signal);
  for (std::size_t f = 0; f < out.frames.size(); ++f) {
    out.frames[f].signal = usual > 0.0 ? signal[f] / usual : 0.0;
    out.frames[f].blank = usual > 0.0 && signal[f] < share * usual;
    out.frames[f].electrons_per_A2 = out.frames[f].blank ? 0.0 : out.per_frame;
  }
}

}  // namespace

DoseMap dose_map(const signal::Signal& series, std::span<const FrameDrift> drift, double black,
                 const DoseMapOptions& options, Run& run) {
  const FrameShape shape = shape_of(series, 1);
  HOTSTAGE_EXPECTS(drift.empty() || drift.size() == shape.frames);
  const double current = current_of(series, options);
  if (!(current > 0.0)) {
    missing(series, "beam current", "Give beam_current (of the probe, from a Faraday cup or the screen)");
  }
  const auto pixels = static_cast<double>(shape.rows * shape.columns);
  const double exposure = series.metadata.exposure.value_or(Time{}).base();
  const double dwell = options.dwell ? options.dwell->base() : exposure / pixels;
  if (!(dwell > 0.0)) {
    missing(series, "time per pixel", "Give dwell, or set the exposure (the frame time) in the metadata");
  }
  const double area = pixel_area_nm2(series);
  if (!(area > 0.0)) {
    missing(series, "area of a pixel", "The axes of the frames are not lengths: calibrate them, or give a sidecar");
  }
  DoseMap out;
  constexpr double A2_per_nm2 = 100.0;
  out.per_frame = current * electrons_per_nA_s * dwell / (area * A2_per_nm2);
  out.relative_sigma = options.current_sigma ? options.current_sigma->base() / (current * electrons_per_nA_s) : 0.0;
  out.from = fmt::format("{:.4g} nA{} × {:.4g} µs per pixel{} over {:.4g} nm²", current,
                         options.beam_current ? "" : " (from the file)", dwell * 1e6,
                         options.dwell ? "" : " (frame time over pixels, flyback included)", area);
  out.frames.resize(shape.frames);
  find_blanks(series, drift, black, options.blank, out, run);

  // Where frame f begins on the specimen, in pixels of frame 0.
  std::vector<std::array<long, 2>> corner(shape.frames);
  std::array<long, 2> low{};
  std::array<long, 2> high{};
  for (std::size_t f = 0; f < drift.size(); ++f) {
    corner[f] = {-std::lround(drift[f].dy_px), -std::lround(drift[f].dx_px)};
    for (std::size_t a = 0; a < 2; ++a) {
      low[a] = std::min(low[a], corner[f][a]);
      high[a] = std::max(high[a], corner[f][a]);
    }
  }
  const std::size_t rows = shape.rows + static_cast<std::size_t>(high[0] - low[0]);
  const std::size_t columns = shape.columns + static_cast<std::size_t>(high[1] - low[1]);
  // Corners of rectangles, then sums along both axes: the cost does not grow with frames × pixels.
  Buffer<double, 2> edges({rows + 1, columns + 1});
  const auto centre_row = static_cast<long>(shape.rows / 2);
  const auto centre_column = static_cast<long>(shape.columns / 2);
  double accumulated = 0.0;
  for (std::size_t f = 0; f < shape.frames; ++f) {
    const double dose = out.frames[f].electrons_per_A2;
    const auto y = static_cast<std::size_t>(corner[f][0] - low[0]);
    const auto x = static_cast<std::size_t>(corner[f][1] - low[1]);
    edges.view()(y, x) += dose;
    edges.view()(y + shape.rows, x) -= dose;
    edges.view()(y, x + shape.columns) -= dose;
    edges.view()(y + shape.rows, x + shape.columns) += dose;
    const bool covered = centre_row >= corner[f][0] && centre_row < corner[f][0] + static_cast<long>(shape.rows) &&
                         centre_column >= corner[f][1] &&
                         centre_column < corner[f][1] + static_cast<long>(shape.columns);
    accumulated += covered ? dose : 0.0;
    out.frames[f].accumulated = accumulated;
  }
  out.first_row = low[0];
  out.first_column = low[1];
  out.electrons_per_A2 = Buffer<float, 2>({rows, columns});
  std::vector<double> above(columns + 1, 0.0);
  for (std::size_t y = 0; y < rows; ++y) {
    double along = 0.0;
    for (std::size_t x = 0; x < columns; ++x) {
      above[x] += edges.view()(y, x);
      along += above[x];
      out.electrons_per_A2.view()(y, x) = static_cast<float>(along);
    }
  }
  return out;
}

}  // namespace hotstage::series
