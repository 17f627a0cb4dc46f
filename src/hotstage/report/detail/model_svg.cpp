// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/report/detail/model_svg.hpp"

#include "hotstage/report/detail/palette.hpp"
#include "hotstage/report/detail/rich_text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <iterator>
#include <numbers>
#include <utility>

namespace hotstage::report::detail {

namespace {

constexpr double full_width = 518.74;  // points: 183 mm
constexpr double half_width = 252.28;  // 89 mm
constexpr double aspect = 0.62;        // height over width
constexpr double margin = 12.0;
constexpr double head = 16.0;  // room for the names of the kinds
constexpr double font = 8.5;

struct Place {
  double x = 0.0;
  double y = 0.0;
  double depth = 0.0;  ///< towards the eye
};

/// The picture plane through the middle of the model.
class Camera {
 public:
  Camera(const Model& model, double width, double height) : width_(width), height_(height) {
    const double a = model.view[0] * std::numbers::pi / 180.0;
    const double e = model.view[1] * std::numbers::pi / 180.0;
    right_ = {-std::sin(a), std::cos(a), 0.0};
    up_ = {-std::sin(e) * std::cos(a), -std::sin(e) * std::sin(a), std::cos(e)};
    eye_ = {std::cos(e) * std::cos(a), std::cos(e) * std::sin(a), std::sin(e)};
    fit(model);
  }

  [[nodiscard]] Place at(double x, double y, double z) const {
    const std::array<double, 3> p{x - middle_[0], y - middle_[1], z - middle_[2]};
    return {0.5 * width_ + scale_ * dot(right_, p), head + 0.5 * (height_ - head) - scale_ * dot(up_, p), dot(eye_, p)};
  }

  [[nodiscard]] double scale() const { return scale_; }

 private:
  static double dot(const std::array<double, 3>& a, const std::array<double, 3>& b) {
    return a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
  }

  /// The same size whichever way the model is turned: its sphere fits into the picture.
  void fit(const Model& model) {
    double far = 0.0;
    const auto middle = [](const std::vector<double>& v) {
      const auto [low, high] = std::ranges::minmax(v);
      return 0.5 * (low + high);
    };
    middle_ = {middle(model.x), middle(model.y), middle(model.z)};
    for (std::size_t i = 0; i < model.x.size(); ++i) {
      const double d = std::hypot(model.x[i] - middle_[0], model.y[i] - middle_[1], model.z[i] - middle_[2]);
      far = std::max(far, d + model.kinds[model.kind[i]].radius);
    }
    for (std::size_t n = 0; n + 2 < model.edges.size(); n += 3) {
      far = std::max(far, std::hypot(model.edges[n] - middle_[0], model.edges[n + 1] - middle_[1],
                                     model.edges[n + 2] - middle_[2]));
    }
    scale_ = 0.5 * (std::min(width_, height_ - head) - 2.0 * margin) / far;
  }

  double width_;
  double height_;
  double scale_ = 1.0;
  std::array<double, 3> right_{}, up_{}, eye_{}, middle_{};
};

double width_of(const Figure& figure) {
  return figure.width == Width::full ? full_width : half_width;
}

/// A round length about a fifth of the model's size.
double bar_length(const Model& model) {
  double size = 1e-9;
  for (const auto* list : {&model.x, &model.y, &model.z}) {
    const auto [low, high] = std::ranges::minmax(*list);
    size = std::max(size, high - low);
  }
  const double wanted = 0.2 * size;
  const double power = std::pow(10.0, std::floor(std::log10(wanted)));
  for (const double step : {5.0, 2.0, 1.0}) {
    if (wanted >= step * power) {
      return step * power;
    }
  }
  return power;
}

std::string gradients(const Model& model, const std::string& id) {
  std::string out = "<defs>\n";
  for (std::size_t k = 0; k < model.kinds.size(); ++k) {
    const std::string_view hex = named(model.kinds[k].colour).hex;
    fmt::format_to(std::back_inserter(out),
                   "<radialGradient id=\"{}-k{}\" cx=\"0.35\" cy=\"0.3\" r=\"0.75\"><stop offset=\"0\" "
                   "stop-color=\"#ffffff\"/><stop offset=\"0.35\" stop-color=\"{}\" stop-opacity=\"0.75\"/><stop "
                   "offset=\"1\" stop-color=\"{}\"/></radialGradient>\n",
                   id, k, hex, hex);
  }
  return out + "</defs>\n";
}

std::string legend(const Model& model, const std::string& id) {
  std::string out;
  double x = margin;
  for (std::size_t k = 0; k < model.kinds.size(); ++k) {
    const std::string name = plain_text(model.kinds[k].name);
    fmt::format_to(std::back_inserter(out),
                   "<circle cx=\"{:.2f}\" cy=\"9\" r=\"4.5\" fill=\"url(#{}-k{})\"/><text x=\"{:.2f}\" y=\"12\" "
                   "font-size=\"{}\">{}</text>\n",
                   x + 4.5, id, k, x + 12.0, font, escape(name));
    x += 26.0 + 0.6 * font * static_cast<double>(name.size());
  }
  return out;
}

std::string scale_bar(const Model& model, const Camera& camera, double height) {
  const double length = bar_length(model);
  return fmt::format(
      "<path d=\"M{:.2f} {:.2f}h{:.2f}\" stroke=\"#000000\" stroke-width=\"1.5\"/><text x=\"{:.2f}\" y=\"{:.2f}\" "
      "font-size=\"{}\">{:g} {}</text>\n",
      margin, height - 8.0, length * camera.scale(), margin, height - 11.5, font, length, escape(model.unit));
}

/// One thing to draw, farther ones first.
struct Item {
  double depth = 0.0;
  std::string svg;
};

/// A stick between the surfaces of its balls.
std::pair<Place, Place> visible_stick(const Model& model, const Camera& camera, std::size_t stick) {
  const std::size_t i = model.from[stick];
  const std::size_t j = model.to[stick];
  const std::array<double, 3> d{model.x[j] - model.x[i], model.y[j] - model.y[i], model.z[j] - model.z[i]};
  const double length = std::max(std::hypot(d[0], d[1], d[2]), 1e-9);
  const double t0 = model.kinds[model.kind[i]].radius / length;
  const double t1 = 1.0 - model.kinds[model.kind[j]].radius / length;
  const auto at = [&](double t) {
    return camera.at(model.x[i] + t * d[0], model.y[i] + t * d[1], model.z[i] + t * d[2]);
  };
  return {at(t0), at(t1)};
}

std::vector<Item> items(const Model& model, const Camera& camera, const std::string& id) {
  std::vector<Item> out;
  std::vector<Place> places;
  for (std::size_t i = 0; i < model.x.size(); ++i) {
    places.push_back(camera.at(model.x[i], model.y[i], model.z[i]));
  }
  for (std::size_t s = 0; s < model.from.size(); ++s) {
    const auto [a, b] = visible_stick(model, camera, s);
    out.push_back(
        {0.5 * (a.depth + b.depth),
         fmt::format("<path d=\"M{:.2f} {:.2f}L{:.2f} {:.2f}\" stroke=\"#888888\" stroke-width=\"{:.2f}\"/>\n", a.x,
                     a.y, b.x, b.y, 0.12 * camera.scale())});
  }
  for (std::size_t n = 0; n + 5 < model.edges.size(); n += 6) {
    const double* e = &model.edges[n];
    const Place a = camera.at(e[0], e[1], e[2]);
    const Place b = camera.at(e[3], e[4], e[5]);
    out.push_back({0.5 * (a.depth + b.depth),
                   fmt::format("<path d=\"M{:.2f} {:.2f}L{:.2f} {:.2f}\" stroke=\"#000000\" stroke-width=\"0.5\" "
                               "stroke-dasharray=\"2 2\"/>\n",
                               a.x, a.y, b.x, b.y)});
  }
  for (std::size_t i = 0; i < places.size(); ++i) {
    const BallKind& kind = model.kinds[model.kind[i]];
    out.push_back(
        {places[i].depth, fmt::format("<circle cx=\"{:.2f}\" cy=\"{:.2f}\" r=\"{:.2f}\" fill=\"url(#{}-k{})\" "
                                      "stroke=\"#000000\" stroke-width=\"0.3\"><title>{}</title></circle>\n",
                                      places[i].x, places[i].y, kind.radius * camera.scale(), id, model.kind[i],
                                      escape(plain_text(kind.name)))});
  }
  std::ranges::stable_sort(out, {}, &Item::depth);
  return out;
}

Value numbers(const auto& values) {
  Value out = Value::array();
  for (const auto value : values) {
    out.push_back(Value(value));
  }
  return out;
}

}  // namespace

std::string problem(const Model& model) {
  const std::size_t balls = model.x.size();
  if (balls == 0 || model.y.size() != balls || model.z.size() != balls || model.kind.size() != balls) {
    return fmt::format("a model has {} x, {} y, {} z and {} kinds", balls, model.y.size(), model.z.size(),
                       model.kind.size());
  }
  if (model.from.size() != model.to.size() || model.edges.size() % 6 != 0) {
    return "a model has sticks or edges with one end";
  }
  const auto beyond = [](const std::vector<std::size_t>& v, std::size_t count) {
    return std::ranges::any_of(v, [count](std::size_t k) { return k >= count; });
  };
  if (beyond(model.kind, model.kinds.size()) || beyond(model.from, balls) || beyond(model.to, balls)) {
    return "a model names a ball or kind that is not there";
  }
  for (const auto* list : {&model.x, &model.y, &model.z, &model.edges}) {
    if (!std::ranges::all_of(*list, [](double v) { return std::isfinite(v); })) {
      return "a model has a place that is not a number";
    }
  }
  const bool sizes = std::ranges::all_of(
      model.kinds, [](const BallKind& kind) { return kind.radius > 0.0 && kind.colour != Colour::automatic; });
  return sizes ? std::string() : "a kind of ball needs a radius above 0 and a colour";
}

std::string model_svg(const Figure& figure) {
  const Model& model = *figure.model;
  constexpr double mm_per_point = 25.4 / 72.0;
  const double width = width_of(figure);
  const double height = aspect * width;
  const Camera camera(model, width, height);
  const std::string id = anchor_text(figure.id);
  std::string out = fmt::format(
      "<svg xmlns=\"http://www.w3.org/2000/svg\" version=\"1.1\" width=\"{:.2f}mm\" height=\"{:.2f}mm\" viewBox=\"0 0 "
      "{:.2f} {:.2f}\" role=\"img\" font-family=\"Helvetica, Arial, 'Liberation Sans', "
      "sans-serif\">\n<title>{}</title>\n<rect class=\"paper\" width=\"{:.2f}\" height=\"{:.2f}\" fill=\"#ffffff\"/>\n",
      width * mm_per_point, height * mm_per_point, width, height, escape(plain_text(figure.title)), width, height);
  out += gradients(model, id) + legend(model, id);
  for (const Item& item : items(model, camera, id)) {
    out += item.svg;
  }
  return out + scale_bar(model, camera, height) + "</svg>\n";
}

Value model_data(const Figure& figure) {
  const Model& model = *figure.model;
  Value body = Value::object();
  Value kinds = Value::array();
  for (const BallKind& kind : model.kinds) {
    Value one = Value::object();
    one["name"] = plain_text(kind.name);
    one["radius"] = kind.radius;
    one["colour"] = named(kind.colour).hex;
    kinds.push_back(std::move(one));
  }
  body["kinds"] = std::move(kinds);
  body["x"] = numbers(model.x);
  body["y"] = numbers(model.y);
  body["z"] = numbers(model.z);
  body["kind"] = numbers(model.kind);
  body["from"] = numbers(model.from);
  body["to"] = numbers(model.to);
  body["edges"] = numbers(model.edges);
  body["view"] = numbers(model.view);
  body["unit"] = model.unit;
  body["bar"] = bar_length(model);
  Value out = Value::object();
  out["model"] = std::move(body);
  out["width"] = width_of(figure);
  out["height"] = aspect * width_of(figure);
  return out;
}

}  // namespace hotstage::report::detail
