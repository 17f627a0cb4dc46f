// SPDX-License-Identifier: GPL-3.0-or-later
// A folder or pattern of single images as one series.

#include "hotstage/io/files.hpp"

#include "hotstage/core/error.hpp"
#include "hotstage/signal/clock.hpp"
#include "hotstage/signal/detail/stored_numbers.hpp"
#include "hotstage/signal/format.hpp"

#include <fmt/format.h>
#include <fnmatch.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <list>
#include <map>
#include <mutex>
#include <set>

namespace hotstage::signal::files {

namespace {

using Paths = std::vector<std::filesystem::path>;

constexpr std::size_t most_files = 1000000;
/// Files kept open between reads.
constexpr std::size_t open_files = 8;
/// Formats of images; tables, logs and sidecars may lie in the folder too.
constexpr std::array image_extensions{"dm3", "dm4", "emd", "hspy", "mrc", "mrcs",
                                      "png", "raw", "bin", "ser",  "tif", "tiff"};

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

/// Numbers within names count as numbers: img_2 before img_10.
bool natural_less(const std::filesystem::path& left, const std::filesystem::path& right) {
  const std::string a = left.filename().string();
  const std::string b = right.filename().string();
  std::size_t i = 0;
  std::size_t j = 0;
  while (i < a.size() && j < b.size()) {
    if (!is_digit(a[i]) || !is_digit(b[j])) {
      if (a[i] != b[j]) {
        return a[i] < b[j];
      }
      ++i;
      ++j;
      continue;
    }
    const auto run = [](const std::string& text, std::size_t& at) {
      const std::size_t first = std::min(text.find_first_not_of('0', at), text.size());
      at = first;
      while (at < text.size() && is_digit(text[at])) {
        ++at;
      }
      return std::string_view(text).substr(first, at - first);
    };
    const std::string_view number_a = run(a, i);
    const std::string_view number_b = run(b, j);
    if (number_a.size() != number_b.size()) {
      return number_a.size() < number_b.size();
    }
    if (number_a != number_b) {
      return number_a < number_b;
    }
  }
  return a.size() - i != b.size() - j ? a.size() - i < b.size() - j : a < b;
}

bool is_pattern(const std::filesystem::path& path) {
  std::error_code none;
  return path.filename().string().find_first_of("*?[") != std::string::npos && !std::filesystem::exists(path, none);
}

Paths matching(const std::filesystem::path& folder, const std::string& pattern) {
  Paths out;
  std::error_code failed;
  const std::filesystem::path where = folder.empty() ? std::filesystem::path(".") : folder;
  for (const auto& entry : std::filesystem::directory_iterator(where, failed)) {
    const std::string name = entry.path().filename().string();
    std::error_code none;
    if (!name.starts_with('.') && entry.is_regular_file(none) &&
        (pattern.empty() || ::fnmatch(pattern.c_str(), name.c_str(), 0) == 0)) {
      out.push_back(folder / name);
    }
  }
  if (failed) {
    throw Error(Errc::io, Location{.file = where.string()}, "the folder cannot be read: " + failed.message());
  }
  return out;
}

/// The images of a folder are those of its only image format.
Paths images_of(const std::filesystem::path& folder) {
  std::map<std::string, Paths> by_extension;
  for (const std::filesystem::path& file : matching(folder, "")) {
    std::string extension = io::extension(file);
    if (std::ranges::find(image_extensions, extension) != image_extensions.end()) {
      extension = extension == "tiff" ? "tif" : extension;
      by_extension[extension].push_back(file);
    }
  }
  if (by_extension.size() > 1) {
    std::string list;
    for (const auto& [extension, files] : by_extension) {
      list += fmt::format("{}{} × .{}", list.empty() ? "" : ", ", files.size(), extension);
    }
    throw Error(Errc::bad_input, Location{.file = folder.string()}, "a folder with images of several formats: " + list,
                fmt::format("Name those that make the series, as in \"{}/*.{}\"", folder.string(),
                            by_extension.begin()->first));
  }
  return by_extension.empty() ? Paths{} : by_extension.begin()->second;
}

Paths files_of(const std::filesystem::path& path) {
  const bool pattern = is_pattern(path);
  Paths out = pattern ? matching(path.parent_path(), path.filename().string()) : images_of(path);
  if (out.empty()) {
    throw Error(Errc::bad_input, Location{.file = path.string()},
                pattern ? "no file matches the pattern" : "a folder without images, not a file",
                "Name a file, a folder of images of one format, or a pattern such as \"run/*.dm4\"");
  }
  if (out.size() > most_files) {
    throw Error(Errc::bad_input, Location{.file = path.string()}, fmt::format("a series of {} files", out.size()));
  }
  std::ranges::sort(out, natural_less);
  return out;
}

/// One image of every file.
class FilesSource final : public Source {
 public:
  FilesSource(Paths paths, std::size_t which, const Signal& first)
      : paths_(std::move(paths)), which_(which), type_(first.source->dtype()), channels_(first.channels()) {}

  [[nodiscard]] DType dtype() const override { return type_; }

  [[nodiscard]] std::size_t items() const override { return paths_.size(); }

  [[nodiscard]] std::size_t channels() const override { return channels_; }

  void read(const Region& region, std::span<std::byte> out) const override {
    const std::size_t row = region.channels * size_of(type_);
    for (std::size_t i = 0; i < region.items; ++i) {
      source_of(region.first_item + i)->read({0, 1, region.first_channel, region.channels}, out.subspan(i * row, row));
    }
  }

 private:
  [[nodiscard]] std::shared_ptr<const Source> source_of(std::size_t item) const {
    {
      const std::lock_guard lock(mutex_);
      const auto found = std::ranges::find(open_, item, &Open::item);
      if (found != open_.end()) {
        open_.splice(open_.begin(), open_, found);
        return open_.front().source;
      }
    }
    Run quiet;
    const std::vector<Signal> signals = load_all(paths_[item], quiet);
    if (which_ >= signals.size() || signals[which_].channels() != channels_ || signals[which_].items() != 1 ||
        signals[which_].source->dtype() != type_) {
      throw Error(Errc::io, Location{.file = paths_[item].string()},
                  "the file has changed since the series was opened");
    }
    const std::lock_guard lock(mutex_);
    open_.push_front({item, signals[which_].source});
    if (open_.size() > open_files) {
      open_.pop_back();
    }
    return open_.front().source;
  }

  struct Open {
    std::size_t item;
    std::shared_ptr<const Source> source;
  };

  Paths paths_;
  std::size_t which_;
  DType type_;
  std::size_t channels_;
  mutable std::mutex mutex_;  ///< guards `open_`
  mutable std::list<Open> open_;
};

bool is_image(const Signal& signal) {
  return signal.axes.size() == 2 && signal.items() == 1;
}

/// What one file adds to a series; its numbers are let go.
struct Frame {
  Signal image;
  std::string clock;
};

void check_same(const Frame& first, const Frame& frame, const std::filesystem::path& path,
                const std::filesystem::path& first_path) {
  const auto size = [](const Frame& of) { return of.image.shape_text(); };
  if (size(first) != size(frame) || first.image.source->dtype() != frame.image.source->dtype()) {
    throw Error(Errc::bad_input, Location{.file = path.string()},
                fmt::format("{} of {}, while {} holds {} of {}", size(frame), name(frame.image.source->dtype()),
                            first_path.filename().string(), size(first), name(first.image.source->dtype())),
                "Name the files that make the series by a pattern, as in \"run/*_HAADF_*.dm4\"");
  }
  if (first.image.intensity_scale != frame.image.intensity_scale ||
      first.image.intensity_offset != frame.image.intensity_offset) {
    throw Error(Errc::unsupported, Location{.file = path.string()},
                "its intensity is calibrated differently from the first file", "Convert the files to one calibration");
  }
}

void check_pixels(const Frame& first, const Frame& frame, const std::filesystem::path& path, Run& run) {
  constexpr double same = 1e-6;
  for (std::size_t i = 0; i < 2; ++i) {
    const Axis& a = first.image.axes[i];
    const Axis& b = frame.image.axes[i];
    if (a.unit != b.unit || std::abs(a.scale - b.scale) > same * std::abs(a.scale)) {
      run.warn("files.pixel_size", fmt::format("{}: pixels of {:.6g} {}, those of the first file are {:.6g} {}",
                                               path.filename().string(), b.scale, b.unit, a.scale, a.unit));
      return;
    }
  }
}

/// By the clocks of the files, else by the frame time of the first; numbers when neither is known.
Axis frame_axis(const std::vector<Frame>& frames, Run& run) {
  std::vector<std::string> clocks;
  for (const Frame& frame : frames) {
    clocks.push_back(frame.clock);
  }
  const std::vector<double> seconds = elapsed_s(clocks);
  if (!seconds.empty() && seconds.back() > 0.0) {
    const bool fractions = std::ranges::any_of(clocks, [](const std::string& text) {
      const std::size_t colon = text.rfind(':');
      return colon != std::string::npos && text.find('.', colon) != std::string::npos;
    });
    constexpr double whole_seconds = 1.0;
    constexpr double milliseconds = 1e-3;
    Axis axis = detail::axis_through(seconds, fractions ? milliseconds : whole_seconds);
    axis.name = "time";
    axis.unit = "s";
    return axis;
  }
  const auto& exposure = frames.front().image.metadata.exposure;
  const bool dated = std::ranges::any_of(clocks, [](const std::string& text) { return !text.empty(); });
  if (dated && seconds.empty()) {
    run.warn("files.time", "the dates of the files cannot be read or run backwards in the order of their names");
  }
  if (!exposure) {
    return {.name = "image", .size = frames.size()};
  }
  run.warn("files.time", fmt::format("the files do not tell frames apart in time: one frame every {:.6g} s is assumed, "
                                     "the frame time of the first",
                                     exposure->in(units::s)));
  return {.name = "time", .size = frames.size(), .scale = exposure->in(units::s), .unit = "s"};
}

/// Images of one file, by their number among its signals.
std::map<std::size_t, Frame> frames_of(const std::filesystem::path& path, Run& run) {
  std::map<std::size_t, Frame> out;
  const std::vector<Signal> signals = load_all(path, run);
  for (std::size_t i = 0; i < signals.size(); ++i) {
    if (is_image(signals[i])) {
      out[i] = {signals[i], acquisition_clock(signals[i])};
    }
  }
  if (out.empty()) {
    throw Error(Errc::unsupported, Location{.file = path.string()},
                fmt::format("holds no single image but {}", signals.front().shape_text()),
                "A series is made of files with one frame each; open a stack by itself");
  }
  return out;
}

/// Only the numbers stay closed: everything else of the first file speaks for the series.
Signal make_series(const std::filesystem::path& path, const Paths& paths, std::size_t which,
                   const std::vector<Frame>& frames, Run& run) {
  Signal out = frames.front().image;
  out.metadata.title = path.filename().empty() ? path.parent_path().filename().string() : path.filename().string();
  out.source = std::make_shared<FilesSource>(paths, which, frames.front().image);
  if (paths.size() > 1) {
    out.navigation = {frame_axis(frames, run)};
  }
  Value list = Value::array();
  for (const std::filesystem::path& file : paths) {
    list.push_back(Value(file.filename().string()));
  }
  Value original = Value::object();
  original["files"] = std::move(list);
  original["first"] = std::move(out.original);
  out.original = std::move(original);
  return out;
}

bool claims(const std::filesystem::path& path) {
  std::error_code none;
  return std::filesystem::is_directory(path, none) || is_pattern(path);
}

Match sniff(std::span<const std::byte>) {
  return Match::no;
}

/// The members, then what lies beside them. One format speaks for all: they share an extension.
Paths companions(const std::filesystem::path& path) {
  Paths out = files_of(path);
  const Format& single = signal::sniff(out.front());
  if (single.companions == nullptr) {
    return out;
  }
  std::set<std::filesystem::path> known(out.begin(), out.end());
  const std::size_t members = out.size();
  for (std::size_t i = 0; i < members; ++i) {
    for (const std::filesystem::path& beside : single.companions(out[i])) {
      if (known.insert(beside).second) {
        out.push_back(beside);
      }
    }
  }
  return out;
}

std::vector<Signal> read(const std::filesystem::path& path, Run& run) {
  if (!claims(path)) {
    throw Error(Errc::bad_input, Location{.file = path.string()}, "a file, not a folder or a pattern of files");
  }
  const Paths paths = files_of(path);
  std::map<std::size_t, std::vector<Frame>> series;
  for (std::size_t f = 0; f < paths.size(); ++f) {
    run.check_stop();
    std::map<std::size_t, Frame> frames = frames_of(paths[f], run);
    if (f > 0 && !std::ranges::equal(
                     frames, series, {}, [](const auto& entry) { return entry.first; },
                     [](const auto& entry) { return entry.first; })) {
      throw Error(Errc::bad_input, Location{.file = paths[f].string()},
                  fmt::format("holds {} images, the first file {}", frames.size(), series.size()),
                  "Name the files that make the series by a pattern");
    }
    for (auto& [which, frame] : frames) {
      std::vector<Frame>& so_far = series[which];
      if (!so_far.empty()) {
        check_same(so_far.front(), frame, paths[f], paths.front());
        check_pixels(so_far.front(), frame, paths[f], run);
        frame.image = Signal();  // closes the file
      }
      so_far.push_back(std::move(frame));
    }
    run.progress(static_cast<double>(f + 1) / static_cast<double>(paths.size()), "opening the series");
  }
  std::vector<Signal> out;
  for (const auto& [which, frames] : series) {
    out.push_back(make_series(path, paths, which, frames, run));
  }
  return out;
}

}  // namespace

extern const Format format;
const Format format{.id = "files",
                    .title = "series of single files",
                    .extensions = {"*"},
                    .sniff = sniff,
                    .read = read,
                    .claims = claims,
                    .companions = companions};

}  // namespace hotstage::signal::files
