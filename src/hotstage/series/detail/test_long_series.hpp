// SPDX-License-Identifier: GPL-3.0-or-later
// A series of any length that takes the memory of a few frames: noisy tiles of one scene cut out where the specimen is.

#pragma once

#include "hotstage/series/detail/test_scene.hpp"

#include <algorithm>
#include <atomic>
#include <cstring>
#include <span>
#include <utility>

namespace hotstage::series::detail {

/// Frame f is tile f mod n, at the place the stage has reached; from `changes_at` on a tile of the changed scene.
class RepeatedTiles final : public signal::Source {
 public:
  struct Shape {
    std::size_t frames = 0;
    std::size_t rows = 0;
    std::size_t columns = 0;
    std::size_t margin = 8;  ///< px on each side of a tile
    std::size_t tiles = 8;
    std::size_t changes_at = 0;  ///< frame
  };

  /// `drawn`: 2 n tiles of (rows + 2 margin) × (columns + 2 margin) counts, one tile a row, the changed ones last.
  RepeatedTiles(const Shape& shape, Buffer<float, 2> drawn) : shape_(shape), drawn_(std::move(drawn)) {}

  /// Where the specimen stands against the middle of a tile, px: a slow walk to and fro, incommensurate along y and x.
  [[nodiscard]] static std::array<long, 2> place(const Shape& shape, std::size_t frame) {
    const auto swing = [&](std::size_t every, std::size_t start) {
      const std::size_t period = 4 * shape.margin;
      const std::size_t at = (frame / every + start) % period;
      return static_cast<long>(std::min(at, period - at)) - static_cast<long>(shape.margin);
    };
    return {swing(5, shape.margin), swing(3, shape.margin)};
  }

  [[nodiscard]] signal::DType dtype() const override { return signal::DType::f32; }

  [[nodiscard]] std::size_t items() const override { return shape_.frames; }

  [[nodiscard]] std::size_t channels() const override { return shape_.rows * shape_.columns; }

  void read(const signal::Region& region, std::span<std::byte> out) const override {
    for (std::size_t k = 0; k < region.items; ++k) {
      const std::size_t frame = region.first_item + k;
      const std::array<long, 2> at = place(shape_, frame);
      const std::size_t tile = frame % shape_.tiles + (frame >= shape_.changes_at ? shape_.tiles : 0);
      const std::size_t width = shape_.columns + 2 * shape_.margin;
      const float* const from = drawn_.row(tile).data();
      std::byte* to = out.data() + k * region.channels * sizeof(float);
      for (std::size_t i = region.first_channel; i < region.first_channel + region.channels;) {
        const std::size_t y = i / shape_.columns;
        const std::size_t x = i % shape_.columns;
        const std::size_t n = std::min(shape_.columns - x, region.first_channel + region.channels - i);
        const auto row = static_cast<std::size_t>(static_cast<long>(y + shape_.margin) - at[0]);
        const auto column = static_cast<std::size_t>(static_cast<long>(x + shape_.margin) - at[1]);
        std::memcpy(to, from + row * width + column, n * sizeof(float));
        to += n * sizeof(float);
        i += n;
      }
    }
    numbers_read_ += region.items * region.channels;
  }

  /// How many frames' worth of numbers were read since the last call.
  [[nodiscard]] double frames_read() const {
    return static_cast<double>(numbers_read_.exchange(0)) / static_cast<double>(channels());
  }

 private:
  Shape shape_;
  Buffer<float, 2> drawn_;
  mutable std::atomic<std::size_t> numbers_read_{0};
};

struct LongSeries {
  signal::Signal frames;
  std::shared_ptr<const RepeatedTiles> source;
  std::vector<std::array<double, 2>> drift;  ///< dy, dx of every frame against frame 0
};

/// Tiles differ by their noise and by fractions of a pixel; in the changed scene grains 0, 3, 6 … are darker by 15 %.
inline LongSeries make_long_series(const TestScene& scene, const RepeatedTiles::Shape& shape, double counts) {
  const std::size_t height = shape.rows + 2 * shape.margin;
  const std::size_t width = shape.columns + 2 * shape.margin;
  const auto fraction = [&](std::size_t tile) {
    const auto share = static_cast<double>(tile) / static_cast<double>(shape.tiles);
    return std::array<double, 2>{0.8 * (share - 0.5), 0.6 * (0.5 - std::fmod(3.0 * share, 1.0))};
  };
  Buffer<float, 2> drawn({2 * shape.tiles, height * width});
  for (std::size_t t = 0; t < 2 * shape.tiles; ++t) {
    const std::array<double, 2> part = fraction(t % shape.tiles);
    Rng rng(1, 20, t);
    for (std::size_t i = 0; i < height * width; ++i) {
      const double y = static_cast<double>(i / width) - static_cast<double>(shape.margin) - part[0];
      const double x = static_cast<double>(i % width) - static_cast<double>(shape.margin) - part[1];
      const std::size_t grain = scene.grain(y, x);
      const double fine = 1.0 + scene.texture * std::sin(0.9 * y) * std::sin(0.8 * x + 0.1 * y);
      const double change = t >= shape.tiles && grain % 3 == 0 ? 0.85 : 1.0;
      drawn.row(t)[i] =
          static_cast<float>(rng.poisson(counts * scene.level[grain] * test_thickness(scene, y, x) * fine * change));
    }
  }
  LongSeries out;
  for (std::size_t f = 0; f < shape.frames; ++f) {
    const std::array<long, 2> at = RepeatedTiles::place(shape, f);
    const std::array<double, 2> part = fraction(f % shape.tiles);
    out.drift.push_back({static_cast<double>(at[0]) + part[0], static_cast<double>(at[1]) + part[1]});
  }
  for (std::size_t f = shape.frames; f-- > 0;) {
    out.drift[f] = {out.drift[f][0] - out.drift[0][0], out.drift[f][1] - out.drift[0][1]};
  }
  out.source = std::make_shared<const RepeatedTiles>(shape, std::move(drawn));
  out.frames.navigation = {{.name = "time", .size = shape.frames, .scale = 2.0, .unit = "s"}};
  out.frames.axes = {{.name = "y", .size = shape.rows, .scale = 1.0, .unit = "nm"},
                     {.name = "x", .size = shape.columns, .scale = 1.0, .unit = "nm"}};
  out.frames.metadata.exposure = 2.0 * units::s;
  out.frames.source = out.source;
  return out;
}

}  // namespace hotstage::series::detail
