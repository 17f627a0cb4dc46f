// SPDX-License-Identifier: GPL-3.0-or-later
// From the truth of a scene to frames: brightness on fine samples, moved, integrated over pixels, counted.

#include "hotstage/core/parallel.hpp"
#include "hotstage/series/trials_scene.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace hotstage::series {

namespace {

constexpr std::uint64_t count_stream = 0x636f'756e'74;
constexpr double edge_px = 0.5;  // softness of the edges of voids and cracks: the probe

double soft(double outside_px) {
  return outside_px > 6.0 * edge_px ? 0.0 : 1.0 / (1.0 + std::exp(outside_px / edge_px));
}

/// How far a place lies outside the outline of a void; negative inside.
double outside_void(const TrueVoid& v, double radius, double dy, double dx) {
  const double d = std::hypot(dy, dx);
  if (!v.hexagon) {
    return d - radius;
  }
  // Inner radius of the hexagon of the same area: a = r √(π/(2√3)).
  const double inner = radius * 0.9523128;
  const double angle = std::atan2(dy, dx) - v.angle;
  const double sector = std::numbers::pi / 3.0;
  const double within = angle - sector * std::floor(angle / sector) - 0.5 * sector;
  return d * std::cos(within) - inner;
}

class Painter {
 public:
  explicit Painter(const TrialScene& scene) : scene_(scene), still_(scene.fine.size()) { paint_still(); }

  /// Brightness on the fine samples at the time of a frame; rows are scanned one after the other.
  [[nodiscard]] std::vector<float> at(std::size_t frame) const {
    std::vector<float> out = still_;
    const double row_s = scene_.options.frame_s / static_cast<double>(scene_.options.rows);
    const std::size_t columns = scene_.fine.extent(1);
    for (std::size_t i = 0; i < scene_.fine.extent(0); ++i) {
      const double time = time_of(frame, place(i), row_s);
      const auto front = scene_.front_s.row(i);
      const auto label = scene_.fine.row(i);
      for (std::size_t j = 0; j < columns; ++j) {
        const TrueGrain& g = scene_.grains[static_cast<std::size_t>(label[j])];
        const double late = (time - static_cast<double>(front[j])) / g.width_s;
        if (late > -7.0) {
          const double done = late > 9.0 ? 1.0 : 1.0 / (1.0 + std::exp(-late));
          out[i * columns + j] *= static_cast<float>(1.0 + done * (g.change + 0.5 * rough(place(i), place(j))));
        }
      }
    }
    for (const TrueVoid& v : scene_.voids) {
      const double radius = v.radius_px(time_of(frame, v.y_px, row_s));
      each(v.y_px, v.x_px, radius + 4.0, [&](std::size_t k, double y, double x) {
        out[k] *= static_cast<float>(1.0 - v.depth * soft(outside_void(v, radius, y, x)) * std::min(1.0, radius));
      });
    }
    for (const TrueParticle& p : scene_.particles) {
      const double time = time_of(frame, p.y_px, row_s);
      const double radius = p.radius_px(time);
      if (radius <= 0.0) {
        continue;
      }
      const auto [py, px] = p.place(time);
      each(py, px, radius, [&](std::size_t k, double y, double x) {
        const double inside = 1.0 - (y * y + x * x) / (radius * radius);
        out[k] += static_cast<float>(p.brightness * radius / p.most_px * std::sqrt(std::max(0.0, inside)));
      });
    }
    return out;
  }

  /// Brightness of a pixel: mean of four bilinear samples.
  [[nodiscard]] double pixel(const std::vector<float>& fine, double y, double x) const {
    double sum = 0.0;
    for (int k = 0; k < 4; ++k) {
      sum += bilinear(fine, y + (k / 2 == 0 ? -0.25 : 0.25), x + (k % 2 == 0 ? -0.25 : 0.25));
    }
    return 0.25 * sum;
  }

 private:
  [[nodiscard]] double place(std::size_t i) const {
    return static_cast<double>(i) * TrialScene::step_px - scene_.margin_px;
  }

  [[nodiscard]] double time_of(std::size_t frame, double y, double row_s) const {
    const double row = std::clamp(y + scene_.drift[frame][0], 0.0, static_cast<double>(scene_.options.rows));
    return scene_.options.frame_s * static_cast<double>(frame) + row * row_s;
  }

  /// Fine structure of the foil, ±1.
  [[nodiscard]] double rough(double y, double x) const {
    return scene_.texture * std::sin(0.83 * y + 0.21 * x) * std::sin(0.71 * x - 0.13 * y);
  }

  [[nodiscard]] double bilinear(const std::vector<float>& fine, double y, double x) const {
    const double v = (y + scene_.margin_px) / TrialScene::step_px;
    const double u = (x + scene_.margin_px) / TrialScene::step_px;
    const std::size_t columns = scene_.fine.extent(1);
    const auto i = std::min(static_cast<std::size_t>(std::max(0.0, v)), scene_.fine.extent(0) - 2);
    const auto j = std::min(static_cast<std::size_t>(std::max(0.0, u)), columns - 2);
    const double fy = v - static_cast<double>(i);
    const double fx = u - static_cast<double>(j);
    const float* const low = fine.data() + i * columns + j;
    const float* const high = low + columns;
    return (1.0 - fy) * ((1.0 - fx) * static_cast<double>(low[0]) + fx * static_cast<double>(low[1])) +
           fy * ((1.0 - fx) * static_cast<double>(high[0]) + fx * static_cast<double>(high[1]));
  }

  /// Calls work(index, dy, dx) for the fine samples within a distance.
  template <class Work>
  void each(double y0, double x0, double reach, Work&& work) const {
    const auto index = [&](double at, std::size_t n) {
      return static_cast<std::size_t>(
          std::clamp((at + scene_.margin_px) / TrialScene::step_px, 0.0, static_cast<double>(n - 1)));
    };
    const std::size_t columns = scene_.fine.extent(1);
    for (std::size_t i = index(y0 - reach, scene_.fine.extent(0)); i <= index(y0 + reach, scene_.fine.extent(0)); ++i) {
      for (std::size_t j = index(x0 - reach, columns); j <= index(x0 + reach, columns); ++j) {
        work(i * columns + j, place(i) - y0, place(j) - x0);
      }
    }
  }

  void paint_still() {
    const std::size_t rows = scene_.fine.extent(0);
    const std::size_t columns = scene_.fine.extent(1);
    std::vector<float> level(still_.size());
    for (std::size_t k = 0; k < level.size(); ++k) {
      level[k] = static_cast<float>(scene_.grains[static_cast<std::size_t>(scene_.fine.data()[k])].level);
    }
    // Boundaries as soft as the probe: [1 2 1]/4 on the fine samples, each way.
    std::vector<float> across = level;
    for (std::size_t k = 1; k + 1 < level.size(); ++k) {
      across[k] = 0.25F * (level[k - 1] + 2.0F * level[k] + level[k + 1]);
    }
    for (std::size_t i = 0; i < rows; ++i) {
      const std::size_t up = (i > 0 ? i - 1 : i) * columns;
      const std::size_t down = (i + 1 < rows ? i + 1 : i) * columns;
      for (std::size_t j = 0; j < columns; ++j) {
        const double y = place(i);
        const double x = place(j);
        const double foil = 1.0 + scene_.wedge[0] * y + scene_.wedge[1] * x + rough(y, x);
        const float blurred = 0.25F * (across[up + j] + 2.0F * across[i * columns + j] + across[down + j]);
        still_[i * columns + j] = blurred * static_cast<float>(foil);
      }
    }
    for (const TrueCrack& c : scene_.cracks) {
      const double dy = c.to[0] - c.from[0];
      const double dx = c.to[1] - c.from[1];
      const double length = std::hypot(dy, dx);
      each(0.5 * (c.from[0] + c.to[0]), 0.5 * (c.from[1] + c.to[1]), 0.5 * length + 8.0,
           [&](std::size_t k, double y, double x) {
             const double along = std::clamp((y * dy + x * dx) / length, -0.5 * length, 0.5 * length);
             const double away = std::hypot(y - along * dy / length, x - along * dx / length);
             still_[k] *= static_cast<float>(1.0 - c.depth * soft(away - 0.5 * c.width_px));
           });
    }
  }

  const TrialScene& scene_;
  std::vector<float> still_;
};

double bend_factor(const TrialScene& scene, double y, double x, double time_s) {
  double factor = 1.0;
  for (const TrueBend& b : scene.bends) {
    const double across = (y - 0.5 * static_cast<double>(scene.options.rows)) * std::sin(b.angle) +
                          (x - 0.5 * static_cast<double>(scene.options.columns)) * std::cos(b.angle);
    const double u = (across - b.offset_px - b.speed_px_s * time_s) / b.width_px;
    factor -= std::abs(u) < 4.0 ? b.depth * std::exp(-0.5 * u * u) : 0.0;
  }
  return factor;
}

}  // namespace

Buffer<float, 2> render_scene(const TrialScene& scene, Run& run) {
  const SceneOptions& o = scene.options;
  Buffer<float, 2> out({o.frames, o.rows * o.columns});
  const Painter painter(scene);
  parallel_chunks(run, o.frames, 1, [&](std::size_t begin, std::size_t end) {
    for (std::size_t f = begin; f < end; ++f) {
      const std::vector<float> fine = painter.at(f);
      const auto row = out.row(f);
      const double middle_s = o.frame_s * (static_cast<double>(f) + 0.5);
      for (std::size_t y = 0; y < o.rows; ++y) {
        const double from_y = static_cast<double>(y) - scene.drift[f][0];
        const auto shift = static_cast<double>(scene.jitter.row(f)[y]);
        for (std::size_t x = 0; x < o.columns; ++x) {
          const double from_x = static_cast<double>(x) - scene.drift[f][1] - shift;
          row[y * o.columns + x] =
              static_cast<float>(painter.pixel(fine, from_y, from_x) * bend_factor(scene, from_y, from_x, middle_s));
        }
      }
    }
  });
  return out;
}

signal::Signal expose_scene(const TrialScene& scene, const Buffer<float, 2>& expected, double electrons_per_px,
                            std::uint64_t seed) {
  const SceneOptions& o = scene.options;
  Buffer<float, 2> counts({expected.extent(0), expected.extent(1)});
  for (std::size_t f = 0; f < expected.extent(0); ++f) {
    Rng rng(seed, count_stream, f);
    const auto from = expected.row(f);
    const auto to = counts.row(f);
    for (std::size_t i = 0; i < from.size(); ++i) {
      const double mean = electrons_per_px * std::max(0.0, static_cast<double>(from[i]));
      to[i] = static_cast<float>(scene.black + scene.gain * static_cast<double>(rng.poisson(mean)));
    }
  }
  signal::Signal out;
  out.navigation = {{.name = "time", .size = o.frames, .scale = o.frame_s, .unit = "s"}};
  out.axes = {{.name = "y", .size = o.rows, .scale = 1.0, .unit = "nm"},
              {.name = "x", .size = o.columns, .scale = 1.0, .unit = "nm"}};
  out.metadata.exposure = o.frame_s * units::s;
  out.source = signal::memory_source(std::move(counts));
  return out;
}

TemperatureLog scene_log(const TrialScene& scene) {
  const SceneOptions& o = scene.options;
  TemperatureLog out;
  constexpr double interval_s = 0.5;
  const double last_s = o.frame_s * static_cast<double>(o.frames) + 10.0;
  for (double t = -10.0; t <= last_s; t += interval_s) {
    out.time_s.push_back(t);
    out.temperature_degC.push_back(o.start_degC + o.rate_K_per_s * t);
  }
  return out;
}

}  // namespace hotstage::series
