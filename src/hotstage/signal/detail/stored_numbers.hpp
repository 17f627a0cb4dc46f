// SPDX-License-Identifier: GPL-3.0-or-later
// Numbers of a signal as a file can hold them: the stored type when counts = stored, else calibrated floats.

#pragma once

#include "hotstage/signal/signal.hpp"

#include <cstddef>
#include <span>
#include <string_view>

namespace hotstage::signal::detail {

class StoredNumbers {
 public:
  /// Throws Error{unsupported} for complex or colour data with an intensity calibration.
  explicit StoredNumbers(const Signal& signal);

  [[nodiscard]] DType type() const { return type_; }

  /// As Source::read, in type().
  void read(const Region& region, std::span<std::byte> out) const;

 private:
  const Signal& signal_;
  DType type_;
  bool plain_;
};

/// Throws Error{unsupported}: this format cannot hold `what`.
[[noreturn]] void refuse(const Signal& signal, std::string_view format, std::string_view what, std::string_view hint);

/// Axis through the listed values: uniform when no value is further from the line than a hundredth of a step or half a
/// unit of the last printed digit (`rounding`); else `points`. The text of name and unit is the caller's.
[[nodiscard]] Axis axis_through(std::span<const double> values, double rounding);

}  // namespace hotstage::signal::detail
