// SPDX-License-Identifier: GPL-3.0-or-later
// Measured data: n-d arrays with calibrated axes, metadata and the file's own tags, read tile by tile from a shared
// source.

#pragma once

#include "hotstage/core/array.hpp"
#include "hotstage/core/units.hpp"
#include "hotstage/core/value.hpp"

#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace hotstage::signal {

/// Element type as stored in the file.
enum class DType { u8, i8, u16, i16, u32, i32, u64, i64, f32, f64, c64, c128, rgba8 };

[[nodiscard]] std::size_t size_of(DType type) noexcept;
[[nodiscard]] std::string_view name(DType type) noexcept;  ///< "uint16", "float32", … as NumPy says it

/// One calibrated axis. value(i) = offset + i·scale, unless `points` lists the values of a non-uniform axis.
struct Axis {
  std::string name;  ///< "Energy loss", "x", "y", "time", …; may be empty
  std::size_t size = 0;
  double offset = 0.0;
  double scale = 1.0;
  std::string unit;              ///< as the file spells it; find_unit() tells what it means
  std::vector<double> points{};  ///< non-uniform axis: one value per element

  [[nodiscard]] double value(double index) const;

  [[nodiscard]] bool is_uniform() const { return points.empty(); }

  friend bool operator==(const Axis&, const Axis&) = default;
};

/// What instruments say about a measurement and analyses need. Absent means the file does not say; never assumed.
struct Metadata {
  std::string title;
  std::string signal_type;  ///< "EELS", "EDS", "HAADF", … or empty
  std::string detector;
  std::string acquired;  ///< date and time as the file spells it
  std::optional<Energy> beam_energy;
  std::optional<Angle> convergence;  ///< probe semi-angle
  std::optional<Angle> collection;   ///< spectrometer semi-angle
  std::optional<Time> exposure;      ///< per spectrum or frame, summed frames not counted
  std::optional<double> frames;      ///< exposures summed into one spectrum
  std::optional<double> magnification;
  std::optional<Time> live_time;     ///< of an X-ray detector: exposure less dead time, all frames and pixels
  std::optional<Angle> elevation;    ///< take-off angle of an X-ray detector, above the specimen plane
  std::optional<Energy> resolution;  ///< full width at half maximum of Mn Kα, as the file states it
  std::optional<double> saturation;  ///< largest value the detector can report, in stored counts
};

/// Navigation items × signal channels to read; both ranges are half-open and flattened in C order.
struct Region {
  std::size_t first_item = 0;
  std::size_t items = 0;
  std::size_t first_channel = 0;
  std::size_t channels = 0;
};

/// Where the numbers come from. Immutable, thread-safe, shared between signals.
class Source {
 public:
  Source() = default;
  Source(const Source&) = delete;
  Source& operator=(const Source&) = delete;
  virtual ~Source() = default;

  [[nodiscard]] virtual DType dtype() const = 0;
  [[nodiscard]] virtual std::size_t items() const = 0;     ///< product of the navigation sizes
  [[nodiscard]] virtual std::size_t channels() const = 0;  ///< product of the signal sizes

  /// Copies the stored numbers of `region`, native type, little-endian, item by item (channel fastest), into `out`
  /// (region.items × region.channels × size_of(dtype()) bytes). Throws Error{bad_input|io}.
  virtual void read(const Region& region, std::span<std::byte> out) const = 0;

  /// Items worth reading at once: the file's own chunking. 1 when any region costs the same.
  [[nodiscard]] virtual std::size_t preferred_items() const { return 1; }
};

/// Shared immutable numbers with their axes. Copying is cheap.
struct Signal {
  std::vector<Axis>
      navigation;          ///< slowest first: {y, x} of a spectrum image, {time} of a series, {} of a single spectrum
  std::vector<Axis> axes;  ///< signal axes, slowest first: {energy} of a spectrum, {y, x} of an image
  Metadata metadata;
  Value original;  ///< the file's own tags, nothing dropped
  std::shared_ptr<const Source> source;

  /// counts = stored · intensity_scale + intensity_offset
  double intensity_scale = 1.0;
  double intensity_offset = 0.0;
  std::string intensity_unit;

  /// Added to the energy (first signal) axis of item i, in the axis' unit; empty when all items share one axis.
  std::shared_ptr<const std::vector<double>> item_offset;

  std::string file;  ///< where it came from, for messages

  [[nodiscard]] std::size_t items() const { return source ? source->items() : 0; }

  [[nodiscard]] std::size_t channels() const { return source ? source->channels() : 0; }

  /// "20 × 16 | 2048" : navigation shape, bar, signal shape.
  [[nodiscard]] std::string shape_text() const;
};

/// Reads `region` as calibrated float32 counts. `out` is region.items × region.channels, rows contiguous.
///
/// Complex data give the magnitude, RGBA the mean of the colours. Throws Error{bad_input|io}.
void read(const Signal& signal, const Region& region, View<float, 2> out);
/// The same in float64, for data whose integers do not fit a float32.
void read(const Signal& signal, const Region& region, View<double, 2> out);

/// The whole signal as float32 items × channels. Throws Error{no_space} beyond `limit` bytes.
[[nodiscard]] Buffer<float, 2> read_all(const Signal& signal, std::size_t limit = std::size_t{4} << 30);

/// The energy axis of a spectrum signal in eV. Throws Error{bad_input} when there is no single uniform energy axis
/// (saying what the axes are), so every spectroscopic entry point calls it first.
[[nodiscard]] Axis energy_axis(const Signal& signal);

/// Numbers held in memory, items × channels, of any stored type.
[[nodiscard]] std::shared_ptr<const Source> memory_source(Buffer<float, 2> data);
[[nodiscard]] std::shared_ptr<const Source> memory_source(DType type, std::size_t items, std::size_t channels,
                                                          std::vector<std::byte> data);

/// Items per tile so that `bytes_per_item` · items fits the budget of one thread; at least 1.
[[nodiscard]] std::size_t tile_items(std::size_t items, std::size_t bytes_per_item, std::size_t memory, int threads);

}  // namespace hotstage::signal
