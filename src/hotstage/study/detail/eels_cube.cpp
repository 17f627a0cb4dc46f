// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/study/detail/eels_cube.hpp"

#include "hotstage/num/statistics.hpp"
#include "hotstage/study/detail/eels_pages.hpp"

#include <fmt/format.h>

#include <algorithm>

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

signal::Signal make_signal(const signal::Signal& core, std::vector<signal::Axis> navigation, Buffer<float, 2> data,
                           const std::string& title) {
  signal::Signal out;
  out.navigation = std::move(navigation);
  out.axes = core.axes;
  out.metadata = core.metadata;
  out.metadata.title = title;
  out.intensity_unit = core.intensity_unit;
  out.source = signal::memory_source(std::move(data));
  return out;
}

Buffer<float, 2> make_cube(const signal::Signal& core, Keep keep, const Run& run) {
  if (keep == Keep::mean) {
    return {};
  }
  const std::size_t bytes = core.items() * core.channels() * sizeof(float);
  if (bytes > run.memory) {
    throw Error(Errc::no_space,
                fmt::format("the cube needs {} MiB, --memory allows {} MiB", bytes >> 20, run.memory >> 20),
                "Raise --memory, or leave keep = \"mean\"");
  }
  return Buffer<float, 2>({core.items(), core.channels()});
}

signal::Signal mean_signal(const signal::Signal& core, const eels::MeanSpectra& means, const std::string& title) {
  Buffer<float, 2> data({1, means.core_axis.size});
  std::transform(means.signal[0].begin(), means.signal[0].end(), data.row(0).begin(),
                 [](double v) { return static_cast<float>(v); });
  signal::Signal out = make_signal(core, {}, std::move(data), title);
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
  Buffer<float, 2> cube = make_cube(core, options.keep, run);
  KeptRows kept = keep(records);
  if (options.keep == Keep::cube) {
    kept.add(cube);
  }
  const eels::MeanSpectra means = chain.run(
      [&](const eels::ChainItem& item) {
        const eels::EdgeSignal& edge = item.edges[0];
        const int dof = std::max(edge.background.dof, 1);
        records[item.item] = {
            item.shift_eV,        edge.background.r, edge.background.chi2 / dof, edge.deconvolution.sum_rule,
            item.thickness.value, edge.status};
        const std::vector<float> other = hooks.item ? hooks.item(item) : std::vector<float>{};
        if (options.keep == Keep::cube) {
          const std::span<const float> signal = other.empty() ? edge.signal : std::span<const float>(other);
          std::copy(signal.begin(), signal.end(), cube.row(item.item).begin());
        }
      },
      run, kept);
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
  if (options.keep == Keep::cube) {
    out.signals["cube"] = make_signal(core, core.navigation, std::move(cube), title);
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
