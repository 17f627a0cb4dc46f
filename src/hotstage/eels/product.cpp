// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/eels/product.hpp"

#include "hotstage/eels/cross_section.hpp"
#include "hotstage/eels/detail/scan_trend.hpp"
#include "hotstage/eels/overlaps.hpp"
#include "hotstage/eels/phase_spectra.hpp"
#include "hotstage/num/least_squares.hpp"
#include "hotstage/num/statistics.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

namespace hotstage::eels {

namespace {

constexpr double significant = 5.0;  // σ of O K that a position of the reference must have
constexpr double co_per_o_reference = 0.5;

/// σ_O/σ_Co of the two windows by the hydrogenic model.
double line_sigma_ratio(const LineProfile& profile, const Illumination& light) {
  const auto value = [&](const char* edge, const Window& window) {
    const Window moved{window.low_eV - profile.axis_shift_eV, window.high_eV - profile.axis_shift_eV};
    return partial_cross_section(find_edge(edge), moved, light).value.base();
  };
  return value("O K", profile.oxygen_window) / value("Co L3", profile.cobalt_window);
}

class Reader {
 public:
  Reader(const ChainInput& input, const ProductOptions& options, Run& run)
      : options_(options), stoichiometry_(reference_value("O per Co of pristine LiCoO2")) {
    const Reference oxide = reference_value("O K pre-peak of CoO over LiCoO2");
    priors_.oxide_pre_peak = {oxide.value, oxide.sigma};
    illumination_ = illumination_of(input.core, options.line.chain);
    out_.profile = measure_line(input, options.line, run);
    out_.warnings = out_.profile.warnings;
  }

  ProductReading go() {
    const std::size_t n = items().size();
    out_.positions.resize(n);
    out_.call.probability.fill(1.0 / static_cast<double>(product_count));
    out_.status = find_reference();
    if (out_.status != ReadingStatus::ok) {
      return std::move(out_);
    }
    calibrate();
    for (std::size_t i = 0; i < n; ++i) {
      read_position(i);
    }
    find_void();
    calibrate_axis();
    if (!out_.core.empty()) {
      read_core();
      compare_walls();
      look_for_suspects();
    } else {
      out_.call = {};
      out_.call.probability[static_cast<std::size_t>(Product::none)] = 1.0;
      out_.warnings.push_back({"no_void", "no stretch of the line differs from the reference by more than 8 % and 4σ"});
    }
    return std::move(out_);
  }

 private:
  [[nodiscard]] const std::vector<LinePosition>& items() const { return out_.profile.positions; }

  [[nodiscard]] bool usable(std::size_t i) const {
    const LinePosition& p = items()[i];
    return p.status == ItemStatus::ok && p.oxygen.sigma > 0.0 && p.thickness.value <= options_.max_thickness;
  }

  /// Nothing in the beam: a hole through the foil. Its spectra may be good for nothing else.
  [[nodiscard]] bool is_vacuum(std::size_t i) const {
    constexpr double most = 0.05;  // t/λ
    const LinePosition& p = items()[i];
    return p.status != ItemStatus::no_zero_loss && !usable(i) && p.thickness.value < most;
  }

  [[nodiscard]] bool has_oxygen(std::size_t i) const {
    const LinePosition& p = items()[i];
    return usable(i) && p.oxygen.value > significant * p.oxygen.sigma && p.cobalt.value > 3.0 * p.cobalt.sigma &&
           p.pre_peak.sigma > 0.0;
  }

  [[nodiscard]] double ratio_of(std::size_t i) const { return items()[i].cobalt.value / items()[i].oxygen.value; }

  [[nodiscard]] Quotient ratio_quotient(std::size_t i) const {
    const LinePosition& p = items()[i];
    return {p.cobalt.value, p.oxygen.value,
            ratio_of(i) * std::hypot(p.oxygen.sigma / p.oxygen.value, p.cobalt.sigma / p.cobalt.value)};
  }

  [[nodiscard]] double pre_of(std::size_t i) const { return items()[i].pre_peak.top / items()[i].pre_peak.bottom; }

  /// The stretch with most pre-peak and least Co per O among positions rich in O, then every position that is like it.
  ReadingStatus find_reference() {
    const std::size_t n = items().size();
    std::vector<double> oxygen;
    std::size_t thick = 0;
    for (std::size_t i = 0; i < n; ++i) {
      thick += items()[i].thickness.value > options_.max_thickness ? 1 : 0;
      if (has_oxygen(i)) {
        oxygen.push_back(items()[i].oxygen.value);
      }
    }
    const auto wanted = static_cast<std::size_t>(options_.reference_share * static_cast<double>(n));
    const std::size_t length = std::max<std::size_t>(5, wanted);
    if (2 * thick > n) {
      return ReadingStatus::too_thick;
    }
    if (oxygen.size() < length) {
      return ReadingStatus::too_noisy;
    }
    constexpr double rich = 0.75;
    const double least = rich * num::quantile(oxygen, 0.9);
    const std::optional<std::size_t> first = best_stretch(length, least);
    if (!first) {
      return ReadingStatus::no_reference;
    }
    extend_reference(*first, length);
    return ReadingStatus::ok;
  }

  /// First position of the stretch with the best lower bound (2σ) of pre-peak per O less Co per O, each over its
  /// median.
  [[nodiscard]] std::optional<std::size_t> best_stretch(std::size_t length, double least_oxygen) const {
    std::vector<double> ratios;
    std::vector<double> peaks;
    for (std::size_t i = 0; i < items().size(); ++i) {
      if (has_oxygen(i)) {
        ratios.push_back(ratio_of(i));
        peaks.push_back(pre_of(i));
      }
    }
    const double ratio_scale = num::median(ratios);
    const double peak_scale = num::median(peaks);
    if (ratio_scale <= 0.0 || peak_scale <= 0.0) {
      return std::nullopt;
    }
    double best = -1e300;
    std::optional<std::size_t> first;
    for (std::size_t from = 0; from + length <= items().size(); ++from) {
      std::vector<Quotient> ratio;
      std::vector<Quotient> peak;
      for (std::size_t i = from; i < from + length; ++i) {
        if (has_oxygen(i) && items()[i].oxygen.value >= least_oxygen) {
          ratio.push_back(ratio_quotient(i));
          peak.push_back(items()[i].pre_peak);
        }
      }
      if (ratio.size() < length) {
        continue;
      }
      const Estimate r = pooled(ratio);
      const Estimate p = pooled(peak);
      const double score =
          p.value / peak_scale - r.value / ratio_scale - 2.0 * std::hypot(p.sigma / peak_scale, r.sigma / ratio_scale);
      if (score > best) {
        best = score;
        first = from;
      }
    }
    return first;
  }

  void extend_reference(std::size_t first, std::size_t length) {
    double ratio = 0.0;
    double peak = 0.0;
    double oxygen = 0.0;
    for (std::size_t i = first; i < first + length; ++i) {
      ratio += ratio_of(i) / static_cast<double>(length);
      peak += pre_of(i) / static_cast<double>(length);
      oxygen += items()[i].oxygen.value / static_cast<double>(length);
    }
    constexpr double like = 3.0;  // σ
    constexpr double same_thickness = 0.15;
    constexpr double same_ratio = 0.015;
    constexpr double same_peak = 0.03;
    std::vector<char> alike(items().size(), 0);
    for (std::size_t i = 0; i < items().size(); ++i) {
      if (!has_oxygen(i)) {
        continue;
      }
      const LinePosition& p = items()[i];
      const double relative = std::hypot(p.oxygen.sigma / p.oxygen.value, p.cobalt.sigma / p.cobalt.value, same_ratio);
      const bool same = std::abs(ratio_of(i) / ratio - 1.0) < like * relative &&
                        std::abs(pre_of(i) / peak - 1.0) < like * std::hypot(p.pre_peak.sigma / peak, same_peak) &&
                        std::abs(p.oxygen.value / oxygen - 1.0) < same_thickness;
      alike[i] = same ? 1 : 0;
    }
    for (std::size_t i = 0; i < items().size(); ++i) {
      if (is_quiet(alike, i) || (i >= first && i < first + length)) {
        out_.reference.push_back(i);
      }
    }
  }

  /// Whether a position and its neighbours are all like the reference: walls and boundaries have tails.
  static bool is_quiet(std::span<const char> alike, std::size_t i) {
    constexpr std::size_t reach = 2;
    for (std::size_t k = i > reach ? i - reach : 0; k <= std::min(i + reach, alike.size() - 1); ++k) {
      if (alike[k] == 0) {
        return false;
      }
    }
    return true;
  }

  void calibrate() {
    const std::size_t n = items().size();
    std::vector<double> oxygen(n);
    std::vector<double> thickness(n);
    std::vector<Quotient> ratios;
    std::vector<Quotient> peaks;
    for (std::size_t i = 0; i < n; ++i) {
      oxygen[i] = items()[i].oxygen.value;
      thickness[i] = items()[i].thickness.value;
    }
    for (const std::size_t i : out_.reference) {
      ratios.push_back(ratio_quotient(i));
      peaks.push_back(items()[i].pre_peak);
    }
    oxygen_ = detail::trend(out_.reference, oxygen, n);
    thickness_ = detail::trend(out_.reference, thickness, n);
    ratio_ = pooled(ratios);
    peak_ = pooled(peaks);
    const double hydrogenic = line_sigma_ratio(out_.profile, illumination_);
    out_.calibration = {co_per_o_reference / (ratio_.value * hydrogenic),
                        co_per_o_reference * ratio_.sigma / (ratio_.value * ratio_.value * hydrogenic)};
  }

  /// Amounts of some positions together, over the reference.
  [[nodiscard]] RegionAmounts amounts_of(std::span<const std::size_t> where) const {
    Estimate oxygen;
    Estimate cobalt;
    Estimate peak;
    Estimate path;
    double foil = 0.0;
    double foil_path = 0.0;
    const auto add = [](Estimate& sum, const Estimate& term) {
      sum.value += term.value;
      sum.sigma = std::hypot(sum.sigma, term.sigma);
    };
    for (const std::size_t i : where) {
      const LinePosition& p = items()[i];
      add(oxygen, p.oxygen);
      add(cobalt, p.cobalt);
      add(peak, p.pre_area);
      add(path, p.thickness);
      foil += oxygen_.at(i);
      foil_path += thickness_.at(i);
    }
    const auto over = [](const Estimate& sum, double unit, double relative) {
      const double value = sum.value / unit;
      return Estimate{value, std::hypot(sum.sigma / unit, value * relative)};
    };
    return {over(oxygen, foil, 0.0), over(cobalt, foil * ratio_.value, ratio_.sigma / ratio_.value),
            over(peak, foil * peak_.value, peak_.sigma / peak_.value), over(path, foil_path, 0.0)};
  }

  /// Co/(Co + O) in atoms; `oxide` is the share of O that sits in another oxide.
  [[nodiscard]] Estimate fraction_of(const RegionAmounts& a, double oxide, double model) const {
    const double c = co_per_o_reference * a.cobalt.value;
    const double o = a.oxygen.value;
    const double total = c + o;
    if (total <= significant * std::hypot(co_per_o_reference * a.cobalt.sigma, a.oxygen.sigma)) {
      return {};  // neither element: no fraction
    }
    const double excess = std::max(a.cobalt.value - a.oxygen.value, 0.0);
    const double level = std::max({a.cobalt.value, o, 0.3});
    const double dc =
        std::hypot(co_per_o_reference * a.cobalt.sigma,
                   model * co_per_o_reference * std::hypot(priors_.continuum * excess, priors_.baseline * level),
                   model * c * stoichiometry_.sigma / stoichiometry_.value);
    const double shared = model * std::hypot(priors_.oxygen_continuum * oxide, priors_.baseline * level);
    return {c / total, std::hypot(o * dc, c * std::hypot(a.oxygen.sigma, shared)) / (total * total)};
  }

  [[nodiscard]] static Estimate ratio_of_fraction(const Estimate& fraction) {
    const double oxygen = 1.0 - fraction.value;
    if (fraction.sigma <= 0.0 || oxygen < 2.0 * fraction.sigma) {
      return {};  // no O within the noise: the ratio has no upper limit
    }
    return {fraction.value / oxygen, fraction.sigma / (oxygen * oxygen)};
  }

  void read_position(std::size_t i) {
    PositionReading& r = out_.positions[i];
    r.usable = usable(i);
    if (!r.usable) {
      return;
    }
    const std::array one{i};
    r.amounts = amounts_of(one);
    r.cobalt_fraction = fraction_of(r.amounts, 0.0, 1.0);
    r.co_per_o = ratio_of_fraction(r.cobalt_fraction);
    r.raw_ratio = pooled(std::span(&items()[i].raw, 1));
    r.metal_fraction = mass_balance(r.amounts, priors_).metal_fraction;
    r.reference = std::ranges::find(out_.reference, i) != out_.reference.end();
  }

  /// The longest and deepest stretch that differs from the reference in O or Co.
  void find_void() {
    const std::size_t n = items().size();
    std::vector<double> o(n, 1.0);
    std::vector<double> co(n, 1.0);
    std::vector<double> sigmas;
    for (std::size_t i = 0; i < n; ++i) {
      if (is_vacuum(i)) {
        o[i] = 0.0;
        co[i] = 0.0;
      } else if (out_.positions[i].usable) {
        o[i] = out_.positions[i].amounts.oxygen.value;
        co[i] = out_.positions[i].amounts.cobalt.value;
        sigmas.push_back(std::hypot(out_.positions[i].amounts.oxygen.sigma, out_.positions[i].amounts.cobalt.sigma));
      }
    }
    o = detail::running_mean(o);
    co = detail::running_mean(co);
    const double threshold = std::max(0.08, 4.0 * num::median(sigmas) / std::sqrt(3.0));
    std::vector<double> depth(n);
    for (std::size_t i = 0; i < n; ++i) {
      depth[i] = std::hypot(o[i] - 1.0, co[i] - 1.0);
    }
    double best = 0.0;
    std::size_t first = n;
    std::size_t last = n;
    for (std::size_t i = 0; i < n;) {
      std::size_t j = i;
      double sum = 0.0;
      for (; j < n && depth[j] > threshold; ++j) {
        sum += depth[j];
      }
      if (sum > best && j - i >= 2) {
        best = sum;
        first = i;
        last = j;
      }
      i = j + 1;
    }
    if (first == n) {
      return;
    }
    const double top = *std::max_element(depth.begin() + static_cast<std::ptrdiff_t>(first),
                                         depth.begin() + static_cast<std::ptrdiff_t>(last));
    std::size_t from = last;
    std::size_t to = first;
    for (std::size_t i = first; i < last; ++i) {
      if (depth[i] >= 0.5 * top && (out_.positions[i].usable || is_vacuum(i))) {
        out_.core.push_back(i);
        out_.positions[i].core = true;
        from = std::min(from, i);
        to = std::max(to, i);
      }
    }
    mark_surface(from, to);
  }

  void mark_surface(std::size_t from, std::size_t to) {
    const auto reach = static_cast<std::size_t>(options_.surface_positions);
    for (std::size_t i = from > reach ? from - reach : 0; i < std::min(to + reach + 1, items().size()); ++i) {
      if ((i < from || i > to) && out_.positions[i].usable) {
        out_.surface.push_back(i);
        out_.positions[i].surface = true;
      }
    }
  }

  /// The anchor and the pre-peak once more, in the reference alone.
  void calibrate_axis() {
    const LineProfile& p = out_.profile;
    const std::vector<double> counts = sum_of(p.counts, out_.reference);
    std::vector<double> variance(counts.size());
    const double factor = p.edges.front().noise_factor;
    for (std::size_t c = 0; c < counts.size(); ++c) {
      variance[c] = factor * std::max(counts[c], 1.0);
    }
    const Reference anchor = reference_value("Co L3 maximum of LiCoO2");
    out_.axis_shift_eV = p.axis_shift_eV;
    out_.axis_shift_sigma = anchor.sigma;
    if (!p.lines.found) {
      out_.warnings.push_back({"no_anchor", "no Co white lines stand out: the energy axis is not calibrated"});
      return;
    }
    const auto top = l3_maximum(sum_of(p.cobalt_signal, out_.reference), variance, p.axis, p.lines.l3_eV);
    if (top) {
      out_.axis_shift_eV = top->value - anchor.value;
      out_.axis_shift_sigma = std::hypot(anchor.sigma, top->sigma);
    }
    const auto peak =
        fit_pre_peak(sum_of(p.oxygen_signal, out_.reference), variance, p.axis, p.pre_peak_eV + p.axis_shift_eV);
    if (peak) {
      out_.pre_peak_eV = {peak->value - out_.axis_shift_eV, std::hypot(peak->sigma, out_.axis_shift_sigma)};
    }
  }

  void read_core() {
    out_.amounts = amounts_of(out_.core);
    out_.call = call_product(out_.amounts, priors_);
    out_.balance = mass_balance(out_.amounts, priors_);
    out_.cobalt_fraction = fraction_of(out_.amounts, out_.call.oxide.value, 1.0);
    out_.cobalt_fraction_counting = fraction_of(out_.amounts, 0.0, 0.0).sigma;
    out_.co_per_o = ratio_of_fraction(out_.cobalt_fraction);
    std::vector<Quotient> raw;
    for (const std::size_t i : out_.core) {
      raw.push_back(items()[i].raw);
    }
    out_.raw_ratio = pooled(raw);
  }

  [[nodiscard]] Estimate pool(std::span<const std::size_t> where, Quotient LinePosition::*member) const {
    std::vector<Quotient> all;
    for (const std::size_t i : where) {
      all.push_back(items()[i].*member);
    }
    return pooled(all);
  }

  void compare_walls() {
    const Estimate undamaged = pool(out_.reference, &LinePosition::pre_net);
    const Estimate walls = pool(out_.surface, &LinePosition::pre_net);
    if (walls.sigma > 0.0 && undamaged.value > 0.0) {
      out_.pre_peak_contrast = {
          (undamaged.value - walls.value) / undamaged.value,
          std::hypot(undamaged.sigma * walls.value / undamaged.value, walls.sigma) / undamaged.value};
    }
    ValenceDifference& v = out_.valence;
    const auto difference = [&](Quotient LinePosition::*member) {
      const Estimate inside = pool(out_.core, member);
      const Estimate wall = pool(out_.surface, member);
      return inside.sigma > 0.0 && wall.sigma > 0.0 ? num::difference(inside, wall) : Estimate{};
    };
    v.l3_centroid = difference(&LinePosition::l3_centroid);
    v.l3_l2 = difference(&LinePosition::l3_l2);
    v.low_side = difference(&LinePosition::low_side);
    if (v.l3_centroid.sigma <= 0.0 || v.l3_l2.sigma <= 0.0 || v.low_side.sigma <= 0.0) {
      return;
    }
    const std::array signs{-v.l3_centroid.value, v.l3_l2.value, v.low_side.value};
    v.same_sign = std::ranges::all_of(signs, [](double s) { return s > 0.0; }) ||
                  std::ranges::all_of(signs, [](double s) { return s < 0.0; });
    v.least_significance =
        std::min({std::abs(v.l3_centroid.value) / v.l3_centroid.sigma, std::abs(v.l3_l2.value) / v.l3_l2.sigma,
                  std::abs(v.low_side.value) / v.low_side.sigma});
  }

  void look_for_suspects() {
    const auto counts = [&](std::span<const std::size_t> where) {
      const std::vector<double> sum = sum_of(out_.profile.counts, where);
      return std::vector<float>(sum.begin(), sum.end());
    };
    const std::vector<float> inside = counts(out_.core);
    const std::vector<float> outside = counts(out_.reference);
    const EnergyAxis axis = out_.profile.axis.shifted(-out_.profile.axis_shift_eV);
    for (const std::string_view element : bright_suspects) {
      out_.suspects.push_back(look_for(element, inside, out_.core.size(), outside, out_.reference.size(), axis,
                                       out_.profile.edges.front().noise_factor));
    }
    for (Warning& warning : cobalt_overlaps(out_.profile.means, items().size(), out_.profile.edges.back())) {
      out_.warnings.push_back(std::move(warning));
    }
  }

  const ProductOptions& options_;
  Reference stoichiometry_;
  Illumination illumination_;
  CallPriors priors_;
  ProductReading out_;
  detail::Trend oxygen_;
  detail::Trend thickness_;
  Estimate ratio_;  // Co over O window of the reference
  Estimate peak_;   // pre-peak over O window of the reference
};

}  // namespace

std::string_view name(ReadingStatus status) noexcept {
  switch (status) {
    case ReadingStatus::ok:
      return "ok";
    case ReadingStatus::no_reference:
      return "no reference";
    case ReadingStatus::too_thick:
      return "too thick";
    case ReadingStatus::too_noisy:
      return "too noisy";
  }
  return "unknown";
}

ProductReading read_product(const ChainInput& input, const ProductOptions& options, Run& run) {
  return Reader(input, options, run).go();
}

}  // namespace hotstage::eels
