// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/eels/gos.hpp"

#include "hotstage/core/constants.hpp"
#include "hotstage/core/data_folders.hpp"
#include "hotstage/core/error.hpp"
#include "hotstage/io/files.hpp"
#include "hotstage/io/hdf5.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstring>
#include <map>
#include <mutex>
#include <optional>
#include <span>
#include <utility>

namespace hotstage::eels {

namespace {

constexpr double soft_eV = 5.0;                   // energies are interpolated in ln(ε + 5 eV)
constexpr double least = 1e-40;                   // stands for 0 before the logarithm
constexpr std::size_t most = 20000;               // points on an axis of a file
constexpr std::size_t most_numbers = 10'000'000;  // of one dataset

double energy_coordinate(double energy_eV) {
  return std::log(energy_eV + soft_eV);
}

// Slope at `i` of the cubic through (x, y): of the parabola through three points, and of the monotone cubic where ln f
// jumps (zeros of a file), because a parabola would overshoot there. y by callable: columns of a table need no copy.
template <class X, class Y>
double slope_at(const X& x, const Y& y, std::size_t i, std::size_t n) {
  constexpr double jump = 3.0;
  const auto secant = [&](std::size_t k) { return (y(k + 1) - y(k)) / (x(k + 1) - x(k)); };
  if (n == 2) {
    return secant(0);
  }
  if (i == 0 || i == n - 1) {
    const std::size_t near = i == 0 ? 0 : n - 2;
    const std::size_t far = i == 0 ? 1 : n - 3;
    if (std::max(std::abs(y(near + 1) - y(near)), std::abs(y(far + 1) - y(far))) > jump) {
      return secant(near);
    }
    const double h0 = x(near + 1) - x(near);
    const double h1 = x(far + 1) - x(far);
    return ((2.0 * h0 + h1) * secant(near) - h0 * secant(far)) / (h0 + h1);
  }
  const double before = secant(i - 1);
  const double behind = secant(i);
  const double h0 = x(i) - x(i - 1);
  const double h1 = x(i + 1) - x(i);
  if (std::max(std::abs(y(i) - y(i - 1)), std::abs(y(i + 1) - y(i))) <= jump) {
    return (h1 * before + h0 * behind) / (h0 + h1);
  }
  if (before * behind <= 0.0) {
    return 0.0;
  }
  const double w0 = 2.0 * h1 + h0;
  const double w1 = h1 + 2.0 * h0;
  return (w0 + w1) / (w0 / before + w1 / behind);
}

double hermite(double x0, double x1, double y0, double y1, double s0, double s1, double x) {
  const double h = x1 - x0;
  const double t = (x - x0) / h;
  const double u = 1.0 - t;
  return y0 * u * u * (1.0 + 2.0 * t) + y1 * t * t * (3.0 - 2.0 * t) + h * t * u * (s0 * u - s1 * t);
}

std::size_t interval(const std::vector<double>& x, double at) {
  const auto above = std::upper_bound(x.begin() + 1, x.end() - 1, at);
  return static_cast<std::size_t>(above - x.begin()) - 1;
}

[[noreturn]] void broken(const Location& where, std::string what) {
  throw Error(Errc::bad_input, where, std::move(what), "Copy or download the table again");
}

void check_axis(const std::vector<double>& axis, double from, std::string_view what, const Location& where) {
  if (axis.size() < 2 || axis.size() > most) {
    broken(where, fmt::format("{} has {} points, not 2 to {}", what, axis.size(), most));
  }
  for (std::size_t i = 0; i < axis.size(); ++i) {
    if (!std::isfinite(axis[i]) || axis[i] < from || (i > 0 && axis[i] <= axis[i - 1])) {
      broken(where, fmt::format("{} is not an ascending list from {:g} on (entry {} is {:g})", what, from, i, axis[i]));
    }
  }
}

/// Words of one line; numbers are checked.
class Words {
 public:
  Words(std::string_view line, Location where) : rest_(line), where_(std::move(where)) {}

  [[nodiscard]] std::string_view next() {
    const std::size_t start = rest_.find_first_not_of(" \t\r");
    if (start == std::string_view::npos) {
      rest_ = {};
      return {};
    }
    const std::size_t end = std::min(rest_.find_first_of(" \t\r", start), rest_.size());
    const std::string_view word = rest_.substr(start, end - start);
    rest_ = rest_.substr(end);
    return word;
  }

  [[nodiscard]] std::optional<double> number() {
    const std::string_view word = next();
    if (word.empty()) {
      return std::nullopt;
    }
    double value = 0.0;
    const auto [stop, status] = std::from_chars(word.data(), word.data() + word.size(), value);
    if (status != std::errc{} || stop != word.data() + word.size() || !std::isfinite(value)) {
      broken(where_, fmt::format(R"("{}" is not a number)", word.substr(0, 40)));
    }
    return value;
  }

  [[nodiscard]] std::vector<double> numbers() {
    std::vector<double> out;
    while (const auto value = number()) {
      out.push_back(*value);
    }
    return out;
  }

 private:
  std::string_view rest_;
  Location where_;
};

std::vector<double> read_numbers(const io::Hdf5Dataset& data, const Location& where) {
  const std::vector<std::size_t>& shape = data.shape();
  const auto type = data.type();
  if (!type || (*type != io::NumberType::f64 && *type != io::NumberType::f32)) {
    broken(where, fmt::format("holds {}, not real numbers", data.type_name()));
  }
  if (data.size() > most_numbers) {
    broken(where, fmt::format("holds {} numbers", data.size()));
  }
  std::vector<std::byte> bytes(data.size() * io::size_of(*type));
  data.read(std::vector<std::size_t>(shape.size(), 0), shape, bytes);
  std::vector<double> out(data.size());
  for (std::size_t i = 0; i < out.size(); ++i) {
    if (*type == io::NumberType::f64) {
      std::memcpy(&out[i], &bytes[i * sizeof(double)], sizeof(double));
    } else {
      float value = 0.0F;
      std::memcpy(&value, &bytes[i * sizeof(float)], sizeof(float));
      out[i] = static_cast<double>(value);
    }
  }
  return out;
}

struct Convention {
  std::string table;
  double ratio = 1.0;
};

std::map<std::string, Convention> read_conventions(const io::Hdf5File& file, const std::string& name) {
  const std::string group = "/metadata/edges_info";
  if (file.kind(group) != io::Hdf5Kind::group) {
    throw Error(Errc::bad_input, Location{.file = name}, fmt::format("has no group {}", group), "Give a GOSH file");
  }
  std::map<std::string, Convention> out;
  for (const std::string& shell : file.members(group)) {
    const Value attributes = file.attributes(group + '/' + shell);
    const auto table = attributes.text_at("table");
    const auto ratio = attributes.number_at("occupancy_ratio");
    if (!table || !ratio || !(*ratio > 0.0) || !std::isfinite(*ratio)) {
      broken(Location{.file = name}, fmt::format("{}/{} has no table name and positive occupancy_ratio", group, shell));
    }
    out[shell] = {*table, *ratio};
  }
  return out;
}

std::unique_ptr<GosTable> read_gosh(const io::Hdf5File& file, const Location& where, const std::string& element,
                                    const Convention& convention) {
  const std::string stem = '/' + element + '/' + convention.table;
  if (file.kind(stem) != io::Hdf5Kind::group) {
    return nullptr;
  }
  const auto part = [&](const char* name) {
    const std::string path = stem + '/' + name;
    if (file.kind(path) != io::Hdf5Kind::dataset) {
      broken(where, fmt::format("has no dataset {}", path));
    }
    return file.dataset(path);
  };
  auto out = std::make_unique<GosTable>();
  out->momentum = read_numbers(part("q"), where);
  out->energy_eV = read_numbers(part("free_energies"), where);
  for (double& q : out->momentum) {
    q *= constants::bohr_radius_nm * 1e-9;
  }
  const double first = out->energy_eV.empty() ? 0.0 : out->energy_eV.front();
  for (double& energy : out->energy_eV) {
    energy -= first;
  }
  check_axis(out->energy_eV, 0.0, stem + "/free_energies", where);
  check_axis(out->momentum, 1e-300, stem + "/q", where);
  const io::Hdf5Dataset data = part("data");
  std::vector<std::size_t> shape = data.shape();
  std::erase(shape, 1U);
  const std::size_t nq = out->momentum.size();
  const std::size_t ne = out->energy_eV.size();
  if (shape != std::vector{nq, ne}) {
    broken(where, fmt::format("{}/data is not momenta × energies = {} × {} (one variant)", stem, nq, ne));
  }
  const std::vector<double> values = read_numbers(data, where);
  out->log_values.resize(values.size());
  for (std::size_t e = 0; e < ne; ++e) {
    for (std::size_t k = 0; k < nq; ++k) {
      const double value = values[k * ne + e] * convention.ratio;
      if (!(value >= 0.0) || !std::isfinite(value)) {
        broken(where, fmt::format("{}/data holds {:g}", stem, value));
      }
      out->log_values[e * nq + k] = std::log(std::max(value, least));
    }
  }
  return out;
}

}  // namespace

GosSlice::GosSlice(const GosTable& table, double energy_eV, double loss_eV) {
  const std::vector<double>& energies = table.energy_eV;
  const std::size_t n = energies.size();
  const std::size_t nq = table.momentum.size();
  HOTSTAGE_EXPECTS(n >= 2 && nq >= 2 && table.log_values.size() == n * nq && energy_eV >= 0.0);
  const std::size_t i = interval(energies, energy_eV);
  const double x = std::max(energy_coordinate(energy_eV), energy_coordinate(energies.front()));
  const double factor = table.over_energy ? std::log(loss_eV) : 0.0;
  const auto at = [&](std::size_t k) { return energy_coordinate(energies[k]); };
  x_.reserve(nq);
  y_.reserve(nq);
  for (std::size_t k = 0; k < nq; ++k) {
    const auto value = [&](std::size_t e) { return table.log_values[e * nq + k]; };
    double y = 0.0;
    if (energy_eV > energies.back()) {
      y = value(n - 1) + (value(n - 1) - value(n - 2)) / (at(n - 1) - at(n - 2)) * (x - at(n - 1));
    } else {
      y = hermite(at(i), at(i + 1), value(i), value(i + 1), slope_at(at, value, i, n), slope_at(at, value, i + 1, n),
                  x);
    }
    x_.push_back(std::log(table.momentum[k]));
    y_.push_back(y + factor);
  }
  slope_.reserve(nq);
  for (std::size_t k = 0; k < nq; ++k) {
    slope_.push_back(slope_at([this](std::size_t m) { return x_[m]; }, [this](std::size_t m) { return y_[m]; }, k, nq));
  }
}

double GosSlice::at(double qa0_squared) const {
  const double x = qa0_squared > 0.0 ? 0.5 * std::log(qa0_squared) : x_.front();
  if (x <= x_.front()) {
    return std::exp(y_.front());
  }
  const std::size_t n = x_.size();
  if (x >= x_.back()) {
    const double slope = std::min((y_[n - 1] - y_[n - 2]) / (x_[n - 1] - x_[n - 2]), 0.0);
    return std::exp(y_.back() + slope * (x - x_.back()));
  }
  const std::size_t i = interval(x_, x);
  return std::exp(hermite(x_[i], x_[i + 1], y_[i], y_[i + 1], slope_[i], slope_[i + 1], x));
}

std::unique_ptr<GosTable> parse_gos(std::string_view text, std::string_view shell, const std::string& file) {
  auto out = std::make_unique<GosTable>();
  out->over_energy = true;
  bool here = false;
  std::size_t rows = 0;
  Location where{.file = file};
  while (!text.empty()) {
    ++where.line;
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    Words words(line, where);
    const std::string_view first = Words(line, where).next();
    if (first.empty() || first.front() == '#') {
      continue;
    }
    if (first == "energies_eV" || first == "q_per_bohr") {
      (void)words.next();
      (first == "energies_eV" ? out->energy_eV : out->momentum) = words.numbers();
    } else if (first == "shell") {
      if (here) {
        break;
      }
      (void)words.next();
      here = words.next() == shell;
      for (std::string_view key = words.next(); !key.empty() && here; key = words.next()) {
        const auto value = words.number();
        if (!value) {
          broken(where, fmt::format(R"("{}" has no number)", key.substr(0, 40)));
        }
        if (key == "scale_spread" || key == "shape_spread") {
          (key == "scale_spread" ? out->scale_spread : out->shape_spread) = *value;
        }
      }
    } else if (here) {
      const std::vector<double> values = words.numbers();
      if (values.size() != out->momentum.size() || rows == out->energy_eV.size()) {
        broken(where, fmt::format("row {} of {} has {} numbers, not {} × {}", rows + 1, shell, values.size(),
                                  out->energy_eV.size(), out->momentum.size()));
      }
      for (const double value : values) {
        out->log_values.push_back(1e-3 * value);
      }
      ++rows;
    }
  }
  if (!here) {
    return nullptr;
  }
  check_axis(out->energy_eV, 0.0, "energies_eV", Location{.file = file});
  check_axis(out->momentum, 1e-300, "q_per_bohr", Location{.file = file});
  if (rows != out->energy_eV.size()) {
    broken(Location{.file = file}, fmt::format("{} has {} rows for {} energies", shell, rows, out->energy_eV.size()));
  }
  return out;
}

struct Gos::Source {
  std::string name;
  std::filesystem::path path;        // folder of our own tables, or the file
  std::optional<io::Hdf5File> file;  // none: our own tables
  std::map<std::string, Convention> conventions;
  std::mutex mutex;
  std::map<std::pair<std::string, std::string>, std::unique_ptr<GosTable>> tables;

  [[nodiscard]] std::unique_ptr<GosTable> read(const std::string& element, const std::string& shell) const {
    if (file) {
      const auto found = conventions.find(shell);
      return found == conventions.end() ? nullptr
                                        : read_gosh(*file, Location{.file = path.string()}, element, found->second);
    }
    const std::filesystem::path own = path / (element + ".txt");
    if (!std::filesystem::exists(own)) {
      return nullptr;
    }
    return parse_gos(io::read_text(own), shell, own.string());
  }
};

Gos Gos::own() {
  static const Gos tables = [] {
    auto source = std::make_shared<Source>();
    source->name = "own GOS";
    source->path = data_folder("gos");
    return Gos(std::move(source));
  }();
  return tables;
}

Gos Gos::gosh(const std::filesystem::path& path) {
  auto source = std::make_shared<Source>();
  source->name = "GOS of " + path.filename().string();
  source->path = path;
  source->file = io::Hdf5File::open(path);
  source->conventions = read_conventions(*source->file, path.string());
  return Gos(std::move(source));
}

const GosTable* Gos::find(std::string_view element, std::string_view shell) const {
  const std::scoped_lock lock(source_->mutex);
  auto key = std::pair(std::string(element), std::string(shell));
  auto found = source_->tables.find(key);
  if (found == source_->tables.end()) {
    auto table = source_->read(key.first, key.second);
    found = source_->tables.emplace(std::move(key), std::move(table)).first;
  }
  return found->second.get();
}

const std::string& Gos::name() const {
  return source_->name;
}

std::shared_ptr<const Gos> tables_of(ShellModel model, const std::filesystem::path& gosh_file) {
  if ((model == ShellModel::gosh) == gosh_file.empty()) {
    throw Error(Errc::bad_input,
                gosh_file.empty() ? "the model \"gosh\" needs a file"
                                  : fmt::format("{} is given, but the model is not \"gosh\"", gosh_file.string()),
                R"(Give model = "gosh" and gosh = "FILE" together)");
  }
  switch (model) {
    case ShellModel::gos:
      return std::make_shared<const Gos>(Gos::own());
    case ShellModel::gosh:
      return std::make_shared<const Gos>(Gos::gosh(gosh_file));
    case ShellModel::hydrogenic:
      break;
  }
  return nullptr;
}

}  // namespace hotstage::eels
