// SPDX-License-Identifier: GPL-3.0-or-later
// No gross failure in a thousand noisy frames: drift, jumps, 5 to 20 electrons per pixel.

#include "hotstage/series/detail/test_scene.hpp"
#include "hotstage/series/registration.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdio>

namespace hotstage::series {
namespace {

constexpr std::size_t distinct = 25;    // places the specimen stands at: drawn once, noise anew in every frame
constexpr std::size_t jump_every = 40;  // frames
constexpr double gross_px = 0.5;        // noise alone reaches 0.4 px at 5 electrons per pixel
constexpr double jump_px = 9.0;

/// Brightness of the scene where it stands at each of the places, mean 1.
std::vector<std::vector<float>> drawn(const detail::TestScene& scene,
                                      const std::vector<std::array<double, 2>>& places) {
  std::vector<std::vector<float>> out;
  for (const auto& place : places) {
    std::vector<float> image(scene.rows * scene.columns);
    for (std::size_t i = 0; i < image.size(); ++i) {
      const double y = static_cast<double>(i / scene.columns) - place[0];
      const double x = static_cast<double>(i % scene.columns) - place[1];
      image[i] = static_cast<float>(scene.level[scene.grain(y, x)] * detail::test_thickness(scene, y, x));
    }
    out.push_back(std::move(image));
  }
  return out;
}

/// Counts of mean `mean`, from uniform numbers by inversion: fast for few electrons.
float counts(Rng& rng, double mean) {
  double p = std::exp(-mean), sum = p;
  const double u = rng.uniform();
  int n = 0;
  while (sum < u && n < 200) {
    p *= mean / static_cast<double>(++n);
    sum += p;
  }
  return static_cast<float>(n);
}

class Repeats final : public signal::Source {
 public:
  Repeats(std::vector<std::vector<float>> images, std::vector<std::size_t> which, double dose, std::uint64_t seed)
      : images_(std::move(images)), which_(std::move(which)), dose_(dose), seed_(seed) {}

  [[nodiscard]] signal::DType dtype() const override { return signal::DType::f32; }

  [[nodiscard]] std::size_t items() const override { return which_.size(); }

  [[nodiscard]] std::size_t channels() const override { return images_.front().size(); }

  void read(const signal::Region& region, std::span<std::byte> out) const override {
    auto* to = reinterpret_cast<float*>(out.data());
    for (std::size_t k = 0; k < region.items; ++k) {
      const std::vector<float>& image = images_[which_[region.first_item + k]];
      Rng rng(seed_, 20, region.first_item + k);
      for (std::size_t i = 0; i < channels(); ++i) {
        const float n = counts(rng, dose_ * static_cast<double>(image[i]));
        if (i >= region.first_channel && i < region.first_channel + region.channels) {
          *to++ = n;
        }
      }
    }
  }

 private:
  std::vector<std::vector<float>> images_;
  std::vector<std::size_t> which_;
  double dose_;
  std::uint64_t seed_;
};

TEST(RegistrationOfLongSeries, no_frame_of_a_thousand_is_off_by_half_a_pixel_or_falsely_flagged) {
  struct Case {
    double dose;
    std::size_t frames;
    std::uint64_t seed;
  };

  std::size_t frames = 0, lost = 0, missed = 0, wrong = 0;
  double worst = 0.0, squares = 0.0;
  for (const Case& c : {Case{5.0, 340, 11}, Case{10.0, 330, 12}, Case{20.0, 330, 13}}) {
    detail::TestScene scene = detail::make_test_scene(c.seed, 12);
    scene.rows = 208;
    scene.columns = 224;
    std::vector<std::array<double, 2>> places(distinct);
    Rng rng(c.seed, 21, 0);
    for (std::size_t i = 1; i < distinct; ++i) {
      places[i] = {places[i - 1][0] + 0.3 * rng.normal() + 0.1, places[i - 1][1] + 0.3 * rng.normal() - 0.1};
    }
    // To and fro along the places; every so often to one side and, later, back.
    for (std::size_t i = 0; i < distinct; ++i) {
      places.push_back({places[i][0] + jump_px, places[i][1] - 0.5 * jump_px});
    }
    std::vector<std::size_t> which(c.frames);
    std::vector<std::array<double, 2>> truth(c.frames);
    for (std::size_t i = 0; i < c.frames; ++i) {
      const std::size_t at = i % (2 * distinct - 2);
      which[i] = std::min(at, 2 * distinct - 2 - at) + (i / jump_every % 2 == 1 ? distinct : 0);
      truth[i] = places[which[i]];
    }
    signal::Signal series;
    series.navigation = {{.name = "time", .size = c.frames, .scale = 1.0, .unit = "s"}};
    series.axes = {{.name = "y", .size = scene.rows, .scale = 1.0, .unit = "nm"},
                   {.name = "x", .size = scene.columns, .scale = 1.0, .unit = "nm"}};
    series.source = std::make_shared<Repeats>(drawn(scene, places), which, c.dose, c.seed);
    hotstage::Run run;
    const Registration r = register_series(series, {}, run);
    std::array<double, 2> zero{};
    for (std::size_t i = 0; i < c.frames; ++i) {
      zero[0] += (r.frames[i].dy_px - truth[i][0]) / static_cast<double>(c.frames);
      zero[1] += (r.frames[i].dx_px - truth[i][1]) / static_cast<double>(c.frames);
    }
    for (std::size_t i = 0; i < c.frames; ++i) {
      const double error =
          std::hypot(r.frames[i].dy_px - truth[i][0] - zero[0], r.frames[i].dx_px - truth[i][1] - zero[1]);
      worst = std::max(worst, error);
      squares += 0.5 * error * error;
      const bool jump = i > 0 && i % jump_every == 0;
      const bool flagged = (r.frames[i].flags & static_cast<std::uint32_t>(frame_jump)) != 0;
      missed += jump && !flagged ? 1 : 0;
      wrong += (r.frames[i].flags & ~static_cast<std::uint32_t>(frame_jump)) != 0 || (flagged && !jump) ? 1 : 0;
      lost += r.frames[i].usable() ? 0 : 1;
      if (r.frames[i].flags != 0 && !(jump && flagged)) {
        std::printf("frame %zu at %.0f e/px: %s\n", i, c.dose, flags_text(r.frames[i].flags).c_str());
      }
    }
    frames += c.frames;
    std::printf("%.0f e/px: worst so far %.3f px, regions masked %d\n", c.dose, worst, r.regions.used ? 1 : 0);
  }
  std::printf("%zu frames: rms %.4f px per axis, worst %.3f px, false flags %zu, jumps not flagged %zu\n", frames,
              std::sqrt(squares / static_cast<double>(frames)), worst, wrong, missed);
  EXPECT_EQ(frames, 1000U);
  EXPECT_LT(worst, gross_px);
  EXPECT_EQ(lost, 0U);
  EXPECT_EQ(wrong, 0U);
  EXPECT_EQ(missed, 0U);
}

}  // namespace
}  // namespace hotstage::series
