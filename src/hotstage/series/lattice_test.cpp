// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/core/rng.hpp"
#include "hotstage/num/statistics.hpp"
#include "hotstage/series/detail/test_columns.hpp"
#include "hotstage/series/lattice_fit.hpp"
#include "hotstage/signal/format.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <filesystem>

namespace hotstage::series {
namespace {

using detail::ColumnScene;

TEST(Lattice, base_vectors_and_their_uncertainty_at_5_to_500_counts) {
  for (const double counts : {5.0, 20.0, 50.0, 500.0}) {
    std::vector<double> pulls;
    std::vector<double> all;
    constexpr int images = 12;
    for (int seed = 0; seed < images; ++seed) {
      ColumnScene scene{.rows = 256, .columns = 240, .a1 = {0.4, 13.3}, .a2 = {12.1, 3.1}, .counts = counts};
      scene.seed = static_cast<std::uint64_t>(seed) + 1;
      const Buffer<float, 2> image = detail::column_image(scene);
      const ImageLattice found = fit_lattice(image.view(), {});
      const KnownLattice truth{.name = "truth", .reciprocal = detail::reciprocal_of(scene.a1, scene.a2)};
      const ScanCalibration c = calibrate_scan(found, truth, std::array{1.0, 1.0});
      for (const Estimate& e : {c.pixel_y_A, c.pixel_x_A}) {
        all.push_back(e.value - 1.0);
        pulls.push_back((e.value - 1.0) / e.sigma);
      }
      EXPECT_NEAR(c.shear_deg.value, 0.0, 6.0 * c.shear_deg.sigma + 0.002);
    }
    const double rms = std::sqrt(num::mean(all) * num::mean(all) + std::pow(num::standard_deviation(all), 2));
    std::printf("  %5.0f counts: relative error of the pixel size %.1e, pull %.2f\n", counts, rms,
                num::standard_deviation(pulls));
    EXPECT_LT(rms, 6e-4);  // measured 2e-5 … 3e-4
    EXPECT_GT(num::standard_deviation(pulls), 0.4);
    EXPECT_LT(num::standard_deviation(pulls), 1.7);
  }
}

TEST(Lattice, row_jitter_widens_sigma_instead_of_moving_the_lattice) {
  std::vector<double> pulls;
  std::vector<double> all;
  for (std::uint64_t seed = 1; seed <= 12; ++seed) {
    ColumnScene scene{.rows = 256, .columns = 256, .a1 = {0.4, 13.3}, .a2 = {12.1, 3.1}, .counts = 30.0, .seed = seed};
    scene.jitter_px = 1.5;
    const Buffer<float, 2> image = detail::column_image(scene);
    const ImageLattice found = fit_lattice(image.view(), {});
    const KnownLattice truth{.name = "truth", .reciprocal = detail::reciprocal_of(scene.a1, scene.a2)};
    const ScanCalibration c = calibrate_scan(found, truth, std::array{1.0, 1.0});
    for (const Estimate& e : {c.pixel_y_A, c.pixel_x_A}) {
      all.push_back(e.value - 1.0);
      pulls.push_back((e.value - 1.0) / e.sigma);
    }
  }
  std::printf("  row jitter 1.5 px: relative error %.1e, pull %.2f\n", num::standard_deviation(all),
              num::standard_deviation(pulls));
  EXPECT_LT(num::standard_deviation(all), 1e-3);
  EXPECT_LT(num::standard_deviation(pulls), 2.0);
}

TEST(Lattice, noise_alone_and_fringes_are_refused) {
  ColumnScene scene{.rows = 256, .columns = 256, .a1 = {0.0, 12.0}, .a2 = {12.0, 0.0}, .counts = 20.0};
  scene.contrast = 0.0;
  const Buffer<float, 2> flat = detail::column_image(scene);
  EXPECT_TRUE(find_spots(flat.view(), {}).empty());
  EXPECT_THROW((void)fit_lattice(flat.view(), {}), Error);
  Buffer<float, 2> fringes({256, 256});
  for (std::size_t y = 0; y < 256; ++y) {
    for (std::size_t x = 0; x < 256; ++x) {
      fringes.view()(y, x) = static_cast<float>(100.0 + 30.0 * std::cos(0.5 * static_cast<double>(x)));
    }
  }
  EXPECT_THROW((void)fit_lattice(fringes.view(), {}), Error);
}

TEST(ScanCalibration, finds_pixel_sizes_and_shear_of_a_sheared_square_lattice) {
  // 3.905 Å square lattice, turned by 7°; 0.30 Å/px along x, 0.32 along y, rows lean by 1.2°.
  const double lean = std::tan(1.2 * 3.14159265358979 / 180.0);
  const auto seen = [&](double y_A, double x_A) {
    const double y = y_A / 0.32;
    return Planar{y, (x_A - lean * y_A) / 0.30};
  };
  const double c = 3.905 * std::cos(0.122);
  const double s = 3.905 * std::sin(0.122);
  ColumnScene scene{.rows = 400, .columns = 400, .a1 = seen(s, c), .a2 = seen(c, -s), .counts = 50.0};
  const Buffer<float, 2> image = detail::column_image(scene);
  const ScanCalibration found =
      calibrate_scan(fit_lattice(image.view(), {}), known_lattice(3.905, 3.905, 90.0), std::array{0.30, 0.30});
  EXPECT_NEAR(found.pixel_x_A.value, 0.30, 2e-4);
  EXPECT_NEAR(found.pixel_y_A.value, 0.32, 2e-4);
  EXPECT_NEAR(found.shear_deg.value, 1.2, 0.05);
  EXPECT_THROW((void)calibrate_scan(fit_lattice(image.view(), {}), known_lattice(3.905, 3.0, 90.0), {}), Error);
  EXPECT_THROW((void)known_lattice(0.0, 3.0, 90.0), Error);
}

struct RealFile {
  const char* name;
  double d1_A;  ///< known spacings and the angle between their normals
  double d2_A;
  double angle_deg;
  double stored_A;
  double y_A;  ///< measured here with this code: guards against change
  double x_A;
  double tolerance;
};

TEST(ScanCalibration, files_whose_pixel_size_is_wrong) {
  const char* root = std::getenv("HOTSTAGE_SHARED_DATA");
  if (root == nullptr) {
    GTEST_SKIP() << "HOTSTAGE_SHARED_DATA is not set";
  }
  hotstage::Run run;
  std::size_t read = 0;
  for (const RealFile& file :
       {RealFile{"16_STOimage_1.ser", 3.905, 3.905, 90.0, 0.1001, 0.0962, 0.0973, 0.0005},
        RealFile{"Cropped_PTO-SRO_Aligned.hspy", 3.93, 3.93, 90.0, 0.15, 0.1636, 0.1618, 0.001},
        RealFile{"BTO_crystal_1.dm4", 4.006, 4.006, 90.0, 0.297, 0.3126, 0.2980, 0.001},
        RealFile{"CdTe_tilt_GB_HAADF149.dm3", 3.742, 3.742, 70.53, 0.164, 0.1593, 0.1603, 0.001}}) {
    const std::filesystem::path path = std::filesystem::path(root) / "stem/images" / file.name;
    try {
      const signal::Signal signal = signal::load(path, run);
      Buffer<float, 2> image({signal.axes[0].size, signal.axes[1].size});
      signal::read(signal, {0, 1, 0, signal.channels()}, View<float, 2>(image.data(), {1, image.size()}));
      const ImageLattice found = fit_lattice(image.view(), {});
      const ScanCalibration c = calibrate_scan(found, known_lattice(file.d1_A, file.d2_A, file.angle_deg),
                                               std::array{file.stored_A, file.stored_A});
      std::printf("  %s: y %.5f ± %.5f, x %.5f ± %.5f Å/px, shear %.2f ± %.2f°, %zu of %zu spots, wander %.2f px\n",
                  file.name, c.pixel_y_A.value, c.pixel_y_A.sigma, c.pixel_x_A.value, c.pixel_x_A.sigma,
                  c.shear_deg.value, c.shear_deg.sigma, found.indexed, found.spots.size(), found.wander_px);
      EXPECT_NEAR(c.pixel_y_A.value, file.y_A, file.tolerance) << file.name;
      EXPECT_NEAR(c.pixel_x_A.value, file.x_A, file.tolerance) << file.name;
      ++read;
    } catch (const Error& error) {
      // A format that this version does not read is another module's affair.
      EXPECT_EQ(error.code(), Errc::unsupported) << error.what();
    }
  }
  EXPECT_GT(read, 0U);
}

}  // namespace
}  // namespace hotstage::series
