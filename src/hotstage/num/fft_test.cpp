// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/num/fft.hpp"

#include "hotstage/core/parallel.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <cmath>
#include <numbers>
#include <vector>

namespace hotstage::num {
namespace {

constexpr double rounding_double = 1e-13;  // a few ε·log2(n)
constexpr double rounding_float = 2e-6;    // the same for 24-bit mantissas

template <class T>
std::vector<T> test_sequence(std::size_t n) {
  std::vector<T> values(n);
  Rng rng(3, 1, n);
  for (T& value : values) {
    value = static_cast<T>(rng.uniform() - 0.3);
  }
  return values;
}

TEST(GoodSize, is_the_smallest_product_of_2_3_5_7_not_below_n) {
  for (std::size_t n = 1; n < 3000; ++n) {
    std::size_t expected = n;
    while (!is_good_size(expected)) {
      ++expected;
    }
    EXPECT_EQ(good_size(n), expected);
  }
  EXPECT_EQ(good_size(0), 1U);
  EXPECT_EQ(good_size(4097), 4116U);  // 2²·3·7³
}

TEST(FastSize, is_even_good_and_a_multiple_of_64_for_long_spectra) {
  for (std::size_t n = 0; n < 5000; n += 7) {
    const std::size_t size = fast_size(n);
    EXPECT_GE(size, n);
    EXPECT_TRUE(is_good_size(size)) << n;
    EXPECT_EQ(size % (n > 512 ? 64 : 2), 0U) << n;
    EXPECT_LE(static_cast<double>(size), 1.2 * static_cast<double>(n) + 64.0) << n;
  }
  EXPECT_EQ(fast_size(2176), 2240U);
  EXPECT_EQ(fast_size(4096), 4096U);
}

template <class T>
double worst_against_definition(std::size_t n) {
  const std::vector<T> x = test_sequence<T>(n);
  const RealFft<T> fft(n);
  std::vector<std::complex<T>> spectrum(fft.bins());
  fft.forward(x, spectrum);
  double worst = 0.0;
  for (std::size_t k = 0; k < fft.bins(); ++k) {
    std::complex<double> sum = 0.0;
    for (std::size_t j = 0; j < n; ++j) {
      sum += static_cast<double>(x[j]) *
             std::polar(1.0, -2.0 * std::numbers::pi * static_cast<double>(j * k % n) / static_cast<double>(n));
    }
    worst = std::max(worst, std::abs(std::complex<double>(spectrum[k]) - sum));
  }
  return worst / static_cast<double>(n);
}

TEST(RealFft, equals_the_defining_sum_for_even_odd_and_prime_lengths) {
  for (const std::size_t n : {1U, 2U, 7U, 12U, 64U, 97U, 210U}) {
    EXPECT_LT(worst_against_definition<double>(n), rounding_double) << n;
    EXPECT_LT(worst_against_definition<float>(n), rounding_float) << n;
  }
}

RC_GTEST_PROP(RealFft, inverse_undoes_forward, ()) {
  const auto n = *rc::gen::inRange<std::size_t>(1, 400);
  const std::vector<double> x = test_sequence<double>(n);
  const RealFft<double> fft(n);
  std::vector<std::complex<double>> spectrum(fft.bins());
  std::vector<double> back(n);
  fft.forward(x, spectrum);
  fft.inverse(spectrum, back);
  for (std::size_t i = 0; i < n; ++i) {
    RC_ASSERT(std::abs(back[i] - x[i]) < rounding_double);
  }
}

TEST(RealFft, rows_are_transformed_alike_from_any_number_of_threads) {
  constexpr std::size_t rows = 24;
  constexpr std::size_t n = 360;
  const RealFft<float> fft(n);
  Buffer<float, 2> in({rows, n});
  const std::vector<float> x = test_sequence<float>(rows * n);
  std::copy(x.begin(), x.end(), in.data());
  Buffer<std::complex<float>, 2> serial({rows, fft.bins() + 1});
  const View<std::complex<float>, 2> serial_view(serial.data(), {rows, fft.bins()},
                                                 {static_cast<std::ptrdiff_t>(fft.bins() + 1), 1});
  fft.forward(in.view(), serial_view);
  Buffer<std::complex<float>, 2> parallel({rows, fft.bins() + 1});
  hotstage::Run run;
  run.threads = 4;
  parallel_chunks(run, rows, 2, [&](std::size_t begin, std::size_t end) {
    for (std::size_t i = begin; i < end; ++i) {
      fft.forward(in.row(i), parallel.row(i).first(fft.bins()));
    }
  });
  for (std::size_t i = 0; i < serial.size(); ++i) {
    EXPECT_EQ(serial.data()[i], parallel.data()[i]);
  }
  Buffer<float, 2> back({rows, n});
  fft.inverse(serial_view, back.view());
  for (std::size_t i = 0; i < back.size(); ++i) {
    EXPECT_NEAR(back.data()[i], in.data()[i], rounding_float);
  }
}

TEST(RealFft, refuses_buffers_of_the_wrong_length) {
  const RealFft<double> fft(8);
  std::vector<double> x(7);
  std::vector<std::complex<double>> out(5);
  EXPECT_THROW(fft.forward(x, out), Bug);
}

}  // namespace
}  // namespace hotstage::num
