// SPDX-License-Identifier: GPL-3.0-or-later
// Tabulated generalised oscillator strengths: our own (data/gos) and .gosh files of the user.

#pragma once

#include "hotstage/core/fields.hpp"

#include <array>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace hotstage::eels {

/// One subshell on a grid of energies above threshold and momentum transfers.
struct GosTable {
  std::vector<double> energy_eV;   ///< ε of the outgoing electron, ascending, ≥ 0
  std::vector<double> momentum;    ///< q a0, ascending, > 0
  std::vector<double> log_values;  ///< ln of the strength, [energy][momentum]
  bool over_energy = false;        ///< strength is (1/E) df/dE in 1/eV², else df/dE in 1/eV; of the whole subshell
  double scale_spread = 0.0;       ///< half range of f(100 eV) between potentials, relative; 0: not known
  double shape_spread = 0.0;       ///< the same of f(50 eV)/f(100 eV)
};

/// df/dE (1/eV) of one table at one loss, as a function of (q a0)². Cubic in ln q and in ln(ε + 5 eV), monotone
/// (Fritsch & Carlson 1980) where a table jumps. Below the first momentum it stays, above the last momentum and energy
/// it goes on as a power law.
class GosSlice {
 public:
  /// `energy_eV` is ε ≥ 0, `loss_eV` the energy loss itself.
  GosSlice(const GosTable& table, double energy_eV, double loss_eV);

  [[nodiscard]] double at(double qa0_squared) const;

 private:
  std::vector<double> x_;
  std::vector<double> y_;
  std::vector<double> slope_;
};

/// A source of tables. Subshells are read when first asked for and kept; thread-safe; copies share the tables.
class Gos {
 public:
  /// The tables of data/gos: Herman–Skillman–Slater atoms with Dirac orbitals (README.md, "Own oscillator strengths").
  [[nodiscard]] static Gos own();

  /// A GOSH file (HDF5; Segger, Guzzinati & Kohl, doi:10.5281/zenodo.7645765): /<element>/<table>/{data, q in 1/m,
  /// free_energies in eV} and /metadata/edges_info/<subshell> with attributes table and occupancy_ratio.
  /// Throws Error{io|bad_input}.
  [[nodiscard]] static Gos gosh(const std::filesystem::path& path);

  /// Table of "O", "K" or "Ti", "L3"; nullptr when the source has none. Throws Error{bad_input} for a broken one.
  [[nodiscard]] const GosTable* find(std::string_view element, std::string_view shell) const;

  /// "own GOS" or "GOS of <file name>".
  [[nodiscard]] const std::string& name() const;

  struct Source;

 private:
  explicit Gos(std::shared_ptr<Source> source) : source_(std::move(source)) {}

  std::shared_ptr<Source> source_;
};

/// Where the oscillator strength of a shell comes from.
enum class ShellModel {
  hydrogenic,  ///< K and L shells in closed form
  gos,         ///< our own tables (data/gos)
  gosh,        ///< a .gosh file of the user
};

constexpr auto enum_names(ShellModel) {
  return std::array{EnumName<ShellModel>{ShellModel::hydrogenic, "hydrogenic"},
                    EnumName<ShellModel>{ShellModel::gos, "gos"}, EnumName<ShellModel>{ShellModel::gosh, "gosh"}};
}

/// The tables of a choice; nullptr for hydrogenic. Throws Error{bad_input} for gosh without a file, or a file without
/// gosh.
[[nodiscard]] std::shared_ptr<const Gos> tables_of(ShellModel model, const std::filesystem::path& gosh_file = {});

/// Parses a table file of data/gos and returns one subshell; nothing when the file has no such subshell.
/// Throws Error{bad_input} with the line.
[[nodiscard]] std::unique_ptr<GosTable> parse_gos(std::string_view text, std::string_view shell,
                                                  const std::string& file);

}  // namespace hotstage::eels
