// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/study/detail/series_lattice.hpp"

#include "hotstage/atoms/crystal.hpp"
#include "hotstage/num/statistics.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <complex>
#include <numbers>

namespace hotstage::study::detail {

namespace {

/// Å per element of an axis, nothing when it has no unit of length.
std::optional<double> angstroms(const signal::Axis& axis) {
  const auto unit = find_unit(axis.unit);
  if (!unit || unit->dimension != Length::dimension || axis.scale == 0.0) {
    return std::nullopt;
  }
  return std::abs(axis.scale) * unit->factor * 10.0;
}

}  // namespace

ImagePart read_image(const signal::Signal& signal, const ImageOptions& options) {
  const Location where{.file = signal.file};
  if (signal.axes.size() != 2) {
    throw Error(Errc::bad_input, where, fmt::format("not an image: {}", signal.shape_text()),
                "Give an image or a stack");
  }
  const std::array<std::size_t, 2> shape{signal.axes[0].size, signal.axes[1].size};
  std::array<std::size_t, 4> r{0, 0, shape[0], shape[1]};
  if (options.region != std::array<int, 4>{0, 0, 0, 0}) {
    for (std::size_t i = 0; i < 4; ++i) {
      r[i] = static_cast<std::size_t>(std::max(0, options.region[i]));
    }
    if (std::any_of(options.region.begin(), options.region.end(), [](int v) { return v < 0; }) || r[2] == 0 ||
        r[3] == 0 || r[0] + r[2] > shape[0] || r[1] + r[3] > shape[1]) {
      throw Error(Errc::bad_input, where,
                  fmt::format("the region lies outside the image of {} × {} px", shape[0], shape[1]),
                  "region = [first row, first column, rows, columns]");
    }
  }
  std::size_t first = 0;
  std::size_t count = signal.items();
  if (options.frame) {
    first = static_cast<std::size_t>(*options.frame);
    count = 1;
    if (first >= signal.items()) {
      throw Error(Errc::bad_input, where, fmt::format("frame {} of {}", first, signal.items()), "Frames count from 0");
    }
  }
  std::vector<double> sum(r[2] * r[3]);
  Buffer<float, 2> frame({shape[0], shape[1]});
  for (std::size_t f = first; f < first + count; ++f) {
    signal::read(signal, {f, 1, 0, signal.channels()}, View<float, 2>(frame.data(), {1, frame.size()}));
    for (std::size_t y = 0; y < r[2]; ++y) {
      for (std::size_t x = 0; x < r[3]; ++x) {
        sum[y * r[3] + x] += static_cast<double>(frame.view()(r[0] + y, r[1] + x));
      }
    }
  }
  ImagePart out{.counts = Buffer<float, 2>({r[2], r[3]}), .first_row = r[0], .first_column = r[1]};
  for (std::size_t i = 0; i < sum.size(); ++i) {
    out.counts.data()[i] = static_cast<float>(sum[i] / static_cast<double>(count));
  }
  const auto y = angstroms(signal.axes[0]);
  const auto x = angstroms(signal.axes[1]);
  if (options.pixel) {
    out.pixel_A = {options.pixel->in(units::angstrom), options.pixel->in(units::angstrom)};
  } else if (y && x) {
    out.pixel_A = {*y, *x};
  }
  return out;
}

std::array<double, 2> require_pixel(const ImagePart& image, const signal::Signal& signal) {
  if (!image.pixel_A) {
    throw Error(Errc::bad_input, Location{.file = signal.file},
                fmt::format("the pixel size has no unit of length (\"{}\")", signal.axes.back().unit),
                "Give pixel = \"… nm\", or calibrate by a known lattice with series.lattice");
  }
  return *image.pixel_A;
}

namespace {

/// A reflection of the zone, in the plane: y, x in 1/Å.
struct Reflection {
  series::Planar g;
  double strength = 0.0;
};

bool centring_allows(char centring, int h, int k, int l) {
  const auto even = [](int n) { return n % 2 == 0; };
  const bool f = even(h + k) && even(k + l);
  switch (centring) {
    case 'I':
      return even(h + k + l);
    case 'F':
      return f;
    case 'A':
      return even(k + l);
    case 'B':
      return even(h + l);
    case 'C':
      return even(h + k);
    case 'D':
      return f && (!even(h) || (h + k + l) % 4 == 0);
    default:
      return true;
  }
}

/// Base of the planar lattice that the reflections generate.
std::array<series::Planar, 2> base_of(std::vector<series::Planar> left) {
  constexpr double nothing = 1e-4;
  const auto shorter = [](const auto& a, const auto& b) { return length(a) < length(b); };
  for (int guard = 0; guard < 10000; ++guard) {
    std::erase_if(left, [](const auto& v) { return length(v) < nothing; });
    std::sort(left.begin(), left.end(), shorter);
    // Everything is reduced by what is shorter until two are left.
    bool changed = false;
    for (std::size_t i = 1; i < left.size() && !changed; ++i) {
      for (std::size_t j = 0; j < i && !changed; ++j) {
        const double n = std::round(dot(left[i], left[j]) / dot(left[j], left[j]));
        const series::Planar reduced = combine(1.0, left[i], -n, left[j]);
        if (n != 0.0 && length(reduced) < length(left[i]) - 1e-6) {
          left[i] = reduced;
          changed = true;
        }
      }
    }
    for (std::size_t i = 2; i < left.size() && !changed; ++i) {
      const double area = cross(left[0], left[1]);
      const double m = std::round(cross(left[i], left[1]) / area);
      const double n = std::round(cross(left[0], left[i]) / area);
      left[i] = combine(1.0, combine(1.0, left[i], -m, left[0]), -n, left[1]);
      changed = true;
    }
    if (!changed) {
      break;
    }
  }
  if (left.size() < 2 || std::abs(cross(left[0], left[1])) < nothing) {
    throw Error(Errc::bad_input, "this zone axis has no two independent reflections", "Choose another zone axis");
  }
  return {left[0], left[1]};
}

std::vector<Reflection> reflections(const atoms::Lattice& lattice, const std::array<int, 3>& zone,
                                    const std::function<double(int, int, int)>& strength) {
  const atoms::Vector axis = lattice.cartesian({double(zone[0]), double(zone[1]), double(zone[2])});
  const atoms::Vector up = atoms::scale(axis, 1.0 / atoms::norm(axis));
  std::optional<atoms::Vector> e1;
  std::vector<Reflection> out;
  constexpr int reach = 12;
  constexpr double finest = 1.2;  // 1/Å
  for (int h = -reach; h <= reach; ++h) {
    for (int k = -reach; k <= reach; ++k) {
      for (int l = -reach; l <= reach; ++l) {
        if (h * zone[0] + k * zone[1] + l * zone[2] != 0 || (h == 0 && k == 0 && l == 0)) {
          continue;
        }
        const atoms::Vector g = atoms::combine({double(h), double(k), double(l)}, lattice.reciprocal());
        const double f = atoms::norm(g) < finest ? strength(h, k, l) : 0.0;
        if (f <= 0.0) {
          continue;
        }
        e1 = e1 ? e1 : std::optional(atoms::scale(g, 1.0 / atoms::norm(g)));
        out.push_back({{atoms::dot(g, atoms::cross(up, *e1)), atoms::dot(g, *e1)}, f});
      }
    }
  }
  return out;
}

series::KnownLattice from_zone(const std::string& name, const atoms::Cell& cell, const std::array<int, 3>& zone,
                               const std::function<double(int, int, int)>& strength) {
  if (zone == std::array<int, 3>{0, 0, 0}) {
    throw Error(Errc::bad_input, "no zone axis", "Give zone = [u, v, w], the direction of the beam in the crystal");
  }
  std::vector<series::Planar> strong;
  for (const Reflection& r : reflections(atoms::Lattice(cell), zone, strength)) {
    strong.push_back(r.g);
  }
  return {.name = fmt::format("{} [{} {} {}]", name, zone[0], zone[1], zone[2]), .reciprocal = base_of(strong)};
}

}  // namespace

std::optional<series::KnownLattice> known_lattice(const KnownCrystalOptions& o) {
  std::optional<series::KnownLattice> out;
  if (!o.crystal.empty()) {
    const atoms::Structure structure = atoms::phase_structure(o.crystal);
    const atoms::Lattice lattice(structure.cell_A);
    const auto strength = [&](int h, int k, int l) {
      std::complex<double> f{};
      double forward = 0.0;
      for (std::size_t i = 0; i < structure.size(); ++i) {
        const atoms::Vector p = lattice.fractional(structure.positions_A[i]);
        const double z = std::pow(structure.elements[i].number, 1.8);
        f += std::polar(z, 2.0 * std::numbers::pi * (h * p[0] + k * p[1] + l * p[2]));
        forward += z;
      }
      constexpr double weak = 0.05;
      return std::abs(f) > weak * forward ? std::abs(f) / forward : 0.0;
    };
    out = from_zone(o.crystal, structure.cell_A, o.zone, strength);
  } else if (o.a) {
    const double a = o.a->in(units::angstrom);
    const atoms::Cell cell =
        atoms::cell_from({a, o.b ? o.b->in(units::angstrom) : a, o.c ? o.c->in(units::angstrom) : a, o.angles[0],
                          o.angles[1], o.angles[2]});
    const char centring = o.centring.empty() ? 'P' : o.centring.front();
    out = from_zone(fmt::format("cell of {:g} Å", a), cell, o.zone,
                    [&](int h, int k, int l) { return centring_allows(centring, h, k, l) ? 1.0 : 0.0; });
  } else if (o.d1 || o.d2) {
    if (!o.d1 || !o.d2) {
      throw Error(Errc::bad_input, "one known spacing calibrates one direction only", "Give d1, d2 and angle");
    }
    out = series::known_lattice(o.d1->in(units::angstrom), o.d2->in(units::angstrom), o.angle);
  }
  if (out) {
    out->relative_sigma = o.known_sigma;
  }
  return out;
}

signal::Signal with_pixels(const signal::Signal& signal, const series::ScanCalibration& calibration,
                           const series::KnownLattice& known) {
  signal::Signal out = signal;
  Value note = Value::object();
  note["reference"] = Value(known.name);
  note["method"] = Value("lattice fitted to the phases of all spots, assigned to the known lattice");
  const std::array<Estimate, 2> pixel{calibration.pixel_y_A, calibration.pixel_x_A};
  for (std::size_t i = 0; i < 2; ++i) {
    signal::Axis& axis = out.axes[i];
    const std::string which = i == 0 ? "y" : "x";
    const auto unit = find_unit(axis.unit);
    const bool calibrated = unit && unit->dimension == Length::dimension && axis.scale != 0.0;
    note["stored_" + which] = Value(fmt::format("{:g} {}", axis.scale, axis.unit));
    note["pixel_" + which + "_angstrom"] = Value(pixel[i].value);
    note["sigma_" + which + "_angstrom"] = Value(pixel[i].sigma);
    const double scale =
        calibrated ? std::copysign(pixel[i].value * 0.1 / unit->factor, axis.scale) : 0.1 * pixel[i].value;
    axis.offset = calibrated ? axis.offset * scale / axis.scale : 0.0;
    axis.unit = calibrated ? axis.unit : "nm";
    axis.scale = scale;
  }
  note["shear_deg"] = Value(calibration.shear_deg.value);
  note["sigma_shear_deg"] = Value(calibration.shear_deg.sigma);
  Value affine = Value::array();
  for (const auto& row : calibration.affine) {
    affine.push_back(Value(Value::Array{Value(row[0]), Value(row[1])}));
  }
  note["affine_angstrom_per_px"] = std::move(affine);
  if (!out.original.is_object()) {
    out.original = Value::object();
  }
  // Of a file that HyperSpy wrote, only this member is written again.
  const Value* own = out.original.find("original_metadata");
  const bool nested = own != nullptr && own->is_object() && out.original.find("metadata") != nullptr;
  Value& tags = nested ? out.original["original_metadata"] : out.original;
  tags["hotstage_calibration"] = std::move(note);
  return out;
}

signal::Signal straightened(const signal::Signal& signal, const series::ScanCalibration& calibration) {
  const double square = calibration.pixel_x_A.value;
  const double lean = calibration.affine[1][0];  // Å along x per row
  const auto rows = static_cast<double>(signal.axes[0].size);
  const auto columns = static_cast<double>(signal.axes[1].size);
  const double first_A = std::min(0.0, lean * (rows - 1.0));
  const auto out_rows = static_cast<std::size_t>(std::floor((rows - 1.0) * calibration.affine[0][0] / square)) + 1;
  const auto out_columns =
      static_cast<std::size_t>(std::floor((columns - 1.0) + std::abs(lean) * (rows - 1.0) / square)) + 1;
  Buffer<float, 2> data({signal.items(), out_rows * out_columns});
  Buffer<float, 2> frame({signal.axes[0].size, signal.axes[1].size});
  for (std::size_t f = 0; f < signal.items(); ++f) {
    signal::read(signal, {f, 1, 0, signal.channels()}, View<float, 2>(frame.data(), {1, frame.size()}));
    for (std::size_t i = 0; i < data.extent(1); ++i) {
      const double y = static_cast<double>(i / out_columns) * square / calibration.affine[0][0];
      const double x = (static_cast<double>(i % out_columns) * square + first_A - lean * y) / square;
      const auto y0 = static_cast<std::size_t>(y);
      if (x < 0.0 || x > columns - 1.0) {
        continue;
      }
      const auto x0 = static_cast<std::size_t>(x);
      const std::size_t y1 = std::min(y0 + 1, frame.extent(0) - 1);
      const std::size_t x1 = std::min(x0 + 1, frame.extent(1) - 1);
      const double v = y - static_cast<double>(y0);
      const double u = x - static_cast<double>(x0);
      const auto at = [&](std::size_t r, std::size_t c) { return static_cast<double>(frame.view()(r, c)); };
      data.row(f)[i] = static_cast<float>((1.0 - v) * ((1.0 - u) * at(y0, x0) + u * at(y0, x1)) +
                                          v * ((1.0 - u) * at(y1, x0) + u * at(y1, x1)));
    }
  }
  signal::Signal out = signal;
  for (std::size_t i = 0; i < 2; ++i) {
    out.axes[i] = {
        .name = i == 0 ? "y" : "x", .size = i == 0 ? out_rows : out_columns, .scale = 0.1 * square, .unit = "nm"};
  }
  out.source = signal::memory_source(std::move(data));
  return out;
}

}  // namespace hotstage::study::detail
