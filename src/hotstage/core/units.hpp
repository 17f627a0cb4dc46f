// SPDX-License-Identifier: GPL-3.0-or-later
// Units: dimensions checked at compile time for scalars, at run time for the axes and values of files.
//
// Base set: nanometre, second, electronvolt, elementary charge, kelvin, mole, radian. Numbers a lab writes (nm, eV, s,
// mrad) therefore round-trip exactly.

#pragma once

#include <compare>
#include <optional>
#include <string>
#include <string_view>

namespace hotstage {

/// Exponents over the base set.
struct Dimension {
  signed char nm = 0;
  signed char s = 0;
  signed char eV = 0;
  signed char e = 0;
  signed char K = 0;
  signed char mol = 0;
  signed char rad = 0;

  friend constexpr bool operator==(const Dimension&, const Dimension&) = default;

  friend constexpr Dimension operator*(const Dimension& a, const Dimension& b) {
    return {static_cast<signed char>(a.nm + b.nm),  static_cast<signed char>(a.s + b.s),
            static_cast<signed char>(a.eV + b.eV),  static_cast<signed char>(a.e + b.e),
            static_cast<signed char>(a.K + b.K),    static_cast<signed char>(a.mol + b.mol),
            static_cast<signed char>(a.rad + b.rad)};
  }

  /// The dimension to an integer power.
  [[nodiscard]] constexpr Dimension power(int n) const {
    return {static_cast<signed char>(nm * n), static_cast<signed char>(s * n), static_cast<signed char>(eV * n),
            static_cast<signed char>(e * n),  static_cast<signed char>(K * n), static_cast<signed char>(mol * n),
            static_cast<signed char>(rad * n)};
  }
};

/// "nm^2 eV^-1"; "1" for a pure number.
[[nodiscard]] std::string text(const Dimension& dimension);

/// A scalar with a dimension. Stored in base units; made from `5 * units::eV`, read with `x.in(units::keV)`.
template <Dimension D>
class Quantity {
 public:
  static constexpr Dimension dimension = D;

  constexpr Quantity() = default;

  constexpr explicit Quantity(double base) : base_(base) {}

  [[nodiscard]] constexpr double in(Quantity unit) const { return base_ / unit.base_; }

  [[nodiscard]] constexpr double base() const { return base_; }

  constexpr auto operator<=>(const Quantity&) const = default;  // NOLINT(modernize-use-nullptr): false positive

  constexpr Quantity operator-() const { return Quantity(-base_); }

  friend constexpr Quantity operator+(Quantity a, Quantity b) { return Quantity(a.base_ + b.base_); }

  friend constexpr Quantity operator-(Quantity a, Quantity b) { return Quantity(a.base_ - b.base_); }

  friend constexpr Quantity operator*(Quantity a, double k) { return Quantity(a.base_ * k); }

  friend constexpr Quantity operator*(double k, Quantity a) { return Quantity(a.base_ * k); }

  friend constexpr Quantity operator/(Quantity a, double k) { return Quantity(a.base_ / k); }

 private:
  double base_ = 0.0;
};

template <Dimension A, Dimension B>
constexpr auto operator*(Quantity<A> a, Quantity<B> b) {
  constexpr Dimension dimension = A * B;
  if constexpr (dimension == Dimension{}) {
    return a.base() * b.base();
  } else {
    return Quantity<dimension>(a.base() * b.base());
  }
}

template <Dimension A, Dimension B>
constexpr auto operator/(Quantity<A> a, Quantity<B> b) {
  constexpr Dimension dimension = A * B.power(-1);
  if constexpr (dimension == Dimension{}) {
    return a.base() / b.base();
  } else {
    return Quantity<dimension>(a.base() / b.base());
  }
}

using Length = Quantity<Dimension{.nm = 1}>;
using Time = Quantity<Dimension{.s = 1}>;
using Energy = Quantity<Dimension{.eV = 1}>;
using Charge = Quantity<Dimension{.e = 1}>;
using TemperatureDifference = Quantity<Dimension{.K = 1}>;
using Amount = Quantity<Dimension{.mol = 1}>;
using Angle = Quantity<Dimension{.rad = 1}>;
using Voltage = Quantity<Dimension{.eV = 1, .e = -1}>;
using Current = Quantity<Dimension{.s = -1, .e = 1}>;
using Frequency = Quantity<Dimension{.s = -1}>;
using Area = Quantity<Dimension{.nm = 2}>;
using Density = Quantity<Dimension{.nm = -5, .s = 2, .eV = 1}>;  ///< mass per volume; mass is eV s² nm⁻²
using HeatingRate = Quantity<Dimension{.s = -1, .K = 1}>;

/// An absolute temperature. Differences are TemperatureDifference, so that degC offsets cannot leak into ratios.
class Temperature {
 public:
  constexpr Temperature() = default;

  [[nodiscard]] static constexpr Temperature kelvin(double value) { return Temperature(value); }

  [[nodiscard]] static constexpr Temperature celsius(double value) { return Temperature(value + 273.15); }

  [[nodiscard]] constexpr double in_K() const { return kelvin_; }

  [[nodiscard]] constexpr double in_degC() const { return kelvin_ - 273.15; }

  constexpr auto operator<=>(const Temperature&) const = default;  // NOLINT(modernize-use-nullptr): false positive

  friend constexpr TemperatureDifference operator-(Temperature a, Temperature b) {
    return TemperatureDifference(a.kelvin_ - b.kelvin_);
  }

  friend constexpr Temperature operator+(Temperature a, TemperatureDifference b) {
    return Temperature(a.kelvin_ + b.base());
  }

 private:
  constexpr explicit Temperature(double kelvin) : kelvin_(kelvin) {}

  double kelvin_ = 0.0;
};

namespace units {
inline constexpr Length nm{1.0};
inline constexpr Length um{1e3};
inline constexpr Length m{1e9};
inline constexpr Length angstrom{0.1};
inline constexpr Time s{1.0};
inline constexpr Time ms{1e-3};
inline constexpr Time us{1e-6};
inline constexpr Time min{60.0};
inline constexpr Time h{3600.0};
inline constexpr Energy eV{1.0};
inline constexpr Energy meV{1e-3};
inline constexpr Energy keV{1e3};
inline constexpr Angle rad{1.0};
inline constexpr Angle mrad{1e-3};
inline constexpr TemperatureDifference K{1.0};
inline constexpr Voltage V{1.0};
inline constexpr Voltage kV{1e3};
inline constexpr Amount mol{1.0};
}  // namespace units

/// A unit met in a file or a study: symbol, dimension, size in base units. `offset` is non-zero for degC only.
struct Unit {
  std::string symbol;
  Dimension dimension;
  double factor = 1.0;
  double offset = 0.0;

  friend bool operator==(const Unit&, const Unit&) = default;
};

/// Reads "eV", "1/nm", "mA h/g", "g/cm^3", "2·K/s" without the number, "µm", "degC", "%".
///
/// SI prefixes are understood. Nothing if a symbol is not known.
[[nodiscard]] std::optional<Unit> find_unit(std::string_view symbol);

/// As find_unit; throws Error{bad_input} with the unknown symbol.
[[nodiscard]] Unit parse_unit(std::string_view symbol);

/// A number with its unit, as a user writes it.
struct Measured {
  double value = 0.0;
  Unit unit;

  [[nodiscard]] double base() const { return value * unit.factor + unit.offset; }
};

/// Reads "650 degC", "2.5e-3 nm", "17.8 mrad". A bare number has the dimensionless unit. Throws Error{bad_input}.
[[nodiscard]] Measured parse_measured(std::string_view text);

/// Value in `target` units. Throws Error{bad_input} naming both units when dimensions differ.
[[nodiscard]] double convert(const Measured& measured, const Unit& target);

}  // namespace hotstage
