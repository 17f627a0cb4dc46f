// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/series/detail/lattice_sides.hpp"

#include <opencv2/imgproc.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>

namespace hotstage::series::detail {

namespace {

constexpr std::size_t most_fringes = 6;
constexpr float clear_power = 6.0F;  // over the median of the spectrum
constexpr double longest_px = 32.0;
constexpr double shortest_px = 1.0 / 0.45;
constexpr double never = -1e6;

struct Fringe {
  double fy = 0.0;  ///< cycles per px
  double fx = 0.0;
  float power = 0.0F;
  float other = 0.0F;  ///< of the other side

  [[nodiscard]] double spacing_px() const { return 1.0 / std::hypot(fy, fx); }
};

/// 1 above (or below) a line moved by `first` to `last` px away from it.
cv::Mat side_of(const std::vector<int>& line, int rows, bool above, double first, double last) {
  cv::Mat out(rows, static_cast<int>(line.size()), CV_8U, cv::Scalar(0));
  for (int x = 0; x < out.cols; ++x) {
    for (int y = 0; y < rows; ++y) {
      const double away = (above ? -1.0 : 1.0) * (y - line[static_cast<std::size_t>(x)]);
      out.at<std::uint8_t>(y, x) = away > first && away < last ? 255 : 0;
    }
  }
  return out;
}

/// Power spectrum of one side, smoothed by 1.5 bins.
cv::Mat spectrum_of(const cv::Mat& image, const cv::Mat& side) {
  cv::Mat weight, window;
  side.convertTo(weight, CV_32F, 1.0 / 255.0);
  constexpr double soft_px = 8.0;
  cv::GaussianBlur(weight, weight, {0, 0}, soft_px);
  cv::createHanningWindow(window, image.size(), CV_32F);
  cv::sqrt(window, window);
  weight = weight.mul(window);
  const double mean = image.dot(weight) / cv::sum(weight)[0];
  cv::Mat tapered = (image - mean).mul(weight);
  cv::Mat spectrum;
  cv::dft(tapered, spectrum, cv::DFT_COMPLEX_OUTPUT);
  std::array<cv::Mat, 2> parts;
  cv::split(spectrum, parts.data());
  cv::Mat power = (parts[0].mul(parts[0]) + parts[1].mul(parts[1])) / weight.dot(weight);
  constexpr int border = 8;
  constexpr double bins = 1.5;
  cv::Mat wide;
  cv::copyMakeBorder(power, wide, border, border, border, border, cv::BORDER_WRAP);
  cv::GaussianBlur(wide, wide, {0, 0}, bins);
  return wide({border, border, power.cols, power.rows}).clone();
}

double frequency(int bin, int size) {
  return static_cast<double>(bin < (size + 1) / 2 ? bin : bin - size) / size;
}

/// Maxima of what `own` has more than `other`.
std::vector<Fringe> fringes_of(const cv::Mat& own, const cv::Mat& other) {
  cv::Mat more(own.size(), CV_32F, cv::Scalar(0.0));
  std::vector<float> all;
  for (int y = 0; y < own.rows; ++y) {
    for (int x = 0; x < own.cols; ++x) {
      const double fy = frequency(y, own.rows), fx = frequency(x, own.cols);
      const double f = std::hypot(fy, fx);
      if (f > 1.0 / longest_px && f < 1.0 / shortest_px) {
        all.push_back(own.at<float>(y, x) + other.at<float>(y, x));
        if (fx > 0.0 || (fx == 0.0 && fy > 0.0)) {
          more.at<float>(y, x) = own.at<float>(y, x) - other.at<float>(y, x);
        }
      }
    }
  }
  std::vector<Fringe> out;
  if (all.empty()) {
    return out;
  }
  std::nth_element(all.begin(), all.begin() + static_cast<long>(all.size() / 2), all.end());
  const float noise = all[all.size() / 2];
  while (out.size() < most_fringes) {
    double most = 0.0;
    cv::Point at;
    cv::minMaxLoc(more, nullptr, &most, nullptr, &at);
    if (!(static_cast<float>(most) > clear_power * noise)) {
      break;
    }
    out.push_back({frequency(at.y, own.rows), frequency(at.x, own.cols), own.at<float>(at), other.at<float>(at)});
    constexpr int apart = 6;  // bins
    cv::circle(more, at, apart, cv::Scalar(0.0), cv::FILLED);
  }
  return out;
}

/// Mean local power of fringes: each demodulated, averaged with a Gaussian on a coarser grid, squared.
cv::Mat power_map(const cv::Mat& image, const std::vector<Fringe>& fringes, double sigma_px) {
  const int coarse = std::max(1, static_cast<int>(sigma_px / 4.0));
  const cv::Size small((image.cols + coarse - 1) / coarse, (image.rows + coarse - 1) / coarse);
  cv::Mat sum(small, CV_32F, cv::Scalar(0.0));
  for (const Fringe& fringe : fringes) {
    cv::Mat real(image.size(), CV_32F), imaginary(image.size(), CV_32F);
    for (int y = 0; y < image.rows; ++y) {
      for (int x = 0; x < image.cols; ++x) {
        const double phase = 2.0 * std::numbers::pi * (fringe.fy * y + fringe.fx * x);
        const auto value = static_cast<double>(image.at<float>(y, x));
        real.at<float>(y, x) = static_cast<float>(value * std::cos(phase));
        imaginary.at<float>(y, x) = static_cast<float>(value * std::sin(phase));
      }
    }
    for (cv::Mat* const part : {&real, &imaginary}) {
      cv::resize(*part, *part, small, 0, 0, cv::INTER_AREA);
      cv::GaussianBlur(*part, *part, {0, 0}, sigma_px / coarse, sigma_px / coarse, cv::BORDER_REFLECT);
      sum += part->mul(*part) / static_cast<double>(fringes.size());
    }
  }
  cv::Mat out;
  cv::resize(sum, out, image.size(), 0, 0, cv::INTER_LINEAR);
  return out;
}

/// Path with the largest sum of `preference` above less that below; a row up or down costs `stiffness`; within
/// `within` px of `old` when there is one.
std::vector<int> path_between(const cv::Mat& preference, double stiffness, const std::vector<int>& old, double within) {
  const int rows = preference.rows, columns = preference.cols;
  cv::Mat total(rows, columns, CV_64F);
  for (int x = 0; x < columns; ++x) {
    double all = 0.0, above = 0.0;
    for (int y = 0; y < rows; ++y) {
      all += static_cast<double>(preference.at<float>(y, x));
    }
    for (int y = 0; y < rows; ++y) {
      above += static_cast<double>(preference.at<float>(y, x));
      const bool allowed = old.empty() || std::abs(y - old[static_cast<std::size_t>(x)]) <= within;
      total.at<double>(y, x) = allowed ? 2.0 * above - all : never;
    }
  }
  cv::Mat from(rows, columns, CV_8S, cv::Scalar(0));
  for (int x = 1; x < columns; ++x) {
    for (int y = 0; y < rows; ++y) {
      double best = total.at<double>(y, x - 1);
      for (const int step : {-1, 1}) {
        if (y + step >= 0 && y + step < rows && total.at<double>(y + step, x - 1) - stiffness > best) {
          best = total.at<double>(y + step, x - 1) - stiffness;
          from.at<std::int8_t>(y, x) = static_cast<std::int8_t>(step);
        }
      }
      total.at<double>(y, x) += best;
    }
  }
  std::vector<int> path(static_cast<std::size_t>(columns));
  cv::Point end;
  cv::minMaxLoc(total.col(columns - 1), nullptr, nullptr, nullptr, &end);
  path.back() = end.y;
  for (int x = columns - 1; x > 0; --x) {
    const int y = path[static_cast<std::size_t>(x)];
    path[static_cast<std::size_t>(x) - 1] = y + from.at<std::int8_t>(y, x);
  }
  return path;
}

/// Share of the power of fringes `from` that the filters of fringes `into` let through.
double leak(const std::vector<Fringe>& from, const std::vector<Fringe>& into, double sigma_px) {
  double let_through = 0.0, all = 0.0;
  for (const Fringe& f : from) {
    for (const Fringe& g : into) {
      const double apart = 2.0 * std::numbers::pi * sigma_px * std::hypot(f.fy - g.fy, f.fx - g.fx);
      let_through += static_cast<double>(f.power) * std::exp(-apart * apart) / static_cast<double>(into.size());
    }
    all += static_cast<double>(f.power) / static_cast<double>(from.size());
  }
  return let_through / all;
}

/// Takes what leaks from one side's fringes into the other's filters out of both maps.
void unmix(cv::Mat& upper, cv::Mat& lower, double lower_in_upper, double upper_in_lower) {
  const double both = 1.0 - std::min(0.9, lower_in_upper * upper_in_lower);
  const cv::Mat a = (upper - lower_in_upper * lower) / both;
  const cv::Mat b = (lower - upper_in_lower * upper) / both;
  upper = cv::max(a, 0.0);
  lower = cv::max(b, 0.0);
}

LatticeSides no_line(std::size_t columns, int rows) {
  return {.row = std::vector<double>(columns, 0.5 * rows), .contrast = 0.0};
}

double contrast_of(const std::vector<Fringe>& upper, const std::vector<Fringe>& lower) {
  double more = 0.0, all = 0.0;
  for (const std::vector<Fringe>* const side : {&upper, &lower}) {
    for (const Fringe& fringe : *side) {
      more += static_cast<double>(fringe.power - fringe.other);
      all += static_cast<double>(fringe.power + fringe.other);
    }
  }
  return upper.empty() || lower.empty() ? 0.0 : more / all;
}

}  // namespace

LatticeSides lattice_sides(const cv::Mat& image) {
  const int rows = image.rows;
  cv::Mat flat;
  cv::GaussianBlur(image, flat, {0, 0}, std::min(image.rows, image.cols) / 32.0);
  flat = image - flat;
  std::vector<int> line(static_cast<std::size_t>(image.cols), rows / 2);
  std::vector<int> before;
  double before_px = 0.0;
  cv::Mat above = side_of(line, rows, true, 0.25 * rows, rows);
  cv::Mat below = side_of(line, rows, false, 0.25 * rows - 1.0, rows);
  cv::Mat near_above = above, near_below = below;
  std::vector<Fringe> upper, lower;
  LatticeSides out;
  int turn = 0;
  for (const double spacings : {3.0, 2.0, 1.5}) {
    if (turn < 2) {
      const cv::Mat a = spectrum_of(flat, above), b = spectrum_of(flat, below);
      upper = fringes_of(a, b);
      lower = fringes_of(b, a);
      out.contrast = turn == 0 ? contrast_of(upper, lower) : out.contrast;
    }
    if (upper.empty() || lower.empty()) {
      return no_line(line.size(), rows);
    }
    const auto strongest = [](const std::vector<Fringe>& f) {
      return *std::max_element(f.begin(), f.end(), [](const Fringe& p, const Fringe& q) { return p.power < q.power; });
    };
    const Fringe p = strongest(upper), q = strongest(lower);
    const double spacing = (p.power > q.power ? p : q).spacing_px();
    const double sigma = spacings * spacing;
    cv::Mat of_upper = power_map(flat, upper, sigma), of_lower = power_map(flat, lower, sigma);
    unmix(of_upper, of_lower, leak(lower, upper, sigma), leak(upper, lower, sigma));
    for (int again = 0; again < 2; ++again) {
      // One grain may be fainter than the other: each counts by what it is worth beside the line.
      const double usual_upper = cv::mean(of_upper, near_above)[0], usual_lower = cv::mean(of_lower, near_below)[0];
      if (!(usual_upper > 0.0 && usual_lower > 0.0)) {
        return no_line(line.size(), rows);
      }
      constexpr double floor = 0.1;
      cv::Mat preference = (of_upper / usual_upper + floor) / (of_lower / usual_lower + floor);
      cv::log(preference, preference);
      preference = cv::min(cv::max(preference, -1.0), 1.0);
      constexpr double stiffness = 2.5, reach = 1.5, beside = 4.0;
      line = path_between(preference, stiffness * spacing, before, reach * before_px);
      above = side_of(line, rows, true, sigma, rows);
      below = side_of(line, rows, false, sigma, rows);
      near_above = side_of(line, rows, true, sigma, beside * sigma);
      near_below = side_of(line, rows, false, sigma, beside * sigma);
      before = line;
      before_px = sigma;
      if (cv::countNonZero(near_above) == 0 || cv::countNonZero(near_below) == 0) {
        return no_line(line.size(), rows);
      }
    }
    ++turn;
  }
  for (const int y : line) {
    out.row.push_back(y + 0.5);
  }
  return out;
}

}  // namespace hotstage::series::detail
