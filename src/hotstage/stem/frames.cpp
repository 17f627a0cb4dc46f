// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/stem/frames.hpp"

#include "hotstage/core/error.hpp"
#include "hotstage/core/parallel.hpp"
#include "hotstage/stem/detail/contrast.hpp"
#include "hotstage/stem/detail/streams.hpp"
#include "hotstage/stem/detail/tags.hpp"
#include "hotstage/stem/probe.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstring>

namespace hotstage::stem {

namespace {

constexpr double reference_K = 298.15;  // focused at room temperature

/// The frame on the scene, and when its rows are scanned.
struct Raster {
  std::size_t pixels = 0;
  double pixel_nm = 1.0;
  double row_s = 0.0;
  Displacement corner;  ///< of the frame from the corner of the scene, without drift, in nm
  double jitter_nm = 0.0;

  [[nodiscard]] double frame_s() const { return row_s * static_cast<double>(pixels); }
};

void check(const ImagingOptions& options, const TimeWindow& window, double frame_s) {
  if (options.layer_materials.size() != options.layer_thickness.size()) {
    throw Error(Errc::bad_input,
                fmt::format("{} materials of the surface layer but {} thicknesses", options.layer_materials.size(),
                            options.layer_thickness.size()),
                "Give one thickness per material");
  }
  if (options.channelling[1] < options.channelling[0]) {
    throw Error(Errc::bad_input, "the largest channelling is below the least", "Give two numbers that rise");
  }
  const double spacing_s = (window.last_s - window.first_s) / options.frames;
  if (!(spacing_s >= frame_s)) {
    throw Error(Errc::bad_input,
                fmt::format("{} frames of {:.3f} s do not fit into {:.1f} s", options.frames, frame_s,
                            window.last_s - window.first_s),
                "Take fewer frames, a shorter dwell or fewer pixels");
  }
}

/// The largest square that the drift keeps inside the scene, or the one asked for, in its middle.
Raster place(const Scene& scene, const ImagingOptions& options, const DriftPath& drift, double row_s) {
  const DriftPath::Extent box = drift.extent();
  const double width = static_cast<double>(scene.columns) * scene.pixel_nm;
  const double height = static_cast<double>(scene.rows) * scene.pixel_nm;
  const double jitter = options.jitter.in(units::nm);
  constexpr double jitter_sigmas = 5.0;
  const double edge = scene.pixel_nm + jitter_sigmas * jitter;
  const double room =
      std::min(width - (box.most.x_nm - box.least.x_nm), height - (box.most.y_nm - box.least.y_nm)) - 2.0 * edge;
  const double field = options.field_of_view ? options.field_of_view->in(units::nm) : room;
  if (!(field > 0.0) || field > room) {
    throw Error(
        Errc::bad_input,
        fmt::format("a field of {:.0f} nm does not stay inside the scene of {:.0f} nm x {:.0f} nm: the drift of "
                    "this seed leaves {:.0f} nm",
                    field, width, height, room),
        "Make the scene larger, the drift smaller or field_of_view smaller");
  }
  Raster out;
  out.pixels = static_cast<std::size_t>(options.pixels);
  out.pixel_nm = field / options.pixels;
  out.row_s = row_s;
  out.corner = {0.5 * (width - field + box.most.x_nm + box.least.x_nm),
                0.5 * (height - field + box.most.y_nm + box.least.y_nm)};
  out.jitter_nm = jitter;
  return out;
}

/// Two maps that bracket a frame in time, and the memory they need.
struct Brackets {
  Buffer<float, 2> start;
  Buffer<float, 2> end;
  Buffer<float, 2> scratch;

  explicit Brackets(const Scene& scene)
      : start({scene.rows, scene.columns}), end({scene.rows, scene.columns}), scratch({scene.rows, scene.columns}) {}
};

/// Bilinear, clamped at the border; coordinates count pixel centres.
class Sampler {
 public:
  Sampler(const Brackets& maps, double y, float share) : share_(share) {
    const auto last = static_cast<double>(maps.start.extent(0) - 1);
    const double inside = std::clamp(y, 0.0, last);
    const auto row = std::min(static_cast<std::size_t>(inside), maps.start.extent(0) - 2);
    down_ = static_cast<float>(inside - static_cast<double>(row));
    top_start_ = maps.start.row(row);
    low_start_ = maps.start.row(row + 1);
    top_end_ = maps.end.row(row);
    low_end_ = maps.end.row(row + 1);
  }

  [[nodiscard]] float at(double x) const {
    const double inside = std::clamp(x, 0.0, static_cast<double>(top_start_.size() - 1));
    const auto column = std::min(static_cast<std::size_t>(inside), top_start_.size() - 2);
    const auto right = static_cast<float>(inside - static_cast<double>(column));
    const float before = value(top_start_, low_start_, column, right);
    return before + share_ * (value(top_end_, low_end_, column, right) - before);
  }

 private:
  [[nodiscard]] float value(std::span<const float> top, std::span<const float> low, std::size_t column,
                            float right) const {
    const float upper = top[column] + right * (top[column + 1] - top[column]);
    const float lower = low[column] + right * (low[column + 1] - low[column]);
    return upper + down_ * (lower - upper);
  }

  float share_ = 0.0F;
  float down_ = 0.0F;
  std::span<const float> top_start_;
  std::span<const float> low_start_;
  std::span<const float> top_end_;
  std::span<const float> low_end_;
};

/// Everything of a series that does not change from frame to frame.
struct Session {
  const Scene& scene;
  const ImagingOptions& options;
  const InstrumentTruth& instrument;
  const detail::Contrast& contrast;
  const DriftPath& drift;
  Raster raster;
  TimeWindow window;

  [[nodiscard]] double start_s(std::size_t frame) const {
    return window.first_s + (window.last_s - window.first_s) / options.frames * static_cast<double>(frame);
  }
};

double defocus_nm(const Session& session, double time_s) {
  const double height = session.instrument.bulge_nm_per_K * (session.scene.temperature(time_s).in_K() - reference_K);
  return std::fmod(std::abs(height), session.options.refocus.in(units::nm));
}

/// One row; returns its expected electrons.
double scan_row(const Session& session, const Brackets& maps, std::size_t frame, std::size_t row, double start_s,
                std::span<std::uint16_t> out) {
  const Raster& raster = session.raster;
  Rng rng(static_cast<std::uint64_t>(session.options.seed), streams::rows, frame * raster.pixels + row);
  const double since_s = static_cast<double>(row) * raster.row_s;
  const Displacement drift = session.drift.at(start_s + since_s + 0.5 * raster.row_s);
  const double jitter = raster.jitter_nm > 0.0 ? raster.jitter_nm * rng.normal() : 0.0;
  const double scale = 1.0 / session.scene.pixel_nm;
  const double y = (raster.corner.y_nm - drift.y_nm + (static_cast<double>(row) + 0.5) * raster.pixel_nm) * scale - 0.5;
  const double x = (raster.corner.x_nm - drift.x_nm - jitter + 0.5 * raster.pixel_nm) * scale - 0.5;
  const Sampler sampler(maps, y, static_cast<float>((since_s + 0.5 * raster.row_s) / raster.frame_s()));
  const double step = raster.pixel_nm * scale;
  const int parts = std::max(1, static_cast<int>(std::ceil(step - 1e-9)));  // the beam sweeps along x while it counts
  double sum = 0.0;
  for (std::size_t column = 0; column < out.size(); ++column) {
    double fraction = 0.0;
    for (int part = 0; part < parts; ++part) {
      const double offset = (static_cast<double>(part) + 0.5) / parts - 0.5;
      fraction += static_cast<double>(sampler.at(x + (static_cast<double>(column) + offset) * step));
    }
    const double electrons = session.instrument.electrons_per_pixel * fraction / parts;
    sum += electrons;
    out[column] = stored_counts(electrons, session.instrument.detector, session.options.noise, rng);
  }
  return sum;
}

FrameTruth expose(const Session& session, const detail::States& states, std::size_t frame, Brackets& maps,
                  View<std::uint16_t, 2> out) {
  const Raster& raster = session.raster;
  const double start_s = session.start_s(frame);
  const double end_s = start_s + raster.frame_s();
  FrameTruth truth;
  truth.start_s = start_s;
  truth.first_row_degC = session.scene.temperature(start_s).in_degC();
  truth.last_row_degC = session.scene.temperature(end_s - raster.row_s).in_degC();
  truth.defocus_nm = defocus_nm(session, 0.5 * (start_s + end_s));
  truth.probe_sigma_nm =
      probe_sigma_nm({session.options.beam_energy, session.options.convergence, session.options.source_size},
                     truth.defocus_nm * units::nm);
  session.contrast.fraction_at(states, start_s, maps.start.view());
  session.contrast.fraction_at(states, end_s, maps.end.view());
  const double sigma = truth.probe_sigma_nm / session.scene.pixel_nm;
  blur(maps.start.view(), sigma, maps.scratch.view());
  blur(maps.end.view(), sigma, maps.scratch.view());
  for (std::size_t row = 0; row < raster.pixels; ++row) {
    truth.mean_electrons += scan_row(session, maps, frame, row, start_s, out.row(row));
    const Displacement d = session.drift.at(start_s + (static_cast<double>(row) + 0.5) * raster.row_s);
    truth.drift.x_nm += d.x_nm;
    truth.drift.y_nm += d.y_nm;
  }
  const auto rows = static_cast<double>(raster.pixels);
  truth.mean_electrons /= rows * rows;
  truth.drift = {truth.drift.x_nm / rows, truth.drift.y_nm / rows};
  const Displacement first = session.drift.at(start_s + 0.5 * raster.row_s);
  const Displacement last = session.drift.at(end_s - 0.5 * raster.row_s);
  truth.shear = {last.x_nm - first.x_nm, last.y_nm - first.y_nm};
  const double half = 0.5 * (raster.pixel_nm - session.scene.pixel_nm);
  truth.origin = {session.scene.x_start_nm + raster.corner.x_nm - truth.drift.x_nm + half,
                  session.scene.y_start_nm + raster.corner.y_nm - truth.drift.y_nm + half};
  return truth;
}

signal::Signal make_signal(const ImagingOptions& options, const InstrumentTruth& instrument, const TimeWindow& window,
                           std::vector<std::byte> counts) {
  const auto pixels = static_cast<std::size_t>(options.pixels);
  const auto frames = static_cast<std::size_t>(options.frames);
  signal::Signal out;
  out.navigation = {{.name = "time",
                     .size = frames,
                     .offset = window.first_s,
                     .scale = (window.last_s - window.first_s) / options.frames,
                     .unit = "s"}};
  for (const char* axis : {"y", "x"}) {
    out.axes.push_back({.name = axis, .size = pixels, .scale = instrument.file_pixel_nm, .unit = "nm"});
  }
  out.metadata.title = "HAADF series";
  out.metadata.signal_type = "HAADF";
  out.metadata.detector = "HAADF";
  out.metadata.beam_energy = options.beam_energy;
  out.metadata.convergence = options.convergence;
  out.metadata.exposure = instrument.row_s * options.pixels * units::s;
  out.metadata.acquired = options.date + ' ' + options.time_of_day;
  out.intensity_unit = "counts";
  out.original = detail::instrument_tags(options);
  out.source = signal::memory_source(signal::DType::u16, frames, pixels * pixels, std::move(counts));
  return out;
}

}  // namespace

FrameSeries simulate_frames(const Scene& scene, const TimeWindow& window, const ImagingOptions& options,
                            const Run& run) {
  HOTSTAGE_EXPECTS(scene.rows > 1 && scene.columns > 1 && scene.layered.size() == scene.materials.size());
  FrameSeries out;
  out.instrument = detail::draw_instrument(options);
  const auto pixels = static_cast<std::size_t>(options.pixels);
  check(options, window, out.instrument.row_s * options.pixels);
  out.grains = detail::draw_grains(scene, out.instrument, options);
  const DriftPath drift(
      {options.drift_rate.base(), options.drift_walk.in(units::nm), options.jumps, options.jump.in(units::nm)},
      window.first_s, window.last_s, static_cast<std::uint64_t>(options.seed));
  const Raster raster = place(scene, options, drift, out.instrument.row_s);
  out.instrument.pixel_nm = raster.pixel_nm;
  out.instrument.file_pixel_nm *= raster.pixel_nm;
  const detail::Contrast contrast(scene, options, out.instrument, out.grains);
  const Session session{scene, options, out.instrument, contrast, drift, raster, window};
  const auto frames = static_cast<std::size_t>(options.frames);
  std::vector<std::byte> counts(frames * pixels * pixels * sizeof(std::uint16_t));
  auto* stored = reinterpret_cast<std::uint16_t*>(counts.data());
  out.truth.resize(frames);
  constexpr std::size_t frames_per_chunk = 8;  // they share the memory of the maps and the states read
  parallel_chunks(run, frames, frames_per_chunk, [&](std::size_t begin, std::size_t end) {
    Brackets maps(scene);
    const detail::States states = contrast.load({session.start_s(begin), session.start_s(end - 1) + raster.frame_s()});
    for (std::size_t frame = begin; frame < end; ++frame) {
      out.truth[frame] = expose(session, states, frame, maps,
                                View<std::uint16_t, 2>(stored + frame * pixels * pixels, {pixels, pixels}));
    }
  });
  const Displacement first = out.truth.front().drift;
  for (FrameTruth& truth : out.truth) {
    truth.drift = {truth.drift.x_nm - first.x_nm, truth.drift.y_nm - first.y_nm};
  }
  out.frames = make_signal(options, out.instrument, window, std::move(counts));
  return out;
}

Value to_value(const FrameSeries& series) {
  const InstrumentTruth& tools = series.instrument;
  Value out = Value::object();
  out["schema"] = "hotstage.frames_truth/1";
  Value& fixed = out["instrument"] = Value::object();
  fixed["inner_mrad"] = tools.scattering.annulus.inner.in(units::mrad);
  fixed["outer_mrad"] = tools.scattering.annulus.outer.in(units::mrad);
  fixed["electrons_per_pixel"] = tools.electrons_per_pixel;
  fixed["gain"] = tools.detector.gain;
  fixed["spread"] = tools.detector.spread;
  fixed["black_level"] = tools.detector.black_level;
  fixed["read_noise"] = tools.detector.read_noise;
  fixed["pixel_nm"] = tools.pixel_nm;
  fixed["file_pixel_nm"] = tools.file_pixel_nm;
  fixed["row_s"] = tools.row_s;
  fixed["vibration"] = tools.vibration;
  fixed["layer"] = tools.layer;
  fixed["bulge_nm_per_K"] = tools.bulge_nm_per_K;
  fixed["bend_angle_rad"] = tools.bend_angle_rad;
  Value& grains = out["grains"] = Value::array();
  for (const GrainContrast& grain : series.grains) {
    Value entry = Value::object();
    entry["id"] = grain.grain;
    entry["channelling"] = grain.channelling;
    entry["contour_nm"] = grain.contour_nm;
    grains.push_back(entry);
  }
  Value& frames = out["frames"] = Value::array();
  for (const FrameTruth& truth : series.truth) {
    Value entry = Value::object();
    entry["start_s"] = truth.start_s;
    entry["first_row_degC"] = truth.first_row_degC;
    entry["last_row_degC"] = truth.last_row_degC;
    entry["drift_x_nm"] = truth.drift.x_nm;
    entry["drift_y_nm"] = truth.drift.y_nm;
    entry["shear_x_nm"] = truth.shear.x_nm;
    entry["shear_y_nm"] = truth.shear.y_nm;
    entry["origin_x_nm"] = truth.origin.x_nm;
    entry["origin_y_nm"] = truth.origin.y_nm;
    entry["defocus_nm"] = truth.defocus_nm;
    entry["probe_sigma_nm"] = truth.probe_sigma_nm;
    entry["mean_electrons"] = truth.mean_electrons;
    frames.push_back(entry);
  }
  return out;
}

}  // namespace hotstage::stem
