// SPDX-License-Identifier: GPL-3.0-or-later
// The JSON that Velox keeps beside every datum: metadata columns, labels of displays, axes and calibrations from them.

#pragma once

#include "hotstage/io/hdf5.hpp"
#include "hotstage/signal/signal.hpp"

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace hotstage::signal::velox {

/// Column `number` of a byte dataset (rows × frames), which holds JSON ended by zeros. Throws Error{bad_input}.
[[nodiscard]] Value read_column(const io::Hdf5File& file, const std::string& path, std::size_t number);

/// JSON kept as one text. Null when the dataset is missing or holds no JSON.
[[nodiscard]] Value read_text(const io::Hdf5File& file, const std::string& path);

/// Velox writes most numbers as texts. Nothing when absent or not a finite number. Keys separated by '/'.
[[nodiscard]] std::optional<double> number(const Value& tree, std::string_view path);
[[nodiscard]] std::string text(const Value& tree, std::string_view path);

/// Path of a datum ("/Data/Image/…") → what its display calls it ("HAADF", "O").
using Labels = std::map<std::string, std::string, std::less<>>;
[[nodiscard]] Labels read_labels(const io::Hdf5File& file);

/// Fills `metadata`: beam energy, probe semi-angle, detector, date, magnification. Zero means unknown.
void read_metadata(const Value& tree, Metadata& metadata);

/// Semi-angle of the spectrometer.
[[nodiscard]] std::optional<Angle> collection(const Value& tree);

/// The detector that recorded the datum: by BinaryResult.DetectorIndex, else by name; null when not listed.
[[nodiscard]] const Value* find_detector(const Value& tree);

struct Pixels {
  std::size_t y = 0;
  std::size_t x = 0;
};

/// Pixels of the scanned area: ScanSize times the fraction ScanArea. Nothing when the file does not say.
[[nodiscard]] std::optional<Pixels> scan_pixels(const Value& tree);

/// Axes y and x in nm (or 1/nm), from PixelSize and Offset, else from the scanned part of the full field of view.
[[nodiscard]] std::vector<Axis> image_axes(const Value& tree, Pixels size);

}  // namespace hotstage::signal::velox
