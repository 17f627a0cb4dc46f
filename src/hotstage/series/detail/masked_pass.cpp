// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/series/detail/masked_pass.hpp"

#include "hotstage/core/parallel.hpp"
#include "hotstage/num/statistics.hpp"

#include <algorithm>
#include <cmath>
#include <functional>

namespace hotstage::series::detail {

namespace {

/// The mean of all frames, weighted like them; a sum over `frames`.
Spectrum weighted_sum(const Work& w, const num::RealFft2& fft) {
  Buffer<std::complex<float>, 2> full({fft.rows(), fft.bins()});
  for (std::size_t row = 0; row < w.band.height(); ++row) {
    const std::size_t to = row >= w.band.ky_max ? row - w.band.ky_max : row + w.field.rows - w.band.ky_max;
    std::copy_n(w.sum.data() + row * w.band.width(), w.band.width(), full.row(to).data());
  }
  Buffer<float, 2> image({fft.rows(), fft.columns()});
  fft.inverse(full.view(), image.view());
  apply_weight(image.view(), w.weight.view(), {0.0, 0.0}, w.window_y, w.window_x);
  fft.forward(image.view(), full.view());
  return cut(w.band, full.view());
}

double usual_sigma(const Work& w) {
  std::vector<double> sigma;
  for (std::size_t i = 0; i < w.frames.size(); ++i) {
    if (w.good[i] != 0) {
      sigma.push_back(std::max(w.frames[i].sigma_y_px, w.frames[i].sigma_x_px));
    }
  }
  return sigma.empty() ? 0.0 : num::median(sigma);
}

void align_all(Work& w, const num::RealFft2& fft) {
  const Spectrum sum = weighted_sum(w, fft);
  const auto good = static_cast<double>(std::count(w.good.begin(), w.good.end(), 1));
  const std::vector<float> weights = make_weights(w.band, w.spectra, 1.0, 1.0 / std::max(1.0, good), w.lowest());
  const auto step = static_cast<std::size_t>(w.options.anchor);
  Spectrum next(w.band.size());
  std::vector<Spectrum> moved(step);
  for (std::size_t begin = 0; begin < w.shape.frames; begin += step) {
    w.run.check_stop();
    w.run.progress(0.95, "without the regions that change");
    const std::size_t count = std::min(step, w.shape.frames - begin);
    parallel_chunks(w.run, count, 1, [&](std::size_t from, std::size_t to) {
      for (std::size_t i = from; i < to; ++i) {
        const std::size_t frame = begin + i;
        moved[i].clear();
        if (w.good[frame] == 0) {
          continue;
        }
        const Spectrum own = cut(w.band, transform(w, fft, frame, read_frame(w.series, frame).view()).view());
        moved[i].assign(w.band.size(), {});
        add_moved_back(w.band, own, w.position[frame], 1.0, moved[i]);
        Spectrum others(w.band.size());
        std::transform(sum.begin(), sum.end(), moved[i].begin(), others.begin(), std::minus<>{});
        const Alignment found = align(w.band, weights, moved[i], others, {0.0, 0.0}, w.reach);
        if (!found.converged) {
          w.good[frame] = 0;
          moved[i].clear();
          continue;
        }
        w.frames[frame].correlation = found.correlation;
        w.frames[frame].sigma_y_px = std::sqrt(found.var_y);
        w.frames[frame].sigma_x_px = std::sqrt(found.var_x);
        w.position[frame][0] += found.dy;
        w.position[frame][1] += found.dx;
      }
    });
    for (std::size_t i = 0; i < count; ++i) {
      if (!moved[i].empty()) {
        std::transform(next.begin(), next.end(), moved[i].begin(), next.begin(), std::plus<>{});
      }
    }
  }
  w.sum = std::move(next);
  const double sigma = usual_sigma(w);
  w.anchor_variance = sigma * sigma / std::max(1.0, good);
}

}  // namespace

RegionWeights mask_evolving(Work& w, const num::RealFft2& fft) {
  Evolving found =
      find_evolving(w.band, w.spectra, w.lowest(), w.parts.all(), w.brightness.view(), w.window_y, w.window_x, w.run);
  constexpr double least_kept = 0.3;
  constexpr double matters = 0.25;  // of the uncertainty of one frame
  constexpr double clear = 4.0;
  const double sigma = usual_sigma(w);
  RegionWeights out{.information = found.kept, .bias_px = found.moved_px};
  if (found.weight.size() == 0 || found.bias_px < sigma * std::max(matters, clear * found.noise)) {
    return out;
  }
  out.needed = true;
  if (found.kept >= least_kept) {
    out.used = true;
    w.weight = std::move(found.weight);
    w.sum.assign(w.band.size(), {});
    for (std::size_t p = 0; p < found.shift.size(); ++p) {
      const Parts::Part& part = w.parts.all()[p];
      std::transform(w.sum.begin(), w.sum.end(), part.sum.begin(), w.sum.begin(), std::plus<>{});
      for (std::size_t i = part.first; i < part.last; ++i) {
        w.position[i][0] += found.shift[p][0];
        w.position[i][1] += found.shift[p][1];
      }
    }
    align_all(w, fft);
  }
  return out;
}

}  // namespace hotstage::series::detail
