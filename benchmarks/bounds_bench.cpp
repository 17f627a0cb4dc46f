// SPDX-License-Identifier: GPL-3.0-or-later
#include "hotstage/core/array.hpp"
#include "hotstage/core/error.hpp"
#include "hotstage/eels/fourier_log.hpp"
#include "hotstage/eels/fourier_ratio.hpp"
#include "hotstage/io/mapped_file.hpp"
#include "hotstage/num/fft.hpp"

#include <fftw3.h>

#include "cases.hpp"
#include <algorithm>
#include <complex>
#include <cstring>
#include <limits>

namespace hotstage::bench {

namespace {

constexpr std::size_t triad_elements = std::size_t{1} << 25;  // 3 × 128 MiB: far beyond the caches
constexpr int bound_repeat = 5;

double fastest(const Timing& timing) {
  return *std::min_element(timing.cpu.begin(), timing.cpu.end());
}

/// a = b + s·c, three streams (the store's read for ownership is not counted), GB/s.
double triad() {
  Buffer<float, 1> a({triad_elements});
  Buffer<float, 1> b({triad_elements});
  Buffer<float, 1> c({triad_elements});
  const Timing timing = repeated(bound_repeat, [&] {
    float* const __restrict to = a.data();
    const float* const __restrict left = b.data();
    const float* const __restrict right = c.data();
    for (std::size_t i = 0; i < triad_elements; ++i) {
      to[i] = left[i] + 0.5F * right[i];
    }
  });
  return 3.0 * sizeof(float) * static_cast<double>(triad_elements) / fastest(timing) * 1e-9;
}

/// Sum of an array that does not fit the caches, GB/s.
double read_only(double& sink) {
  Buffer<float, 1> a({triad_elements});
  const Timing timing = repeated(bound_repeat, [&] {
    constexpr std::size_t lanes = 64;
    float sums[lanes] = {};
    for (std::size_t i = 0; i < triad_elements; i += lanes) {
      for (std::size_t j = 0; j < lanes; ++j) {
        sums[j] += a.data()[i + j];
      }
    }
    for (const float sum : sums) {
      sink += static_cast<double>(sum);
    }
  });
  return sizeof(float) * static_cast<double>(triad_elements) / fastest(timing) * 1e-9;
}

/// Mapped file in the page cache → new memory: page faults of both sides are in it, as in any reader. GB/s.
double copy_of_file(const std::string& name, double& sink) {
  double bytes = 0.0;
  const Timing timing = repeated(bound_repeat, [&] {
    const auto file = io::MappedFile::open(name, io::Access::sequential);
    const std::size_t size = file->size();
    Buffer<unsigned char, 1> to({size});  // the kind of memory the reader fills
    std::memcpy(to.data(), file->bytes().data(), size);
    // Reads that the compiler cannot foresee: without them it drops the copy.
    for (std::size_t i = 0; i < size; i += size / 16 + 1) {
      sink += static_cast<double>(static_cast<volatile unsigned char*>(to.data())[i]);
    }
    bytes = static_cast<double>(size);
  });
  return bytes / fastest(timing) * 1e-9;
}

/// Seconds of one real single-precision transform and back, planned by measurement, data in the cache.
double transform_seconds(std::size_t points, bool back) {
  Buffer<float, 1> real({points});
  Buffer<std::complex<float>, 1> bins({points / 2 + 1});
  auto* const complex = reinterpret_cast<fftwf_complex*>(bins.data());
  const int n = static_cast<int>(points);
  auto* const forward = fftwf_plan_dft_r2c_1d(n, real.data(), complex, FFTW_MEASURE);
  auto* const inverse = fftwf_plan_dft_c2r_1d(n, complex, real.data(), FFTW_MEASURE);
  constexpr int inner = 2000;
  const Timing timing = repeated(bound_repeat, [&] {
    for (int i = 0; i < inner; ++i) {
      fftwf_execute(forward);
      if (back) {
        fftwf_execute(inverse);
      }
    }
  });
  fftwf_destroy_plan(forward);
  fftwf_destroy_plan(inverse);
  return fastest(timing) / inner;
}

}  // namespace

Report run_bounds(const Job& job) {
  constexpr std::size_t channels = 2048;
  const eels::FourierRatio plan({job.core_offset_eV, job.step_eV, channels},
                                {job.low_offset_eV, job.step_eV, channels});
  Report report;
  double sink = 0.0;
  report.text("case", "bounds");
  report.number("triad_GBps", triad());
  report.number("read_GBps", read_only(sink));
  report.number("memcpy_GBps", copy_of_file(job.core, sink));
  report.number("core_points", static_cast<double>(plan.core_points()));
  report.number("low_points", static_cast<double>(plan.low_points()));
  report.number("fft_s", transform_seconds(plan.core_points(), true) + transform_seconds(plan.low_points(), false));
  const std::size_t log_points = eels::FourierLog({job.low_offset_eV, job.step_eV, channels}).points();
  report.number("log_points", static_cast<double>(log_points));
  report.number("log_fft_s", transform_seconds(log_points, true) + transform_seconds(log_points, false));
  const std::size_t shift_points = num::fast_size(channels + 128);  // as FourierShift joins the ends
  report.number("shift_points", static_cast<double>(shift_points));
  report.number("shift_fft_s", 2.0 * transform_seconds(shift_points, true));
  report.number("checksum", sink);
  return report;
}

}  // namespace hotstage::bench
