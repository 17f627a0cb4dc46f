// SPDX-License-Identifier: GPL-3.0-or-later
#include "hotstage/core/error.hpp"
#include "hotstage/core/fields.hpp"
#include "hotstage/core/run.hpp"
#include "hotstage/eels/background.hpp"
#include "hotstage/eels/fourier_ratio.hpp"
#include "hotstage/eels/spectrum.hpp"
#include "hotstage/eels/zero_loss.hpp"
#include "hotstage/signal/format.hpp"

#include <fmt/format.h>

#include "cases.hpp"
#include "eels_input.hpp"
#include "npy_file.hpp"
#include <algorithm>
#include <cmath>
#include <optional>
#include <utility>
#include <vector>

namespace hotstage::bench {

namespace {

/// Moves every spectrum by its own offset to one axis, linear between channels: what a resampling program would store.
void resample(const View<const float, 2>& in, const std::vector<float>& shift_channels, View<float, 2> out) {
  const auto channels = static_cast<std::ptrdiff_t>(in.extent(1));
  for (std::size_t item = 0; item < in.extent(0); ++item) {
    const double whole = std::floor(static_cast<double>(shift_channels[item]));
    const auto part = static_cast<float>(static_cast<double>(shift_channels[item]) - whole);
    const auto step = static_cast<std::ptrdiff_t>(whole);
    const std::span<const float> from = in.row(item);
    const std::span<float> to = out.row(item);
    const std::ptrdiff_t first = std::clamp<std::ptrdiff_t>(-step, 0, channels);
    const std::ptrdiff_t last = std::clamp<std::ptrdiff_t>(channels - step - 1, first, channels);
    const float* const source = from.data() + step;
    for (std::ptrdiff_t i = first; i < last; ++i) {
      to[static_cast<std::size_t>(i)] = source[i] + part * (source[i + 1] - source[i]);
    }
  }
}

std::optional<eels::BackgroundMethod> method_named(const std::string& text) {
  for (const auto& entry : enum_names(eels::BackgroundMethod{})) {
    if (text == entry.name) {
      return entry.value;
    }
  }
  return {};
}

}  // namespace

Report run_dm4(const Job& job) {
  Run run;
  std::optional<Buffer<float, 2>> cube;
  const Timing timing = repeated(job.repeat, [&] {
    cube.reset();
    cube = signal::read_all(signal::load(job.core, run));
  });
  Report report = report_of("dm4", std::as_const(*cube).view(), timing);
  if (job.extra > 0) {
    report.timing("reuse_", repeated(job.extra, [&] {
                    const signal::Signal signal = signal::load(job.core, run);
                    signal::read(signal, {0, signal.items(), 0, signal.channels()}, cube->view());
                  }));
  }
  if (!job.out.empty()) {
    write_npy(job.out, std::as_const(*cube).view());
  }
  return report;
}

Report run_align(const Job& job) {
  const NpyCube file(job.low);
  const View<const float, 2> low = first_items(file.view(), job.items);
  const eels::EnergyAxis axis = axis_of(job.low_offset_eV, job, low);
  const double sum = touch(low);
  std::vector<eels::ZeroLoss> peaks;
  const Timing timing = repeated(job.repeat, [&] {
    peaks.assign(low.extent(0), {});
    eels::find_zero_loss({low}, axis, {}, peaks);
  });
  Report report = report_of("align", low, timing);
  report.number("checksum", sum);
  Buffer<float, 2> offsets({low.extent(0), 1});
  std::vector<float> shift_channels(low.extent(0));
  for (std::size_t i = 0; i < peaks.size(); ++i) {
    offsets.view()(i, 0) = static_cast<float>(-peaks[i].centre_eV);
    shift_channels[i] = static_cast<float>(peaks[i].centre_eV / job.step_eV);
  }
  if (job.extra > 0) {
    report.timing("resample_", repeated(job.extra, [&] {
                    Buffer<float, 2> aligned({low.extent(0), low.extent(1)});
                    resample(low, shift_channels, aligned.view());
                  }));
  }
  if (!job.out.empty()) {
    write_npy(job.out, std::as_const(offsets).view());
  }
  return report;
}

Report run_background(const Job& job) {
  const auto method = method_named(job.method);
  if (!method) {
    throw Error(Errc::usage, fmt::format("no background method \"{}\"", job.method));
  }
  const NpyCube file(job.core);
  const View<const float, 2> core = first_items(file.view(), job.items);
  const eels::EnergyAxis axis = axis_of(job.core_offset_eV, job, core);
  const double sum = touch(core);
  const eels::Window window{job.window_low_eV, job.window_high_eV};
  Buffer<float, 2> net;
  std::vector<eels::PowerLaw> fits;
  const auto work = [&] {
    const eels::PowerLawFitter fitter(axis, window, {.method = *method});
    eels::subtract_background({core}, fitter, net.view(), fits);
  };
  const Timing timing = repeated(job.repeat, [&] {
    net = {};
    net = Buffer<float, 2>({core.extent(0), core.extent(1)});
    fits.assign(core.extent(0), {});
    work();
  });
  Report report = report_of("background", core, timing);
  if (job.extra > 0) {
    report.timing("reuse_", repeated(job.extra, work));
  }
  report.number("checksum", sum);
  report.number("unusable", static_cast<double>(std::count_if(fits.begin(), fits.end(),
                                                              [](const auto& fit) { return !fit.usable(); })));
  if (!job.out.empty()) {
    write_npy(job.out, std::as_const(net).view());
  }
  return report;
}

Report run_fourier_ratio(const Job& job) {
  const NpyCube core_file(job.core);
  const NpyCube low_file(job.low);
  const View<const float, 2> core = first_items(core_file.view(), job.items);
  const View<const float, 2> low = first_items(low_file.view(), job.items);
  const double sum = touch(core) + touch(low);
  const eels::EnergyAxis core_axis = axis_of(job.core_offset_eV, job, core);
  const eels::EnergyAxis low_axis = axis_of(job.low_offset_eV, job, low);
  const eels::FourierRatioOptions options{.modifier = eels::Modifier::gaussian,
                                          .gaussian_fwhm = job.gaussian_fwhm_eV * units::eV};
  Buffer<float, 2> single;
  std::vector<eels::Deconvolution> results(core.extent(0));
  const Timing timing = repeated(job.repeat, [&] {
    single = {};
    single = Buffer<float, 2>({core.extent(0), core.extent(1)});
    std::vector<eels::ZeroLoss> peaks(low.extent(0));
    eels::find_zero_loss({low}, low_axis, {}, peaks);
    const eels::FourierRatio plan(core_axis, low_axis, options);
    eels::FourierRatio::Scratch scratch = plan.make_scratch();
    eels::deconvolve(plan, {core, low, peaks}, scratch, single.view(), results);
  });
  Report report = report_of("fourier_ratio", core, timing);
  report.number("checksum", sum);
  report.number("refused", static_cast<double>(std::count_if(results.begin(), results.end(), [](const auto& result) {
                  return !eels::was_done(result.status);
                })));
  if (!job.out.empty()) {
    write_npy(job.out, std::as_const(single).view());
  }
  return report;
}

}  // namespace hotstage::bench
