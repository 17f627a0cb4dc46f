// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/stem/probe.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <numeric>

namespace hotstage::stem {
namespace {

namespace tol {
constexpr double float_sum = 1e-6;     // relative; float32 pixels
constexpr double moment = 3e-3;        // relative; a Gaussian below one pixel is sampled coarsely: 2e-3 at 0.7
constexpr double probe_digits = 5e-4;  // nm
}  // namespace tol

double sum_of(const Buffer<float, 2>& image) {
  double sum = 0.0;
  for (std::size_t i = 0; i < image.size(); ++i) {
    sum += static_cast<double>(image.data()[i]);
  }
  return sum;
}

TEST(Probe, in_focus_it_is_the_stated_resolution) {
  // 0.057 nm diffraction and 0.056 nm source give 0.080 nm.
  const double fwhm = 2.3548 * probe_sigma_nm({}, 0.0 * units::nm);
  EXPECT_NEAR(fwhm, 0.080, tol::probe_digits);
}

TEST(Probe, defocus_adds_the_geometric_disc_whatever_its_sign) {
  const double disc = 0.5 * 17.8e-3 * 150.0;
  const double focused = probe_sigma_nm({}, 0.0 * units::nm);
  EXPECT_NEAR(probe_sigma_nm({}, 150.0 * units::nm), std::hypot(disc, focused), 1e-9);
  EXPECT_EQ(probe_sigma_nm({}, 150.0 * units::nm), probe_sigma_nm({}, -150.0 * units::nm));
}

class Blur : public testing::TestWithParam<double> {};

TEST_P(Blur, keeps_the_sum_also_of_what_lies_at_the_border) {
  Buffer<float, 2> image({13, 17});
  Buffer<float, 2> scratch({13, 17});
  for (std::size_t i = 0; i < image.size(); ++i) {
    image.data()[i] = static_cast<float>((i * 7919) % 101);
  }
  image.view()(0, 0) = 5000.0F;
  const double before = sum_of(image);
  blur(image.view(), GetParam(), scratch.view());
  EXPECT_NEAR(sum_of(image) / before, 1.0, tol::float_sum);
}

TEST_P(Blur, widens_a_point_by_the_stated_standard_deviation) {
  Buffer<float, 2> image({61, 63});
  Buffer<float, 2> scratch({61, 63});
  image.view()(30, 31) = 1.0F;
  blur(image.view(), GetParam(), scratch.view());
  double rows = 0.0;
  double columns = 0.0;
  for (std::size_t r = 0; r < 61; ++r) {
    for (std::size_t c = 0; c < 63; ++c) {
      const auto weight = static_cast<double>(image.view()(r, c));
      rows += weight * std::pow(static_cast<double>(r) - 30.0, 2);
      columns += weight * std::pow(static_cast<double>(c) - 31.0, 2);
    }
  }
  EXPECT_NEAR(rows / (GetParam() * GetParam()), 1.0, tol::moment);
  EXPECT_NEAR(columns / (GetParam() * GetParam()), 1.0, tol::moment);
}

INSTANTIATE_TEST_SUITE_P(Widths, Blur, testing::Values(0.02, 0.3, 0.7, 1.5, 6.0));

}  // namespace
}  // namespace hotstage::stem
