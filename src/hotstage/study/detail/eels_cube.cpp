// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/study/detail/eels_cube.hpp"

#include "hotstage/core/pass_journal.hpp"
#include "hotstage/num/statistics.hpp"
#include "hotstage/signal/scratch_rows.hpp"
#include "hotstage/study/detail/eels_pages.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

namespace hotstage::study::detail {

namespace {

/// What the pass leaves of every item.
struct ItemRecord {
  double shift_eV = 0.0;
  double exponent = 0.0;
  double misfit = 0.0;
  double sum_rule = 0.0;
  double thickness = 0.0;
  eels::ItemStatus status = eels::ItemStatus::no_background;
};

io::Table item_table(const signal::Signal& core, const std::vector<ItemRecord>& records) {
  std::vector<double> shift, exponent, misfit, sum_rule, thickness;
  std::vector<std::string> status;
  for (const ItemRecord& record : records) {
    shift.push_back(record.shift_eV);
    exponent.push_back(record.exponent);
    misfit.push_back(record.misfit);
    sum_rule.push_back(record.sum_rule);
    thickness.push_back(record.thickness);
    status.emplace_back(eels::name(record.status));
  }
  io::Table table;
  table.columns = position_columns(core);
  table.columns.push_back(io::text_column("status", status));
  table.columns.push_back(io::number_column("energy_shift", "eV", shift));
  table.columns.push_back(io::number_column("background_r", "", exponent));
  table.columns.push_back(io::number_column("chi2_per_dof", "", misfit));
  table.columns.push_back(io::number_column("sum_rule_deviation", "", sum_rule));
  table.columns.push_back(io::number_column("t_over_lambda", "", thickness));
  return table;
}

signal::Signal make_signal(const signal::Signal& core, std::vector<signal::Axis> navigation,
                           std::shared_ptr<const signal::Source> data, const std::string& title) {
  signal::Signal out;
  out.navigation = std::move(navigation);
  out.axes = core.axes;
  out.metadata = core.metadata;
  out.metadata.title = title;
  out.intensity_unit = core.intensity_unit;
  out.source = std::move(data);
  return out;
}

/// The spectra of all items: in memory when --memory allows, else in a file on the disk of the results. Only rows in
/// memory can be taken up again after an interruption.
class Cube {
 public:
  Cube(const signal::Signal& core, Keep keep, const Run& run) : kept_(keep == Keep::cube) {
    if (kept_ && core.items() * core.channels() * sizeof(float) <= run.memory) {
      memory_ = Buffer<float, 2>({core.items(), core.channels()});
    } else if (kept_) {
      disk_.emplace(run.journal ? run.journal->scratch_folder() : std::filesystem::path(), core.items(),
                    core.channels());
    }
  }

  [[nodiscard]] bool is_kept() const { return kept_; }

  void write(std::size_t item, std::span<const float> spectrum) {
    if (disk_) {
      disk_->write(item, spectrum);
    } else if (kept_) {
      std::copy(spectrum.begin(), spectrum.end(), memory_.row(item).begin());
    }
  }

  /// `rows` and these, or nothing.
  [[nodiscard]] KeptRows journal(KeptRows rows) {
    if (disk_) {
      return {};
    }
    return kept_ ? rows.add(memory_) : rows;
  }

  [[nodiscard]] std::shared_ptr<const signal::Source> source() {
    return disk_ ? disk_->source() : signal::memory_source(std::move(memory_));
  }

 private:
  bool kept_;
  Buffer<float, 2> memory_;
  std::optional<signal::ScratchRows> disk_;
};

signal::Signal mean_signal(const signal::Signal& core, const eels::MeanSpectra& means, const std::string& title) {
  Buffer<float, 2> data({1, means.core_axis.size});
  std::transform(means.signal[0].begin(), means.signal[0].end(), data.row(0).begin(),
                 [](double v) { return static_cast<float>(v); });
  signal::Signal out = make_signal(core, {}, signal::memory_source(std::move(data)), title);
  signal::Axis& axis = out.axes.front();
  axis = signal::energy_axis(core);
  axis.offset = means.core_axis.offset_eV;
  axis.scale = means.core_axis.step_eV;
  axis.size = means.core_axis.size;
  return out;
}

}  // namespace

eels::Window cube_window(const eels::PlacedEdge& edge) {
  return {edge.onset_eV - 5.0, edge.onset_eV + 45.0};
}

StepOutput cube_step(const StepInputs& inputs, CubeOptions options, const CubeHooks& hooks, Run& run) {
  options.chain.plural_scattering = hooks.scattering;
  const signal::Signal& core = inputs.signal("core");
  const std::vector<eels::Edge> edges{eels::find_edge(options.edge)};
  const eels::Chain chain({core, inputs.find_signal("low"), inputs.find_signal("stray")}, edges, options.chain, run);
  std::vector<ItemRecord> records(chain.items());
  Cube cube(core, options.keep, run);
  const eels::MeanSpectra means = chain.run(
      [&](const eels::ChainItem& item) {
        const eels::EdgeSignal& edge = item.edges[0];
        const int dof = std::max(edge.background.dof, 1);
        records[item.item] = {
            item.shift_eV,        edge.background.r, edge.background.chi2 / dof, edge.deconvolution.sum_rule,
            item.thickness.value, edge.status};
        const std::vector<float> other = hooks.item ? hooks.item(item) : std::vector<float>{};
        cube.write(item.item, other.empty() ? std::span<const float>(edge.signal) : std::span<const float>(other));
      },
      run, cube.journal(keep(records)));
  StepOutput out;
  std::vector<double> exponents;
  ItemQuantity exponent{.name = "background exponent r"};
  for (const ItemRecord& record : records) {
    const bool valid = record.status != eels::ItemStatus::no_background;
    exponent.value.push_back(record.exponent);
    exponent.valid.push_back(valid ? 1 : 0);
    if (valid) {
      exponents.push_back(record.exponent);
    }
  }
  const std::string title =
      fmt::format("{} signal{}", options.edge, chain.deconvolves() ? ", plural scattering removed" : "");
  if (!exponents.empty()) {
    out.results.push_back({.id = "r",
                           .value = num::mean(exponents),
                           .sigma = exponents.size() > 1 ? std::optional(num::standard_error(exponents)) : std::nullopt,
                           .method = "power law A·E^-r, mean of items",
                           .label = "Background exponent r before " + options.edge,
                           .headline = true});
  }
  out.tables["items"] = item_table(core, records);
  out.signals["mean"] = mean_signal(core, means, title);
  if (cube.is_kept()) {
    out.signals["cube"] = make_signal(core, core.navigation, cube.source(), title);
  }
  const eels::PlacedEdge& placed = chain.edges()[0];
  const std::vector<eels::Window> window{cube_window(placed)};
  const std::vector<ItemQuantity> quantities{exponent};
  add_page({.inputs = inputs,
            .means = means,
            .edges = chain.edges(),
            .windows = window,
            .quantities = quantities,
            .zero_loss = eels::summaries_of(chain.zero_loss()),
            .warnings = chain.warnings(),
            .assumed = chain.assumed(),
            .deconvolved = chain.deconvolves()},
           out);
  if (hooks.finish) {
    hooks.finish(chain, means, out);
  }
  return out;
}

}  // namespace hotstage::study::detail
