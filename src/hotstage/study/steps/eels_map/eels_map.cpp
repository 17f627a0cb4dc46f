// SPDX-License-Identifier: GPL-3.0-or-later
// Step eels.map: window integrals of edges, item by item.

#include "hotstage/eels/window_sum.hpp"
#include "hotstage/study/detail/eels_item_pages.hpp"

#include <fmt/format.h>

namespace hotstage::study::eels_map {

namespace {

struct Options {
  std::vector<std::string> edges;
  Energy signal_start = -5.0 * units::eV;
  Energy signal_width = 50.0 * units::eV;
  eels::ChainOptions chain;
  detail::DrawnLine line;

  template <class V>
  void fields(V& v) {
    v("edges", edges, {.help = "edges to map, for example [\"Co L3\", \"O K\"]", .required = true});
    v("signal_start", signal_start, {.help = "start of the windows, from the onset", .unit = "eV"});
    v("signal_width", signal_width, {.help = "width of the windows", .unit = "eV", .min = 1.0});
    chain.fields(v);
    line.fields(v);
  }
};

StepOutput run(const StepInputs& inputs, const Value& table, Run& run) {
  const auto options = from_table<Options>(table);
  const signal::Signal& core = inputs.signal("core");
  const eels::Chain chain({core, inputs.find_signal("low"), inputs.find_signal("stray")},
                          detail::edges_from(options.edges), options.chain, run);
  std::vector<eels::Window> windows;
  for (const eels::PlacedEdge& edge : chain.edges()) {
    const double start = edge.onset_eV + options.signal_start.base();
    windows.push_back({start, start + options.signal_width.base()});
  }
  std::vector<detail::ItemSeries> maps(windows.size());
  for (std::size_t e = 0; e < maps.size(); ++e) {
    const std::string name = chain.edges()[e].edge.name() + " intensity";
    maps[e] = {.column = name, .label = name, .unit = "counts"};
    maps[e].value.resize(chain.items());
    maps[e].sigma.resize(chain.items());
    maps[e].valid.resize(chain.items());
  }
  detail::ItemSeries thickness{.column = "t_over_lambda", .label = "t/λ"};
  thickness.value.resize(chain.items());
  thickness.sigma.resize(chain.items());
  thickness.valid.resize(chain.items());
  KeptRows kept = keep(thickness.value, thickness.sigma, thickness.valid);
  for (detail::ItemSeries& map : maps) {
    kept.add(map.value).add(map.sigma).add(map.valid);
  }
  const eels::MeanSpectra means = chain.run(
      [&](const eels::ChainItem& item) {
        thickness.value[item.item] = item.thickness.value;
        thickness.sigma[item.item] = item.thickness.sigma;
        thickness.valid[item.item] = item.thickness.sigma > 0.0 ? 1 : 0;
        for (std::size_t e = 0; e < maps.size(); ++e) {
          const eels::EdgeSignal& edge = item.edges[e];
          if (edge.status != eels::ItemStatus::ok) {
            continue;
          }
          const Estimate sum = eels::estimate(edge.isolated(windows[e]), edge.noise());
          maps[e].value[item.item] = sum.value;
          maps[e].sigma[item.item] = sum.sigma;
          maps[e].valid[item.item] = 1;
        }
      },
      run, kept);
  StepOutput out;
  if (chain.deconvolves()) {
    maps.push_back(std::move(thickness));
  }
  out.tables["line"] = detail::along_line(core, options.line, maps);
  io::Table& items = out.tables["items"];
  items.columns = detail::position_columns(core);
  std::vector<detail::ItemQuantity> quantities;
  for (std::size_t e = 0; e < maps.size(); ++e) {
    detail::ItemSeries map = std::move(maps[e]);
    detail::add_columns(map, items);
    if (e < windows.size()) {
      const detail::ItemQuantity mask{map.label + ", measured", "", {map.valid.begin(), map.valid.end()}, {}, {}};
      out.signals[fmt::format("mask_{}", e)] = detail::map_signal(core, mask);
      const detail::ItemQuantity sigma{map.label + ", σ", "counts", map.sigma, {}, map.valid};
      out.signals[fmt::format("sigma_{}", e)] = detail::map_signal(core, sigma);
    }
    quantities.push_back({.name = std::move(map.label),
                          .unit = std::move(map.unit),
                          .value = std::move(map.value),
                          .sigma = std::move(map.sigma),
                          .valid = std::move(map.valid)});
    if (e < windows.size()) {
      out.signals[fmt::format("map_{}", e)] = detail::map_signal(core, quantities.back());
    }
  }
  detail::add_page({.inputs = inputs,
                    .means = means,
                    .edges = chain.edges(),
                    .windows = windows,
                    .quantities = quantities,
                    .zero_loss = eels::summaries_of(chain.zero_loss()),
                    .warnings = chain.warnings(),
                    .assumed = chain.assumed(),
                    .deconvolved = chain.deconvolves()},
                   out);
  return out;
}

}  // namespace

extern const Step step;
const Step step{
    .id = "eels.map",
    .version = 4,
    .title = "Elemental maps",
    .help =
        "Integrates the background-free signal of edges in windows, item by item, with counting uncertainty; maps open "
        "in HyperSpy",
    .example = "hotstage eels map --core scan.dm4 --low low.dm4 --edges \"Mn L3\" \"O K\"",
    .inputs = detail::dual_inputs(detail::LowLoss::optional),
    .outputs = {{"items", Kind::table, "one row per item"},
                {"line", Kind::table, "position along the scan or the drawn line, with σ"},
                {"map_0", Kind::signal, "map of the first edge (map_1 of the second, …)"},
                {"sigma_0", Kind::signal, "its counting σ"},
                {"mask_0", Kind::signal, "1 where it could be measured, 0 elsewhere"}},
    .options = make_options<Options>,
    .run = run,
};

}  // namespace hotstage::study::eels_map
