// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/series/beam_fraction.hpp"

#include "hotstage/core/error.hpp"
#include "hotstage/num/statistics.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numbers>
#include <vector>

namespace hotstage::series {

namespace {

/// Value that parts the image into two classes of the largest variance between them.
double otsu(View<const float, 2> image, double low, double high) {
  constexpr std::size_t bins = 256;
  std::array<double, bins> count{};
  const double width = (high - low) / static_cast<double>(bins);
  double all = 0.0;
  double sum = 0.0;
  for (std::size_t y = 0; y < image.extent(0); ++y) {
    for (const float v : image.row(y)) {
      const auto bin = static_cast<std::size_t>(
          std::clamp((static_cast<double>(v) - low) / width, 0.0, static_cast<double>(bins) - 1.0));
      count[bin] += 1.0;
      all += 1.0;
      sum += static_cast<double>(bin);
    }
  }
  double below = 0.0;
  double below_sum = 0.0;
  double best = -1.0;
  std::size_t at = 0;
  for (std::size_t b = 0; b + 1 < bins; ++b) {
    below += count[b];
    below_sum += count[b] * static_cast<double>(b);
    if (below <= 0.0 || below >= all) {
      continue;
    }
    const double gap = below_sum / below - (sum - below_sum) / (all - below);
    const double between = below * (all - below) * gap * gap;
    if (between > best) {
      best = between;
      at = b;
    }
  }
  return low + width * (static_cast<double>(at) + 1.0);
}

/// Keeps the largest 4-connected part.
std::size_t keep_largest(Buffer<std::uint8_t, 2>& mask) {
  const std::size_t columns = mask.extent(1);
  std::vector<std::uint32_t> part(mask.size(), 0);
  std::vector<std::size_t> size{0};
  std::vector<std::size_t> stack;
  for (std::size_t start = 0; start < mask.size(); ++start) {
    if (mask.data()[start] == 0 || part[start] != 0) {
      continue;
    }
    const auto id = static_cast<std::uint32_t>(size.size());
    size.push_back(0);
    part[start] = id;
    stack.push_back(start);
    const auto visit = [&](std::size_t i) {
      if (mask.data()[i] != 0 && part[i] == 0) {
        part[i] = id;
        stack.push_back(i);
      }
    };
    while (!stack.empty()) {
      const std::size_t i = stack.back();
      stack.pop_back();
      ++size.back();
      if (i >= columns) {
        visit(i - columns);
      }
      if (i + columns < mask.size()) {
        visit(i + columns);
      }
      if (i % columns > 0) {
        visit(i - 1);
      }
      if (i % columns + 1 < columns) {
        visit(i + 1);
      }
    }
  }
  const auto largest = static_cast<std::uint32_t>(std::max_element(size.begin(), size.end()) - size.begin());
  for (std::size_t i = 0; i < mask.size(); ++i) {
    mask.data()[i] = largest != 0 && part[i] == largest ? 1 : 0;
  }
  return size[largest];
}

struct Pixel {
  double radius = 0.0;
  double azimuth = 0.0;
  double value = 0.0;
};

std::vector<Pixel> pixels_of(View<const float, 2> scan, DetectorScan& out) {
  const std::size_t rows = scan.extent(0);
  const std::size_t columns = scan.extent(1);
  for (std::size_t y = 0; y < rows; ++y) {
    for (std::size_t x = 0; x < columns; ++x) {
      if (out.area.view()(y, x) != 0) {
        out.y_px += static_cast<double>(y) / static_cast<double>(out.area_px);
        out.x_px += static_cast<double>(x) / static_cast<double>(out.area_px);
        out.edge_px += y == 0 || x == 0 || y + 1 == rows || x + 1 == columns ? 1U : 0U;
      }
    }
  }
  std::vector<Pixel> pixels;
  pixels.reserve(out.area_px);
  for (std::size_t y = 0; y < rows; ++y) {
    for (std::size_t x = 0; x < columns; ++x) {
      if (out.area.view()(y, x) != 0) {
        const double dy = static_cast<double>(y) - out.y_px;
        const double dx = static_cast<double>(x) - out.x_px;
        pixels.push_back({std::hypot(dy, dx), std::atan2(dy, dx), static_cast<double>(scan(y, x))});
      }
    }
  }
  std::ranges::stable_sort(pixels, {}, &Pixel::radius);
  return pixels;
}

void describe(const std::vector<Pixel>& pixels, double highest, DetectorScan& out) {
  std::vector<double> values;
  std::array<double, 8> sum{};
  std::array<double, 8> number{};
  std::array<double, 2> half{};
  for (std::size_t i = 0; i < pixels.size(); ++i) {
    values.push_back(pixels[i].value);
    const double turns = pixels[i].azimuth / (2.0 * std::numbers::pi);
    const auto octant = static_cast<std::size_t>(std::floor((turns < 0.0 ? turns + 1.0 : turns) * 8.0)) % 8;
    sum[octant] += pixels[i].value;
    number[octant] += 1.0;
    half[2 * i < pixels.size() ? 0 : 1] += pixels[i].value;
    out.clipped += pixels[i].value >= highest ? 1.0 / static_cast<double>(pixels.size()) : 0.0;
  }
  out.full = {num::mean(values), num::standard_error(values)};
  const std::size_t first = (pixels.size() + 1) / 2;
  out.inner = half[0] / static_cast<double>(first);
  out.outer = half[1] / static_cast<double>(pixels.size() - first);
  out.full_model = std::abs(out.inner - out.outer) / std::sqrt(12.0);
  const double span = out.full.value - out.black.value;
  out.spread = num::standard_deviation(values) / span;
  for (std::size_t o = 0; o < sum.size(); ++o) {
    out.octant[o] = number[o] > 0.0 ? (sum[o] / number[o] - out.black.value) / span : 0.0;
  }
}

}  // namespace

double DetectorScan::asymmetry() const {
  return *std::max_element(octant.begin(), octant.end()) - *std::min_element(octant.begin(), octant.end());
}

DetectorScan read_detector_scan(View<const float, 2> scan) {
  constexpr std::size_t smallest = 32;
  const std::size_t rows = scan.extent(0);
  const std::size_t columns = scan.extent(1);
  if (rows < smallest || columns < smallest) {
    throw Error(Errc::bad_input, fmt::format("the detector scan has {} × {} px", rows, columns),
                fmt::format("At least {} × {} px are needed", smallest, smallest));
  }
  double low = static_cast<double>(scan(0, 0));
  double high = low;
  for (std::size_t y = 0; y < rows; ++y) {
    for (const float v : scan.row(y)) {
      if (!std::isfinite(v)) {
        throw Error(Errc::bad_input, "the detector scan holds values that are no numbers", "Export it again");
      }
      low = std::min(low, static_cast<double>(v));
      high = std::max(high, static_cast<double>(v));
    }
  }
  const char* hint =
      "Scan the focused beam over the detector without a specimen, at the gain and brightness of the frames";
  if (!(high > low)) {
    throw Error(Errc::refused, "the detector scan shows one level only", hint);
  }
  const double threshold = otsu(scan, low, high);
  std::vector<double> dark;
  std::vector<double> bright;
  for (std::size_t y = 0; y < rows; ++y) {
    for (const float v : scan.row(y)) {
      (static_cast<double>(v) < threshold ? dark : bright).push_back(static_cast<double>(v));
    }
  }
  if (dark.empty() || bright.empty()) {
    throw Error(Errc::refused, "the detector scan shows one level only", hint);
  }
  DetectorScan out;
  constexpr double median_efficiency = 1.2533;
  constexpr double distinct = 8.0;
  const double noise = num::median_deviation(dark);
  out.black = {num::median(dark), median_efficiency * noise / std::sqrt(static_cast<double>(dark.size()))};
  const double top = num::median(bright);
  if (!(top - out.black.value > distinct * noise)) {
    throw Error(Errc::refused,
                fmt::format("detector and its surroundings differ by {:.3g} counts, noise is {:.3g}",
                            top - out.black.value, noise),
                hint);
  }
  const double middle = 0.5 * (out.black.value + top);
  out.area = Buffer<std::uint8_t, 2>({rows, columns});
  for (std::size_t y = 0; y < rows; ++y) {
    for (std::size_t x = 0; x < columns; ++x) {
      out.area.view()(y, x) = static_cast<double>(scan(y, x)) > middle ? 1 : 0;
    }
  }
  out.area_px = keep_largest(out.area);
  if (100 * out.area_px < rows * columns) {
    throw Error(Errc::refused, fmt::format("the sensitive area covers {} of {} px", out.area_px, rows * columns), hint);
  }
  describe(pixels_of(scan, out), high, out);
  return out;
}

double BeamScale::sigma(double fraction) const {
  return std::hypot(black.sigma, fraction * span.sigma) / std::abs(span.value);
}

}  // namespace hotstage::series
