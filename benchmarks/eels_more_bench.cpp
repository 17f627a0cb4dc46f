// SPDX-License-Identifier: GPL-3.0-or-later
// Fourier-log, band-limited shift of the aligned pair, and the non-linear fit of white lines.
#include "hotstage/core/error.hpp"
#include "hotstage/eels/alignment.hpp"
#include "hotstage/eels/background.hpp"
#include "hotstage/eels/fourier_log.hpp"
#include "hotstage/eels/white_line_fit.hpp"
#include "hotstage/eels/zero_loss.hpp"

#include "cases.hpp"
#include "eels_input.hpp"
#include "npy_file.hpp"
#include <algorithm>
#include <utility>
#include <vector>

namespace hotstage::bench {

namespace {

/// One number per item, as .npy.
void write_column(const std::string& file, const std::vector<double>& values) {
  if (file.empty()) {
    return;
  }
  Buffer<float, 2> column({values.size(), 1});
  for (std::size_t i = 0; i < values.size(); ++i) {
    column.view()(i, 0) = static_cast<float>(values[i]);
  }
  write_npy(file, std::as_const(column).view());
}

}  // namespace

/// Zero-loss peak and single-scattering distribution of every spectrum; the result is ΣS/I0 = t/λ per item.
Report run_fourier_log(const Job& job) {
  const NpyCube file(job.low);
  const View<const float, 2> low = first_items(file.view(), job.items);
  const eels::EnergyAxis axis = axis_of(job.low_offset_eV, job, low);
  const double sum = touch(low);
  Buffer<float, 2> single;
  std::vector<eels::ZeroLoss> peaks;
  std::vector<eels::FourierLogResult> results(low.extent(0));
  const Timing timing = repeated(job.repeat, [&] {
    single = {};
    single = Buffer<float, 2>({low.extent(0), low.extent(1)});
    peaks.assign(low.extent(0), {});
    eels::find_zero_loss({low}, axis, {}, peaks);
    const eels::FourierLog plan(axis);
    eels::FourierLog::Scratch scratch = plan.make_scratch();
    for (std::size_t i = 0; i < low.extent(0); ++i) {
      results[i] = plan.apply(low.row(i), peaks[i], scratch, single.row(i));
    }
  });
  Report report = report_of("fourier_log", low, timing);
  report.number("checksum", sum);
  report.number("refused", static_cast<double>(std::count_if(results.begin(), results.end(), [](const auto& result) {
                  return !eels::was_done(result.status);
                })));
  std::vector<double> thickness(low.extent(0));
  for (std::size_t i = 0; i < thickness.size(); ++i) {
    double scattered = 0.0;
    for (const float value : std::as_const(single).row(i)) {
      scattered += static_cast<double>(value);
    }
    thickness[i] = peaks[i].I0 > 0.0 ? scattered / peaks[i].I0 : 0.0;
  }
  write_column(job.out, thickness);
  return report;
}

/// Zero-loss peak of every item and one band-limited shift of both its spectra; the result is the aligned low loss.
Report run_align_shift(const Job& job) {
  const NpyCube core_file(job.core);
  const NpyCube low_file(job.low);
  const View<const float, 2> core = first_items(core_file.view(), job.items);
  const View<const float, 2> low = first_items(low_file.view(), job.items);
  if (core.extent(0) != low.extent(0) || core.extent(1) != low.extent(1)) {
    throw Error(Errc::bad_input, Location{.file = job.low}, "the low loss has another shape than the core loss");
  }
  const eels::EnergyAxis axis = axis_of(job.low_offset_eV, job, low);
  const double sum = touch(core) + touch(low);
  Buffer<float, 2> core_out;
  Buffer<float, 2> low_out;
  const Timing timing = repeated(job.repeat, [&] {
    core_out = {};
    low_out = {};
    core_out = Buffer<float, 2>({core.extent(0), core.extent(1)});
    low_out = Buffer<float, 2>({low.extent(0), low.extent(1)});
    std::vector<eels::ZeroLoss> peaks(low.extent(0));
    eels::find_zero_loss({low}, axis, {}, peaks);
    const eels::FourierShift plan(low.extent(1));
    std::vector<double> channels(low.extent(0));
    for (std::size_t i = 0; i < channels.size(); ++i) {
      channels[i] = -peaks[i].centre_eV / job.step_eV;
    }
    plan.apply(low, channels, low_out.view());
    plan.apply(core, channels, core_out.view());
  });
  Report report = report_of("align_shift", low, timing);
  report.number("checksum", sum);
  if (!job.out.empty()) {
    write_npy(job.out, std::as_const(low_out).view());
  }
  return report;
}

/// Power law before the edge, then two Gaussian lines and two arctan steps of free heights; the result is L3/L2.
Report run_white_lines(const Job& job) {
  const NpyCube file(job.core);
  const View<const float, 2> core = first_items(file.view(), job.items);
  const eels::EnergyAxis axis = axis_of(job.core_offset_eV, job, core);
  const double sum = touch(core);
  constexpr double l3_eV = 781.0;
  constexpr double l2_eV = 796.0;
  const eels::Window window{730.0, 772.0};
  const eels::LineFitOptions options{.step_width_eV = 1.4, .step_behind_eV = 1.0, .free_steps = true};
  Buffer<float, 2> net({core.extent(0), core.extent(1)});
  std::vector<eels::LineFit> fits;
  const Timing timing = repeated(job.repeat, [&] {
    std::vector<double> variance(axis.size, 0.0);  // Poisson: the mean counts
    for (std::size_t i = 0; i < core.extent(0); ++i) {
      for (std::size_t c = 0; c < axis.size; ++c) {
        variance[c] += static_cast<double>(core(i, c)) / static_cast<double>(core.extent(0));
      }
    }
    for (double& value : variance) {
      value = std::max(value, 1.0);
    }
    const eels::PowerLawFitter fitter(axis, window, {});
    std::vector<eels::PowerLaw> laws(core.extent(0));
    eels::subtract_background({core}, fitter, net.view(), laws);
    fits.assign(core.extent(0), {});
    for (std::size_t i = 0; i < core.extent(0); ++i) {
      fits[i] = eels::fit_white_lines(net.row(i), variance, axis, l3_eV, l2_eV, options);
    }
  });
  Report report = report_of("white_lines", core, timing);
  report.number("checksum", sum);
  report.number("refused", static_cast<double>(
                               std::count_if(fits.begin(), fits.end(), [](const auto& fit) { return !fit.ok(); })));
  std::vector<double> ratio(fits.size());
  std::transform(fits.begin(), fits.end(), ratio.begin(), [](const auto& fit) { return fit.ratio.value; });
  write_column(job.out, ratio);
  return report;
}

}  // namespace hotstage::bench
