// SPDX-License-Identifier: GPL-3.0-or-later
// What the steps over lattice images share: which image, which known crystal, tables and figures.

#pragma once

#include "hotstage/core/fields.hpp"
#include "hotstage/series/lattice_fit.hpp"
#include "hotstage/study/detail/series_denoised.hpp"
#include "hotstage/study/step.hpp"

#include <array>
#include <optional>
#include <string>
#include <vector>

namespace hotstage::study::detail {

struct ImageOptions {
  std::optional<int> frame;
  std::array<int, 4> region{0, 0, 0, 0};
  std::optional<Length> pixel;

  template <class V>
  void fields(V& v) {
    v("frame", frame,
      {.help = "frame of a series, from 0; without it the mean of all, which must be registered", .min = 0});
    v("region", region, {.help = "first row, first column, rows, columns of the part that is used; 0 0 0 0: all"});
    v("pixel", pixel, {.help = "pixel size, instead of the stored one", .unit = "nm", .min = 1e-6});
  }
};

/// One image of a signal, the chosen part of it.
struct ImagePart {
  Buffer<float, 2> counts;
  std::size_t first_row = 0;
  std::size_t first_column = 0;
  std::optional<std::array<double, 2>> pixel_A;  ///< y, x; nothing when the file does not say
};

/// Throws Error{bad_input} when the signal is no image or the frame or region lies outside.
[[nodiscard]] ImagePart read_image(const signal::Signal& signal, const ImageOptions& options);

/// Pixel size along x in Å. Throws Error{bad_input} when the file does not say and no option does.
[[nodiscard]] std::array<double, 2> require_pixel(const ImagePart& image, const signal::Signal& signal);

struct KnownCrystalOptions {
  std::string crystal;
  std::optional<Length> a;
  std::optional<Length> b;
  std::optional<Length> c;
  std::array<double, 3> angles{90.0, 90.0, 90.0};
  std::string centring = "P";
  std::array<int, 3> zone{0, 0, 0};
  std::optional<Length> d1;
  std::optional<Length> d2;
  double angle = 90.0;
  double known_sigma = 0.0;

  template <class V>
  void fields(V& v) {
    v("crystal", crystal, {.help = "known phase of data/structures (LiCoO2, Co3O4, CoO, …), seen along zone"});
    v("a", a, {.help = "cell of the known crystal, when it is not in data/structures", .unit = "nm", .min = 0.05});
    v("b", b, {.help = "second edge; a when not given", .unit = "nm", .min = 0.05});
    v("c", c, {.help = "third edge; a when not given", .unit = "nm", .min = 0.05});
    v("angles", angles, {.help = "α, β, γ of the cell in degrees"});
    v("centring", centring, {.help = "P, I, F, A, B, C or D (diamond: F and the 200 of <110> missing)"});
    v("zone", zone, {.help = "zone axis of the known crystal: u v w"});
    v("d1", d1, {.help = "known spacing, instead of a crystal", .unit = "nm", .min = 0.02});
    v("d2", d2, {.help = "second known spacing", .unit = "nm", .min = 0.02});
    v("angle", angle, {.help = "degrees between the normals of d1 and d2", .min = 1.0, .max = 179.0});
    v("known_sigma", known_sigma, {.help = "relative uncertainty of the known lattice", .min = 0.0, .max = 0.1});
  }
};

/// The reciprocal lattice of the strong reflections of a zone: for atoms those with |Σ Z^1.8 e^{2πi g·r}| above 5 % of
/// the forward beam's, for a bare cell those that its centring leaves. Nothing when no crystal is named. Throws
/// Error{bad_input} for a zone axis 0 0 0 and for half given spacings.
[[nodiscard]] std::optional<series::KnownLattice> known_lattice(const KnownCrystalOptions& options);

/// The signal with the pixel sizes found in its axes, and affine matrix, reference and σ in its tags
/// ("hotstage_calibration").
[[nodiscard]] signal::Signal with_pixels(const signal::Signal& signal, const series::ScanCalibration& calibration,
                                         const series::KnownLattice& known);

/// Every item resampled (bilinear) on square pixels of the fast axis' size, shear taken out; 0 outside.
[[nodiscard]] signal::Signal straightened(const signal::Signal& signal, const series::ScanCalibration& calibration);

[[nodiscard]] io::Table lattice_spot_table(const series::ImageLattice& lattice,
                                           std::optional<std::array<double, 2>> pixel_A);

/// The image, and its spots in the plane of spatial frequencies with the lattice that explains them.
[[nodiscard]] report::Figure lattice_figure(const ImagePart& image, const series::ImageLattice& lattice);

/// Image as block means of at most `shown` px with outer edges in nm (px without a pixel size).
[[nodiscard]] report::Image grey_image(const ImagePart& image, std::size_t shown = 512);

/// Panel for it: square, with a scale bar.
[[nodiscard]] report::Panel image_panel(const ImagePart& image);

}  // namespace hotstage::study::detail
