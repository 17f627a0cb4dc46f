// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/study/detail/eels_thickness_pages.hpp"

#include "hotstage/eels/chain.hpp"
#include "hotstage/num/statistics.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>

namespace hotstage::study::detail {

namespace {

io::Table item_table(const signal::Signal& low, std::span<const eels::RelativeThickness> items,
                     const std::optional<eels::MeanFreePaths>& paths, const ThicknessOptions& options) {
  std::vector<std::string> status;
  std::vector<double> ratio, counting, mirror, systematic, nm, nm_counting, nm_systematic, nm_other;
  const Estimate path = paths ? paths->of(options.model) : Estimate{};
  const eels::PathModel rest =
      options.model == eels::PathModel::malis ? eels::PathModel::iakoubovskii : eels::PathModel::malis;
  for (const eels::RelativeThickness& item : items) {
    const eels::AbsoluteThickness absolute = eels::absolute_thickness(item, path);
    status.emplace_back(eels::name(item.status));
    ratio.push_back(item.value.value);
    counting.push_back(item.value.sigma);
    mirror.push_back(item.mirror.value);
    systematic.push_back(item.systematic);
    nm.push_back(absolute.nm);
    nm_counting.push_back(absolute.counting);
    nm_systematic.push_back(absolute.systematic);
    nm_other.push_back(paths ? item.value.value * paths->of(rest).value : 0.0);
  }
  io::Table table;
  table.columns = position_columns(low);
  table.columns.push_back(io::text_column("status", status));
  table.columns.push_back(io::number_column("t_over_lambda", "", ratio));
  table.columns.push_back(io::number_column("t_over_lambda_sigma_counting", "", counting));
  table.columns.push_back(io::number_column("t_over_lambda_mirrored_tail", "", mirror));
  table.columns.push_back(io::number_column("t_over_lambda_sigma_systematic", "", systematic));
  if (paths) {
    table.columns.push_back(io::number_column("thickness", "nm", nm));
    table.columns.push_back(io::number_column("thickness_sigma_counting", "nm", nm_counting));
    table.columns.push_back(io::number_column("thickness_sigma_systematic", "nm", nm_systematic));
    if (paths->of(rest).value > 0.0) {
      table.columns.push_back(io::number_column("thickness_other_model", "nm", nm_other));
    }
  }
  return table;
}

/// Means over the items that have a value and hold specimen.
struct Means {
  std::vector<double> ratio;
  std::vector<double> mirror;
  double counting = 0.0;    ///< of one item, root mean square
  double systematic = 0.0;  ///< mean

  explicit Means(std::span<const eels::RelativeThickness> items) {
    for (const eels::RelativeThickness& item : items) {
      if (item.ok()) {
        ratio.push_back(item.value.value);
        mirror.push_back(item.mirror.value);
        counting += item.value.sigma * item.value.sigma;
        systematic += item.systematic;
      }
    }
    const auto n = static_cast<double>(std::max<std::size_t>(ratio.size(), 1));
    counting = std::sqrt(counting / n);
    systematic /= n;
  }

  /// Of the mean: scatter of the items (counting of a single one), and the systematic part.
  [[nodiscard]] double sigma() const {
    return std::hypot(ratio.size() > 1 ? num::standard_error(ratio) : counting, systematic);
  }
};

void add_results(const Means& means, const std::optional<eels::MeanFreePaths>& paths, const ThicknessOptions& options,
                 StepOutput& out) {
  const double mean = num::mean(means.ratio);
  out.results.push_back({.id = "t/lambda",
                         .value = mean,
                         .sigma = means.sigma(),
                         .method = fmt::format("ln(It/I0), I0 up to the first minimum, mean of {} items; σ: scatter, "
                                               "and {:.3g} between the two ends of the zero-loss peak",
                                               means.ratio.size(), means.systematic),
                         .label = "t/λ",
                         .headline = true});
  out.results.push_back({.id = "t/lambda mirrored tail",
                         .value = num::mean(means.mirror),
                         .sigma = {},
                         .method = "ln(It/I0), tail of the zero-loss peak mirrored from its left side",
                         .label = "t/λ, mirrored tail"});
  if (!paths) {
    return;
  }
  for (const auto model : {eels::PathModel::iakoubovskii, eels::PathModel::malis}) {
    const Estimate path = paths->of(model);
    if (path.value <= 0.0) {
      continue;
    }
    const bool chosen = model == options.model;
    const char* name = model == eels::PathModel::malis ? "Malis" : "Iakoubovskii";
    const std::string id = model == eels::PathModel::malis ? "malis" : "iakoubovskii";
    out.results.push_back({.id = "mean free path " + id,
                           .value = path.value,
                           .sigma = path.sigma,
                           .unit = "nm",
                           .method = model == eels::PathModel::malis
                                         ? "Malis, Cheng and Egerton 1988, mean loss from the effective Z"
                                         : "Iakoubovskii et al. 2008 with both angles, from the density",
                           .label = fmt::format("Mean free path ({})", name)});
    out.results.push_back({.id = "thickness " + id,
                           .value = mean * path.value,
                           .sigma = std::hypot(means.sigma() * path.value, mean * path.sigma),
                           .unit = "nm",
                           .method = fmt::format("t/λ times the mean free path; σ: {:.2g} nm measured, {:.2g} nm of λ",
                                                 means.sigma() * path.value, mean * path.sigma),
                           .label = fmt::format("Thickness ({})", name),
                           .headline = chosen});
  }
}

void add_refusals(std::span<const eels::RelativeThickness> items, StepOutput& out) {
  std::map<std::string, std::size_t> refused;
  for (const eels::RelativeThickness& item : items) {
    if (!item.ok()) {
      ++refused[std::string(eels::name(item.status))];
    }
  }
  for (const auto& [reason, count] : refused) {
    out.warnings.push_back(
        {"thickness left out", fmt::format("{} of {} items: {}", count, items.size(), reason), count});
  }
}

}  // namespace

std::optional<eels::MeanFreePaths> paths_of(const signal::Signal& low, const ThicknessOptions& options) {
  eels::Medium medium;
  if (!options.material.empty()) {
    medium = eels::medium_of(atoms::find_material(options.material));
  }
  medium.density = options.density ? options.density : medium.density;
  medium.effective_z = options.effective_z ? options.effective_z : medium.effective_z;
  if (!medium.density && !medium.effective_z) {
    return std::nullopt;
  }
  eels::ChainOptions angles;
  angles.beam_energy = options.beam_energy;
  angles.convergence = options.convergence;
  angles.collection = options.collection;
  const eels::MeanFreePaths paths = eels::mean_free_paths(medium, eels::illumination_of(low, angles));
  if (paths.of(options.model).value <= 0.0) {
    throw Error(Errc::bad_input,
                options.model == eels::PathModel::malis ? "model = malis needs effective_z"
                                                        : "model = iakoubovskii needs density",
                "Give it, or a material, or the other model");
  }
  return paths;
}

StepOutput thickness_page(const signal::Signal& low, std::span<const eels::ZeroLoss> peaks,
                          std::span<const eels::RelativeThickness> items,
                          const std::optional<eels::MeanFreePaths>& paths, const ThicknessOptions& options) {
  StepOutput out;
  const double scale = paths ? paths->of(options.model).value : 1.0;
  ItemQuantity value{.name = paths ? "thickness" : "t/λ", .unit = paths ? "nm" : ""};
  ItemQuantity sigma{.name = value.name + " uncertainty", .unit = value.unit};
  for (const eels::RelativeThickness& item : items) {
    const bool measured = item.ok() || item.status == eels::ThicknessStatus::vacuum;
    value.value.push_back(scale * item.value.value);
    value.sigma.push_back(scale * item.sigma());
    value.valid.push_back(measured ? 1 : 0);
    sigma.value.push_back(scale * item.sigma());
    sigma.valid.push_back(measured ? 1 : 0);
  }
  const Means means(items);
  if (!means.ratio.empty()) {
    add_results(means, paths, options, out);
  }
  out.tables["items"] = item_table(low, items, paths, options);
  out.signals["map"] = map_signal(low, value);
  out.signals["sigma"] = map_signal(low, sigma);
  out.figures = scaled_maps(low, std::vector{value, sigma});
  for (report::Figure& figure : histogram(value)) {
    out.figures.push_back(std::move(figure));
  }
  check_zero_loss(eels::summaries_of(peaks), out.checks);
  add_refusals(items, out);
  if (paths) {
    out.assumptions.push_back(
        {"mean free path", "one material everywhere; λ is known to 20 %, the same for all items"});
  }
  return out;
}

void add_single_scattering(const signal::Signal& low, const SingleScattering& single, StepOutput& out) {
  std::vector<double> thickness, sigma, done, difference;
  std::vector<std::string> status;
  std::map<std::string, std::size_t> refused;
  for (const eels::FourierLogResult& item : single.items) {
    thickness.push_back(item.thickness.value);
    sigma.push_back(item.thickness.sigma);
    status.emplace_back(eels::name(item.status));
    if (eels::was_done(item.status)) {
      done.push_back(item.thickness.value);
      difference.push_back(std::abs(item.tail_difference));
    } else {
      ++refused[status.back()];
    }
  }
  io::Table& table = out.tables["items"];
  table.columns.push_back(io::number_column("t_over_lambda_fourier_log", "", thickness));
  table.columns.push_back(io::number_column("t_over_lambda_fourier_log_sigma", "", sigma));
  table.columns.push_back(io::text_column("fourier_log", status));
  for (const auto& [reason, count] : refused) {
    out.warnings.push_back(
        {"single scattering left out", fmt::format("{} of {} items: {}", count, single.items.size(), reason), count});
  }
  if (done.empty()) {
    return;
  }
  out.results.push_back(
      {.id = "t/lambda fourier-log",
       .value = num::mean(done),
       .sigma = std::hypot(done.size() > 1 ? num::standard_error(done) : sigma.front(), num::mean(difference)),
       .method = "sum of the single-scattering distribution over I0 (Fourier-log, tail beyond the "
                 "axis and counts below the first minimum included)",
       .label = "t/λ, Fourier-log"});
  Buffer<float, 2> data({1, single.single.size()});
  report::Line measured{.name = "low loss", .colour = report::Colour::ink};
  report::Line line{.name = "single scattering", .colour = report::Colour::blue};
  for (std::size_t i = 0; i < single.single.size(); ++i) {
    const double energy = single.axis.value(static_cast<double>(i));
    data.row(0)[i] = static_cast<float>(single.single[i]);
    line.x.push_back(energy);
    line.y.push_back(single.single[i]);
    measured.x.push_back(energy);
    measured.y.push_back(single.measured[i]);
  }
  const double top = *std::max_element(line.y.begin(), line.y.end());
  report::Figure figure{.id = "single-scattering", .title = "Single scattering"};
  figure.caption =
      "Mean of the items; plural scattering removed by Fourier-log at the resolution of the zero-loss peak.";
  figure.panels.push_back({.x = {.label = "Energy loss", .unit = "eV"},
                           .y = {.label = "Counts", .range = std::array{-0.1 * top, 1.6 * top}},
                           .marks = {std::move(measured), std::move(line)}});
  out.figures.push_back(std::move(figure));
  signal::Signal mean;
  mean.axes = low.axes;
  mean.axes.front() = signal::energy_axis(low);
  mean.axes.front().offset = single.axis.offset_eV;
  mean.metadata = low.metadata;
  mean.metadata.title = "single scattering";
  mean.intensity_unit = low.intensity_unit;
  mean.source = signal::memory_source(std::move(data));
  out.signals["single"] = std::move(mean);
}

}  // namespace hotstage::study::detail
