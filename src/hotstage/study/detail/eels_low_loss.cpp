// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/study/detail/eels_low_loss.hpp"

#include "hotstage/core/parallel.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace hotstage::study::detail {

namespace {

std::size_t items_per_tile(const signal::Signal& signal, const Run& run) {
  constexpr std::size_t enough = std::size_t{64} << 20;
  return std::max(
      signal.source->preferred_items(),
      signal::tile_items(signal.items(), signal.channels() * sizeof(float), std::min(run.memory, enough), run.threads));
}

/// The largest of 1, 2, 5 × 10ⁿ not above a third of the width.
double bar_length(double width) {
  const double third = width / 3.0;
  const double decade = std::pow(10.0, std::floor(std::log10(third)));
  for (const double step : {5.0, 2.0}) {
    if (step * decade <= third) {
      return step * decade;
    }
  }
  return decade;
}

}  // namespace

std::vector<eels::ZeroLoss> find_peaks(const signal::Signal& low, const eels::ZeroLossOptions& options, Run& run) {
  const eels::EnergyAxis axis = eels::energy_axis_of(low);
  std::vector<eels::ZeroLoss> peaks(low.items());
  parallel_chunks(run, low.items(), items_per_tile(low, run), [&](std::size_t begin, std::size_t end) {
    Buffer<float, 2> counts({end - begin, low.channels()});
    signal::read(low, {begin, end - begin, 0, low.channels()}, counts.view());
    eels::find_zero_loss({counts.view()}, axis, options, std::span(peaks).subspan(begin, end - begin));
    for (std::size_t i = begin; i < end && low.item_offset; ++i) {
      peaks[i].centre_eV += (*low.item_offset)[i];
    }
    run.progress(static_cast<double>(end) / static_cast<double>(low.items()), "zero-loss peaks");
  });
  return peaks;
}

namespace {

/// sum(E) += counts(E − shift), linear between channels.
void add_moved(std::span<const float> counts, double shift, std::span<double> sum) {
  const auto top = static_cast<double>(sum.size() - 1);
  for (std::size_t c = 0; c < sum.size(); ++c) {
    const double at = std::clamp(static_cast<double>(c) - shift, 0.0, top);
    const auto left = std::min(static_cast<std::size_t>(at), sum.size() - 2);
    const double share = at - static_cast<double>(left);
    sum[c] += (1.0 - share) * static_cast<double>(counts[left]) + share * static_cast<double>(counts[left + 1]);
  }
}

/// Adds the sums of chunks in order, divided by `count`.
std::vector<double> mean_of(const std::vector<std::vector<double>>& sums, std::size_t size, double count) {
  std::vector<double> mean(size, 0.0);
  for (const std::vector<double>& sum : sums) {
    for (std::size_t c = 0; c < size; ++c) {
      mean[c] += sum[c] / count;
    }
  }
  return mean;
}

constexpr std::size_t sum_chunk = 64;  // items per partial sum: fixed, so that sums do not depend on threads

}  // namespace

SingleScattering single_scattering(const signal::Signal& low, std::span<const eels::ZeroLoss> peaks,
                                   const eels::FourierLogOptions& options, Run& run) {
  const eels::EnergyAxis axis = eels::energy_axis_of(low);
  const eels::FourierLog plan(axis, options);
  SingleScattering out;
  out.items.resize(low.items());
  double centre = 0.0;
  double found = 0.0;
  for (const eels::ZeroLoss& peak : peaks) {
    centre += peak.found() ? peak.centre_channel : 0.0;
    found += peak.found() ? 1.0 : 0.0;
  }
  centre = found > 0.0 ? centre / found : 0.0;
  out.axis = axis.shifted(-axis.value(centre));
  const std::size_t chunks = (low.items() + sum_chunk - 1) / sum_chunk;
  std::vector<std::vector<double>> single(chunks, std::vector<double>(axis.size, 0.0));
  std::vector<std::vector<double>> measured = single;
  parallel_chunks(run, low.items(), sum_chunk, [&](std::size_t begin, std::size_t end) {
    Buffer<float, 2> counts({end - begin, axis.size});
    signal::read(low, {begin, end - begin, 0, axis.size}, counts.view());
    auto scratch = plan.make_scratch();
    std::vector<float> spectrum(axis.size);
    for (std::size_t i = begin; i < end; ++i) {
      eels::ZeroLoss peak = peaks[i];
      peak.centre_eV = axis.value(peak.centre_channel);
      out.items[i] = plan.apply(counts.row(i - begin), peak, scratch, spectrum);
      if (eels::was_done(out.items[i].status)) {
        add_moved(spectrum, centre - peak.centre_channel, single[begin / sum_chunk]);
        add_moved(counts.row(i - begin), centre - peak.centre_channel, measured[begin / sum_chunk]);
      }
    }
    run.progress(static_cast<double>(end) / static_cast<double>(low.items()), "Fourier-log");
  });
  const auto done = static_cast<double>(std::count_if(
      out.items.begin(), out.items.end(), [](const eels::FourierLogResult& r) { return eels::was_done(r.status); }));
  if (done > 0.0) {
    out.single = mean_of(single, axis.size, done);
    out.measured = mean_of(measured, axis.size, done);
  }
  return out;
}

std::vector<double> mean_spectrum(const signal::Signal& signal, const std::vector<double>& shift_eV, Run& run) {
  const eels::EnergyAxis axis = eels::energy_axis_of(signal);
  std::vector<std::vector<double>> sums((signal.items() + sum_chunk - 1) / sum_chunk,
                                        std::vector<double>(axis.size, 0.0));
  parallel_chunks(run, signal.items(), sum_chunk, [&](std::size_t begin, std::size_t end) {
    Buffer<float, 2> counts({end - begin, axis.size});
    signal::read(signal, {begin, end - begin, 0, axis.size}, counts.view());
    for (std::size_t i = begin; i < end; ++i) {
      add_moved(counts.row(i - begin), shift_eV[i] / axis.step_eV, sums[begin / sum_chunk]);
    }
  });
  return mean_of(sums, axis.size, static_cast<double>(signal.items()));
}

signal::Signal with_offsets(const signal::Signal& signal, const std::vector<double>& shift_eV) {
  HOTSTAGE_EXPECTS(shift_eV.size() == signal.items());
  std::vector<double> offsets = shift_eV;
  for (std::size_t i = 0; signal.item_offset && i < offsets.size(); ++i) {
    offsets[i] += (*signal.item_offset)[i];
  }
  signal::Signal out = signal;
  out.item_offset = std::make_shared<const std::vector<double>>(std::move(offsets));
  return out;
}

signal::Signal resampled(const signal::Signal& signal, Run& run) {
  const std::size_t bytes = signal.items() * signal.channels() * sizeof(float);
  if (bytes > run.memory) {
    throw Error(Errc::no_space,
                fmt::format("the resampled cube needs {} MiB, --memory allows {} MiB", bytes >> 20, run.memory >> 20),
                "Raise --memory, or keep the offsets as data (resample = false): every step reads them");
  }
  const eels::EnergyAxis axis = eels::energy_axis_of(signal);
  const eels::FourierShift plan(axis.size);
  Buffer<float, 2> cube({signal.items(), axis.size});
  parallel_chunks(run, signal.items(), 64, [&](std::size_t begin, std::size_t end) {
    const View<float, 2> rows = cube.view().rows(begin, end - begin);
    signal::read(signal, {begin, end - begin, 0, axis.size}, rows);
    if (signal.item_offset) {
      std::vector<double> channels(end - begin);
      for (std::size_t i = begin; i < end; ++i) {
        channels[i - begin] = (*signal.item_offset)[i] / axis.step_eV;
      }
      plan.apply(rows, channels, rows);
    }
  });
  signal::Signal out = signal;
  out.item_offset = nullptr;
  out.intensity_scale = 1.0;
  out.intensity_offset = 0.0;
  out.source = signal::memory_source(std::move(cube));
  return out;
}

std::vector<report::Figure> scaled_maps(const signal::Signal& scan, std::span<const ItemQuantity> quantities) {
  std::vector<report::Figure> figures = item_figures(scan, quantities);
  for (report::Figure& figure : figures) {
    for (report::Panel& panel : figure.panels) {
      for (report::Mark& mark : panel.marks) {
        auto* image = std::get_if<report::Image>(&mark);
        if (image == nullptr || panel.x.unit.empty()) {
          continue;
        }
        const double length = bar_length(std::abs(image->grid.x[1] - image->grid.x[0]));
        image->scale_bar = report::ScaleBar{length, fmt::format("{:g} {}", length, panel.x.unit)};
        panel.x.label.clear();
        panel.y.label.clear();
      }
    }
  }
  return figures;
}

std::vector<report::Figure> histogram(const ItemQuantity& quantity) {
  std::vector<double> values;
  for (std::size_t i = 0; i < quantity.value.size(); ++i) {
    if (quantity.is_valid(i)) {
      values.push_back(quantity.value[i]);
    }
  }
  constexpr std::size_t fewest = 8;
  if (values.size() < fewest) {
    return {};
  }
  const auto [low, high] = std::minmax_element(values.begin(), values.end());
  const auto bins = std::clamp<std::size_t>(
      static_cast<std::size_t>(std::lround(std::sqrt(static_cast<double>(values.size())))), 5, 60);
  const double width = std::max((*high - *low) / static_cast<double>(bins), 1e-12);
  std::vector<double> count(bins, 0.0);
  for (const double value : values) {
    count[std::min(static_cast<std::size_t>((value - *low) / width), bins - 1)] += 1.0;
  }
  report::Line steps{.name = "items", .x = {*low}, .y = {0.0}, .colour = report::Colour::blue};
  for (std::size_t b = 0; b < bins; ++b) {
    for (const std::size_t edge : {b, b + 1}) {
      steps.x.push_back(*low + width * static_cast<double>(edge));
      steps.y.push_back(count[b]);
    }
  }
  steps.x.push_back(*low + width * static_cast<double>(bins));
  steps.y.push_back(0.0);
  report::Figure figure{.id = "histogram", .title = "Histogram of " + quantity.name, .width = report::Width::half};
  figure.caption = fmt::format("{} measured items.", values.size());
  figure.panels.push_back(
      {.x = {.label = quantity.name, .unit = quantity.unit}, .y = {.label = "Items"}, .marks = {std::move(steps)}});
  return {std::move(figure)};
}

}  // namespace hotstage::study::detail
