// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/eels/detail/spectrum_model.hpp"

#include "hotstage/core/error.hpp"
#include "hotstage/num/quadrature.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace hotstage::eels::detail {

namespace {

// Room for shifts of items and for the zero-loss peak's width on both sides of what is fitted.
constexpr double margin_eV = 30.0;
constexpr double same_step = 1e-6;
constexpr double tail_eV = 40.0;  // end of the low loss its continuation is taken from

/// Counts of channel i of a grid with another step: exact for counts spread evenly over the channels given.
std::vector<float> rebinned(std::span<const float> counts, double step_ratio, std::size_t size) {
  std::vector<double> sum(counts.size() + 1, 0.0);
  for (std::size_t i = 0; i < counts.size(); ++i) {
    sum[i + 1] = sum[i] + static_cast<double>(counts[i]);
  }
  const auto at = [&](double edge) {
    const double inside = std::clamp(edge, 0.0, static_cast<double>(counts.size()));
    const auto k = std::min(static_cast<std::size_t>(inside), counts.size() - 1);
    return sum[k] + (inside - static_cast<double>(k)) * (sum[k + 1] - sum[k]);
  };
  std::vector<float> out(size);
  for (std::size_t i = 0; i < size; ++i) {
    const auto edge = static_cast<double>(i);
    out[i] = static_cast<float>(at((edge + 1.0) / step_ratio) - at(edge / step_ratio));
  }
  return out;
}

}  // namespace

std::size_t ModelColumns::first_hat(std::size_t e) const {
  std::size_t out = background + edges;
  for (std::size_t k = 0; k < e; ++k) {
    out += hats[k];
  }
  return out;
}

SpectrumModel::SpectrumModel(const ModelLayout& layout) : layout_(layout) {
  const EnergyAxis& axis = layout_.axis;
  HOTSTAGE_EXPECTS(!layout_.edges.empty() && axis.step_eV > 0.0);
  columns_.background = layout_.tangent ? 2 : layout_.exponents.size();
  columns_.edges = layout_.edges.size();
  hat_half_ = std::max<std::size_t>(static_cast<std::size_t>(std::llround(layout_.hat_eV / axis.step_eV)), 2);
  double lowest = axis.low_edge();
  for (const ModelEdge& edge : layout_.edges) {
    lowest = std::min(lowest, edge.fine ? edge.fine->low_eV : edge.onset_eV);
  }
  const auto margin = static_cast<std::size_t>(std::ceil(margin_eV / axis.step_eV));
  left_ = margin + static_cast<std::size_t>(std::ceil((axis.low_edge() - lowest) / axis.step_eV));
  const double end = std::min(layout_.range.high_eV, axis.high_edge());
  const auto inside = static_cast<std::size_t>(std::max(std::ceil((end - axis.low_edge()) / axis.step_eV), 1.0));
  grid_ = {axis.offset_eV - static_cast<double>(left_) * axis.step_eV, axis.step_eV, left_ + inside + margin};
  hat_centre_ = margin;
  for (std::size_t e = 0; e < layout_.edges.size(); ++e) {
    sample(e);
  }
  hat_.assign(grid_.size, 0.0F);
  for (std::size_t d = 0; d < hat_half_; ++d) {
    const float height = 1.0F - static_cast<float>(d) / static_cast<float>(hat_half_);
    hat_[hat_centre_ + d] = height;
    hat_[hat_centre_ - d] = height;
  }
  if (!layout_.low) {
    return;
  }
  low_ratio_ = layout_.low->step_eV / axis.step_eV;
  const double before_zero = std::max(-layout_.low->offset_eV, 0.0) / axis.step_eV;
  const auto reach = grid_.size + static_cast<std::size_t>(before_zero) + margin;
  low_used_ = reach;
  fft_.emplace(num::good_size((grid_.size + low_used_ + 1) / 2) * 2);
  const auto transform = [&](const std::vector<float>& values) {
    std::vector<float> padded(fft_->size(), 0.0F);
    std::copy(values.begin(), values.end(), padded.begin());
    std::vector<std::complex<float>> out(fft_->bins());
    fft_->forward(padded, out);
    return out;
  };
  for (const std::vector<float>& shape : shapes_) {
    shape_spectra_.push_back(transform(shape));
    // Shape and low loss are both means over channels; the result is one mean only.
    for (std::size_t k = 1; k < shape_spectra_.back().size(); ++k) {
      const double x = std::numbers::pi * static_cast<double>(k) / static_cast<double>(fft_->size());
      shape_spectra_.back()[k] *= static_cast<float>(x / std::sin(x));
    }
  }
  hat_spectrum_ = transform(hat_);
}

/// The cross-section in channels, and where its hats stand.
void SpectrumModel::sample(std::size_t e) {
  static const num::Quadrature rule = num::gauss_legendre(3);
  const ModelEdge& edge = layout_.edges[e];
  std::size_t hats = 0;
  std::size_t start = 0;
  if (edge.fine) {
    start = static_cast<std::size_t>(std::max(std::round(grid_.channel(edge.fine->low_eV)), 1.0));
    const auto knots = static_cast<std::size_t>(
        std::max(std::floor(edge.fine->width() / (static_cast<double>(hat_half_) * grid_.step_eV) + 0.25), 0.0));
    hats = knots > 1 ? knots - 1 : 0;
    hats = layout_.conserved && hats > 0 ? hats - 1 : hats;
  }
  columns_.hats.push_back(hats);
  hat_start_.push_back(start);
  std::vector<float> shape(grid_.size, 0.0F);
  for (std::size_t c = 0; c < grid_.size; ++c) {
    const double high = grid_.value(static_cast<double>(c) + 0.5) - edge.onset_eV;
    const double low = std::max(high - grid_.step_eV, 0.0);
    if (high <= 0.0) {
      continue;
    }
    double sum = 0.0;
    for (std::size_t k = 0; k < rule.nodes.size(); ++k) {
      sum += rule.weights[k] * edge.density(0.5 * (high + low) + 0.5 * (high - low) * rule.nodes[k]);
    }
    shape[c] = static_cast<float>(0.5 * (high - low) * sum);
  }
  shapes_.push_back(std::move(shape));
}

/// Continues `values` from channel n on by the power law through the two halves of the `window` channels before n.
void SpectrumModel::extend_low(std::span<float> values, std::size_t n, double zero_channel) const {
  const std::size_t half = std::min(static_cast<std::size_t>(0.5 * tail_eV / grid_.step_eV), n / 4);
  double near = 0.0;
  double far = 0.0;
  for (std::size_t i = 0; i < half; ++i) {
    near += static_cast<double>(values[n - 2 * half + i]);
    far += static_cast<double>(values[n - half + i]);
  }
  const double middle_near = static_cast<double>(n) - 1.5 * static_cast<double>(half) - 0.5 - zero_channel;
  const double middle_far = middle_near + static_cast<double>(half);
  if (half == 0 || !(near > far) || !(far > 0.0) || middle_near <= 0.0) {
    return;  // noise: nothing to continue
  }
  const double r = std::log(near / far) / std::log(middle_far / middle_near);
  const double level = far / static_cast<double>(half);
  for (std::size_t i = n; i < values.size(); ++i) {
    values[i] =
        static_cast<float>(level * std::pow((static_cast<double>(i) - zero_channel) / middle_far, -std::max(r, 1.0)));
  }
}

/// F(J)/It, turned so that the zero-loss peak lies at 0 and the result on the axis of the item.
void SpectrumModel::transform_low(const RawItem& item, Scratch& s) const {
  s.real.assign(fft_->size(), 0.0F);
  s.low.resize(fft_->bins());
  double total = 0.0;
  for (const float value : item.low) {
    total += static_cast<double>(value);
  }
  double centre = item.zero_loss.centre_channel;
  const std::size_t measured = std::min(
      static_cast<std::size_t>(std::floor(static_cast<double>(item.low.size()) * low_ratio_ + same_step)), low_used_);
  if (std::abs(low_ratio_ - 1.0) < same_step) {
    std::copy_n(item.low.begin(), measured, s.real.begin());
  } else {
    const std::vector<float> same = rebinned(item.low, low_ratio_, measured);
    std::copy(same.begin(), same.end(), s.real.begin());
    centre = (centre + 0.5) * low_ratio_ - 0.5;
  }
  extend_low(std::span(s.real).first(low_used_), measured, centre);
  fft_->forward(s.real, s.low);
  const double shift = item.shift_eV / grid_.step_eV + centre;
  const auto n = static_cast<double>(fft_->size());
  const double scale = 1.0 / (total * n);
  const double angle = 2.0 * std::numbers::pi * shift / n;
  const double turn_re = std::cos(angle);
  const double turn_im = std::sin(angle);
  constexpr std::size_t restart = 64;  // keeps the rounding of the recurrence below single precision
  double re = 0.0;
  double im = 0.0;
  for (std::size_t k = 0; k < s.low.size(); ++k) {
    if (k % restart == 0) {
      const double start = 2.0 * std::numbers::pi * std::fmod(static_cast<double>(k) * shift / n, 1.0);
      re = scale * std::cos(start);
      im = scale * std::sin(start);
    }
    const auto low_re = static_cast<double>(s.low[k].real());
    const auto low_im = static_cast<double>(s.low[k].imag());
    s.low[k] = {static_cast<float>(low_re * re - low_im * im), static_cast<float>(low_re * im + low_im * re)};
    const double next = re * turn_re - im * turn_im;
    im = re * turn_im + im * turn_re;
    re = next;
  }
}

/// shape ⊗ J into s.real, on the grid shifted to the item's axis.
void SpectrumModel::convolved(const std::vector<std::complex<float>>& shape, Scratch& s) const {
  s.product.resize(fft_->bins());
  for (std::size_t k = 0; k < s.product.size(); ++k) {
    const float ar = s.low[k].real();
    const float ai = s.low[k].imag();
    const float br = shape[k].real();
    const float bi = shape[k].imag();
    s.product[k] = {ar * br - ai * bi, ar * bi + ai * br};
  }
  fft_->inverse_unscaled(s.product, s.real);
}

void SpectrumModel::background(const RawItem& item, double r, Scratch& s) const {
  const std::size_t rows = s.range.size();
  const double reference = std::sqrt(layout_.range.low_eV * layout_.range.high_eV);
  std::vector<double> logarithm(rows);
  for (std::size_t i = 0; i < rows; ++i) {
    logarithm[i] = std::log(item.axis.value(static_cast<double>(s.range.first + i)) / reference);
  }
  if (layout_.tangent) {
    for (std::size_t i = 0; i < rows; ++i) {
      const auto row = static_cast<Eigen::Index>(i);
      s.X(row, 0) = std::exp(-r * logarithm[i]);
      s.X(row, 1) = -logarithm[i] * s.X(row, 0);
    }
    return;
  }
  std::vector<double> factor(rows);
  double step = 0.0;
  for (std::size_t k = 0; k < layout_.exponents.size(); ++k) {
    const auto column = static_cast<Eigen::Index>(k);
    const double wanted = layout_.exponents[k] - (k > 0 ? layout_.exponents[k - 1] : 0.0);
    if (k == 0 || wanted != step) {
      step = wanted;
      for (std::size_t i = 0; i < rows; ++i) {
        factor[i] = std::exp(-step * logarithm[i]);
      }
    }
    for (std::size_t i = 0; i < rows; ++i) {
      const auto row = static_cast<Eigen::Index>(i);
      s.X(row, column) = k > 0 ? s.X(row, column - 1) * factor[i] : factor[i];
    }
  }
}

void SpectrumModel::fill(const RawItem& item, double r, Scratch& s) const {
  s.range = channels_in(item.axis, layout_.range);
  const std::size_t rows = s.range.size();
  const std::size_t p = columns_.total();
  s.X.setZero(static_cast<Eigen::Index>(rows), static_cast<Eigen::Index>(p));
  s.first.assign(p, 0);
  background(item, r, s);
  // Without low loss nothing is convolved; a shift is then linear between channels.
  const double shift = item.shift_eV / grid_.step_eV;
  const bool convolve = fft_.has_value();
  if (convolve) {
    transform_low(item, s);
  }
  const auto at = [&](const std::vector<float>& plain, std::ptrdiff_t index) -> double {
    const auto last = static_cast<std::ptrdiff_t>(grid_.size) - 2;
    if (convolve) {
      return index >= 0 && index <= last ? static_cast<double>(s.real[static_cast<std::size_t>(index)]) : 0.0;
    }
    const double place = static_cast<double>(index) + shift;
    const auto k = static_cast<std::ptrdiff_t>(std::floor(place));
    if (k < 0 || k > last) {
      return 0.0;
    }
    const double part = place - static_cast<double>(k);
    return (1.0 - part) * static_cast<double>(plain[static_cast<std::size_t>(k)]) +
           part * static_cast<double>(plain[static_cast<std::size_t>(k) + 1]);
  };
  const auto origin = static_cast<std::ptrdiff_t>(left_ + s.range.first);
  const auto put = [&](std::size_t column, const std::vector<float>& plain, std::ptrdiff_t moved,
                       std::ptrdiff_t begin) {
    const std::ptrdiff_t skip = std::max<std::ptrdiff_t>(begin - origin, 0);
    s.first[column] = std::min(static_cast<std::size_t>(skip), rows);
    for (std::size_t i = s.first[column]; i < rows; ++i) {
      s.X(static_cast<Eigen::Index>(i), static_cast<Eigen::Index>(column)) =
          at(plain, origin + static_cast<std::ptrdiff_t>(i) - moved);
    }
  };
  const auto margin = static_cast<std::ptrdiff_t>(hat_centre_);
  for (std::size_t e = 0; e < columns_.edges; ++e) {
    if (convolve) {
      convolved(shape_spectra_[e], s);
    }
    const auto begin = static_cast<std::ptrdiff_t>(std::max(grid_.channel(layout_.edges[e].onset_eV), 0.0));
    put(columns_.edge(e), shapes_[e], 0, begin - margin);
  }
  if (convolve && columns_.total() > columns_.background + columns_.edges) {
    convolved(hat_spectrum_, s);
  }
  for (std::size_t e = 0; e < columns_.edges; ++e) {
    for (std::size_t j = 0; j < columns_.hats[e]; ++j) {
      const auto peak = static_cast<std::ptrdiff_t>(hat_start_[e] + (j + 1) * hat_half_);
      put(columns_.first_hat(e) + j, hat_, peak - margin, peak - margin);
    }
    for (std::size_t j = 0; layout_.conserved && j < columns_.hats[e]; ++j) {
      const auto column = static_cast<Eigen::Index>(columns_.first_hat(e) + j);
      const bool last = j + 1 == columns_.hats[e];
      if (last) {
        const auto peak = static_cast<std::ptrdiff_t>(hat_start_[e] + (j + 2) * hat_half_);
        s.next.resize(static_cast<Eigen::Index>(rows));
        for (std::size_t i = 0; i < rows; ++i) {
          s.next(static_cast<Eigen::Index>(i)) = at(hat_, origin + static_cast<std::ptrdiff_t>(i) - (peak - margin));
        }
        s.X.col(column) -= s.next;
      } else {
        s.X.col(column) -= s.X.col(column + 1);
      }
    }
  }
}

std::vector<double> SpectrumModel::single_scattering(std::size_t e, double amplitude,
                                                     std::span<const double> fine) const {
  HOTSTAGE_EXPECTS(fine.size() == columns_.hats[e]);
  std::vector<double> hats(fine.begin(), fine.end());
  if (layout_.conserved && !hats.empty()) {
    hats.push_back(0.0);
    for (std::size_t j = hats.size() - 1; j > 0; --j) {
      hats[j] -= hats[j - 1];
    }
  }
  std::vector<double> out(layout_.axis.size, 0.0);
  for (std::size_t c = 0; c < out.size() && c + left_ < grid_.size; ++c) {
    const std::size_t g = c + left_;
    double sum = amplitude * static_cast<double>(shapes_[e][g]);
    for (std::size_t j = 0; j < hats.size(); ++j) {
      const auto peak = static_cast<double>(hat_start_[e] + (j + 1) * hat_half_);
      const double distance = std::abs(static_cast<double>(g) - peak) / static_cast<double>(hat_half_);
      sum += distance < 1.0 ? hats[j] * (1.0 - distance) : 0.0;
    }
    out[c] = sum / grid_.step_eV;
  }
  return out;
}

}  // namespace hotstage::eels::detail
