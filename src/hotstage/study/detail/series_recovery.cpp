// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/study/detail/series_recovery.hpp"

#include "hotstage/num/statistics.hpp"
#include "hotstage/series/registration.hpp"
#include "hotstage/series/segment.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <set>

namespace hotstage::study::detail {

namespace {

constexpr double first_share = 0.01;  // of a grain: its first part, as series.track defines it

double rms(const std::vector<double>& values) {
  double sum = 0.0;
  for (const double v : values) {
    sum += v * v;
  }
  return values.empty() ? 0.0 : std::sqrt(sum / static_cast<double>(values.size()));
}

Buffer<std::int32_t, 2> labels_of(const signal::Signal& labels) {
  const Buffer<float, 2> values = signal::read_all(labels);
  Buffer<std::int32_t, 2> out({labels.axes[0].size, labels.axes[1].size});
  for (std::size_t i = 0; i < out.size(); ++i) {
    out.data()[i] = static_cast<std::int32_t>(std::lround(values.data()[i]));
  }
  return out;
}

/// Recovered minus true position of one axis, common zero taken off, in px; pulls beside it.
struct AxisErrors {
  std::vector<double> errors;
  std::vector<double> pulls;
};

AxisErrors axis_errors(const io::Table& drift, const Value& truth, const char* column, const char* sigma,
                       const char* scan, const char* key) {
  const double pixel_nm = truth.at("instrument").at("pixel_nm").as_number();
  const std::vector<double>& found = drift.numbers(column);
  const std::vector<double>& s = drift.numbers(sigma);
  const std::vector<double>& motion = drift.numbers(scan);
  const Value::Array& frames = truth.at("frames").as_array();
  AxisErrors out;
  for (std::size_t i = 0; i < found.size() && i < frames.size(); ++i) {
    out.errors.push_back(found[i] - frames[i].at(key).as_number() / pixel_nm);
  }
  const double mean = num::mean(out.errors);
  for (std::size_t i = 0; i < out.errors.size(); ++i) {
    out.errors[i] -= mean;
    if (s[i] > 0.0) {
      out.pulls.push_back(out.errors[i] / std::hypot(s[i], motion[i]));
    }
  }
  return out;
}

}  // namespace

SeriesRecovery::SeriesRecovery(const StepInputs& inputs)
    : inputs_(inputs),
      frames_truth_(inputs.records.at("frames_truth")),
      programme_(kinetics::Programme::from_value(inputs.records.at("heating").at("programme"))),
      clock_offset_s_(inputs.records.at("heating").at("clock_offset_s").as_number()),
      lamella_offset_K_(inputs.records.at("heating").at("lamella_offset_K").as_number()) {
  const signal::Signal& labels = inputs.signal("found_labels");
  field_ = field_on_scene(frames_truth_, labels);
  const Buffer<std::int32_t, 2> found = labels_of(labels);
  found_ = series::filled_labels(found.view());
  truth_ = series::filled_labels(labels_on_field(inputs.signal("labels"), field_).view());
  // Compared only where the analysis looked: the rim that drift uncovers has label 0 in a wide band.
  matched_ = match_grains(found.view(), truth_.view());
  labels_ = labels_of(labels);
  if (const auto state = inputs.signals.find("state"); state != inputs.signals.end()) {
    truth_s_ = true_onset_s(state->second, field_);
  }
}

const io::Table* SeriesRecovery::table(const std::string& name) const {
  const auto found = inputs_.tables.find(name);
  return found == inputs_.tables.end() || found->second.rows() == 0 ? nullptr : &found->second;
}

double SeriesRecovery::set_point_degC(double microscope_s) const {
  return programme_.at((microscope_s + clock_offset_s_) * units::s).in_degC();
}

double SeriesRecovery::lamella_degC(double microscope_s) const {
  return set_point_degC(microscope_s) + lamella_offset_K_;
}

double SeriesRecovery::last_frame_s() const {
  return frames_truth_.at("frames").as_array().back().at("start_s").as_number();
}

void SeriesRecovery::compare_drift(StepOutput& out) {
  const io::Table& drift = inputs_.tables.at("drift");
  const AxisErrors y = axis_errors(drift, frames_truth_, "dy", "sigma_y", "scan_y", "drift_y_nm");
  const AxisErrors x = axis_errors(drift, frames_truth_, "dx", "sigma_x", "scan_x", "drift_x_nm");
  std::vector<double> errors = y.errors;
  errors.insert(errors.end(), x.errors.begin(), x.errors.end());
  std::vector<double> pulls = y.pulls;
  pulls.insert(pulls.end(), x.pulls.begin(), x.pulls.end());
  rows_.add("drift error, rms per axis", 0.0, {rms(errors), 0.0}, "px");
  rows_.add("drift pull, rms", 1.0, {rms(pulls), 0.0}, "");
  out.results.push_back({.id = "drift_error",
                         .value = rms(errors),
                         .unit = "px",
                         .method = "rms over frames and axes against the simulated drift, common zero taken off",
                         .evidence = "twin",
                         .label = "Error of the drift"});
  out.results.push_back({.id = "drift_pull",
                         .value = rms(pulls),
                         .method = "rms of error over stated σ: registration noise and motion while a frame is scanned",
                         .evidence = "twin",
                         .label = "Error of the drift in units of its σ"});
}

void SeriesRecovery::compare_detector() {
  const io::Table& drift = inputs_.tables.at("drift");
  const Value& instrument = frames_truth_.at("instrument");
  const double spread = instrument.at("spread").as_number();
  rows_.add("noise gain: gain (1 + spread²)", instrument.at("gain").as_number() * (1.0 + spread * spread),
            {drift.numbers("gain").front(), 0.0}, "counts");
  rows_.add("black level", instrument.at("black_level").as_number(), {drift.numbers("black").front(), 0.0}, "counts");
}

void SeriesRecovery::compare_grains(StepOutput& out) {
  const Buffer<std::int32_t, 2> found = labels_of(inputs_.signal("found_labels"));
  std::set<int> true_grains;
  for (std::size_t i = 0; i < found.size(); ++i) {
    if (found.data()[i] > 0 && truth_.data()[i] > 0) {
      true_grains.insert(truth_.data()[i]);
    }
  }
  const double f1 = boundary_f1(found_.view(), truth_.view());
  rows_.add("grains in the field", static_cast<double>(true_grains.size()), {static_cast<double>(matched_.size()), 0.0},
            "");
  rows_.add("boundaries, F1 within 3 px", 1.0, {f1, 0.0}, "");
  out.results.push_back({.id = "boundary_f1",
                         .value = f1,
                         .method = "harmonic mean of recall and precision of boundary pixels within 3 px",
                         .evidence = "twin",
                         .label = "Boundaries found"});
}

void SeriesRecovery::compare_voids() {
  const auto scene = inputs_.records.find("scene");
  if (scene == inputs_.records.end() || scene->second.find("voids") == nullptr) {
    return;
  }
  const io::Table* spots = table("spots");
  const double scale = field_.pixel_nm / field_.file_pixel_nm;
  std::size_t number = 0;
  for (const Value& truth : scene->second.at("voids").as_array()) {
    ++number;
    const double y = (truth.at("y_nm").as_number() - field_.y0_nm) / scale;
    const double x = (truth.at("x_nm").as_number() - field_.x0_nm) / scale;
    const double radius = truth.at("radius_nm").as_number();
    double nearest = radius;
    std::size_t best = 0;
    bool hit = false;
    for (std::size_t i = 0; spots != nullptr && i < spots->rows(); ++i) {
      const double distance = std::hypot(spots->numbers("y")[i] - y, spots->numbers("x")[i] - x);
      if (distance < nearest) {
        nearest = distance;
        best = i;
        hit = true;
      }
    }
    const bool inside = y > radius && x > radius &&
                        y < static_cast<double>(field_.rows) * field_.file_pixel_nm - radius &&
                        x < static_cast<double>(field_.columns) * field_.file_pixel_nm - radius;
    if (inside) {
      rows_.add(fmt::format("void {} found", number), 1.0, {hit ? 1.0 : 0.0, 0.0}, "");
    }
    if (inside && hit) {
      rows_.add(fmt::format("void {} radius", number), radius, {spots->numbers("radius")[best] * scale, 0.0}, "nm");
      if (truth.at("hexagonal").as_bool()) {
        rows_.add(fmt::format("void {} facet angle", number), std::fmod(truth.at("angle_deg").as_number(), 60.0),
                  {spots->numbers("facet_angle")[best], 0.0}, "deg");
      }
    }
  }
}

bool SeriesRecovery::covered(std::size_t row, std::size_t column, std::size_t step) const {
  const io::Table& drift = inputs_.tables.at("drift");
  const std::vector<double>& dy = drift.numbers("dy");
  const std::vector<double>& dx = drift.numbers("dx");
  const std::vector<double>& flags = drift.numbers("flags");
  const auto inside = [&](std::size_t block, double moved, std::size_t size) {
    const double first = static_cast<double>(block * step) + moved;
    return first >= 0.0 && first + static_cast<double>(step) <= static_cast<double>(size);
  };
  for (std::size_t f = 0; f < drift.rows(); ++f) {
    const series::FrameDrift frame{.flags = static_cast<std::uint32_t>(flags[f])};
    if (frame.usable() && !(inside(row, dy[f], field_.rows) && inside(column, dx[f], field_.columns))) {
      return false;
    }
  }
  return true;
}

void SeriesRecovery::compare_map(const Buffer<double, 2>& truth_s) {
  const signal::Signal* onset = inputs_.find_signal("onset");
  if (onset == nullptr) {
    return;
  }
  const Buffer<float, 2> map = signal::read_all(*onset);
  const std::size_t rows = onset->axes[0].size;
  const std::size_t columns = onset->axes[1].size;
  const std::size_t step = field_.columns / columns;
  std::vector<double> errors;
  std::size_t missed = 0;
  std::size_t invented = 0;
  for (std::size_t b = 0; b < rows * columns; ++b) {
    if (!covered(b / columns, b % columns, step)) {
      continue;
    }
    std::vector<double> times;
    for (std::size_t k = 0; k < step * step; ++k) {
      times.push_back(truth_s.view()(b / columns * step + k / step, b % columns * step + k % step));
    }
    std::sort(times.begin(), times.end());
    const double median = times[times.size() / 2];
    const auto found = static_cast<double>(map.data()[b]);
    const bool changed = std::isfinite(median) && median < last_frame_s();
    if (changed && std::isfinite(found)) {
      errors.push_back(found - set_point_degC(median));
    } else {
      missed += changed ? 1U : 0U;
      invented += std::isfinite(found) && !std::isnan(median) ? 1U : 0U;
    }
  }
  rows_.add("onset map, median error", 0.0, {num::median(errors), 0.0}, "K");
  rows_.add("onset map, scatter of blocks", 0.0, {num::median_deviation(errors), 0.0}, "K");
  const double all = static_cast<double>(errors.size() + missed);
  rows_.add("share of changed blocks found", 1.0, {all > 0.0 ? static_cast<double>(errors.size()) / all : 0.0, 0.0},
            "");
  rows_.add("blocks changed only in the map", 0.0, {static_cast<double>(invented), 0.0}, "");
}

void SeriesRecovery::compare_onsets(StepOutput& out) {
  const io::Table* onsets = table("onsets");
  if (onsets == nullptr || !truth_s_) {
    return;
  }
  const std::vector<std::string>& verdicts = onsets->column("state").texts;
  if (std::count(verdicts.begin(), verdicts.end(), "refused") > 0) {
    out.checks.push_back({"Onsets", CheckStatus::attention, "refused by the analysis", "",
                          "Nothing was dated, so nothing is compared: onset_error is not given"});
    return;
  }
  const Buffer<double, 2>& truth_s = *truth_s_;
  compare_map(truth_s);
  const Buffer<std::int32_t, 2>& found = labels_;
  std::vector<double> errors, pulls;
  double first_truth = 1e9, first_found = 1e9, first_sigma = 0.0;
  for (std::size_t i = 0; i < onsets->rows(); ++i) {
    const double degC = onsets->numbers("onset")[i];
    const auto grain = static_cast<std::int32_t>(onsets->numbers("grain")[i]);
    if (!std::isfinite(degC)) {
      continue;
    }
    // The same definition on the truth: the time at which a hundredth of the pixels of this grain have begun.
    std::vector<double> times;
    for (std::size_t p = 0; p < found.size(); ++p) {
      if (found.data()[p] == grain && !std::isnan(truth_s.data()[p])) {
        times.push_back(truth_s.data()[p]);
      }
    }
    const auto at = static_cast<std::ptrdiff_t>(first_share * static_cast<double>(times.size()));
    std::nth_element(times.begin(), times.begin() + at, times.end());
    const double truth_s_first = times[static_cast<std::size_t>(at)];
    if (!std::isfinite(truth_s_first)) {
      continue;
    }
    const double truth = set_point_degC(truth_s_first) + lamella_offset_K_;
    const double sigma = onsets->numbers("sigma")[i];
    rows_.add(fmt::format("onset of grain {} (lamella)", grain), truth, {degC, sigma}, "degC");
    const double chip = onsets->numbers("sigma_chip")[i];
    const double own = std::sqrt(std::max(1e-6, sigma * sigma - chip * chip));
    rows_.add(fmt::format("onset of grain {}, hidden offset known", grain), truth, {degC + lamella_offset_K_, own},
              "degC");
    errors.push_back(degC + lamella_offset_K_ - truth);
    pulls.push_back(errors.back() / own);
    if (degC < first_found) {
      first_found = degC;
      first_sigma = sigma;
    }
    first_truth = std::min(first_truth, truth);
  }
  if (errors.empty()) {
    return;
  }
  rows_.add("first onset (lamella)", first_truth, {first_found, first_sigma}, "degC");
  out.results.push_back({.id = "onset_error",
                         .value = num::mean(errors),
                         .sigma = errors.size() > 1 ? std::optional<double>(num::standard_error(errors)) : std::nullopt,
                         .unit = "K",
                         .method = fmt::format("mean over {} grains of recovered minus true onset after the hidden "
                                               "offset of the lamella is taken off; rms {:.1f} K, rms pull {:.2f}",
                                               errors.size(), rms(errors), rms(pulls)),
                         .evidence = "twin",
                         .label = "Error of grain onsets without the lamella's offset"});
}

void SeriesRecovery::compare_crossing(StepOutput& out) {
  const io::Table* crossings = table("crossings");
  const io::Table* events = table("events");
  if (events == nullptr) {
    return;
  }
  // The first true crossing into a grain that nothing had entered before.
  std::set<int> entered;
  double truth = std::numeric_limits<double>::quiet_NaN();
  int true_grain = 0;
  for (std::size_t i = 0; i < events->rows(); ++i) {
    const std::string& kind = events->column("kind").texts[i];
    const auto grain = static_cast<int>(events->numbers("grain")[i]);
    if (kind == "crossing" && entered.count(grain) == 0 && !std::isfinite(truth)) {
      truth = events->numbers("temperature")[i];
      true_grain = grain;
    }
    if (kind == "crossing" || kind == "seed" || kind == "nucleation") {
      entered.insert(grain);
    }
  }
  double found = std::numeric_limits<double>::quiet_NaN();
  double sigma = 0.0;
  int found_grain = 0;
  for (std::size_t i = 0; crossings != nullptr && i < crossings->rows(); ++i) {
    const double degC = crossings->numbers("onset")[i];
    if (crossings->column("verdict").texts[i] == "crossing" && !(degC >= found)) {
      found = degC;
      sigma = crossings->numbers("sigma")[i];
      const auto matched = matched_.find(static_cast<int>(crossings->numbers("into")[i]));
      found_grain = matched == matched_.end() ? 0 : matched->second;
    }
  }
  if (std::isfinite(truth) && std::isfinite(found)) {
    rows_.add("first crossing into an untouched grain (lamella)", truth, {found, sigma}, "degC");
    out.checks.push_back({"First crossing", found_grain == true_grain ? CheckStatus::ok : CheckStatus::attention,
                          fmt::format("true into grain {}, found into true grain {}", true_grain, found_grain),
                          "the same", "Temperatures of different grains may agree by chance"});
  } else {
    out.checks.push_back({"First crossing",
                          std::isfinite(truth) == std::isfinite(found) ? CheckStatus::ok : CheckStatus::attention,
                          fmt::format("{} in the truth, {} in the analysis", std::isfinite(truth) ? "one" : "none",
                                      std::isfinite(found) ? "one" : "none"),
                          "the same", "Crossing into a grain that nothing else had entered"});
  }
}

void SeriesRecovery::finish(StepOutput& out) const {
  rows_.publish(4.0, "Onsets of the lamella share one hidden offset; a fitted front takes a grain to have one nucleus",
                out);
}

}  // namespace hotstage::study::detail
