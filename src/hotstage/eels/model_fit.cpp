// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/eels/model_fit.hpp"

#include "hotstage/core/error.hpp"
#include "hotstage/core/nearest.hpp"
#include "hotstage/eels/detail/item_blocks.hpp"
#include "hotstage/eels/detail/item_ratio.hpp"
#include "hotstage/eels/detail/quasi_likelihood.hpp"
#include "hotstage/eels/detail/spectrum_model.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace hotstage::eels {

namespace {

constexpr double significant = 3.0;      // σ the reference amplitude of an item must reach
constexpr double behind_fine_eV = 20.0;  // cross-section left behind the fine structure
constexpr double end_of_axis_eV = 5.0;   // the last channels of a detector are often wrong
constexpr double narrowest_fine_eV = 10.0;
constexpr double least_pre_edge_eV = 15.0;
constexpr double fewest_counts = 1.0;  // per channel: below it weights and σ are no longer those of a normal law
constexpr double misfit = 1.5;         // χ²/dof worth a warning

struct Plan {
  std::vector<Edge> edges;
  std::vector<std::string> names;
  std::size_t reference = 0;
  std::optional<Illumination> illumination;
  bool relative = false;
  std::shared_ptr<const Gos> gos;  // nullptr: hydrogenic
};

Plan check(const ChainInput& input, const ModelFitOptions& options) {
  Plan out;
  out.gos = tables_of(options.chain.model, options.chain.gosh);
  for (const std::string& name : options.edges) {
    const Edge edge = find_edge(name);
    if (std::ranges::count(out.names, edge.name()) > 0) {
      throw Error(Errc::bad_input, fmt::format("{} is asked for twice", edge.name()));
    }
    if (!has_cross_section(edge, out.gos.get())) {
      throw Error(Errc::unsupported, fmt::format("no cross-section model for {}", edge.name()),
                  "Use another edge of the element, or eels.quantify with k factors");
    }
    out.edges.push_back(edge);
    out.names.push_back(edge.name());
  }
  if (out.edges.empty()) {
    throw Error(Errc::bad_input, "no edges to measure", R"(Pass edges = ["Ti L3", "O K"])");
  }
  out.reference = out.edges.size() - 1;
  if (!options.reference.empty()) {
    const std::string wanted = find_edge(options.reference).name();
    const auto found = std::ranges::find(out.names, wanted);
    if (found == out.names.end()) {
      throw Error(Errc::bad_input, fmt::format("reference {} is not among the edges", wanted),
                  nearest_hint(wanted, out.names));
    }
    out.reference = static_cast<std::size_t>(found - out.names.begin());
  }
  if (options.model_background == ModelBackground::exponents &&
      (options.exponents.empty() || !std::ranges::is_sorted(options.exponents, std::less_equal<>{}))) {
    throw Error(Errc::bad_input, "exponents must ascend, and one is needed", "Pass exponents = [1, 2, 3, 4, 5, 6]");
  }
  check_standard(options.standard, out.names);
  if (options.chain.collection || input.core.metadata.collection) {
    out.illumination = illumination_of(input.core, options.chain);
  } else {
    out.relative = !options.standard.given();
  }
  return out;
}

/// The shape behind an edge hardly depends on the angles: without them it is taken at typical ones, for relative use.
Illumination shape_illumination(const Plan& plan, const ChainInput& input, const ModelFitOptions& options) {
  if (plan.illumination) {
    return *plan.illumination;
  }
  ChainOptions typical = options.chain;
  typical.collection = 10.0 * units::mrad;
  if (!typical.convergence && !input.core.metadata.convergence) {
    typical.convergence = 0.0 * units::mrad;
  }
  if (!typical.beam_energy && !input.core.metadata.beam_energy) {
    typical.beam_energy = 200.0 * units::keV;
  }
  return illumination_of(input.core, typical);
}

class ModelFitter {
 public:
  ModelFitter(const ChainInput& input, const ModelFitOptions& options, Run& run)
      : input_(input),
        options_(options),
        plan_(check(input, options)),
        chain_(input, plan_.edges, options.chain, run),
        convolve_(chain_.deconvolves()) {
    prepare(run);
  }

  ModelFitResult go(Run& run);

 private:
  struct Sums {  // rows of one sum of the pass
    std::size_t channels;
    std::size_t edges;

    [[nodiscard]] std::size_t core() const { return 1; }

    [[nodiscard]] std::size_t fit() const { return 1 + channels; }

    [[nodiscard]] std::size_t background() const { return 1 + 2 * channels; }

    [[nodiscard]] std::size_t edge(std::size_t e) const { return 1 + (3 + e) * channels; }

    [[nodiscard]] std::size_t parameters() const { return edge(edges); }
  };

  void prepare(Run& run);
  void place_fine(Run& run);
  void add_shapes();
  void work(std::span<const RawItem> items, std::span<double> sum);
  [[nodiscard]] KeptRows kept();
  [[nodiscard]] ModelStatus judge(const RawItem& item) const;
  void store(const RawItem& item, const detail::QuasiFit& fit);
  void add(const RawItem& item, const detail::SpectrumModel::Scratch& scratch, const detail::QuasiFit& fit,
           std::span<double> sum) const;
  void means(std::span<const double> sum);
  void ratios();
  void warn_about_items(Run& run);
  [[nodiscard]] std::vector<char> used() const;

  void warn(Run& run, std::string kind, std::string text) {
    run.warn(kind, text);
    out_.warnings.push_back({std::move(kind), std::move(text)});
  }

  const ChainInput& input_;
  const ModelFitOptions& options_;
  Plan plan_;
  Chain chain_;
  bool convolve_;
  double noise_factor_ = 1.0;
  detail::ModelLayout layout_;
  std::optional<detail::SpectrumModel> model_;
  std::optional<PowerLawFitter> fitter_;
  std::vector<char> non_negative_;
  std::vector<std::vector<double>> covariance_;  // (edge × reference) × item, noise factor included
  ModelFitResult out_;
};

void ModelFitter::prepare(Run& run) {
  const std::size_t n = chain_.items();
  out_.warnings = chain_.warnings();
  out_.assumed = chain_.assumed();
  out_.illumination = plan_.illumination;
  out_.relative = plan_.relative;
  out_.convolved = convolve_;
  out_.status.assign(n, ModelStatus::ok);
  out_.zero_loss.assign(chain_.zero_loss().begin(), chain_.zero_loss().end());
  for (auto* column : {&out_.chi2_per_dof, &out_.thickness, &out_.thickness_sigma}) {
    column->assign(n, 0.0);
  }
  covariance_.assign(plan_.edges.size(), std::vector<double>(n, 0.0));
  noise_factor_ = chain_.edges().front().noise_factor;
  double first = chain_.edges().front().onset_eV;
  double last = first;
  for (const PlacedEdge& placed : chain_.edges()) {
    ModelEdgeResult edge;
    edge.placed = placed;
    edge.relative_uncertainty = model_uncertainty(placed.edge, plan_.gos.get(), options_.strength);
    edge.amplitude.assign(n, 0.0);
    edge.sigma.assign(n, 0.0);
    out_.edges.push_back(std::move(edge));
    first = std::min(first, placed.onset_eV);
    last = std::max(last, placed.onset_eV);
  }
  const EnergyAxis& axis = chain_.axis();
  out_.range = {std::max(first + options_.fit_start.in(units::eV), axis.low_edge() + end_of_axis_eV),
                std::min(last + options_.fit_end.in(units::eV), axis.high_edge() - end_of_axis_eV)};
  const double pre_edge = first + options_.fine_start.in(units::eV)-out_.range.low_eV;
  if (pre_edge < least_pre_edge_eV || out_.range.high_eV < last + behind_fine_eV) {
    throw Error(
        Errc::refused, Location{.file = input_.core.file},
        fmt::format(
            "the axis ({:.0f}–{:.0f} eV) leaves {:.0f} eV before the first edge ({:.0f} eV) and {:.0f} eV behind the "
            "last onset ({:.0f} eV)",
            axis.low_edge(), axis.high_edge(), std::max(pre_edge, 0.0), first, out_.range.high_eV - last, last),
        fmt::format("A model of the whole spectrum needs {:g} eV before the first edge and {:g} eV behind the last "
                    "onset: leave out an edge",
                    least_pre_edge_eV, behind_fine_eV));
  }
  place_fine(run);
  layout_.axis = axis;
  layout_.range = out_.range;
  layout_.exponents = options_.exponents;
  layout_.conserved = options_.fine_structure == FineStructure::conserved;
  layout_.hat_eV = options_.fine_step.in(units::eV);
  if (convolve_) {
    layout_.low = energy_axis_of(*input_.low);
  }
  layout_.tangent = options_.model_background == ModelBackground::power_law;
  if (layout_.tangent) {
    fitter_.emplace(axis, Window{out_.range.low_eV, first + options_.chain.background_end.in(units::eV)},
                    options_.chain.background);
  }
  add_shapes();
  model_.emplace(layout_);
  const detail::ModelColumns& columns = model_->columns();
  out_.parameters = columns.total();
  non_negative_.assign(columns.total(), 0);
  if (!layout_.tangent) {
    std::fill_n(non_negative_.begin(), columns.background, 1);
  }
  const std::size_t channels = channels_in(axis, out_.range).size();
  constexpr std::size_t per_parameter = 3;
  if (channels < per_parameter * columns.total()) {
    throw Error(Errc::refused, Location{.file = input_.core.file},
                fmt::format("{} channels for {} parameters of the model", channels, columns.total()),
                "Use fine_structure = \"none\", a larger fine_step, or fewer exponents");
  }
  out_.assumed.emplace_back(
      "atomic ratios by cross-sections of free atoms behind the near-edge structure; amorphous or "
      "random orientation (no channelling), elastic scattering outside the aperture equal for "
      "all edges");
  if (plan_.relative) {
    out_.assumed.emplace_back("no collection angle and no standard: ratios are relative to the mean of all items");
    warn(run, "relative_only",
         "the collection angle is not known and there is no standard: only ratios relative to the mean are given");
  }
}

/// A chemical shift moves the onset of one edge and hardly the strength far behind it; an error of the axis moves all.
/// So each edge begins where it is seen, but its strength is that of the energy loss on an axis corrected by the mean
/// displacement of all edges.
void ModelFitter::add_shapes() {
  const Illumination illumination = shape_illumination(plan_, input_, options_);
  double common = 0.0;
  for (const ModelEdgeResult& edge : out_.edges) {
    common += (edge.placed.onset_eV - edge.placed.edge.onset.in(units::eV)) / static_cast<double>(out_.edges.size());
  }
  for (const ModelEdgeResult& edge : out_.edges) {
    const Edge& tabulated = edge.placed.edge;
    const std::shared_ptr<const Gos> gos = plan_.gos;
    const double scale =
        options_.strength == Strength::photo_absorption ? strength_correction(tabulated, gos.get()) : 1.0;
    const double first_eV = edge.placed.onset_eV - common;  // energy loss at the observed onset
    const Interaction interaction = options_.interaction;
    layout_.edges.push_back({.onset_eV = edge.placed.onset_eV,
                             .density =
                                 [=](double distance_eV) {
                                   return scale * differential_cross_section(tabulated,
                                                                             (first_eV + distance_eV) * units::eV,
                                                                             illumination, interaction, gos.get());
                                 },
                             .fine = edge.fine});
  }
}

void ModelFitter::place_fine(Run& run) {
  if (options_.fine_structure == FineStructure::none) {
    return;
  }
  if (options_.fine_end <= options_.fine_start) {
    throw Error(Errc::bad_input, "fine_end must lie above fine_start");
  }
  for (ModelEdgeResult& edge : out_.edges) {
    const double onset = edge.placed.onset_eV;
    Window fine{onset + options_.fine_start.in(units::eV), onset + options_.fine_end.in(units::eV)};
    const double wanted = fine.high_eV;
    fine.high_eV = std::min(fine.high_eV, out_.range.high_eV - behind_fine_eV);
    for (const ModelEdgeResult& other : out_.edges) {
      if (other.placed.onset_eV > onset) {
        fine.high_eV = std::min(fine.high_eV, other.placed.onset_eV + options_.fine_start.in(units::eV));
      }
    }
    if (fine.width() >= narrowest_fine_eV) {
      edge.fine = fine;
    }
    if (fine.high_eV < wanted - 0.5) {
      warn(run, "fine_structure_cut",
           fmt::format("{}: {} instead of {:.0f} eV behind the onset, because another edge or the end of the axis "
                       "follows: its amplitude leans on near-edge structure",
                       edge.placed.edge.name(),
                       edge.fine ? fmt::format("the fine structure ends {:.0f}", fine.high_eV - onset)
                                 : std::string("no room for fine structure"),
                       wanted - onset));
    }
  }
}

ModelStatus ModelFitter::judge(const RawItem& item) const {
  if (convolve_) {
    for (const ZeroLossFlag flag :
         {ZeroLossFlag::not_found, ZeroLossFlag::split, ZeroLossFlag::cut, ZeroLossFlag::saturated}) {
      if (has(item.zero_loss.flags, flag)) {
        return ModelStatus::no_zero_loss;
      }
    }
    if (item.thickness.value > options_.chain.deconvolution.max_thickness) {
      return ModelStatus::too_thick;
    }
  }
  const ChannelRange range = channels_in(item.axis, out_.range);
  return integrate(item.counts, range) < fewest_counts * static_cast<double>(range.size()) ? ModelStatus::too_few_counts
                                                                                           : ModelStatus::ok;
}

void ModelFitter::work(std::span<const RawItem> items, std::span<double> sum) {
  detail::SpectrumModel::Scratch scratch;
  for (const RawItem& item : items) {
    ModelStatus& status = out_.status[item.item];
    out_.thickness[item.item] = item.thickness.value;
    out_.thickness_sigma[item.item] = item.thickness.sigma;
    status = judge(item);
    if (status != ModelStatus::ok) {
      continue;
    }
    double r = 0.0;
    if (fitter_) {
      const PowerLaw law = fitter_->fit(item.counts, item.shift_eV);
      if (!law.usable()) {
        status = ModelStatus::no_background;
        continue;
      }
      r = law.r;
    }
    model_->fill(item, r, scratch);
    const detail::QuasiFit fit = detail::fit_counts(
        scratch.X, scratch.first, item.counts.subspan(scratch.range.first, scratch.range.size()), non_negative_);
    if (!fit.converged) {
      status = ModelStatus::did_not_converge;
      continue;
    }
    store(item, fit);
    if (status == ModelStatus::ok) {
      add(item, scratch, fit, sum);
    }
  }
}

void ModelFitter::store(const RawItem& item, const detail::QuasiFit& fit) {
  const std::size_t i = item.item;
  const detail::ModelColumns& columns = model_->columns();
  const auto column = [&](std::size_t e) { return static_cast<Eigen::Index>(columns.edge(e)); };
  for (std::size_t e = 0; e < out_.edges.size(); ++e) {
    out_.edges[e].amplitude[i] = fit.parameters(column(e));
    out_.edges[e].sigma[i] = std::sqrt(std::max(noise_factor_ * fit.covariance(column(e), column(e)), 0.0));
    covariance_[e][i] = noise_factor_ * fit.covariance(column(e), column(plan_.reference));
  }
  out_.chi2_per_dof[i] = fit.dof > 0 ? fit.chi2 / fit.dof / noise_factor_ : 0.0;
  const ModelEdgeResult& reference = out_.edges[plan_.reference];
  if (reference.amplitude[i] <= significant * reference.sigma[i]) {
    out_.status[i] = ModelStatus::no_signal;
  }
}

void ModelFitter::add(const RawItem& item, const detail::SpectrumModel::Scratch& scratch, const detail::QuasiFit& fit,
                      std::span<double> sum) const {
  const Sums rows{chain_.axis().size, out_.edges.size()};
  const double shift = item.shift_eV / chain_.axis().step_eV;
  const detail::ModelColumns& columns = model_->columns();
  std::vector<double> curve(rows.channels, 0.0);
  const auto put = [&](std::size_t row, const Eigen::VectorXd& values) {
    std::fill(curve.begin(), curve.end(), 0.0);
    std::copy(values.data(), values.data() + values.size(),
              curve.begin() + static_cast<std::ptrdiff_t>(scratch.range.first));
    detail::add_shifted(std::span<const double>(curve), shift, sum.subspan(row, rows.channels));
  };
  const auto part = [&](std::size_t first, std::size_t count) -> Eigen::VectorXd {
    const auto a = static_cast<Eigen::Index>(first);
    const auto n = static_cast<Eigen::Index>(count);
    return scratch.X.middleCols(a, n) * fit.parameters.segment(a, n);
  };
  sum[0] += 1.0;
  detail::add_shifted(item.counts, shift, sum.subspan(rows.core(), rows.channels));
  put(rows.fit(),
      Eigen::Map<const Eigen::VectorXd>(fit.expected.data(), static_cast<Eigen::Index>(fit.expected.size())));
  put(rows.background(), part(0, columns.background));
  for (std::size_t e = 0; e < rows.edges; ++e) {
    put(rows.edge(e), part(columns.edge(e), 1) + part(columns.first_hat(e), columns.hats[e]));
  }
  for (std::size_t p = 0; p < columns.total(); ++p) {
    sum[rows.parameters() + p] += fit.parameters(static_cast<Eigen::Index>(p));
  }
}

void ModelFitter::means(std::span<const double> sum) {
  const Sums rows{chain_.axis().size, out_.edges.size()};
  const double n = std::max(sum[0], 1.0);
  const auto row = [&](std::size_t first) {
    const std::span<const double> part = sum.subspan(first, rows.channels);
    std::vector<double> out(part.begin(), part.end());
    for (double& value : out) {
      value /= n;
    }
    return out;
  };
  ModelMeans& m = out_.means;
  m.axis = chain_.axis();
  m.core = row(rows.core());
  m.fit = row(rows.fit());
  m.background = row(rows.background());
  m.residual.assign(rows.channels, 0.0);
  m.residual_sigma.assign(rows.channels, 0.0);
  constexpr double margin_eV = 1.0;  // shifts of items blur the ends of the range
  const ChannelRange range = channels_in(m.axis, {out_.range.low_eV + margin_eV, out_.range.high_eV - margin_eV});
  for (std::size_t c = range.first; c < range.last; ++c) {
    m.residual[c] = m.core[c] - m.fit[c];
    m.residual_sigma[c] = std::sqrt(std::max(noise_factor_ * m.fit[c], 0.0) / n);
  }
  const detail::ModelColumns& columns = model_->columns();
  const std::span<const double> parameters = sum.subspan(rows.parameters());
  for (std::size_t e = 0; e < rows.edges; ++e) {
    m.edges.push_back(row(rows.edge(e)));
    const double amplitude = parameters[columns.edge(e)];
    std::vector<double> hats;
    for (std::size_t j = 0; j < columns.hats[e]; ++j) {
      hats.push_back(amplitude > 0.0 ? parameters[columns.first_hat(e) + j] / amplitude : 0.0);
    }
    m.single.push_back(model_->single_scattering(e, 1.0, hats));
    std::vector<double> atom(rows.channels, 0.0);
    for (std::size_t c = 0; c < rows.channels; ++c) {
      const double distance = m.axis.value(static_cast<double>(c)) - layout_.edges[e].onset_eV;
      atom[c] = distance > 0.0 && m.axis.value(static_cast<double>(c)) < out_.range.high_eV
                    ? layout_.edges[e].density(distance)
                    : 0.0;
    }
    m.cross_section.push_back(std::move(atom));
  }
}

std::vector<char> ModelFitter::used() const {
  std::vector<char> out;
  for (const ModelStatus status : out_.status) {
    out.push_back(status == ModelStatus::ok ? 1 : 0);
  }
  return out;
}

void ModelFitter::ratios() {
  const std::size_t r = plan_.reference;
  const std::vector<char> items = used();
  out_.used = static_cast<std::size_t>(std::ranges::count(items, 1));
  std::vector<char> standard = items_of(options_.standard.region, input_.core);
  for (std::size_t i = 0; i < standard.size(); ++i) {
    standard[i] = standard[i] != 0 && items[i] != 0 ? 1 : 0;
  }
  const std::vector<char> sample = detail::sample_items(items, standard);
  for (std::size_t e = 0; e < out_.edges.size(); ++e) {
    if (e == r) {
      continue;
    }
    const auto amounts = [&](std::size_t i) {
      return detail::AmountPair{{out_.edges[e].amplitude[i], out_.edges[e].sigma[i]},
                                {out_.edges[r].amplitude[i], out_.edges[r].sigma[i]},
                                covariance_[e][i]};
    };
    RatioResult ratio;
    ratio.name = plan_.edges[e].element + '/' + plan_.edges[r].element;
    ratio.numerator = e;
    ratio.denominator = r;
    ratio.model_uncertainty = std::hypot(out_.edges[e].relative_uncertainty, out_.edges[r].relative_uncertainty);
    RatioResult calibration = ratio;
    detail::fill_ratio(items, sample, amounts, ratio);
    if (options_.standard.given()) {
      detail::fill_ratio(standard, standard, amounts, calibration);
      const KFactor factor = k_factor(calibration, options_.standard);
      apply(factor, ratio);
      out_.edges[e].k = factor.k;
      out_.assumed.push_back(
          fmt::format("{} by k = {} from {} items of stated composition (counting {:.2g}, composition {:.2g})",
                      ratio.name, text(factor.k), factor.items, factor.counting, factor.composition));
    } else if (plan_.relative && ratio.mean.value > 0.0) {
      apply(KFactor{.k = {1.0 / ratio.mean.value, 0.0}}, ratio);
      ratio.name += " relative to the mean";
    }
    out_.ratios.push_back(std::move(ratio));
  }
  if (options_.standard.given()) {
    for (ModelEdgeResult& edge : out_.edges) {
      edge.relative_uncertainty = 0.0;
    }
  }
}

void ModelFitter::warn_about_items(Run& run) {
  for (const ModelStatus status : {ModelStatus::no_zero_loss, ModelStatus::too_thick, ModelStatus::too_few_counts,
                                   ModelStatus::no_background, ModelStatus::did_not_converge, ModelStatus::no_signal}) {
    const auto count = std::ranges::count(out_.status, status);
    if (count > 0) {
      warn(run, "items_left_out",
           fmt::format("{} of {} items left out: {}", count, out_.status.size(), eels::name(status)));
    }
  }
  double sum = 0.0;
  for (const double value : out_.chi2_per_dof) {
    sum += value;
  }
  if (out_.used > 0 && sum / static_cast<double>(out_.used) > misfit) {
    warn(run, "model_misfit",
         fmt::format("χ²/dof of the model is {:.2f} of the noise: another edge, a wrong low loss, or a background that "
                     "is no sum of power laws; see the residual",
                     sum / static_cast<double>(out_.used)));
  }
  for (const RatioResult& ratio : out_.ratios) {
    constexpr double excess = 2.0;
    if (ratio.used > 2 && ratio.scatter > excess * ratio.propagated) {
      warn(run, "scatter",
           fmt::format("{}: items scatter by {:.3g}, counting explains {:.3g}: composition varies, or the systematic "
                       "errors do",
                       ratio.name, ratio.scatter, ratio.propagated));
    }
  }
}

/// All that `work` writes.
KeptRows ModelFitter::kept() {
  KeptRows out = keep(out_.status, out_.thickness, out_.thickness_sigma, out_.chi2_per_dof);
  for (std::size_t e = 0; e < out_.edges.size(); ++e) {
    out.add(out_.edges[e].amplitude).add(out_.edges[e].sigma).add(covariance_[e]);
  }
  return out;
}

ModelFitResult ModelFitter::go(Run& run) {
  const Sums rows{chain_.axis().size, out_.edges.size()};
  const std::vector<double> sum =
      chain_.visit([this](std::span<const RawItem> items, std::span<double> block) { work(items, block); },
                   rows.parameters() + model_->columns().total(), run, kept());
  out_.spectra = chain_.means();
  means(sum);
  ratios();
  warn_about_items(run);
  return std::move(out_);
}

}  // namespace

std::string_view name(ModelStatus status) noexcept {
  switch (status) {
    case ModelStatus::ok:
      return "ok";
    case ModelStatus::no_zero_loss:
      return "no usable zero-loss peak";
    case ModelStatus::too_thick:
      return "too thick";
    case ModelStatus::too_few_counts:
      return "too few counts";
    case ModelStatus::no_background:
      return "no background";
    case ModelStatus::did_not_converge:
      return "parameters not determined";
    case ModelStatus::no_signal:
      return "no signal";
  }
  return "unknown";
}

ModelFitResult fit_model(const ChainInput& input, const ModelFitOptions& options, Run& run) {
  return ModelFitter(input, options, run).go(run);
}

}  // namespace hotstage::eels
