// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/series/labels.hpp"

#include "hotstage/core/error.hpp"
#include "hotstage/io/document.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

namespace hotstage::series {

namespace {

constexpr std::int64_t largest_side = 65536;

Outline read_outline(const Value& node) {
  Outline out;
  out.kind = node.at("class").as_text();
  const std::string& shape = node.at("shape").as_text();
  if (shape != "polygon" && shape != "polyline") {
    throw Error(Errc::bad_input, node.where, fmt::format("outline of shape \"{}\"", shape),
                "Use \"polygon\" or \"polyline\"");
  }
  out.closed = shape == "polygon";
  for (const Value& point : node.at("points_xy").as_array()) {
    const std::vector<double> xy = point.as_numbers();
    if (xy.size() != 2 || !std::isfinite(xy[0]) || !std::isfinite(xy[1])) {
      throw Error(Errc::bad_input, node.where, "a point of an outline is not a pair of finite numbers", "Give [x, y]");
    }
    out.points.push_back({xy[0], xy[1]});
  }
  const std::size_t fewest = out.closed ? 3 : 2;
  if (out.points.size() < fewest) {
    throw Error(Errc::bad_input, node.where, fmt::format("a {} of {} points", shape, out.points.size()),
                fmt::format("Give at least {}", fewest));
  }
  return out;
}

bool inside(const Outline& outline, double x, double y) {
  bool in = false;
  for (std::size_t i = 0, j = outline.points.size() - 1; i < outline.points.size(); j = i++) {
    const auto& [xi, yi] = outline.points[i];
    const auto& [xj, yj] = outline.points[j];
    if ((yi > y) != (yj > y) && x < xi + (xj - xi) * (y - yi) / (yj - yi)) {
      in = !in;
    }
  }
  return in;
}

double length_of(std::span<const LabelPoint> line) {
  double length = 0.0;
  for (std::size_t i = 1; i < line.size(); ++i) {
    length += std::hypot(line[i][0] - line[i - 1][0], line[i][1] - line[i - 1][1]);
  }
  return length;
}

double distance(const LabelPoint& p, std::span<const LabelPoint> line) {
  double best = std::numeric_limits<double>::infinity();
  for (std::size_t i = 1; i < line.size(); ++i) {
    const double dx = line[i][0] - line[i - 1][0];
    const double dy = line[i][1] - line[i - 1][1];
    const double square = dx * dx + dy * dy;
    const double along = square > 0.0 ? ((p[0] - line[i - 1][0]) * dx + (p[1] - line[i - 1][1]) * dy) / square : 0.0;
    const double t = std::clamp(along, 0.0, 1.0);
    best = std::min(best, std::hypot(p[0] - line[i - 1][0] - t * dx, p[1] - line[i - 1][1] - t * dy));
  }
  return best;
}

struct Nearness {
  double share = 0.0;
  double mean = 0.0;
};

Nearness near(std::span<const LabelPoint> line, std::span<const LabelPoint> to, double tolerance) {
  constexpr double spacing = 0.5;
  Nearness out;
  double samples = 0.0;
  for (std::size_t i = 1; i < line.size(); ++i) {
    const double length = std::hypot(line[i][0] - line[i - 1][0], line[i][1] - line[i - 1][1]);
    const int steps = static_cast<int>(std::ceil(length / spacing));
    for (int k = 0; k < steps; ++k) {
      const double t = (k + 0.5) / steps;
      const double d = distance(
          {line[i - 1][0] + t * (line[i][0] - line[i - 1][0]), line[i - 1][1] + t * (line[i][1] - line[i - 1][1])}, to);
      out.share += d <= tolerance ? 1.0 : 0.0;
      out.mean += d;
      samples += 1.0;
    }
  }
  out.share /= samples;
  out.mean /= samples;
  return out;
}

}  // namespace

ImageLabels read_labels(const std::filesystem::path& file) {
  return parse_labels(io::read_document(file));
}

ImageLabels parse_labels(const Value& root) {
  ImageLabels out;
  out.image = root.at("image").as_text();
  out.sha256 = root.at("sha256").as_text();
  const Value& shape = root.at("shape_yx");
  const Value::Array& sides = shape.as_array();
  if (sides.size() != 2 || sides[0].as_integer() < 1 || sides[1].as_integer() < 1 ||
      sides[0].as_integer() > largest_side || sides[1].as_integer() > largest_side) {
    throw Error(Errc::bad_input, shape.where, "shape_yx is not the number of rows and columns of an image",
                fmt::format("Give [rows, columns], 1 to {}", largest_side));
  }
  out.rows = static_cast<std::size_t>(sides[0].as_integer());
  out.columns = static_cast<std::size_t>(sides[1].as_integer());
  for (const Value& node : root.at("outlines").as_array()) {
    out.outlines.push_back(read_outline(node));
  }
  if (const Value* second = root.find("second_drawing")) {
    for (const Value& node : second->as_array()) {
      out.second_drawing.push_back(read_outline(node));
    }
  }
  return out;
}

Buffer<std::uint8_t, 2> fill_outlines(std::span<const Outline> outlines, std::string_view kind, std::size_t rows,
                                      std::size_t columns) {
  Buffer<std::uint8_t, 2> mask({rows, columns});
  for (const Outline& outline : outlines) {
    if (!outline.closed || outline.kind != kind) {
      continue;
    }
    for (std::size_t y = 0; y < rows; ++y) {
      for (std::size_t x = 0; x < columns; ++x) {
        if (inside(outline, static_cast<double>(x) + 0.5, static_cast<double>(y) + 0.5)) {
          mask.row(y)[x] = 1;
        }
      }
    }
  }
  return mask;
}

double intersection_over_union(View<const std::uint8_t, 2> a, View<const std::uint8_t, 2> b) {
  HOTSTAGE_EXPECTS(a.extents() == b.extents());
  std::size_t both = 0;
  std::size_t either = 0;
  for (std::size_t y = 0; y < a.extent(0); ++y) {
    for (std::size_t x = 0; x < a.extent(1); ++x) {
      both += a(y, x) != 0 && b(y, x) != 0 ? 1 : 0;
      either += a(y, x) != 0 || b(y, x) != 0 ? 1 : 0;
    }
  }
  return either == 0 ? 1.0 : static_cast<double>(both) / static_cast<double>(either);
}

LineScore score_line(std::span<const LabelPoint> found, std::span<const LabelPoint> drawn, double tolerance_px) {
  if (!(length_of(found) > 0.0) || !(length_of(drawn) > 0.0)) {
    throw Error(Errc::bad_input, "a line without length cannot be scored", "Give two different points or more");
  }
  const Nearness precision = near(found, drawn, tolerance_px);
  const Nearness recall = near(drawn, found, tolerance_px);
  const double sum = precision.share + recall.share;
  return {.precision = precision.share,
          .recall = recall.share,
          .f1 = sum > 0.0 ? 2.0 * precision.share * recall.share / sum : 0.0,
          .mean_offset_px = precision.mean};
}

}  // namespace hotstage::series
