// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/stem/detail/contrast.hpp"

#include "hotstage/core/error.hpp"
#include "hotstage/stem/detail/streams.hpp"
#include "hotstage/stem/probe.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace hotstage::stem::detail {

namespace {

constexpr double reference_K = 300.0;
constexpr double contour_reference_K = 298.15;
/// Channelling dies out with the strong low-order reflections: d(104) of LiCoO2 is 2.0 Å.
constexpr double channelling_per_nm = 5.0;
constexpr double layer_correlation_nm = 40.0;
constexpr float hat_reach = 5.0F;  // exp(−12.5)

/// Bright in the middle, dark beside it, without area: a contour moves signal, it makes none.
float hat(float s) {
  return std::abs(s) > hat_reach ? 0.0F : (1.0F - s * s) * std::exp(-0.5F * s * s);
}

/// Two saved states around a time; outside all of them the nearest one twice.
struct Between {
  std::size_t before = 0;
  std::size_t after = 0;
  float share = 0.0F;  ///< of `after`
};

Between between(const States& states, double time_s) {
  const std::vector<double>& times_s = states.times_s;
  const auto above = std::upper_bound(times_s.begin(), times_s.end(), time_s);
  if (above == times_s.begin()) {
    return {};
  }
  const auto after = static_cast<std::size_t>(above - times_s.begin());
  if (above == times_s.end()) {
    return {after - 1, after - 1, 0.0F};
  }
  const double blend_s = std::min(states.blend_s, times_s[after] - times_s[after - 1]);
  return {after - 1, after, static_cast<float>(std::max(0.0, 1.0 - (times_s[after] - time_s) / blend_s))};
}

/// States are saved when something has changed: over a longer gap than usual the specimen stood still at first.
double usual_gap_s(const std::vector<double>& times_s) {
  std::vector<double> gaps;
  for (std::size_t i = 1; i < times_s.size(); ++i) {
    gaps.push_back(times_s[i] - times_s[i - 1]);
  }
  if (gaps.empty()) {
    return 0.0;
  }
  const auto middle = gaps.begin() + static_cast<std::ptrdiff_t>((gaps.size() - 1) / 2);
  std::nth_element(gaps.begin(), middle, gaps.end());
  return *middle;
}

/// The rate of B of the heaviest element that channels, per kelvin, times g²/2.
double fading_rate(const Scene& scene, double vibration) {
  const atoms::Element* heaviest = nullptr;
  for (std::size_t i = 0; i < scene.materials.size(); ++i) {
    if (scene.layered[i] == 0) {
      continue;
    }
    for (const atoms::FormulaPart& part : scene.materials[i].formula) {
      if (heaviest == nullptr || part.element.number > heaviest->number) {
        heaviest = &part.element;
      }
    }
  }
  return heaviest == nullptr ? 0.0
                             : 0.5 * channelling_per_nm * channelling_per_nm * vibration *
                                   debye_waller(*heaviest, Temperature::kelvin(1.0)).base();
}

}  // namespace

InstrumentTruth draw_instrument(const ImagingOptions& options) {
  const auto seed = static_cast<std::uint64_t>(options.seed);
  Rng tools(seed, streams::instrument, 0);
  InstrumentTruth out;
  const double ring = 1.0 + options.angle_error * tools.normal();
  out.scattering = {.beam_energy = options.beam_energy,
                    .annulus = {options.inner_angle * ring, options.outer_angle * ring}};
  const double current = options.current.base() * (1.0 + options.current_error * tools.normal());
  out.electrons_per_pixel = current * options.dwell.in(units::s);
  out.detector = options.detector;
  out.detector.gain *= 1.0 + options.gain_error * tools.normal();
  out.detector.black_level += options.black_level_error * tools.normal();
  out.file_pixel_nm = 1.0 + options.scan_error * tools.normal();  // times the true size, which the field decides
  out.row_s = options.dwell.in(units::s)*options.pixels + options.flyback.in(units::s);
  Rng body(seed, streams::specimen, 0);
  constexpr double least = 0.1;  // a five-sigma draw must not turn a sign
  out.vibration = std::max(least, 1.0 + options.vibration_error * body.normal());
  out.layer = std::max(least, 1.0 + options.layer_error * body.normal());
  out.bulge_nm_per_K = options.bulge.base() * std::max(least, 1.0 + options.bulge_error * body.normal());
  out.bend_angle_rad = 2.0 * std::numbers::pi * body.uniform();
  return out;
}

std::vector<GrainContrast> draw_grains(const Scene& scene, const InstrumentTruth& instrument,
                                       const ImagingOptions& options) {
  float largest = 0.0F;
  for (std::size_t i = 0; i < scene.labels.size(); ++i) {
    largest = std::max(largest, scene.labels.data()[i]);
  }
  const double width = static_cast<double>(scene.columns) * scene.pixel_nm;
  const double height = static_cast<double>(scene.rows) * scene.pixel_nm;
  const double along =
      std::abs(width * std::cos(instrument.bend_angle_rad)) + std::abs(height * std::sin(instrument.bend_angle_rad));
  std::vector<GrainContrast> out;
  for (int grain = 1; grain <= static_cast<int>(largest); ++grain) {
    Rng rng(static_cast<std::uint64_t>(options.seed), streams::grains, static_cast<std::uint64_t>(grain));
    const double size = options.channelling[0] + (options.channelling[1] - options.channelling[0]) * rng.uniform();
    const double sign = rng.uniform() < 0.5 ? -1.0 : 1.0;
    out.push_back({grain, sign * size, along * (rng.uniform() - 0.5)});
  }
  return out;
}

Contrast::Contrast(const Scene& scene, const ImagingOptions& options, const InstrumentTruth& instrument,
                   const std::vector<GrainContrast>& grains)
    : scene_(scene), options_(options), instrument_(instrument), by_label_(1) {
  by_label_.insert(by_label_.end(), grains.begin(), grains.end());
  labels_ = Buffer<std::int32_t, 2>({scene.rows, scene.columns});
  for (std::size_t i = 0; i < labels_.size(); ++i) {
    labels_.data()[i] = std::max(0, static_cast<std::int32_t>(std::lround(scene.labels.data()[i])));
  }
  blend_s_ = usual_gap_s(scene.times_s);
  fading_rate_ = fading_rate(scene, instrument.vibration);
  make_layer();
}

States Contrast::load(const TimeWindow& stretch) const {
  const auto& all = scene_.times_s;
  HOTSTAGE_EXPECTS(!all.empty());
  const auto above = std::upper_bound(all.begin(), all.end(), stretch.first_s);
  const auto begin = above == all.begin() ? above : above - 1;
  const auto reach = std::lower_bound(begin, all.end(), stretch.last_s);
  const auto end = reach == all.end() ? reach : reach + 1;
  States out;
  out.times_s.assign(begin, end);
  out.blend_s = blend_s_;
  out.channels = Buffer<float, 3>({out.times_s.size(), scene_.rows, scene_.columns});
  out.rest = Buffer<float, 3>({out.times_s.size(), scene_.rows, scene_.columns});
  const std::size_t pixels = scene_.rows * scene_.columns;
  Buffer<float, 2> maps({scene_.materials.size(), pixels});
  for (std::size_t k = 0; k < out.times_s.size(); ++k) {
    scene_.thickness_nm(static_cast<std::size_t>(begin - all.begin()) + k, maps.view());
    // B is proportional to T, so a wrong B at a temperature is the right one at another.
    const double seen_K = scene_.temperature(out.times_s[k]).in_K() * instrument_.vibration;
    for (std::size_t m = 0; m < scene_.materials.size(); ++m) {
      const auto rate = static_cast<float>(
          fraction_per_nm(scene_.materials[m], Order::crystal, Temperature::kelvin(seen_K), instrument_.scattering));
      float* target = (scene_.layered[m] != 0 ? out.channels : out.rest).data() + k * pixels;
      const std::span<const float> thickness = maps.row(m);
      for (std::size_t i = 0; i < pixels; ++i) {
        target[i] += rate * thickness[i];
      }
    }
  }
  return out;
}

void Contrast::make_layer() {
  double mean = 0.0;
  for (std::size_t i = 0; i < options_.layer_materials.size(); ++i) {
    mean += options_.layer_thickness[i].in(units::nm)*fraction_per_nm(
        atoms::find_material(options_.layer_materials[i]), Order::amorphous, Temperature::kelvin(reference_K),
        instrument_.scattering);
  }
  mean *= instrument_.layer;
  layer_ = Buffer<float, 2>({scene_.rows, scene_.columns});
  Buffer<float, 2> scratch({scene_.rows, scene_.columns});
  for (std::size_t r = 0; r < scene_.rows; ++r) {
    Rng rng(static_cast<std::uint64_t>(options_.seed), streams::layer, r);
    for (float& value : layer_.row(r)) {
      value = static_cast<float>(rng.normal());
    }
  }
  blur(layer_.view(), 0.5 * layer_correlation_nm / scene_.pixel_nm, scratch.view());
  double squares = 0.0;
  for (std::size_t i = 0; i < layer_.size(); ++i) {
    const auto value = static_cast<double>(layer_.data()[i]);
    squares += value * value;
  }
  const double scale = squares > 0.0 ? std::sqrt(static_cast<double>(layer_.size()) / squares) : 0.0;
  for (std::size_t i = 0; i < layer_.size(); ++i) {
    const double rough = 1.0 + options_.layer_roughness * scale * static_cast<double>(layer_.data()[i]);
    layer_.data()[i] = static_cast<float>(mean * std::max(0.0, rough));
  }
}

void Contrast::fraction_at(const States& states, double time_s, View<float, 2> out) const {
  const Between at = between(states, time_s);
  const double temperature_K = scene_.temperature(time_s).in_K();
  const double fading = std::exp(-fading_rate_ * (temperature_K - reference_K));
  const auto pixel = static_cast<float>(scene_.pixel_nm / options_.bend_width.in(units::nm));
  const float step_x = pixel * static_cast<float>(std::cos(instrument_.bend_angle_rad));
  const float step_y = pixel * static_cast<float>(std::sin(instrument_.bend_angle_rad));
  const double travel_nm = options_.bend_speed.base() * (temperature_K - contour_reference_K);
  std::vector<float> channelling(by_label_.size());
  std::vector<float> contour(by_label_.size());
  for (std::size_t g = 0; g < by_label_.size(); ++g) {
    channelling[g] = static_cast<float>(by_label_[g].channelling * fading);
    contour[g] = static_cast<float>((by_label_[g].contour_nm + travel_nm) / options_.bend_width.in(units::nm));
  }
  const auto bend = static_cast<float>(options_.bend);
  const bool exponential = options_.thickness_law == ThicknessLaw::exponential;
  const std::size_t pixels = scene_.rows * scene_.columns;
  for (std::size_t r = 0; r < scene_.rows; ++r) {
    const std::size_t row = r * scene_.columns;
    const float u_row = step_y * (static_cast<float>(r) - 0.5F * static_cast<float>(scene_.rows)) -
                        0.5F * step_x * static_cast<float>(scene_.columns);
    const float* channels_before = states.channels.data() + at.before * pixels + row;
    const float* channels_after = states.channels.data() + at.after * pixels + row;
    const float* rest_before = states.rest.data() + at.before * pixels + row;
    const float* rest_after = states.rest.data() + at.after * pixels + row;
    const std::span<const std::int32_t> labels = labels_.row(r);
    const std::span<const float> layer = layer_.row(r);
    const std::span<float> target = out.row(r);
    for (std::size_t c = 0; c < scene_.columns; ++c) {
      const auto g = static_cast<std::size_t>(labels[c]);
      const float u = u_row + step_x * static_cast<float>(c) - contour[g];
      const float factor = 1.0F + channelling[g] + (g == 0 ? 0.0F : bend * hat(u));
      const float lattice = channels_before[c] + at.share * (channels_after[c] - channels_before[c]);
      const float rest = rest_before[c] + at.share * (rest_after[c] - rest_before[c]);
      const float sum = std::max(0.0F, factor) * lattice + rest + layer[c];
      target[c] = exponential ? -std::expm1(-sum) : sum;
    }
  }
}

}  // namespace hotstage::stem::detail
