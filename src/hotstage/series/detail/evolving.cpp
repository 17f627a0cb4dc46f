// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/series/detail/evolving.hpp"

#include "hotstage/core/parallel.hpp"
#include "hotstage/num/fft.hpp"
#include "hotstage/num/fft2.hpp"
#include "hotstage/num/statistics.hpp"

#include <algorithm>
#include <cmath>
#include <functional>
#include <numbers>

namespace hotstage::series::detail {

namespace {

constexpr std::size_t most_parts = 16;
constexpr std::size_t most_boxes = 64;  // along an axis
constexpr double least_box_px = 8.0;
constexpr std::size_t bases = 3;  // gradient along y and x, brightness
using Triple = std::array<double, bases>;

/// Images of a band on the coarsest grid that holds it.
struct Grid {
  const Band& band;
  num::RealFft2 fft;

  static std::size_t even(std::size_t least, std::size_t most) {
    std::size_t size = num::good_size(std::min(least, most));
    while (size % 2 != 0) {
      size = num::good_size(size + 1);
    }
    return std::min(size, most);
  }

  explicit Grid(const Band& of)
      : band(of), fft(even(2 * of.ky_max + 2, of.rows), even(2 * of.kx_max + 2, of.columns)) {}

  /// `mode(row, k)`: of the spectrum.
  template <class Mode>
  [[nodiscard]] Buffer<float, 2> image(const Mode& mode) const {
    Buffer<std::complex<float>, 2> full({fft.rows(), fft.bins()});
    for (std::size_t row = 0; row < band.height(); ++row) {
      const std::size_t to = row >= band.ky_max ? row - band.ky_max : row + fft.rows() - band.ky_max;
      for (std::size_t k = 0; k < band.width(); ++k) {
        full.view()(to, k) = mode(row, k);
      }
    }
    Buffer<float, 2> out({fft.rows(), fft.columns()});
    fft.inverse(full.view(), out.view());
    return out;
  }
};

/// Boxes of the field: how many, and to which a pixel of any grid over the field belongs.
struct Boxes {
  std::size_t rows = 0;
  std::size_t columns = 0;

  static std::size_t along(std::size_t size) {
    return std::clamp(static_cast<std::size_t>(static_cast<double>(size) / least_box_px), std::size_t{4}, most_boxes);
  }

  [[nodiscard]] std::size_t size() const { return rows * columns; }

  /// Of each of `pixels` pixels along an axis with `boxes` boxes.
  static std::vector<std::size_t> of_pixels(std::size_t pixels, std::size_t boxes) {
    std::vector<std::size_t> out(pixels);
    for (std::size_t i = 0; i < pixels; ++i) {
      out[i] = i * boxes / pixels;
    }
    return out;
  }
};

/// Per box: sums of products.
struct PartSums {
  std::vector<Triple> with_bases;
  std::vector<double> square;
};

/// 3 × 3 linear equations by elimination; zero where they say nothing.
Triple solve(std::array<Triple, bases> a, Triple b) {
  const double scale = a[0][0] + a[1][1] + a[2][2];
  for (std::size_t i = 0; i < bases; ++i) {
    if (!(a[i][i] > 1e-12 * scale)) {
      return {};
    }
    for (std::size_t k = i + 1; k < bases; ++k) {
      const double f = a[k][i] / a[i][i];
      for (std::size_t j = i; j < bases; ++j) {
        a[k][j] -= f * a[i][j];
      }
      b[k] -= f * b[i];
    }
  }
  Triple x{};
  for (std::size_t i = bases; i-- > 0;) {
    double rest = b[i];
    for (std::size_t j = i + 1; j < bases; ++j) {
      rest -= a[i][j] * x[j];
    }
    x[i] = rest / a[i][i];
  }
  return x;
}

struct Comparison {
  Boxes boxes;
  std::vector<std::array<Triple, bases>> bases_squared;  ///< per box
  std::vector<PartSums> parts;
  std::vector<double> frames;
  std::vector<double> noise;  ///< expected of a box, any unit; 0: outside the window

  /// Shift along y and x (sign turned) and factor of every part.
  [[nodiscard]] std::vector<Triple> fit(const std::vector<double>& weight) const {
    std::array<Triple, bases> a{};
    for (std::size_t b = 0; b < boxes.size(); ++b) {
      for (std::size_t i = 0; i < bases; ++i) {
        for (std::size_t j = 0; j < bases; ++j) {
          a[i][j] += weight[b] * bases_squared[b][i][j];
        }
      }
    }
    std::vector<Triple> out;
    for (const PartSums& part : parts) {
      Triple right{};
      for (std::size_t b = 0; b < boxes.size(); ++b) {
        for (std::size_t i = 0; i < bases; ++i) {
          right[i] += weight[b] * part.with_bases[b][i];
        }
      }
      out.push_back(solve(a, right));
    }
    return out;
  }

  /// Where the fit starts: medians over the boxes with structure, so that a strong region that changes does not pull.
  [[nodiscard]] std::vector<Triple> medians() const {
    std::vector<Triple> out(parts.size());
    for (std::size_t i = 0; i < bases; ++i) {
      std::vector<double> strength;
      for (std::size_t b = 0; b < boxes.size(); ++b) {
        strength.push_back(bases_squared[b][i][i]);
      }
      const double least = num::median(strength);
      for (std::size_t s = 0; s < parts.size(); ++s) {
        std::vector<double> each;
        for (std::size_t b = 0; b < boxes.size(); ++b) {
          if (strength[b] >= least && strength[b] > 0.0 && noise[b] > 0.0) {
            each.push_back(parts[s].with_bases[b][i] / strength[b]);
          }
        }
        out[s][i] = each.empty() ? 0.0 : num::median(each);
      }
    }
    return out;
  }

  /// Residual power of every box over its noise.
  [[nodiscard]] std::vector<double> residual(const std::vector<Triple>& theta) const {
    std::vector<double> out(boxes.size(), 0.0);
    for (std::size_t b = 0; b < boxes.size(); ++b) {
      for (std::size_t s = 0; s < parts.size() && noise[b] > 0.0; ++s) {
        double power = parts[s].square[b];
        for (std::size_t i = 0; i < bases; ++i) {
          power -= 2.0 * theta[s][i] * parts[s].with_bases[b][i];
          for (std::size_t j = 0; j < bases; ++j) {
            power += theta[s][i] * bases_squared[b][i][j] * theta[s][j];
          }
        }
        out[b] += frames[s] * std::max(0.0, power) / noise[b];
      }
    }
    return out;
  }

  [[nodiscard]] std::vector<double> weights_of(const std::vector<double>& residual) const {
    std::vector<double> inside;
    for (std::size_t b = 0; b < boxes.size(); ++b) {
      if (noise[b] > 0.0) {
        inside.push_back(residual[b]);
      }
    }
    const double usual = num::median(inside);
    constexpr double one_sigma_below = 0.159;
    const double spread = usual - num::quantile(inside, one_sigma_below);  // the upper side may have changed
    constexpr double clear = 6.0;  // 4096 boxes of pure noise stay below, and their χ² leans to the right
    const double limit = usual + clear * spread;
    std::vector<double> out(boxes.size(), 1.0);
    for (std::size_t b = 0; b < boxes.size(); ++b) {
      if (residual[b] > limit) {
        const double ratio = limit / residual[b];
        out[b] = ratio * ratio;
      }
    }
    return out;
  }

  [[nodiscard]] double information(const std::vector<double>& weight, std::size_t axis) const {
    double sum = 0.0;
    for (std::size_t b = 0; b < boxes.size(); ++b) {
      sum += weight[b] * bases_squared[b][axis][axis];
    }
    return sum;
  }
};

PartSums sums_of(const Comparison& c, const std::array<Buffer<float, 2>, bases>& base, const Buffer<float, 2>& image) {
  PartSums out{std::vector<Triple>(c.boxes.size()), std::vector<double>(c.boxes.size(), 0.0)};
  const std::vector<std::size_t> down = Boxes::of_pixels(image.extent(0), c.boxes.rows);
  const std::vector<std::size_t> across = Boxes::of_pixels(image.extent(1), c.boxes.columns);
  for (std::size_t y = 0; y < image.extent(0); ++y) {
    const float* const row = image.row(y).data();
    for (std::size_t x = 0; x < image.extent(1); ++x) {
      const std::size_t b = down[y] * c.boxes.columns + across[x];
      const auto v = static_cast<double>(row[x]);
      out.square[b] += v * v;
      for (std::size_t i = 0; i < bases; ++i) {
        out.with_bases[b][i] += v * static_cast<double>(base[i].view()(y, x));
      }
    }
  }
  return out;
}

Comparison compare(const Band& band, const Spectra& spectra, double lowest, std::span<const Parts::Part> parts,
                   Run& run) {
  const Grid grid(band);
  Comparison out{.boxes = {Boxes::along(band.rows), Boxes::along(band.columns)}};
  double total = 0.0;
  Spectrum mean(band.size());
  for (const Parts::Part& part : parts) {
    std::transform(mean.begin(), mean.end(), part.sum.begin(), mean.begin(), std::plus<>{});
    total += part.frames;
    out.frames.push_back(part.frames);
  }
  std::vector<float> filter = make_weights(band, spectra, 1.0, 1.0 / total, lowest);
  for (std::size_t i = 0; i < filter.size(); ++i) {
    filter[i] = std::sqrt(filter[i] * (i % band.width() == 0 ? 1.0F : 0.5F));
    mean[i] /= static_cast<float>(total);
  }
  const auto at = [&](std::size_t row, std::size_t k) { return row * band.width() + k; };
  constexpr double turn = 2.0 * std::numbers::pi;
  const std::array<Buffer<float, 2>, bases> base{
      grid.image([&](std::size_t row, std::size_t k) {
        return std::complex<float>(0.0F, static_cast<float>(turn * band.fy(row))) * filter[at(row, k)] *
               mean[at(row, k)];
      }),
      grid.image([&](std::size_t row, std::size_t k) {
        return std::complex<float>(0.0F, static_cast<float>(turn * band.fx(k))) * filter[at(row, k)] * mean[at(row, k)];
      }),
      grid.image([&](std::size_t row, std::size_t k) { return filter[at(row, k)] * mean[at(row, k)]; })};
  out.bases_squared.resize(out.boxes.size());
  for (std::size_t i = 0; i < bases; ++i) {
    const PartSums sums = sums_of(out, base, base[i]);
    for (std::size_t b = 0; b < out.boxes.size(); ++b) {
      out.bases_squared[b][i] = sums.with_bases[b];
    }
  }
  out.parts.resize(parts.size());
  parallel_chunks(run, parts.size(), 1, [&](std::size_t begin, std::size_t end) {
    for (std::size_t s = begin; s < end; ++s) {
      const auto share = static_cast<float>(1.0 / parts[s].frames);
      out.parts[s] = sums_of(out, base, grid.image([&](std::size_t row, std::size_t k) {
        return filter[at(row, k)] * (share * parts[s].sum[at(row, k)] - mean[at(row, k)]);
      }));
    }
  });
  return out;
}

std::vector<double> expected_noise(const Boxes& boxes, View<const double, 2> brightness,
                                   std::span<const float> window_y, std::span<const float> window_x) {
  std::vector<double> noise(boxes.size(), 0.0);
  const std::vector<std::size_t> down = Boxes::of_pixels(window_y.size(), boxes.rows);
  const std::vector<std::size_t> across = Boxes::of_pixels(window_x.size(), boxes.columns);
  for (std::size_t y = 0; y < window_y.size(); ++y) {
    for (std::size_t x = 0; x < window_x.size(); ++x) {
      const auto window = static_cast<double>(window_y[y] * window_x[x]);
      noise[down[y] * boxes.columns + across[x]] += window * window * std::max(0.0, brightness(y, x));
    }
  }
  constexpr double rim = 0.05;  // of the largest: filters leak into boxes that the window empties
  const double least = rim * *std::max_element(noise.begin(), noise.end());
  for (double& n : noise) {
    n = n > least ? n : 0.0;
  }
  return noise;
}

/// The least of a box and its eight neighbours.
std::vector<double> widened(const Boxes& boxes, const std::vector<double>& weight) {
  std::vector<double> out(weight.size(), 1.0);
  for (std::size_t y = 0; y < boxes.rows; ++y) {
    for (std::size_t x = 0; x < boxes.columns; ++x) {
      double least = 1.0;
      for (std::size_t ny = y > 0 ? y - 1 : 0; ny < std::min(boxes.rows, y + 2); ++ny) {
        for (std::size_t nx = x > 0 ? x - 1 : 0; nx < std::min(boxes.columns, x + 2); ++nx) {
          least = std::min(least, weight[ny * boxes.columns + nx]);
        }
      }
      out[y * boxes.columns + x] = least;
    }
  }
  return out;
}

/// Shifts of the parts against their mean; a part displaced by d is the mean less d times its gradient.
void set_shifts(const std::vector<Triple>& fit, const std::vector<double>& frames,
                std::vector<std::array<double, 2>>& shift) {
  for (const std::size_t axis : {0U, 1U}) {
    double mean = 0.0, total = 0.0;
    for (std::size_t s = 0; s < fit.size(); ++s) {
      mean += frames[s] * fit[s][axis];
      total += frames[s];
    }
    for (std::size_t s = 0; s < fit.size(); ++s) {
      shift[s][axis] = mean / total - fit[s][axis];
    }
  }
}

struct Between {
  std::size_t low = 0;
  std::size_t high = 0;
  double share = 0.0;  ///< of the higher one, cosine
};

Between between(std::size_t pixel, std::size_t pixels, std::size_t boxes) {
  const double place =
      std::clamp((static_cast<double>(pixel) + 0.5) * static_cast<double>(boxes) / static_cast<double>(pixels) - 0.5,
                 0.0, static_cast<double>(boxes - 1));
  const auto low = static_cast<std::size_t>(place);
  const double t = place - static_cast<double>(low);
  return {low, std::min(boxes - 1, low + 1), 0.5 - 0.5 * std::cos(std::numbers::pi * t)};
}

Buffer<float, 2> to_pixels(const Boxes& boxes, const std::vector<double>& weight, std::size_t rows,
                           std::size_t columns) {
  Buffer<float, 2> out({rows, columns});
  std::vector<Between> across;
  for (std::size_t x = 0; x < columns; ++x) {
    across.push_back(between(x, columns, boxes.columns));
  }
  for (std::size_t y = 0; y < rows; ++y) {
    const Between v = between(y, rows, boxes.rows);
    for (std::size_t x = 0; x < columns; ++x) {
      const Between& h = across[x];
      const double top =
          (1.0 - h.share) * weight[v.low * boxes.columns + h.low] + h.share * weight[v.low * boxes.columns + h.high];
      const double bottom =
          (1.0 - h.share) * weight[v.high * boxes.columns + h.low] + h.share * weight[v.high * boxes.columns + h.high];
      out.view()(y, x) = static_cast<float>((1.0 - v.share) * top + v.share * bottom);
    }
  }
  return out;
}

}  // namespace

void Parts::add(std::size_t first, std::size_t last, double frames, const Spectrum& sum) {
  if (frames <= 0.0) {
    return;
  }
  if (!parts_.empty() && parts_.back().last - parts_.back().first < full_) {
    Part& part = parts_.back();
    part.last = last;
    part.frames += frames;
    std::transform(part.sum.begin(), part.sum.end(), sum.begin(), part.sum.begin(), std::plus<>{});
    return;
  }
  if (parts_.size() == most_parts) {
    for (std::size_t i = 0; i < most_parts / 2; ++i) {
      Part one = std::move(parts_[2 * i]);
      const Part& next = parts_[2 * i + 1];
      one.last = next.last;
      one.frames += next.frames;
      std::transform(one.sum.begin(), one.sum.end(), next.sum.begin(), one.sum.begin(), std::plus<>{});
      parts_[i] = std::move(one);
    }
    parts_.resize(most_parts / 2);
    full_ = parts_.front().last - parts_.front().first;
  }
  parts_.push_back({first, last, frames, sum});
}

Evolving find_evolving(const Band& band, const Spectra& spectra, double lowest, std::span<Parts::Part> parts,
                       View<const double, 2> brightness, std::span<const float> window_y,
                       std::span<const float> window_x, Run& run) {
  Evolving out;
  constexpr std::size_t fewest_parts = 3;
  if (parts.size() < fewest_parts) {
    return out;
  }
  out.shift.resize(parts.size());
  std::vector<std::array<double, 2>> plain(parts.size());
  const std::vector<double> noise =
      expected_noise({Boxes::along(band.rows), Boxes::along(band.columns)}, brightness, window_y, window_x);
  constexpr int moves = 3;  // the mean gets sharper as parts come into place
  for (int move = 0; move < moves; ++move) {
    Comparison c = compare(band, spectra, lowest, parts, run);
    c.noise = noise;
    const std::vector<double> all(c.boxes.size(), 1.0);
    std::vector<double> weight = c.weights_of(c.residual(c.medians()));
    constexpr int rounds = 4;
    for (int round = 0; round < rounds; ++round) {
      weight = c.weights_of(c.residual(c.fit(weight)));
    }
    weight = widened(c.boxes, weight);
    if (move == 0) {
      set_shifts(c.fit(all), c.frames, plain);
    }
    std::vector<std::array<double, 2>> step(parts.size());
    set_shifts(c.fit(weight), c.frames, step);
    for (std::size_t s = 0; s < parts.size(); ++s) {
      Spectrum moved(band.size());
      add_moved_back(band, parts[s].sum, step[s], 1.0, moved);
      parts[s].sum = std::move(moved);
      out.shift[s] = {out.shift[s][0] + step[s][0], out.shift[s][1] + step[s][1]};
    }
    out.kept = 1.0;
    for (const std::size_t axis : {0U, 1U}) {
      out.kept = std::min(out.kept, c.information(weight, axis) / c.information(all, axis));
    }
    const double fewest = *std::min_element(c.frames.begin(), c.frames.end());
    out.noise = out.kept > 0.0 ? std::sqrt(std::max(0.0, 1.0 / out.kept - 1.0) / fewest) : 1.0;
    if (move + 1 == moves || *std::min_element(weight.begin(), weight.end()) >= 1.0) {
      out.weight = to_pixels(c.boxes, weight, band.rows, band.columns);
      break;
    }
  }
  for (std::size_t s = 0; s < parts.size(); ++s) {
    for (const std::size_t axis : {0U, 1U}) {
      out.bias_px = std::max(out.bias_px, std::abs(out.shift[s][axis] - plain[s][axis]));
      out.moved_px = std::max(out.moved_px, std::abs(out.shift[s][axis]));
    }
  }
  return out;
}

void apply_weight(View<float, 2> windowed, View<const float, 2> weight, std::array<double, 2> d_px,
                  std::span<const float> window_y, std::span<const float> window_x) {
  const std::size_t rows = windowed.extent(0);
  const std::size_t columns = windowed.extent(1);
  const auto from = [](std::size_t i, double d, std::size_t size) {
    const double place = std::clamp(static_cast<double>(i) - d, 0.0, static_cast<double>(size - 1));
    const auto low = static_cast<std::size_t>(place);
    return Between{low, std::min(size - 1, low + 1), place - static_cast<double>(low)};
  };
  std::vector<Between> across;
  for (std::size_t x = 0; x < columns; ++x) {
    across.push_back(from(x, d_px[1], columns));
  }
  Buffer<float, 2> full({rows, columns});
  double sum = 0.0, norm = 0.0;
  for (std::size_t y = 0; y < rows; ++y) {
    const Between v = from(y, d_px[0], rows);
    const float* const above = weight.row(v.low).data();
    const float* const below = weight.row(v.high).data();
    const auto t = static_cast<float>(v.share);
    float* const image = windowed.row(y).data();
    float* const w = full.row(y).data();
    float row_sum = 0.0F, row_norm = 0.0F;
    for (std::size_t x = 0; x < columns; ++x) {
      const Between& h = across[x];
      const auto u = static_cast<float>(h.share);
      const float top = above[h.low] + u * (above[h.high] - above[h.low]);
      const float bottom = below[h.low] + u * (below[h.high] - below[h.low]);
      const float m = top + t * (bottom - top);
      image[x] *= m;
      w[x] = m * window_y[y] * window_x[x];
      row_sum += image[x];
      row_norm += w[x];
    }
    sum += static_cast<double>(row_sum);
    norm += static_cast<double>(row_norm);
  }
  const auto mean = static_cast<float>(norm > 0.0 ? sum / norm : 0.0);
  for (std::size_t i = 0; i < full.size(); ++i) {
    windowed.data()[i] -= mean * full.data()[i];
  }
}

}  // namespace hotstage::series::detail
