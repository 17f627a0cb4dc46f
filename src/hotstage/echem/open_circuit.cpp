// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/echem/open_circuit.hpp"

#include "hotstage/core/data_folders.hpp"
#include "hotstage/core/error.hpp"
#include "hotstage/io/delimited.hpp"

#include <algorithm>
#include <cmath>

namespace hotstage::echem {

namespace {

/// Slopes at the nodes such that every cubic is monotone.
std::vector<double> monotone_slopes(const std::vector<double>& x, const std::vector<double>& y) {
  const std::size_t n = x.size();
  std::vector<double> secant(n - 1);
  for (std::size_t i = 0; i + 1 < n; ++i) {
    secant[i] = (y[i + 1] - y[i]) / (x[i + 1] - x[i]);
  }
  std::vector<double> slope(n);
  slope.front() = secant.front();
  slope.back() = secant.back();
  for (std::size_t i = 1; i + 1 < n; ++i) {
    slope[i] = 0.5 * (secant[i - 1] + secant[i]);
  }
  for (std::size_t i = 0; i + 1 < n; ++i) {
    const double a = slope[i] / secant[i];
    const double b = slope[i + 1] / secant[i];
    const double length = std::hypot(a, b);
    if (length > 3.0) {
      slope[i] = 3.0 / length * a * secant[i];
      slope[i + 1] = 3.0 / length * b * secant[i];
    }
  }
  return slope;
}

}  // namespace

OpenCircuit::OpenCircuit(std::vector<double> x, std::vector<double> voltage_V, std::vector<char> fitted)
    : x_(std::move(x)), voltage_(std::move(voltage_V)), fitted_(std::move(fitted)) {
  bool falling = x_.size() >= 2 && x_.size() == voltage_.size() && x_.size() == fitted_.size();
  for (std::size_t i = 1; falling && i < x_.size(); ++i) {
    falling = x_[i] > x_[i - 1] && voltage_[i] < voltage_[i - 1];
  }
  if (!falling) {
    throw Error(Errc::bad_input, "an open-circuit curve needs at least two nodes, ascending in x, falling in voltage");
  }
  slope_ = monotone_slopes(x_, voltage_);
  published_ = {x_.back(), x_.front()};
  for (std::size_t i = 0; i < x_.size(); ++i) {
    if (fitted_[i] == 0) {
      published_ = {std::min(published_.first, x_[i]), std::max(published_.second, x_[i])};
    }
  }
}

std::size_t OpenCircuit::interval(double x) const {
  const auto above = std::upper_bound(x_.begin() + 1, x_.end() - 1, x);
  return static_cast<std::size_t>(above - x_.begin()) - 1;
}

double OpenCircuit::voltage(double x) const {
  x = std::clamp(x, x_.front(), x_.back());
  const std::size_t i = interval(x);
  const double h = x_[i + 1] - x_[i];
  const double t = (x - x_[i]) / h;
  const double u = 1.0 - t;
  return u * u * ((1.0 + 2.0 * t) * voltage_[i] + t * h * slope_[i]) +
         t * t * ((3.0 - 2.0 * t) * voltage_[i + 1] - u * h * slope_[i + 1]);
}

double OpenCircuit::slope(double x) const {
  x = std::clamp(x, x_.front(), x_.back());
  const std::size_t i = interval(x);
  const double h = x_[i + 1] - x_[i];
  const double t = (x - x_[i]) / h;
  return 6.0 * t * (1.0 - t) * (voltage_[i + 1] - voltage_[i]) / h + (1.0 - t) * (1.0 - 3.0 * t) * slope_[i] +
         t * (3.0 * t - 2.0) * slope_[i + 1];
}

double OpenCircuit::lithium(double voltage_V) const {
  double low = x_.front();
  double high = x_.back();
  for (int i = 0; i < 60; ++i) {  // to the last bit
    const double middle = 0.5 * (low + high);
    (voltage(middle) > voltage_V ? low : high) = middle;
  }
  return 0.5 * (low + high);
}

OpenCircuit OpenCircuit::shifted(double whole_V, double fitted_V) const {
  // Full shift where the plateau lies, none at the published end.
  constexpr double full_at = 0.30;
  std::vector<double> moved = voltage_;
  for (std::size_t i = 0; i < x_.size(); ++i) {
    const double part = std::clamp((published_.first - x_[i]) / (published_.first - full_at), 0.0, 1.0);
    moved[i] += whole_V + fitted_V * part * part * (3.0 - 2.0 * part);
  }
  return {x_, std::move(moved), fitted_};
}

OpenCircuit read_open_circuit(const std::filesystem::path& file) {
  const io::Table table = io::read_table(file);
  const io::Column& source = table.column("source");
  if (!source.is_text) {
    throw Error(Errc::bad_input, Location{.file = file.string()}, "the column \"source\" must name sources");
  }
  std::vector<char> fitted;
  for (const std::string& word : source.texts) {
    fitted.push_back(word == "fitted" ? 1 : 0);
  }
  try {
    return {table.numbers("x"), table.numbers("voltage"), std::move(fitted)};
  } catch (Error& error) {
    error.in_file(file.string());
    throw;
  }
}

const OpenCircuit& lithium_cobalt_oxide() {
  static const OpenCircuit curve = read_open_circuit(data_folder("lco_ocp") / "ocp.csv");
  return curve;
}

}  // namespace hotstage::echem
