// SPDX-License-Identifier: GPL-3.0-or-later
// The cases of hotstage_bench: each does one piece of work on files, times the kernel alone and says what it measured.

#pragma once

#include "stopwatch.hpp"
#include <cstddef>
#include <string>

namespace hotstage::bench {

/// What the command line gives; axes are those of benchmarks/synthetic.py.
struct Job {
  std::string core;
  std::string low;
  std::string out;  ///< result as .npy; empty: not written
  std::string method = "two_area";
  double core_offset_eV = 450.0;
  double low_offset_eV = -40.0;
  double step_eV = 0.25;
  double window_low_eV = 470.0;
  double window_high_eV = 525.0;
  double gaussian_fwhm_eV = 1.1;
  std::size_t memory = std::size_t{64} << 20;
  std::size_t items = 0;    ///< 0: all
  std::size_t rows = 1024;  ///< of a frame of a series
  int threads = 1;
  int repeat = 1;
  int extra = 0;  ///< repetitions of the side measurements of a case (given memory, resampling)
};

[[nodiscard]] Report run_dm4(const Job& job);
[[nodiscard]] Report run_align(const Job& job);
[[nodiscard]] Report run_background(const Job& job);
[[nodiscard]] Report run_fourier_ratio(const Job& job);
[[nodiscard]] Report run_fourier_log(const Job& job);
[[nodiscard]] Report run_align_shift(const Job& job);
[[nodiscard]] Report run_white_lines(const Job& job);
[[nodiscard]] Report run_memory(const Job& job);
[[nodiscard]] Report run_pass(const Job& job);
[[nodiscard]] Report run_register(const Job& job);
[[nodiscard]] Report run_series_pass(const Job& job);
[[nodiscard]] Report run_series_long(const Job& job);
[[nodiscard]] Report run_bounds(const Job& job);

}  // namespace hotstage::bench
