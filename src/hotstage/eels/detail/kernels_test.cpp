// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/core/rng.hpp"
#include "hotstage/eels/detail/elementary.hpp"
#include "hotstage/eels/detail/exponential_integral.hpp"
#include "hotstage/eels/detail/fourier_kernel.hpp"
#include "hotstage/eels/detail/log_kernel.hpp"
#include "hotstage/eels/detail/power_law_kernel.hpp"
#include "hotstage/eels/detail/shift_kernel.hpp"
#include "hotstage/eels/detail/sum_kernel.hpp"
#include "hotstage/num/quadrature.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <numbers>
#include <vector>

namespace hotstage::eels::detail {
namespace {

using Complex = std::complex<float>;

std::vector<Complex> random_spectrum(std::size_t n, std::uint64_t stream) {
  std::vector<Complex> values(n);
  Rng rng(1, stream, n);
  for (Complex& value : values) {
    value = {static_cast<float>(rng.normal()), static_cast<float>(rng.normal())};
  }
  return values;
}

// The reference loops below are compiled for the baseline without fused multiply-adds: whatever clone the loader picked
// on this machine must give the same bytes, or results would depend on the machine.

TEST(FourierKernel, products_have_the_bytes_of_the_plain_formula_on_every_instruction_set) {
  for (const std::size_t n : {1U, 31U, 32U, 1000U}) {
    const std::vector<Complex> a = random_spectrum(n, 1);
    const std::vector<Complex> b = random_spectrum(n, 2);
    std::vector<Complex> product = a;
    std::vector<Complex> conjugate = a;
    multiply(product.data(), b.data(), n);
    multiply_conjugate(conjugate.data(), b.data(), n);
    for (std::size_t k = 0; k < n; ++k) {
      const volatile float rr = a[k].real() * b[k].real();
      const volatile float ii = a[k].imag() * b[k].imag();
      const volatile float ri = a[k].real() * b[k].imag();
      const volatile float ir = a[k].imag() * b[k].real();
      ASSERT_EQ(product[k], Complex(rr - ii, ri + ir)) << k;
      ASSERT_EQ(conjugate[k], Complex(rr + ii, ir - ri)) << k;
    }
  }
}

TEST(FourierKernel, ratios_tend_to_their_limits_and_count_the_floored_frequencies) {
  const std::vector<Complex> J{{1e4F, 0.0F}, {0.0F, 1e4F}, {1e-3F, 0.0F}, {0.0F, 0.0F}};
  const std::vector<Complex> D{{5e3F, 0.0F}, {0.0F, 0.0F}, {1e-3F, 0.0F}, {7.0F, 0.0F}};
  std::vector<Complex> out(4);
  constexpr float rounding = 1e-6F;
  EXPECT_EQ(zlp_ratio(J.data(), D.data(), 1.0F, 2.0F, out.data(), 4), 2U);
  EXPECT_NEAR(out[0].real(), 1.0F, rounding);  // 2·(1 − ½)
  EXPECT_NEAR(out[1].real(), 2.0F, rounding);
  EXPECT_NEAR(out[2].real(), 2.0F, 10.0F * rounding);
  EXPECT_EQ(out[3], Complex(2.0F, 0.0F));
  EXPECT_EQ(wiener_ratio(J.data(), D.data(), 1.0F, out.data(), 4), 2U);
  EXPECT_NEAR(out[0].real(), 0.5F, rounding);
  EXPECT_EQ(out[3], Complex(0.0F, 0.0F));
}

TEST(Elementary, logarithm_exponential_and_angle_are_those_of_the_library) {
  Rng rng(1, 7, 1);
  for (int i = 0; i < 20000; ++i) {
    const double x = 40.0 * (rng.uniform() - 0.5);
    const double y = 40.0 * (rng.uniform() - 0.5);
    EXPECT_NEAR(fast_exp(x) / std::exp(x), 1.0, 1e-11);
    EXPECT_NEAR(fast_log(std::exp(x)), x, 2e-14 * (1.0 + std::abs(x)) + 1e-15);
    ASSERT_NEAR(fast_angle(y, x), std::atan2(y, x), 1e-13) << y << ' ' << x;
  }
  for (const double y : {-1.0, 0.0, 1.0}) {
    for (const double x : {-1.0, 0.0, 1.0}) {
      if (x != 0.0 || y != 0.0) {
        EXPECT_NEAR(fast_angle(y, x), std::atan2(y, x), 1e-13) << y << ' ' << x;
      }
    }
  }
}

TEST(Exponential, equals_the_library_channel_by_channel) {
  std::vector<double> out(1000);
  exponential(9.0, -0.013, out.data(), out.size());
  for (std::size_t i = 0; i < out.size(); ++i) {
    EXPECT_NEAR(out[i] / std::exp(9.0 - 0.013 * static_cast<double>(i)), 1.0, 1e-13);
  }
}

TEST(ShiftKernel, ramp_is_the_exact_one_to_float_and_has_the_same_bytes_on_every_instruction_set) {
  constexpr double rounding = 3e-7;  // two float products
  for (const std::size_t size : {2U, 62U, 64U, 2240U}) {
    const std::vector<Complex> before = random_spectrum(size / 2 + 1, 4);
    std::vector<Complex> after = before;
    const double shift = -3.37;
    phase_ramp(after.data(), size, shift, 0.25);
    for (std::size_t k = 0; k < size / 2; ++k) {
      const double turn = -2.0 * std::numbers::pi * static_cast<double>(k) * shift / static_cast<double>(size);
      const std::complex<double> exact = std::complex<double>(before[k]) * std::polar(0.25, turn);
      EXPECT_NEAR(std::abs(std::complex<double>(after[k]) - exact), 0.0,
                  rounding * std::abs(std::complex<double>(before[k])))
          << k;
    }
    EXPECT_EQ(after.back().imag(), 0.0F);
  }
  // The same operations in the same order, for the baseline.
  constexpr std::size_t size = 128;
  const std::vector<Complex> before = random_spectrum(size / 2 + 1, 5);
  std::vector<Complex> after = before;
  phase_ramp(after.data(), size, 0.4, 1.0);
  const double angle = -2.0 * std::numbers::pi * 0.4 / static_cast<double>(size);
  double re = 1.0;
  double im = 0.0;
  for (std::size_t k = 0; k < 32; ++k) {  // the first block, whose factor is 1
    const auto c = static_cast<float>(re);
    const auto s = static_cast<float>(im);
    EXPECT_EQ(after[k].real(), before[k].real() * c - before[k].imag() * s) << k;
    EXPECT_EQ(after[k].imag(), before[k].real() * s + before[k].imag() * c) << k;
    const double next = re * std::cos(angle) - im * std::sin(angle);
    im = re * std::sin(angle) + im * std::cos(angle);
    re = next;
  }
}

TEST(LogKernel, has_the_bytes_of_the_plain_formula_and_the_value_of_the_library) {
  for (const std::size_t n : {1U, 31U, 1000U}) {
    std::vector<std::complex<double>> J;
    std::vector<std::complex<double>> Z;
    Rng rng(1, 8, n);
    for (std::size_t k = 0; k < n; ++k) {
      J.emplace_back(rng.normal(), rng.normal());
      Z.emplace_back(rng.normal(), rng.normal());
    }
    J[n / 2] = 0.0;
    std::vector<double> log(n), phase(n), power_J(n), power_Z(n);
    logarithm_of_ratio(J.data(), Z.data(), log.data(), phase.data(), power_J.data(), power_Z.data(), n);
    std::vector<std::complex<double>> out(n);
    weighted_logarithm(Z.data(), J.data(), log.data(), phase.data(), 0.3, out.data(), n);
    for (std::size_t k = 0; k < n; ++k) {
      const double j2 = J[k].real() * J[k].real() + J[k].imag() * J[k].imag();
      const double z2 = Z[k].real() * Z[k].real() + Z[k].imag() * Z[k].imag();
      EXPECT_EQ(power_J[k], j2);
      EXPECT_EQ(power_Z[k], z2);
      EXPECT_EQ(log[k], k == n / 2 ? 0.0 : 0.5 * fast_log(j2 / z2)) << k;
      if (k != n / 2) {
        EXPECT_NEAR(phase[k], std::arg(J[k] / Z[k]), 1e-12) << k;
      }
      if (k > 0) {
        const double w = z2 / (z2 + 0.3);
        EXPECT_EQ(out[k].real(), w * (Z[k].real() * log[k] - Z[k].imag() * phase[k]) + (1.0 - w) * J[k].real());
        EXPECT_EQ(out[k].imag(), w * (Z[k].real() * phase[k] + Z[k].imag() * log[k]) + (1.0 - w) * J[k].imag());
      }
    }
  }
}

TEST(FourierKernel, gaussian_transform_is_the_exact_one_to_float) {
  constexpr std::size_t length = 4096;
  std::vector<Complex> out(length / 2 + 1);
  gaussian_transform(3.0, 0.011, 160.3, length, out.data(), out.size());
  for (std::size_t k = 0; k < out.size(); ++k) {
    const double x = 0.011 * static_cast<double>(k);
    const double turn = -2.0 * std::numbers::pi * static_cast<double>(k) * 160.3 / static_cast<double>(length);
    const std::complex<double> exact = std::polar(3.0 * std::exp(-x * x), turn);
    EXPECT_NEAR(std::abs(std::complex<double>(out[k]) - exact), 0.0, 1e-7 * std::abs(exact) + 1e-30) << k;
  }
}

TEST(SumKernel, adds_sixteen_interleaved_sums_pairwise) {
  for (const std::size_t n : {0U, 5U, 16U, 1003U}) {
    std::vector<float> values(n);
    Rng rng(2, 2, n);
    for (float& value : values) {
      value = static_cast<float>(rng.normal());
    }
    std::array<double, 16> lanes{};
    for (std::size_t i = 0; i < n; ++i) {
      lanes[i % 16] += static_cast<double>(values[i]);
    }
    for (std::size_t width = 8; width > 0; width /= 2) {
      for (std::size_t k = 0; k < width; ++k) {
        lanes[k] += lanes[k + width];
      }
    }
    EXPECT_EQ(sum(values.data(), n), lanes[0]);
  }
}

TEST(SumKernel, largest_gives_the_first_of_equals_and_ignores_nan) {
  std::vector<float> values(50, 1.0F);
  values[20] = values[40] = 7.0F;
  values[3] = std::numeric_limits<float>::quiet_NaN();
  EXPECT_EQ(largest(values.data(), values.size()).index, 20U);
  EXPECT_EQ(largest(values.data(), 2).index, 0U);
}

TEST(ExponentialIntegral, agrees_with_quadrature_on_both_sides_of_the_change_of_formula) {
  const num::Quadrature rule = num::gauss_legendre(40);
  constexpr double rounding = 1e-12;
  constexpr double h = 0.5;
  for (const double s : {-12.0, -0.601, -0.599, -1e-3, 0.0, 1e-9, 0.3, 0.599, 0.601, 5.0}) {
    const double value = num::integrate(rule, -h, h, [&](double l) { return std::exp(s * l); });
    const double mean = num::integrate(rule, -h, h, [&](double l) { return l * std::exp(s * l); }) / value;
    const double square = num::integrate(rule, -h, h, [&](double l) { return l * l * std::exp(s * l); }) / value;
    const ExponentialIntegral result = exponential_integral(s, h);
    EXPECT_NEAR(result.log_value, std::log(value), rounding) << s;
    EXPECT_NEAR(result.mean, mean, rounding) << s;
    EXPECT_NEAR(result.variance, square - mean * mean, 10.0 * rounding) << s;
  }
}

TEST(PowerLawKernel, slope_is_the_derivative_of_the_logarithm) {
  const Grid grid{50.0, 1.0, 100};
  constexpr double h = 1e-5;
  std::vector<double> law(100);
  std::vector<double> slope(100);
  std::vector<double> above(100);
  std::vector<double> below(100);
  power_law_slope(grid, {2.0, 3.0, 80.0}, law.data(), slope.data());
  power_law(grid, {2.0, 3.0 + h, 80.0}, above.data());
  power_law(grid, {2.0, 3.0 - h, 80.0}, below.data());
  for (std::size_t i = 0; i < 100; ++i) {
    constexpr double difference_quotient = 1e-8;
    EXPECT_NEAR(slope[i], std::log(above[i] / below[i]) / (2.0 * h), difference_quotient);
  }
}

}  // namespace
}  // namespace hotstage::eels::detail
