// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/study/detail/series_truth.hpp"

#include "hotstage/series/segment.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

namespace hotstage::study::detail {

namespace {

/// Nearest element of an axis; nothing outside.
std::optional<std::size_t> nearest(const signal::Axis& axis, double value) {
  const double at = std::round((value - axis.value(0.0)) / (axis.value(1.0) - axis.value(0.0)));
  if (!(at >= 0.0) || at >= static_cast<double>(axis.size)) {
    return std::nullopt;
  }
  return static_cast<std::size_t>(at);
}

/// Index into the scene of every pixel of the field; nothing outside the scene.
std::vector<std::optional<std::size_t>> places(const signal::Axis& y, const signal::Axis& x,
                                               const FieldOnScene& field) {
  std::vector<std::optional<std::size_t>> out;
  for (std::size_t r = 0; r < field.rows; ++r) {
    const auto row = nearest(y, field.y0_nm + static_cast<double>(r) * field.pixel_nm);
    for (std::size_t c = 0; c < field.columns; ++c) {
      const auto column = nearest(x, field.x0_nm + static_cast<double>(c) * field.pixel_nm);
      out.push_back(row && column ? std::optional<std::size_t>(*row * x.size + *column) : std::nullopt);
    }
  }
  return out;
}

double share_near(View<const std::int32_t, 2> of, View<const std::int32_t, 2> near) {
  constexpr long reach = 3;
  const auto rows = static_cast<long>(near.extent(0));
  const auto columns = static_cast<long>(near.extent(1));
  std::vector<char> marked(static_cast<std::size_t>(rows * columns), 0);
  for (const series::BoundaryPixel& p : series::boundary_pixels(near)) {
    for (long y = std::max(0L, static_cast<long>(p.y) - reach); y <= std::min(rows - 1, static_cast<long>(p.y) + reach);
         ++y) {
      for (long x = std::max(0L, static_cast<long>(p.x) - reach);
           x <= std::min(columns - 1, static_cast<long>(p.x) + reach); ++x) {
        marked[static_cast<std::size_t>(y * columns + x)] = 1;
      }
    }
  }
  double hits = 0.0;
  double all = 0.0;
  for (const series::BoundaryPixel& p : series::boundary_pixels(of)) {
    hits += marked[p.y * static_cast<std::size_t>(columns) + p.x] != 0 ? 1.0 : 0.0;
    all += 1.0;
  }
  return all > 0.0 ? hits / all : 0.0;
}

}  // namespace

FieldOnScene field_on_scene(const Value& frames_truth, const signal::Signal& labels) {
  const Value& first = frames_truth.at("frames").as_array().front();
  const Value& instrument = frames_truth.at("instrument");
  return {.pixel_nm = instrument.at("pixel_nm").as_number(),
          .file_pixel_nm = instrument.at("file_pixel_nm").as_number(),
          .x0_nm = first.at("origin_x_nm").as_number(),
          .y0_nm = first.at("origin_y_nm").as_number(),
          .rows = labels.axes[0].size,
          .columns = labels.axes[1].size};
}

Buffer<std::int32_t, 2> labels_on_field(const signal::Signal& truth, const FieldOnScene& field) {
  const Buffer<float, 2> values = signal::read_all(truth);
  const auto place = places(truth.axes[0], truth.axes[1], field);
  Buffer<std::int32_t, 2> out({field.rows, field.columns});
  for (std::size_t i = 0; i < place.size(); ++i) {
    out.data()[i] = place[i] ? static_cast<std::int32_t>(std::lround(values.data()[*place[i]])) : 0;
  }
  return out;
}

std::map<int, int> match_grains(View<const std::int32_t, 2> recovered, View<const std::int32_t, 2> truth) {
  std::map<int, std::map<int, std::size_t>> votes;
  for (std::size_t y = 0; y < recovered.extent(0); ++y) {
    for (std::size_t x = 0; x < recovered.extent(1); ++x) {
      if (recovered(y, x) > 0 && truth(y, x) > 0) {
        ++votes[recovered(y, x)][truth(y, x)];
      }
    }
  }
  std::map<int, int> out;
  for (const auto& [grain, counts] : votes) {
    out[grain] = std::max_element(counts.begin(), counts.end(), [](const auto& a, const auto& b) {
                   return a.second < b.second;
                 })->first;
  }
  return out;
}

double boundary_f1(View<const std::int32_t, 2> recovered, View<const std::int32_t, 2> truth) {
  const double recall = share_near(truth, recovered);
  const double precision = share_near(recovered, truth);
  return recall + precision > 0.0 ? 2.0 * recall * precision / (recall + precision) : 0.0;
}

Buffer<double, 2> true_onset_s(const signal::Signal& state, const FieldOnScene& field) {
  if (state.navigation.size() != 2 || state.axes.size() != 2) {
    throw Error(Errc::bad_input, Location{.file = state.file},
                fmt::format("a state is time, material | y, x; this is {}", state.shape_text()));
  }
  constexpr double gone = 0.1;
  const std::size_t times = state.navigation[0].size;
  const std::size_t materials = state.navigation[1].size;
  const auto place = places(state.axes[0], state.axes[1], field);
  Buffer<double, 2> out({field.rows, field.columns});
  Buffer<float, 2> map({1, state.channels()});
  std::vector<double> first(place.size(), 0.0);
  std::vector<double> before(place.size(), 1.0);
  std::fill_n(out.data(), out.size(), std::numeric_limits<double>::infinity());
  for (std::size_t t = 0; t < times; ++t) {
    signal::read(state, {t * materials, 1, 0, state.channels()}, map.view());  // the first material is the layered one
    const double now_s = state.navigation[0].value(static_cast<double>(t));
    const double last_s = state.navigation[0].value(static_cast<double>(t == 0 ? 0 : t - 1));
    for (std::size_t i = 0; i < place.size(); ++i) {
      const double thickness = place[i] ? static_cast<double>(map.data()[*place[i]]) : 0.0;
      if (t == 0) {
        first[i] = thickness;
        out.data()[i] = thickness > 0.0 ? out.data()[i] : std::numeric_limits<double>::quiet_NaN();
        continue;
      }
      const double left = first[i] > 0.0 ? thickness / first[i] : 1.0;
      if (left < 1.0 - gone && std::isinf(out.data()[i])) {
        const double part = before[i] > left ? (before[i] - (1.0 - gone)) / (before[i] - left) : 1.0;
        out.data()[i] = last_s + part * (now_s - last_s);
      }
      before[i] = left;
    }
  }
  return out;
}

}  // namespace hotstage::study::detail
