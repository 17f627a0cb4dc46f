// SPDX-License-Identifier: GPL-3.0-or-later
// X-ray lines of the elements by family, the detector's resolution, and which lines a detector cannot tell apart.

#pragma once

#include "hotstage/atoms/element.hpp"

#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace hotstage::eds {

/// One line and its share of the photons of its family.
struct XrayLine {
  std::string name;  ///< "Ka1"
  double energy_eV = 0.0;
  double weight = 0.0;
  std::string vacancy{};  ///< "L3": within one subshell ratios are well known, between subshells they are not
};

/// All lines that follow a vacancy in one shell of an element.
struct LineFamily {
  atoms::Element element;
  char shell = 'K';
  std::vector<XrayLine> lines;  ///< strongest first; weights sum to 1
  std::vector<double>
      absorption;  ///< µ/ρ of the α lines in the elements of LineTable::absorbers(), cm²/g; may be empty

  [[nodiscard]] std::string name() const;     ///< "Co K"
  [[nodiscard]] double alpha_energy() const;  ///< mean of the α lines, eV
  [[nodiscard]] double alpha_share() const;
};

/// The table data/xray_lines.
class LineTable {
 public:
  /// Reads data/xray_lines, or the folder given. Throws Error{bad_input|missing_tool}.
  [[nodiscard]] static LineTable load(const std::optional<std::filesystem::path>& folder = {});

  [[nodiscard]] std::span<const LineFamily> families() const { return families_; }

  /// "Co K" or "Co Ka". Throws Error{bad_input} with the families the table has.
  [[nodiscard]] const LineFamily& find(std::string_view name) const;

  /// Families of an element whose α line lies in (low, high), K first.
  [[nodiscard]] std::vector<const LineFamily*> families_of(const atoms::Element& element, double low_eV,
                                                           double high_eV) const;

  /// µ/ρ of the α lines of a family in an element, cm²/g. Nothing when the table has no number.
  [[nodiscard]] std::optional<double> absorption(const LineFamily& family, const atoms::Element& absorber) const;

 private:
  std::vector<LineFamily> families_;
  std::vector<atoms::Element> absorbers_;
};

/// Full width at half maximum of a line in a silicon detector:
///   FWHM(E)² = FWHM(Mn Kα)² + 8 ln 2 · F ε (E − E(Mn Kα)),   F ε = 0.123 · 3.65 eV.
/// Counting of electron–hole pairs with the Fano factor F over noise that does not depend on energy (Fiori and Newbury,
/// SEM/1978/I, 401). Incomplete charge collection below 0.5 keV is not part of it.
struct Resolution {
  double mn_ka_eV = 130.0;

  [[nodiscard]] double fwhm(double energy_eV) const;
  [[nodiscard]] double sigma(double energy_eV) const;
};

/// Two lines closer than the detector can separate without help of a fit.
struct Interference {
  std::string line;   ///< "Co Ka"
  std::string other;  ///< "Fe Kb1"
  double distance_eV = 0.0;
  double fwhm_eV = 0.0;
  bool listed = true;  ///< the other element is part of the fit
};

/// Lines of other elements within `reach` · FWHM of the α line of each family: every listed one, and those of
/// `suspects` that are not listed. Lines weaker than 2 % of their family are left out.
[[nodiscard]] std::vector<Interference> find_interferences(const LineTable& table,
                                                           std::span<const LineFamily* const> listed,
                                                           std::span<const atoms::Element> suspects,
                                                           const Resolution& resolution);

}  // namespace hotstage::eds
