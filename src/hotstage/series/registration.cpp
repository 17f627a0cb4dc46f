// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/series/registration.hpp"

#include "hotstage/core/parallel.hpp"
#include "hotstage/num/fft2.hpp"
#include "hotstage/num/least_squares.hpp"
#include "hotstage/num/statistics.hpp"
#include "hotstage/series/detail/band.hpp"
#include "hotstage/series/detail/coarse.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numbers>
#include <numeric>

namespace hotstage::series {

namespace {

using detail::Alignment;
using detail::Band;
using detail::Spectrum;

constexpr std::size_t coarse_size_px = 128;  // binned frames of the coarse pass are about this large
constexpr std::size_t radial_bins = 64;      // of the power spectrum over 0 … 0.5 cycles/px
constexpr std::size_t sampled_pairs = 16;    // neighbouring frames compared for the power spectrum
constexpr double information_kept = 0.995;   // share of the information on a shift inside the band
constexpr double reach_px = 4.0;             // the coarse positions are better than this
constexpr double lost_share = 0.3;           // of the median correlation
constexpr double outlier = 8.0;              // robust σ beyond which a frame is flagged
constexpr std::size_t neighbours = 7;        // frames on each side of a running median

struct Work {
  const signal::Signal& series;
  FrameShape shape;
  const RegistrationOptions& options;
  Run& run;
  std::vector<FrameDrift> frames;
  detail::Field field;
  std::vector<float> window_y;
  std::vector<float> window_x;
  DetectorResponse detector;
  std::array<double, 2> noise_factor{1.0, 1.0};          ///< see place_noise()
  std::array<std::vector<double>, 2> row_information{};  ///< per row of the field, for a shift along y and x
  detail::Spectra spectra;
  double cutoff = 0.25;
  Band band;
  std::vector<Spectrum> moved;                  ///< spectra moved back by `position`
  std::vector<std::array<double, 2>> position;  ///< residual to the integer offset of the field
  std::vector<char> good;
  double anchor_variance = 0.0;
};

void coarse_pass(Work& w) {
  const std::size_t factor = std::max<std::size_t>(1, std::min(w.shape.rows, w.shape.columns) / coarse_size_px);
  std::vector<Buffer<float, 2>> binned(w.shape.frames);
  w.frames.resize(w.shape.frames);
  parallel_chunks(w.run, w.shape.frames, 4, [&](std::size_t begin, std::size_t end) {
    for (std::size_t i = begin; i < end; ++i) {
      const Buffer<float, 2> frame = read_frame(w.series, i);
      binned[i] = detail::bin(frame.view(), factor);
      w.frames[i].mean = std::accumulate(binned[i].data(), binned[i].data() + binned[i].size(), 0.0) /
                         static_cast<double>(binned[i].size());
    }
  });
  std::vector<detail::CoarsePosition> positions =
      detail::coarse_positions(binned, w.options.taper, w.options.search, w.run);
  for (detail::CoarsePosition& p : positions) {
    p.dy *= static_cast<double>(factor);
    p.dx *= static_cast<double>(factor);
  }
  w.field = detail::common_field(positions, w.shape.rows, w.shape.columns);
  w.position.resize(w.shape.frames);
  w.good.assign(w.shape.frames, 1);
  for (std::size_t i = 0; i < w.shape.frames; ++i) {
    w.position[i] = {positions[i].dy - static_cast<double>(w.field.offset[i][0]),
                     positions[i].dx - static_cast<double>(w.field.offset[i][1])};
    w.good[i] = positions[i].found ? 1 : 0;
  }
  w.window_y = detail::taper_window(w.field.rows, w.options.taper);
  w.window_x = detail::taper_window(w.field.columns, w.options.taper);
  w.detector = photon_transfer(w.series, w.field.offset, w.run);
}

Buffer<std::complex<float>, 2> transform(const Work& w, const num::RealFft2& fft, std::size_t frame) {
  const Buffer<float, 2> image = read_frame(w.series, frame);
  const std::array<long, 2> origin{w.field.base[0] + w.field.offset[frame][0],
                                   w.field.base[1] + w.field.offset[frame][1]};
  const Buffer<float, 2> cut_out = detail::windowed(image.view(), origin, w.window_y, w.window_x);
  Buffer<std::complex<float>, 2> out({fft.rows(), fft.bins()});
  fft.forward(cut_out.view(), out.view());
  return out;
}

/// Radial sums of one pair of neighbouring frames.
struct RadialSums {
  std::vector<double> power = std::vector<double>(radial_bins, 0.0);
  std::vector<double> cross = std::vector<double>(radial_bins, 0.0);
  std::vector<double> modes = std::vector<double>(radial_bins, 0.0);
};

RadialSums radial_sums(const Work& w, const num::RealFft2& fft, std::size_t frame) {
  const Band whole = detail::make_band(w.field.rows, w.field.columns, 0.5);
  const Spectrum raw_a = detail::cut(whole, transform(w, fft, frame).view());
  const Spectrum raw_b = detail::cut(whole, transform(w, fft, frame + 1).view());
  Spectrum a(whole.size());
  Spectrum b(whole.size());
  detail::add_moved_back(whole, raw_a, w.position[frame], 1.0, a);
  detail::add_moved_back(whole, raw_b, w.position[frame + 1], 1.0, b);
  RadialSums out;
  for (std::size_t row = 0; row < whole.height(); ++row) {
    for (std::size_t k = 0; k < whole.width(); ++k) {
      const double f = std::hypot(whole.fy(row), whole.fx(k));
      const auto at = static_cast<std::size_t>(f / 0.5 * static_cast<double>(radial_bins));
      if (at < radial_bins) {
        const std::size_t i = row * whole.width() + k;
        out.power[at] += 0.5 * static_cast<double>(std::norm(a[i]) + std::norm(b[i]));
        out.cross[at] += static_cast<double>(a[i].real() * b[i].real() + a[i].imag() * b[i].imag());
        out.modes[at] += 1.0;
      }
    }
  }
  return out;
}

/// Power of signal and noise, and the band that holds what is known about a shift: per mode f² S²/(N² + 2SN).
void measure_spectra(Work& w, const num::RealFft2& fft) {
  const std::size_t pairs = std::min(sampled_pairs, w.shape.frames - 1);
  std::vector<RadialSums> sums(pairs);
  parallel_chunks(w.run, pairs, 1, [&](std::size_t begin, std::size_t end) {
    for (std::size_t i = begin; i < end; ++i) {
      sums[i] = radial_sums(w, fft, i * (w.shape.frames - 1) / pairs);
    }
  });
  std::vector<double> power(radial_bins, 0.0);
  w.spectra.signal.assign(radial_bins, 0.0);
  for (std::size_t r = 0; r < radial_bins; ++r) {
    double modes = 0.0;
    for (const RadialSums& s : sums) {
      power[r] += s.power[r];
      w.spectra.signal[r] += s.cross[r];
      modes += s.modes[r];
    }
    power[r] /= std::max(modes, 1.0);
    w.spectra.signal[r] /= std::max(modes, 1.0);
    const double scatter = power[r] / std::sqrt(std::max(modes, 1.0));
    constexpr double clear = 4.0;  // 64 bins of pure noise must all stay below
    if (w.spectra.signal[r] < clear * scatter) {
      w.spectra.signal[r] = 0.0;
    }
  }
  w.spectra.noise = num::median(std::span(power).subspan(radial_bins * 4 / 5));
  std::vector<double> information(radial_bins);
  double total = 0.0;
  for (std::size_t r = 0; r < radial_bins; ++r) {
    const double f = (static_cast<double>(r) + 0.5) / static_cast<double>(radial_bins) * 0.5;
    const double s = w.spectra.signal[r];
    const double n = w.spectra.noise;
    information[r] = n + s > 0.0 ? f * f * f * s * s / (n * n + 2.0 * s * n + 1e-12 * s * s) : 0.0;
    total += information[r];
  }
  if (!(total > 0.0)) {
    throw Error(Errc::refused, Location{.file = w.series.file}, "neighbouring frames have nothing in common",
                "Is this a series of one area? Look at a few frames; bin or average them when they are very noisy");
  }
  double kept = 0.0;
  std::size_t last = 0;
  while (last + 1 < radial_bins && kept + information[last] < information_kept * total) {
    kept += information[last++];
  }
  const double cutoff = (static_cast<double>(last) + 1.0) / static_cast<double>(radial_bins) * 0.5;
  w.cutoff = std::clamp(cutoff, 1.0 / 16.0, 0.5);
  w.band = detail::make_band(w.field.rows, w.field.columns, w.cutoff);
}

/// Power in the upper half of the band over power in the lower half, noise taken off.
double focus_of(const Work& w, const Spectrum& spectrum) {
  double low = 0.0;
  double high = 0.0;
  for (std::size_t row = 0; row < w.band.height(); ++row) {
    for (std::size_t k = 1; k < w.band.width(); ++k) {
      const double f = std::hypot(w.band.fy(row), w.band.fx(k)) / w.cutoff;
      const double power = static_cast<double>(std::norm(spectrum[row * w.band.width() + k])) - w.spectra.noise;
      if (f > 0.15 && f <= 0.4) {
        low += power;
      } else if (f > 0.4 && f <= 1.0) {
        high += power;
      }
    }
  }
  return low > 0.0 ? high / low : 0.0;
}

void transform_all(Work& w, const num::RealFft2& fft) {
  w.moved.resize(w.shape.frames);
  parallel_chunks(w.run, w.shape.frames, 1, [&](std::size_t begin, std::size_t end) {
    for (std::size_t i = begin; i < end; ++i) {
      const Spectrum raw = detail::cut(w.band, transform(w, fft, i).view());
      w.frames[i].focus = focus_of(w, raw);
      w.moved[i].assign(w.band.size(), {});
      detail::add_moved_back(w.band, raw, w.position[i], 1.0, w.moved[i]);
    }
  });
}

void move(Work& w, std::size_t frame, std::array<double, 2> by) {
  Spectrum out(w.band.size());
  detail::add_moved_back(w.band, w.moved[frame], by, 1.0, out);
  w.moved[frame] = std::move(out);
  w.position[frame][0] += by[0];
  w.position[frame][1] += by[1];
}

std::vector<float> frame_weights(const Work& w) {
  const double lowest = 1.0 / (w.options.longest * static_cast<double>(std::max(w.field.rows, w.field.columns)));
  return detail::make_weights(w.band, w.spectra, 1.0, 1.0 / static_cast<double>(w.options.anchor), lowest);
}

/// Aligns every frame with the mean of the good frames in [first(i), last(i)) but itself; then moves all.
void align_to_neighbours(Work& w, const std::function<std::array<std::size_t, 2>(std::size_t)>& range) {
  const std::vector<float> weights = frame_weights(w);
  std::vector<Alignment> found(w.shape.frames);
  parallel_chunks(w.run, w.shape.frames, 1, [&](std::size_t begin, std::size_t end) {
    for (std::size_t i = begin; i < end; ++i) {
      Spectrum sum(w.band.size());
      const auto [first, last] = range(i);
      for (std::size_t j = first; j < last; ++j) {
        if (j != i && w.good[j] != 0) {
          std::transform(sum.begin(), sum.end(), w.moved[j].begin(), sum.begin(), std::plus<>{});
        }
      }
      found[i] = detail::align(w.band, weights, w.moved[i], sum, {0.0, 0.0}, reach_px);
    }
  });
  std::vector<double> correlations;
  for (std::size_t i = 0; i < found.size(); ++i) {
    if (found[i].converged && w.good[i] != 0) {
      correlations.push_back(found[i].correlation);
    }
  }
  const double least = lost_share * num::median(correlations);
  for (std::size_t i = 0; i < found.size(); ++i) {
    w.good[i] = found[i].converged && found[i].correlation > least ? 1 : 0;
    w.frames[i].correlation = found[i].correlation;
    w.frames[i].sigma_y_px = std::sqrt(found[i].var_y);
    w.frames[i].sigma_x_px = std::sqrt(found[i].var_x);
  }
  parallel_chunks(w.run, w.shape.frames, 1, [&](std::size_t begin, std::size_t end) {
    for (std::size_t i = begin; i < end; ++i) {
      if (w.good[i] != 0) {
        move(w, i, {found[i].dy, found[i].dx});
      }
    }
  });
}

struct AnchorPair {
  std::size_t a = 0;
  std::size_t b = 0;
  Alignment shift;
};

/// Weighted least squares for the positions of anchors with Huber weights; one axis at a time.
std::vector<double> solve_anchors(std::span<const AnchorPair> pairs, std::size_t anchors, std::size_t axis) {
  constexpr double huber = 2.0;
  constexpr int rounds = 4;
  Buffer<double, 2> design({pairs.size() + 1, anchors});
  std::vector<double> y(pairs.size() + 1, 0.0);
  std::vector<double> weights(pairs.size() + 1, 1.0);
  std::vector<double> variance(pairs.size());
  for (std::size_t p = 0; p < pairs.size(); ++p) {
    design.view()(p, pairs[p].a) = 1.0;
    design.view()(p, pairs[p].b) = -1.0;
    y[p] = axis == 0 ? pairs[p].shift.dy : pairs[p].shift.dx;
    variance[p] = std::max(1e-8, axis == 0 ? pairs[p].shift.var_y : pairs[p].shift.var_x);
    weights[p] = 1.0 / variance[p];
  }
  // The mean of all anchors stays where it is.
  std::fill_n(design.row(pairs.size()).data(), anchors, 1.0);
  weights.back() = *std::max_element(weights.begin(), weights.end() - 1);
  std::vector<double> solution(anchors, 0.0);
  for (int round = 0; round < rounds; ++round) {
    const num::Fit fit = num::fit_linear(design.view(), y, weights);
    if (!fit.ok()) {
      return std::vector<double>(anchors, 0.0);
    }
    solution = fit.parameters;
    for (std::size_t p = 0; p < pairs.size(); ++p) {
      const double residual = std::abs(y[p] - solution[pairs[p].a] + solution[pairs[p].b]) / std::sqrt(variance[p]);
      weights[p] = (residual > huber ? huber / residual : 1.0) / variance[p];
    }
  }
  return solution;
}

/// Compares the means of groups of frames with each other over all distances and moves their frames.
std::size_t align_anchors(Work& w) {
  const auto length = static_cast<std::size_t>(w.options.anchor);
  const std::size_t anchors = (w.shape.frames + length - 1) / length;
  constexpr std::size_t all_with_all = 24;
  if (anchors < 2) {
    return anchors;
  }
  std::vector<Spectrum> mean(anchors, Spectrum(w.band.size()));
  for (std::size_t i = 0; i < w.shape.frames; ++i) {
    if (w.good[i] != 0) {
      Spectrum& to = mean[i / length];
      std::transform(to.begin(), to.end(), w.moved[i].begin(), to.begin(), std::plus<>{});
    }
  }
  std::vector<AnchorPair> pairs;
  for (std::size_t a = 0; a < anchors; ++a) {
    for (std::size_t b = a + 1; b < anchors; ++b) {
      const std::size_t lag = b - a;
      if (lag <= all_with_all || (lag & (lag - 1)) == 0) {
        pairs.push_back({a, b, {}});
      }
    }
  }
  const double lowest = 1.0 / (w.options.longest * static_cast<double>(std::max(w.field.rows, w.field.columns)));
  const double noise = 1.0 / static_cast<double>(length);
  const std::vector<float> weights = detail::make_weights(w.band, w.spectra, noise, noise, lowest);
  parallel_chunks(w.run, pairs.size(), 1, [&](std::size_t begin, std::size_t end) {
    for (std::size_t p = begin; p < end; ++p) {
      pairs[p].shift = detail::align(w.band, weights, mean[pairs[p].a], mean[pairs[p].b], {0.0, 0.0}, reach_px);
    }
  });
  pairs.erase(std::remove_if(pairs.begin(), pairs.end(), [](const AnchorPair& p) { return !p.shift.converged; }),
              pairs.end());
  if (pairs.size() < anchors - 1) {
    return anchors;
  }
  const std::vector<double> dy = solve_anchors(pairs, anchors, 0);
  const std::vector<double> dx = solve_anchors(pairs, anchors, 1);
  std::vector<double> variances;
  for (const AnchorPair& p : pairs) {
    variances.push_back(0.25 * (p.shift.var_y + p.shift.var_x));  // half of a pair's, mean of both axes
  }
  w.anchor_variance = num::median(variances);
  parallel_chunks(w.run, w.shape.frames, 1, [&](std::size_t begin, std::size_t end) {
    for (std::size_t i = begin; i < end; ++i) {
      move(w, i, {dy[i / length], dx[i / length]});
    }
  });
  return anchors;
}

/// Distance of each value from the median of its neighbours, in robust σ of these distances.
std::vector<double> sudden(std::span<const double> values) {
  std::vector<double> distance(values.size());
  for (std::size_t i = 0; i < values.size(); ++i) {
    const std::size_t first = i > neighbours ? i - neighbours : 0;
    const std::size_t last = std::min(values.size(), i + neighbours + 1);
    distance[i] = values[i] - num::median(values.subspan(first, last - first));
  }
  const double scale = num::median_deviation(distance);
  for (double& d : distance) {
    d = scale > 0.0 ? d / scale : 0.0;
  }
  return distance;
}

/// A lost frame holds the position of the one before: its error grows with what the specimen moves per frame.
void widen_lost(std::vector<FrameDrift>& frames) {
  double sum = 0.0, count = 0.0;
  const auto lost = [&](std::size_t i) { return (frames[i].flags & static_cast<std::uint32_t>(frame_lost)) != 0; };
  for (std::size_t i = 1; i < frames.size(); ++i) {
    if (!lost(i) && !lost(i - 1)) {
      const double dy = frames[i].dy_px - frames[i - 1].dy_px;
      const double dx = frames[i].dx_px - frames[i - 1].dx_px;
      sum += 0.5 * (dy * dy + dx * dx);
      count += 1.0;
    }
  }
  const double step = count > 0.0 ? std::sqrt(sum / count) : 0.0;
  std::size_t since = 0;
  for (std::size_t i = 0; i < frames.size(); ++i) {
    since = lost(i) ? since + 1 : 0;
    const double moved = step * static_cast<double>(since);
    frames[i].sigma_y_px = std::hypot(frames[i].sigma_y_px, moved);
    frames[i].sigma_x_px = std::hypot(frames[i].sigma_x_px, moved);
  }
}

void set_flags(std::vector<FrameDrift>& frames) {
  std::vector<double> focus, mean, step_y, step_x;
  for (std::size_t i = 0; i < frames.size(); ++i) {
    focus.push_back(frames[i].focus);
    mean.push_back(frames[i].mean);
    step_y.push_back(i > 0 ? frames[i].dy_px - frames[i - 1].dy_px : 0.0);
    step_x.push_back(i > 0 ? frames[i].dx_px - frames[i - 1].dx_px : 0.0);
  }
  const auto strange_focus = sudden(focus);
  const auto strange_mean = sudden(mean);
  const auto strange_y = sudden(step_y);
  const auto strange_x = sudden(step_x);
  for (std::size_t i = 0; i < frames.size(); ++i) {
    const bool jumped = std::max(std::abs(strange_y[i]), std::abs(strange_x[i])) > outlier;
    frames[i].flags |= jumped ? static_cast<std::uint32_t>(frame_jump) : 0U;
    frames[i].flags |= std::abs(strange_focus[i]) > outlier ? static_cast<std::uint32_t>(frame_focus) : 0U;
  }
  // A beam that flickers spoils a frame or two; what lasts longer is the specimen.
  constexpr std::size_t longest_flicker = 2;
  for (std::size_t i = 0; i < frames.size();) {
    std::size_t end = i;
    while (end < frames.size() && std::abs(strange_mean[end]) > outlier) {
      ++end;
    }
    for (std::size_t k = i; k < end && end - i <= longest_flicker; ++k) {
      frames[k].flags |= static_cast<std::uint32_t>(frame_intensity);
    }
    i = std::max(end, i + 1);
  }
}

/// The scatter of phases takes the noise for stationary. Counting noise is stronger where the frame is brighter, and
/// the window removes it at the rim; what counts is the noise where the gradients are: the variance of Σ ε(x) h(x) is
/// Σ w²σ²(x) h²(x), not <w²σ²> Σ h². The factor between the two, for both axes.
void place_noise(Work& w, const num::RealFft2& fft) {
  Spectrum sum(w.band.size());
  Buffer<double, 2> brightness({w.field.rows, w.field.columns});
  const std::size_t stride = std::max<std::size_t>(1, w.shape.frames / sampled_pairs);
  for (std::size_t i = 0; i < w.shape.frames; ++i) {
    if (w.good[i] == 0) {
      continue;
    }
    std::transform(sum.begin(), sum.end(), w.moved[i].begin(), sum.begin(), std::plus<>{});
    if (i % stride != 0 || w.field.clipped[i] != 0) {
      continue;
    }
    const Buffer<float, 2> frame = read_frame(w.series, i);
    for (std::size_t y = 0; y < w.field.rows; ++y) {
      const auto row = static_cast<std::size_t>(w.field.base[0] + w.field.offset[i][0] + static_cast<long>(y));
      const auto column = static_cast<std::size_t>(w.field.base[1] + w.field.offset[i][1]);
      for (std::size_t x = 0; x < w.field.columns; ++x) {
        brightness.view()(y, x) += w.detector.electrons(static_cast<double>(frame.view()(row, column + x)));
      }
    }
  }
  const std::vector<float> weights = frame_weights(w);
  for (const std::size_t axis : {0U, 1U}) {
    Buffer<std::complex<float>, 2> full({fft.rows(), fft.bins()});
    for (std::size_t row = 0; row < w.band.height(); ++row) {
      const std::size_t to = row >= w.band.ky_max ? row - w.band.ky_max : row + w.field.rows - w.band.ky_max;
      for (std::size_t k = 0; k < w.band.width(); ++k) {
        const std::size_t i = row * w.band.width() + k;
        const double f = axis == 0 ? w.band.fy(row) : w.band.fx(k);
        const auto scale = static_cast<float>(f) * weights[i] * (k == 0 ? 1.0F : 0.5F);
        full.view()(to, k) = std::complex<float>(-scale * sum[i].imag(), scale * sum[i].real());
      }
    }
    Buffer<float, 2> gradient({fft.rows(), fft.columns()});
    fft.inverse(full.view(), gradient.view());
    double weighted = 0.0, variance = 0.0, power = 0.0;
    w.row_information[axis].assign(w.field.rows, 0.0);
    for (std::size_t y = 0; y < w.field.rows; ++y) {
      for (std::size_t x = 0; x < w.field.columns; ++x) {
        const auto window = static_cast<double>(w.window_y[y] * w.window_x[x]);
        const double noise = window * window * std::max(0.0, brightness.view()(y, x));
        const double square = static_cast<double>(gradient.view()(y, x)) * static_cast<double>(gradient.view()(y, x));
        weighted += noise * square;
        variance += noise;
        power += square;
        w.row_information[axis][y] += square;
      }
    }
    const auto pixels = static_cast<double>(w.field.rows * w.field.columns);
    w.noise_factor[axis] = variance * power > 0.0 ? weighted * pixels / (variance * power) : 1.0;
  }
}

/// A random walk B(t) over one frame, seen with row weights w(t) instead of the mean over rows, is off by
/// ∫ (w − 1) B dt = ∫ F dB with F(t) = ∫ₜ¹ (w − 1); its variance is that of one step between frames times ∫ F² dt.
double scan_share(const Work& w, std::size_t axis) {
  const std::vector<double>& information = w.row_information[axis];
  const double total = std::accumulate(information.begin(), information.end(), 0.0);
  if (!(total > 0.0)) {
    return 0.0;
  }
  const auto rows = static_cast<double>(w.shape.rows);
  const auto first = static_cast<long>(w.field.base[0]);
  double tail = 0.0;
  double share = 0.0;
  for (long row = static_cast<long>(w.shape.rows) - 1; row >= 0; --row) {
    const long in_field = row - first;
    const bool inside = in_field >= 0 && in_field < static_cast<long>(information.size());
    tail += (inside ? information[static_cast<std::size_t>(in_field)] / total : 0.0) - 1.0 / rows;
    share += tail * tail / rows;
  }
  return share;
}

/// Fills scan_y_px and scan_x_px from the usual step between frames.
void add_scan_sigma(const Work& w, std::vector<FrameDrift>& frames) {
  std::array<double FrameDrift::*, 2> place{&FrameDrift::dy_px, &FrameDrift::dx_px};
  std::array<double FrameDrift::*, 2> sigma{&FrameDrift::sigma_y_px, &FrameDrift::sigma_x_px};
  std::array<double FrameDrift::*, 2> scan{&FrameDrift::scan_y_px, &FrameDrift::scan_x_px};
  for (const std::size_t axis : {0U, 1U}) {
    std::vector<double> steps, noise;
    for (std::size_t i = 1; i < frames.size(); ++i) {
      steps.push_back(frames[i].*place[axis] - frames[i - 1].*place[axis]);
      noise.push_back(frames[i].*sigma[axis]);
    }
    const double measured = num::median_deviation(steps);
    const double registration = num::median(noise);
    const double variance = std::max(0.0, measured * measured - 2.0 * registration * registration);
    for (FrameDrift& frame : frames) {
      frame.*scan[axis] = std::sqrt(variance * scan_share(w, axis));
    }
  }
}

double cramer_rao_px(const Work& w) {
  double information = 0.0;
  for (std::size_t row = 0; row < w.band.height(); ++row) {
    for (std::size_t k = 0; k < w.band.width(); ++k) {
      const double fy = w.band.fy(row);
      const double fx = w.band.fx(k);
      const double f = std::hypot(fy, fx);
      information += (k == 0 ? 1.0 : 2.0) * 0.5 * f * f * w.spectra.signal_at(f);
    }
  }
  const double scale = 4.0 * std::numbers::pi * std::numbers::pi / w.spectra.noise;
  // Σ over modes of |2πf S|²/N, corrected for noise that is not the same everywhere.
  const double factor = 0.5 * (w.noise_factor[0] + w.noise_factor[1]);
  return information > 0.0 ? std::sqrt(factor / (scale * information)) : 0.0;
}

}  // namespace

std::string flags_text(std::uint32_t flags) {
  std::string out;
  const auto add = [&](FrameFlag flag, const char* word) {
    if ((flags & flag) != 0) {
      out += (out.empty() ? "" : ", ") + std::string(word);
    }
  };
  add(frame_jump, "jump");
  add(frame_lost, "lost");
  add(frame_focus, "focus");
  add(frame_clipped, "clipped");
  add(frame_intensity, "intensity");
  return out;
}

Registration register_series(const signal::Signal& series, const RegistrationOptions& options, Run& run) {
  Work w{series, shape_of(series, 4), options, run};
  run.progress(0.0, "coarse drift");
  coarse_pass(w);
  const num::RealFft2 fft(w.field.rows, w.field.columns);
  measure_spectra(w, fft);
  run.progress(0.4, "spectra");
  transform_all(w, fft);
  run.progress(0.8, "positions");
  const auto length = static_cast<std::size_t>(options.anchor);
  const auto group = [&](std::size_t i) {
    const std::size_t first = i / length * length;
    return std::array<std::size_t, 2>{first, std::min(first + length, w.shape.frames)};
  };
  const auto around = [&](std::size_t i) {
    return std::array<std::size_t, 2>{i > length ? i - length : 0, std::min(i + length + 1, w.shape.frames)};
  };
  Registration out;
  align_to_neighbours(w, group);
  align_to_neighbours(w, group);
  out.anchors = align_anchors(w);
  align_to_neighbours(w, around);
  align_to_neighbours(w, around);
  place_noise(w, fft);
  const std::size_t zero = static_cast<std::size_t>(std::find(w.good.begin(), w.good.end(), 1) - w.good.begin());
  if (zero == w.shape.frames) {
    throw Error(Errc::refused, Location{.file = series.file}, "no frame could be registered to its neighbours",
                "Look at the frames: is there structure in them?");
  }
  const auto place = [&](std::size_t i, std::size_t axis) {
    return static_cast<double>(w.field.offset[i][axis]) + w.position[i][axis];
  };
  for (std::size_t i = 0; i < w.shape.frames; ++i) {
    FrameDrift& frame = w.frames[i];
    frame.dy_px = place(i, 0) - place(zero, 0);
    frame.dx_px = place(i, 1) - place(zero, 1);
    frame.sigma_y_px = std::sqrt(w.noise_factor[0] * (frame.sigma_y_px * frame.sigma_y_px + w.anchor_variance));
    frame.sigma_x_px = std::sqrt(w.noise_factor[1] * (frame.sigma_x_px * frame.sigma_x_px + w.anchor_variance));
    frame.flags |= w.good[i] == 0 ? static_cast<std::uint32_t>(frame_lost) : 0U;
    frame.flags |= w.field.clipped[i] != 0 ? static_cast<std::uint32_t>(frame_clipped) : 0U;
  }
  widen_lost(w.frames);
  add_scan_sigma(w, w.frames);
  set_flags(w.frames);
  out.frames = std::move(w.frames);
  out.detector = w.detector;
  out.cutoff_cycles_per_px = w.cutoff;
  out.bound_px = cramer_rao_px(w);
  return out;
}

}  // namespace hotstage::series
