// SPDX-License-Identifier: GPL-3.0-or-later
// Step series.image: holes, cracks, particles, an interface or a grain boundary in one image.

#include "hotstage/core/fields.hpp"
#include "hotstage/num/statistics.hpp"
#include "hotstage/series/image_areas.hpp"
#include "hotstage/study/detail/series_pages.hpp"

#include <array>
#include <limits>

namespace hotstage::study::series_image {

enum class Find { openings, particles, interface, boundary };

constexpr auto enum_names(Find) {
  return std::array<EnumName<Find>, 4>{
      EnumName<Find>{Find::openings, "openings"}, EnumName<Find>{Find::particles, "particles"},
      EnumName<Find>{Find::interface, "interface"}, EnumName<Find>{Find::boundary, "boundary"}};
}

namespace {

struct Options {
  Find find = Find::openings;

  template <class V>
  void fields(V& v) {
    v("find", find,
      {.help =
           "openings: holes and cracks as dark as vacuum, which must be in the field; particles: bright; interface: "
           "step of brightness across the frame; boundary: place where the lattice changes"});
  }
};

constexpr double nan = std::numeric_limits<double>::quiet_NaN();

const char* word(series::AreaKind kind) {
  return kind == series::AreaKind::crack ? "crack" : kind == series::AreaKind::hole ? "hole" : "particle";
}

io::Table area_table(const series::ImageAreas& areas, const signal::Signal& image) {
  std::vector<double> y;
  std::vector<double> x;
  std::vector<double> pixels;
  std::vector<double> aspect;
  std::vector<std::string> kind;
  for (const series::ImageArea& area : areas.areas) {
    y.push_back(image.axes[0].value(area.y_px - 0.5));
    x.push_back(image.axes[1].value(area.x_px - 0.5));
    pixels.push_back(area.area_px);
    aspect.push_back(area.aspect);
    kind.emplace_back(word(area.kind));
  }
  return {{io::number_column("y", image.axes[0].unit, y), io::number_column("x", image.axes[1].unit, x),
           io::number_column("area", "px", pixels), io::number_column("aspect", "", aspect),
           io::text_column("kind", kind)}};
}

/// Pixel edges around every area, as one line with gaps.
report::Line outline_of(const series::ImageAreas& areas, const signal::Signal& image) {
  report::Line line{.name = "outlines", .colour = report::Colour::vermilion};
  const View<const std::int32_t, 2> labels = areas.labels.view();
  const auto piece = [&](double y0, double x0, double y1, double x1) {
    line.y.insert(line.y.end(), {image.axes[0].value(y0 - 0.5), image.axes[0].value(y1 - 0.5), nan});
    line.x.insert(line.x.end(), {image.axes[1].value(x0 - 0.5), image.axes[1].value(x1 - 0.5), nan});
  };
  for (std::size_t y = 0; y < labels.extent(0); ++y) {
    for (std::size_t x = 0; x < labels.extent(1); ++x) {
      const auto fy = static_cast<double>(y);
      const auto fx = static_cast<double>(x);
      if (x > 0 && labels(y, x) != labels(y, x - 1)) {
        piece(fy, fx, fy + 1.0, fx);
      }
      if (y > 0 && labels(y, x) != labels(y - 1, x)) {
        piece(fy, fx, fy, fx + 1.0);
      }
    }
  }
  return line;
}

report::Figure figure_of(const signal::Signal& image, View<const float, 2> data, report::Line line) {
  report::Figure figure{.id = "image", .title = "What was found in the image", .width = report::Width::half};
  report::Grid grid{.rows = data.extent(0), .columns = data.extent(1)};
  grid.values.assign(data.data(), data.data() + data.size());
  grid.y = {image.axes[0].value(-0.5), image.axes[0].value(static_cast<double>(grid.rows) - 0.5)};
  grid.x = {image.axes[1].value(-0.5), image.axes[1].value(static_cast<double>(grid.columns) - 0.5)};
  report::Image shown{.name = "image", .grid = std::move(grid), .colour_map = report::ColourMap::grey};
  shown.range = {num::quantile(shown.grid.values, 0.005), num::quantile(shown.grid.values, 0.995)};
  report::Panel panel{.x = {.label = "x", .unit = image.axes[1].unit}, .y = {.label = "y", .unit = image.axes[0].unit}};
  panel.marks.emplace_back(std::move(shown));
  panel.marks.emplace_back(std::move(line));
  figure.panels.push_back(std::move(panel));
  return figure;
}

StepOutput run(const StepInputs& inputs, const Value& table, Run& run) {
  const auto options = from_table<Options>(table);
  const signal::Signal& image = inputs.signal("image");
  if (image.axes.size() != 2 || image.items() != 1) {
    throw Error(Errc::bad_input, Location{.file = image.file}, "this is not one image: " + image.shape_text(),
                "Give one image {y, x}; for a series use series.register and series.segment");
  }
  Buffer<float, 2> data({image.axes[0].size, image.axes[1].size});
  signal::read(image, {0, 1, 0, image.channels()}, View<float, 2>(data.data(), {1, data.size()}));
  StepOutput out;
  if (options.find == Find::openings || options.find == Find::particles) {
    const bool dark = options.find == Find::openings;
    const series::ImageAreas areas = dark ? series::find_openings(data.view()) : series::find_particles(data.view());
    out.tables["found"] = area_table(areas, image);
    out.results = {{.id = "areas",
                    .value = static_cast<double>(areas.areas.size()),
                    .method = dark ? "as dark as the darkest mode" : "watershed, outline at half height",
                    .label = dark ? "Holes and cracks" : "Particles"}};
    out.figures.push_back(figure_of(image, data.view(), outline_of(areas, image)));
    return detail::said_denoised(inputs, run, std::move(out));
  }
  const auto points = options.find == Find::interface ? series::find_interface(data.view())
                                                      : series::find_lattice_boundary(data.view());
  report::Line line{.name = "line", .colour = report::Colour::vermilion};
  for (const auto& [x, y] : points) {
    line.x.push_back(image.axes[1].value(x - 0.5));
    line.y.push_back(image.axes[0].value(y - 0.5));
  }
  out.tables["found"] = {
      {io::number_column("y", image.axes[0].unit, line.y), io::number_column("x", image.axes[1].unit, line.x)}};
  out.figures.push_back(figure_of(image, data.view(), std::move(line)));
  out.assumptions.push_back(
      {"There is one such line", "where two sides differ at all a path across the frame is found"});
  return detail::said_denoised(inputs, run, std::move(out));
}

}  // namespace

extern const Step step;
const Step step{
    .id = "series.image",
    .version = 2,
    .title = "Areas and lines of one image",
    .help = "Finds holes and cracks, bright particles, an interface or a grain boundary in a single image",
    .example = "hotstage series image --image lamella.ser --find openings",
    .inputs = {{"image", Kind::signal, true, "one image {y, x}"}},
    .outputs = {{"found", Kind::table, "areas with place, size and kind, or the points of the line"}},
    .options = make_options<Options>,
    .run = run,
};

}  // namespace hotstage::study::series_image
