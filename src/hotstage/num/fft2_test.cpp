// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/num/fft2.hpp"

#include "hotstage/core/parallel.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <numbers>

namespace hotstage::num {
namespace {

constexpr double rounding_float = 3e-5;  // 24-bit mantissa, sums of ~10² terms of size 1

Buffer<float, 2> test_image(std::size_t rows, std::size_t columns, std::uint64_t key) {
  Buffer<float, 2> image({rows, columns});
  Rng rng(7, 1, key);
  for (std::size_t i = 0; i < image.size(); ++i) {
    image.data()[i] = static_cast<float>(rng.uniform() - 0.4);
  }
  return image;
}

TEST(RealFft2, agrees_with_the_sum_that_defines_it) {
  const std::size_t rows = 6;
  const std::size_t columns = 10;
  const RealFft2 fft(rows, columns);
  const Buffer<float, 2> image = test_image(rows, columns, 1);
  Buffer<std::complex<float>, 2> spectrum({rows, fft.bins()});
  fft.forward(image.view(), spectrum.view());
  for (std::size_t l = 0; l < rows; ++l) {
    for (std::size_t k = 0; k < fft.bins(); ++k) {
      std::complex<double> expected;
      for (std::size_t y = 0; y < rows; ++y) {
        for (std::size_t x = 0; x < columns; ++x) {
          const double turns = static_cast<double>(l * y) / static_cast<double>(rows) +
                               static_cast<double>(k * x) / static_cast<double>(columns);
          expected += static_cast<double>(image.view()(y, x)) * std::polar(1.0, -2.0 * std::numbers::pi * turns);
        }
      }
      EXPECT_NEAR(spectrum.view()(l, k).real(), expected.real(), rounding_float);
      EXPECT_NEAR(spectrum.view()(l, k).imag(), expected.imag(), rounding_float);
    }
  }
}

TEST(RealFft2, inverse_brings_the_image_back_for_odd_and_even_sizes) {
  for (const auto& [rows, columns] : {std::pair<std::size_t, std::size_t>{9, 15}, {16, 12}, {7, 8}}) {
    const RealFft2 fft(rows, columns);
    const Buffer<float, 2> image = test_image(rows, columns, rows);
    Buffer<std::complex<float>, 2> spectrum({rows, fft.bins()});
    Buffer<float, 2> back({rows, columns});
    fft.forward(image.view(), spectrum.view());
    fft.inverse(spectrum.view(), back.view());
    for (std::size_t i = 0; i < image.size(); ++i) {
      EXPECT_NEAR(back.data()[i], image.data()[i], rounding_float);
    }
  }
}

TEST(RealFft2, threads_give_the_same_bytes) {
  const RealFft2 fft(32, 48);
  constexpr std::size_t images = 24;
  const auto transform = [&](int threads) {
    Buffer<std::complex<float>, 2> out({images, 32 * fft.bins()});
    hotstage::Run run;
    run.threads = threads;
    parallel_chunks(run, images, 1, [&](std::size_t begin, std::size_t end) {
      for (std::size_t i = begin; i < end; ++i) {
        const Buffer<float, 2> image = test_image(32, 48, i);
        fft.forward(image.view(), View<std::complex<float>, 2>(out.row(i).data(), {32, fft.bins()}));
      }
    });
    return out;
  };
  const auto one = transform(1);
  const auto four = transform(4);
  EXPECT_EQ(std::memcmp(one.data(), four.data(), one.size() * sizeof(std::complex<float>)), 0);
}

TEST(RealFft2, refuses_an_image_of_another_size) {
  const RealFft2 fft(8, 8);
  const Buffer<float, 2> image({8, 9});
  Buffer<std::complex<float>, 2> spectrum({8, fft.bins()});
  EXPECT_THROW(fft.forward(image.view(), spectrum.view()), Bug);
}

}  // namespace
}  // namespace hotstage::num
