// SPDX-License-Identifier: GPL-3.0-or-later
// Counter-based random numbers (Philox 4x32-10, doi:10.1145/2063384.2063405): results depend on keys, never on threads.

#pragma once

#include <array>
#include <cstdint>
#include <limits>

namespace hotstage {

/// A random stream keyed by (seed, stream, index). Satisfies UniformRandomBitGenerator.
class Rng {
 public:
  using result_type = std::uint32_t;

  Rng(std::uint64_t seed, std::uint64_t stream, std::uint64_t index);

  [[nodiscard]] static constexpr result_type min() { return 0; }

  [[nodiscard]] static constexpr result_type max() { return std::numeric_limits<result_type>::max(); }

  result_type operator()();

  /// Uniform in (0, 1), 53 bits.
  double uniform();
  /// Standard normal (Box–Muller).
  double normal();
  /// Poisson with the given mean: inversion below 30, the PTRS rejection of Hörmann (1993) above.
  std::uint64_t poisson(double mean);

 private:
  void refill();

  std::array<std::uint32_t, 2> key_{};
  std::array<std::uint32_t, 4> counter_{};
  std::array<std::uint32_t, 4> block_{};
  int used_ = 4;
  double spare_ = 0.0;
  bool has_spare_ = false;
};

}  // namespace hotstage
