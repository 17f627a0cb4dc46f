// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/study/detail/film.hpp"

#include "hotstage/heater/format.hpp"
#include "hotstage/num/statistics.hpp"
#include "hotstage/series/denoise.hpp"
#include "hotstage/series/segment.hpp"
#include "hotstage/signal/clock.hpp"
#include "hotstage/study/detail/series_edit_pages.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numbers>

namespace hotstage::study::detail {

namespace {

/// Edges between elements that differ, as straight pieces in element coordinates, in units of `scale` from `origin`.
template <class Differ>
void trace_edges(std::array<std::size_t, 2> size, const Differ& differ, OutlineKind kind, std::array<double, 2> origin,
                 double scale, std::vector<Outline>& out) {
  const auto piece = [&](double y0, double x0, double y1, double x1) {
    const auto place = [&](double y, double x) {
      return std::array{origin[0] + (y - 0.5) * scale, origin[1] + (x - 0.5) * scale};
    };
    out.push_back({kind, {place(y0, x0), place(y1, x1)}});
  };
  const auto walk = [&](std::size_t across, std::size_t along, bool upright) {
    for (std::size_t i = 1; i < across; ++i) {
      for (std::size_t k = 0; k < along; ++k) {
        const std::size_t start = k;
        while (k < along && (upright ? differ(k, i, k, i - 1) : differ(i, k, i - 1, k))) {
          ++k;
        }
        if (k > start) {
          const auto line = static_cast<double>(i);
          const auto a = static_cast<double>(start);
          const auto b = static_cast<double>(k);
          upright ? piece(a, line, b, line) : piece(line, a, line, b);
        }
      }
    }
  };
  walk(size[1], size[0], true);
  walk(size[0], size[1], false);
}

double to_px(const signal::Axis& axis, double value) {
  return (value - axis.value(0.0)) / axis.scale;
}

const io::Table* find_table(const StepInputs& inputs, const char* name) {
  const auto found = inputs.tables.find(name);
  return found == inputs.tables.end() ? nullptr : &found->second;
}

}  // namespace

std::vector<InputSpec> film_inputs() {
  return {{"frames", Kind::signal, true, "frame series {time | y, x}"},
          {"log", Kind::raw, false, "log of the heating holder, for temperatures"},
          {"drift", Kind::table, false, "drift table of series.register: the specimen then stands still"},
          {"labels", Kind::signal, false, "labels of series.segment: grain boundaries"},
          {"spots", Kind::table, false, "spots of series.segment: where the voids are"},
          {"voids", Kind::table, false, "voids of series.segment: their radius in every frame"},
          {"onset", Kind::signal, false, "onset map of series.track: the front at the frame's temperature"}};
}

Film::Film(const StepInputs& inputs, const FilmOptions& options)
    : frames_(inputs.signal("frames")), timeline_(signal::timeline_of(frames_)), average_(options.average) {
  rows_ = frames_.axes[0].size;
  columns_ = frames_.axes[1].size;
  read_temperatures(inputs, options);
  read_drift(inputs);
  if (const signal::Signal* labels = inputs.find_signal("labels")) {
    const Buffer<std::int32_t, 2> map = read_labels(*labels, frames_);
    const Buffer<std::int32_t, 2> whole = series::filled_labels(map.view());
    const auto differ = [&](std::size_t y0, std::size_t x0, std::size_t y1, std::size_t x1) {
      return whole.view()(y0, x0) != whole.view()(y1, x1);
    };
    trace_edges({whole.extent(0), whole.extent(1)}, differ, OutlineKind::boundary, {0.0, 0.0}, 1.0, boundaries_);
    edits_ = manual_edits(*labels).text();
  }
  const io::Table* spots = find_table(inputs, "spots");
  const io::Table* voids = find_table(inputs, "voids");
  if ((spots == nullptr) != (voids == nullptr)) {
    throw Error(Errc::bad_input, "outlines of voids need both tables, spots and voids",
                "Bind spots and voids of the same series.segment");
  }
  if (spots != nullptr && spots->rows() > 0 && voids->rows() > 0) {
    const std::vector<double>& y = spots->numbers("y");
    const std::vector<double>& x = spots->numbers("x");
    for (std::size_t i = 0; i < y.size(); ++i) {
      circles_.push_back(
          {to_px(frames_.axes[0], y[i]), to_px(frames_.axes[1], x[i]), std::vector<double>(frames(), 0.0)});
    }
    const std::vector<double>& spot = voids->numbers("spot");
    const std::vector<double>& frame = voids->numbers("frame");
    const std::vector<double>& radius = voids->numbers("radius");
    const double nm = series::pixel_nm(frames_);
    for (std::size_t i = 0; i < spot.size(); ++i) {
      const auto s = static_cast<std::size_t>(spot[i]) - 1;
      const auto f = static_cast<std::size_t>(frame[i]);
      if (spot[i] < 1.0 || s >= circles_.size() || frame[i] < 0.0 || f >= frames()) {
        throw Error(Errc::bad_input, Location{.file = voids->file},
                    fmt::format("void {:.0f} in frame {:.0f} is not among the spots and frames", spot[i], frame[i]),
                    "Bind spots and voids of the same series.segment of these frames");
      }
      circles_[s].radius_px[f] = std::isfinite(radius[i]) ? radius[i] / nm : 0.0;
    }
  }
  if (const signal::Signal* onset = inputs.find_signal("onset")) {
    if (onset->axes.size() != 2) {
      throw Error(Errc::bad_input, Location{.file = onset->file},
                  fmt::format("the onset map is {}, not an image", onset->shape_text()), "Bind onset of series.track");
    }
    onset_ = *onset;
    const Buffer<float, 2> values = signal::read_all(*onset);
    onset_map_ = Buffer<float, 2>({onset->axes[0].size, onset->axes[1].size});
    std::copy_n(values.data(), values.size(), onset_map_.data());
  }
}

void Film::read_temperatures(const StepInputs& inputs, const FilmOptions& options) {
  temperatures_.resize(frames());
  const auto file = inputs.files.find("log");
  if (file == inputs.files.end()) {
    return;
  }
  const heater::HeaterLog log = heater::read_log(file->second, {.columns = options.columns});
  const heater::Mounting mounting{.clock_offset = options.clock_offset};
  const heater::ClockJoin join =
      heater::join_clocks(log, timeline_, signal::acquisition_clock(frames_), options.zero, mounting);
  const auto found = heater::frame_temperatures(log, timeline_, join, heater::FrameExposure::rows, mounting);
  for (std::size_t f = 0; f < found.size(); ++f) {
    if (found[f].cover != heater::LogCover::outside) {
      temperatures_[f] = found[f].middle_degC;
    }
  }
}

void Film::read_drift(const StepInputs& inputs) {
  const io::Table* table = find_table(inputs, "drift");
  if (table == nullptr) {
    if (average_ > 1) {
      throw Error(Errc::bad_input, "frames can only be averaged where the drift is known",
                  "Bind drift to the drift of series.register, or leave average at 1");
    }
    return;
  }
  const SeriesState state = detail::read_drift(*table, frames_);
  std::array<long, 2> low{};
  std::array<long, 2> high{};
  for (const series::FrameDrift& drift : state.drift) {
    shift_.push_back({std::lround(drift.dy_px), std::lround(drift.dx_px)});
    usable_.push_back(drift.usable());
    for (std::size_t a = 0; a < 2 && usable_.back(); ++a) {
      low[a] = std::min(low[a], shift_.back()[a]);
      high[a] = std::max(high[a], shift_.back()[a]);
    }
  }
  // What every frame covers; where that is too little the edges stay black instead.
  const auto rows = static_cast<long>(rows_);
  const auto columns = static_cast<long>(columns_);
  if (2 * (high[0] - low[0]) < rows && 2 * (high[1] - low[1]) < columns) {
    first_row_ = static_cast<std::size_t>(-low[0]);
    first_column_ = static_cast<std::size_t>(-low[1]);
    rows_ = static_cast<std::size_t>(rows + low[0] - high[0]);
    columns_ = static_cast<std::size_t>(columns + low[1] - high[1]);
  }
}

FilmFrame Film::frame(std::size_t index) const {
  FilmFrame out{.frame = index, .time_s = timeline_.frame_middle_s(index), .degC = temperatures_[index]};
  out.image = Buffer<float, 2>({rows_, columns_});
  Buffer<float, 2> count({rows_, columns_});
  const auto half = static_cast<std::size_t>(average_ / 2);
  const std::size_t first = index > half ? index - half : 0;
  const std::size_t last = std::min(frames(), first + static_cast<std::size_t>(average_));
  for (std::size_t f = first; f < last; ++f) {
    if (f != index && !usable_[f]) {
      continue;
    }
    const Buffer<float, 2> stored = series::read_frame(frames_, f);
    const std::array<long, 2> shift = shift_.empty() ? std::array<long, 2>{} : shift_[f];
    for (std::size_t y = 0; y < rows_; ++y) {
      const long from_y = static_cast<long>(y + first_row_) + shift[0];
      for (std::size_t x = 0; x < columns_; ++x) {
        const long from_x = static_cast<long>(x + first_column_) + shift[1];
        if (from_y >= 0 && from_x >= 0 && from_y < static_cast<long>(stored.extent(0)) &&
            from_x < static_cast<long>(stored.extent(1))) {
          out.image.view()(y, x) += stored.view()(static_cast<std::size_t>(from_y), static_cast<std::size_t>(from_x));
          count.view()(y, x) += 1.0F;
        }
      }
    }
  }
  for (std::size_t i = 0; i < count.size(); ++i) {
    out.image.data()[i] /= std::max(1.0F, count.data()[i]);
  }
  out.outlines = boundaries_;
  add_voids(index, out.outlines);
  if (out.degC && onset_) {
    add_front(*out.degC, out.outlines);
  }
  for (Outline& outline : out.outlines) {
    // Outlines stand in pixels of frame 0; without a drift table the image is the frame itself.
    for (std::array<double, 2>& point : outline.points) {
      point[0] -= static_cast<double>(first_row_);
      point[1] -= static_cast<double>(first_column_);
    }
  }
  return out;
}

void Film::add_voids(std::size_t frame, std::vector<Outline>& out) const {
  constexpr int corners = 48;
  for (const Circle& circle : circles_) {
    const double radius = circle.radius_px[frame];
    if (!(radius > 0.0)) {
      continue;
    }
    Outline outline{.kind = OutlineKind::void_edge};
    for (int i = 0; i <= corners; ++i) {
      const double angle = 2.0 * std::numbers::pi * i / corners;
      outline.points.push_back({circle.y_px + radius * std::sin(angle), circle.x_px + radius * std::cos(angle)});
    }
    out.push_back(std::move(outline));
  }
}

void Film::add_front(double degC, std::vector<Outline>& out) const {
  // Blocks without an onset are not known to be on either side.
  const auto differ = [&](std::size_t y0, std::size_t x0, std::size_t y1, std::size_t x1) {
    const float a = onset_map_.view()(y0, x0);
    const float b = onset_map_.view()(y1, x1);
    return std::isfinite(a) && std::isfinite(b) && (static_cast<double>(a) <= degC) != (static_cast<double>(b) <= degC);
  };
  const std::array origin{to_px(frames_.axes[0], onset_->axes[0].value(0.0)),
                          to_px(frames_.axes[1], onset_->axes[1].value(0.0))};
  trace_edges({onset_map_.extent(0), onset_map_.extent(1)}, differ, OutlineKind::front, origin,
              onset_->axes[0].scale / frames_.axes[0].scale, out);
}

std::array<double, 2> Film::grey_range(const std::vector<std::size_t>& shown) const {
  constexpr std::size_t sampled = 5;
  std::vector<double> values;
  for (std::size_t i = 0; i < std::min(sampled, shown.size()); ++i) {
    const FilmFrame at = frame(shown[i * (shown.size() - 1) / std::max<std::size_t>(1, sampled - 1)]);
    const std::size_t step = std::max<std::size_t>(1, at.image.size() / 65536);
    for (std::size_t k = 0; k < at.image.size(); k += step) {
      values.push_back(static_cast<double>(at.image.data()[k]));
    }
  }
  const double low = num::quantile(values, 0.005);
  const double high = num::quantile(values, 0.995);
  return {low, high > low ? high : low + 1.0};
}

std::optional<report::ScaleBar> Film::scale_bar() const {
  const signal::Axis& axis = frames_.axes[1];
  const std::optional<Unit> unit = find_unit(axis.unit);
  if (!unit || unit->dimension != Length::dimension || !(axis.scale > 0.0)) {
    return std::nullopt;
  }
  constexpr double widest = 0.4;
  const double room = widest * axis.scale * static_cast<double>(columns_);
  double length = std::pow(10.0, std::floor(std::log10(room)));
  length *= 5.0 * length <= room ? 5.0 : (2.0 * length <= room ? 2.0 : 1.0);
  return report::ScaleBar{length, fmt::format("{:.6g} {}", length, axis.unit)};
}

std::string Film::caption() const {
  std::string out = average_ > 1 ? fmt::format("Means of {} frames, for display only", average_) : "Single frames";
  out += shift_.empty() ? ", as recorded" : ", moved with the specimen by whole pixels";
  out += series::is_denoised(frames_) ? ", denoised and not for measuring" : "";
  out += "; one grey scale for all.";
  out += boundaries_.empty() ? "" : " Yellow: grain boundaries";
  out += boundaries_.empty() ? "" : edits_.empty() ? "." : fmt::format(" ({}).", edits_);
  out += circles_.empty() ? "" : " Blue: voids, circles of the measured radius.";
  out += onset_ ? " Orange: the front, blocks whose onset lies below the frame's temperature." : "";
  if ((!boundaries_.empty() || !circles_.empty() || onset_) && shift_.empty()) {
    out += " Outlines stand in the coordinates of frame 0.";
  }
  return out;
}

}  // namespace hotstage::study::detail
