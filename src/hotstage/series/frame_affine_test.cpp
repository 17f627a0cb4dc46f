// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/series/frame_affine.hpp"

#include "hotstage/core/error.hpp"
#include "hotstage/series/detail/term_series.hpp"
#include "hotstage/series/detail/test_distortion.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdio>
#include <numbers>

namespace hotstage::series {
namespace {

using detail::DistortedSeries;
using detail::make_distorted;
using D = FrameDistortion;

constexpr double degree = std::numbers::pi / 180.0;

/// Error and pull of one term over the frames, the mean of both taken off.
struct Score {
  double rms = 0.0, pull = 0.0, largest = 0.0;
};

Score score(const std::vector<D>& found, const std::vector<D>& truth, D::Term term) {
  double mean = 0.0, n = 0.0;
  for (std::size_t f = 0; f < found.size(); ++f) {
    if (found[f].measured) {
      mean += found[f].value[term] - truth[f].value[term];
      n += 1.0;
    }
  }
  mean /= n;
  Score out;
  for (std::size_t f = 0; f < found.size(); ++f) {
    if (found[f].measured) {
      const double error = found[f].value[term] - truth[f].value[term] - mean;
      out.rms += error * error / n;
      out.pull += error * error / (found[f].sigma[term] * found[f].sigma[term]) / n;
      out.largest = std::max(out.largest, std::abs(error));
    }
  }
  out.rms = std::sqrt(out.rms);
  out.pull = std::sqrt(out.pull);
  return out;
}

TEST(Explore, table) {
  for (const double counts : {5.0, 20.0, 500.0}) {
   for (int seed = 3; seed < 5; ++seed)
    for (const int kind : {0, 2}) {
      const DistortedSeries s = make_distorted(
          {.frames = 40, .counts = counts, .seed = std::uint64_t(seed)}, [&](std::size_t f, D& d) {
            const double t = (static_cast<double>(f) - 19.5) / 39.0;
            d.value[D::magnification] = kind == 1 ? 0.001 * t : kind == 2 ? 0.01 * t : 0.0;
            d.value[D::rotation] = kind == 3 ? 0.2 * degree * t : 0.0;
            d.value[D::shear] = kind == 3 ? 0.003 * t : 0.0;
          });
      hotstage::Run run;
      run.threads = 2;
      const SeriesDistortion r = measure_distortion(s.series, s.drift, {}, run);
      std::printf("%5.0f e kind %d: disp %.2f resp %.3f knots z %.1f rounds %d\n", counts, kind, r.dispersion, r.response, r.knots_z,
                  r.rounds);
      for (const D::Term t : {D::magnification, D::rotation, D::stretch, D::shear}) {
        const Score m = score(r.measured, s.truth, t), a = score(r.applied, s.truth, t);
        const TermVerdict& v = r.verdict[t - D::magnification];
        std::printf("  term %d: rms %.2e sigma %.2e bound %.2e pull %.2f | applied %.2e pull %.2f | z %.1f trend %.1f %s%s\n",
                    int(t), m.rms, r.measured[20].sigma[t], s.bound[t], m.pull, a.rms, a.pull, v.scatter_z, v.trend,
                    v.found ? "found" : "", v.smoothed ? " smooth" : "");
      }
    }
  }
}

}  // namespace
}  // namespace hotstage::series
