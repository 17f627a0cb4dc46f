// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/signal/format.hpp"

#include "hotstage/core/error.hpp"
#include "hotstage/io/files.hpp"
#include "hotstage/signal/detail/foreign.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace hotstage::signal {

#define HOTSTAGE_PLUGIN(name) \
  namespace name {            \
  extern const Format format; \
  }
#include "hotstage/signal/formats.inc"
#undef HOTSTAGE_PLUGIN

namespace {

/// A format's sniff sees this much of the file.
constexpr std::size_t head_bytes = 4096;

bool has_extension(const Format& format, const std::string& extension) {
  return std::ranges::find(format.extensions, extension) != format.extensions.end();
}

std::string list_titles(bool writable) {
  std::string out;
  for (const Format* format : formats()) {
    if (!writable || format->write != nullptr) {
      out += fmt::format("{}{} (.{})", out.empty() ? "" : ", ", format->title, format->extensions.front());
    }
  }
  return out;
}

/// "._scan.dm4" holds Finder information about "scan.dm4", never data.
void refuse_companion(const std::filesystem::path& file, std::span<const std::byte> head) {
  const std::string name = file.filename().string();
  const bool named = name.starts_with("._") && name.size() > 2;
  if (!detail::is_apple_double(head) && !(named && head.size() < head_bytes)) {
    return;
  }
  const std::string original = named ? name.substr(2) : "the file of the same name";
  throw Error(Errc::bad_input, Location{.file = file.string()},
              fmt::format("this is the macOS companion of {}, not the data itself", original),
              fmt::format("Use {} instead", original));
}

/// Zarr keeps a signal in a folder of many files.
void refuse_zarr(const std::filesystem::path& file) {
  std::error_code none;
  if (std::filesystem::is_directory(file, none) &&
      (io::extension(file) == "zspy" || std::filesystem::exists(file / ".zgroup", none) ||
       std::filesystem::exists(file / "zarr.json", none))) {
    throw Error(Errc::unsupported, Location{.file = file.string()}, "a HyperSpy Zarr store (ZSPY): not yet supported",
                "Save it as .hspy from HyperSpy");
  }
}

/// The format that takes a path by its name; nullptr when none does.
const Format* claimed(const std::filesystem::path& path) {
  const auto found = std::ranges::find_if(
      formats(), [&](const Format* format) { return format->claims != nullptr && format->claims(path); });
  return found == formats().end() ? nullptr : *found;
}

/// HDF5 is a container of many formats: the groups tell them apart.
const Format& match_hdf5(const std::filesystem::path& path) {
  const io::Hdf5File file = io::Hdf5File::open(path);
  for (const Format* format : formats()) {
    if (format->owns != nullptr && format->owns(file)) {
      return *format;
    }
  }
  const detail::Foreign foreign = detail::recognise_hdf5(file);
  throw Error(Errc::unsupported, Location{.file = path.string()}, fmt::format("{}: not yet supported", foreign.name),
              foreign.hint);
}

const Format* best_match(const std::filesystem::path& file, std::span<const std::byte> head) {
  const std::string extension = io::extension(file);
  const Format* best = nullptr;
  int best_score = 0;
  for (const Format* format : formats()) {
    const Match match = format->sniff(head);
    const int score =
        match == Match::no ? 0 : (match == Match::yes ? 4 : 2) + (has_extension(*format, extension) ? 1 : 0);
    if (score > best_score) {
      best = format;
      best_score = score;
    }
  }
  return best;
}

void check_shapes(const Signal& signal) {
  const auto product = [](const std::vector<Axis>& axes) {
    std::size_t size = 1;
    for (const Axis& axis : axes) {
      size *= axis.size;
      HOTSTAGE_ENSURES(axis.points.empty() || axis.points.size() == axis.size);
    }
    return size;
  };
  HOTSTAGE_ENSURES(signal.source != nullptr);
  HOTSTAGE_ENSURES(product(signal.navigation) == signal.items() && product(signal.axes) == signal.channels());
}

}  // namespace

std::span<const Format* const> formats() {
#define HOTSTAGE_PLUGIN(name) &name::format,
  static constexpr std::array table{
#include "hotstage/signal/formats.inc"
  };
#undef HOTSTAGE_PLUGIN
  return table;
}

const Format& sniff(const std::filesystem::path& file) {
  refuse_zarr(file);
  std::error_code none;
  const Format* by_name = claimed(file);
  if (by_name != nullptr && !std::filesystem::is_regular_file(file, none)) {
    return *by_name;
  }
  const std::vector<std::byte> head = io::read_head(file, head_bytes);
  refuse_companion(file, head);
  if (head.empty()) {
    throw Error(Errc::bad_input, Location{.file = file.string()}, "the file is empty (0 bytes)",
                "Copy it again from the instrument");
  }
  if (const auto foreign = detail::recognise_foreign(file, head)) {
    throw Error(Errc::unsupported, Location{.file = file.string()}, fmt::format("{}: not yet supported", foreign->name),
                foreign->hint);
  }
  if (detail::is_hdf5(head)) {
    return match_hdf5(file);
  }
  const Format* best = best_match(file, head);
  if (by_name != nullptr && (best == nullptr || best->sniff(head) != Match::yes)) {
    return *by_name;
  }
  if (best != nullptr) {
    return *best;
  }
  throw Error(Errc::unsupported, Location{.file = file.string()}, "not a file format known here",
              "Known are " + list_titles(false));
}

std::vector<std::filesystem::path> files_behind(const std::filesystem::path& path) {
  std::error_code none;
  std::vector<std::filesystem::path> out;
  if (std::filesystem::is_regular_file(path, none)) {
    out.push_back(path);
  }
  const Format& format = sniff(path);
  if (format.companions != nullptr) {
    for (const std::filesystem::path& beside : format.companions(path)) {
      if (std::ranges::find(out, beside) == out.end()) {
        out.push_back(beside);
      }
    }
  }
  return out;
}

std::vector<Signal> load_all(const std::filesystem::path& file, Run& run) {
  const Format& format = sniff(file);
  try {
    std::vector<Signal> signals = format.read(file, run);
    for (Signal& signal : signals) {
      signal.file = file.string();
      check_shapes(signal);
    }
    if (signals.empty()) {
      throw Error(Errc::bad_input, "the file holds no data");
    }
    return signals;
  } catch (Error& error) {
    error.in_file(file.string());
    throw;
  }
}

Signal load(const std::filesystem::path& file, Run& run, std::optional<std::size_t> which) {
  std::vector<Signal> signals = load_all(file, run);
  if (which ? *which < signals.size() : signals.size() == 1) {
    return std::move(signals[which.value_or(0)]);
  }
  std::string list;
  for (std::size_t i = 0; i < signals.size(); ++i) {
    list += fmt::format("{}{}: {} \"{}\"", i == 0 ? "" : ", ", i, signals[i].shape_text(), signals[i].metadata.title);
  }
  const std::string problem = which ? fmt::format("there is no signal number {}", *which)
                                    : fmt::format("the file holds {} signals", signals.size());
  throw Error(Errc::bad_input, Location{.file = file.string()}, problem,
              fmt::format("Choose one by its number, as in {}#0 or signal = 0: {}", file.filename().string(), list));
}

void save(std::span<const Signal> signals, const std::filesystem::path& file, Run& run) {
  HOTSTAGE_EXPECTS(!signals.empty());
  const std::string extension = io::extension(file);
  const auto found =
      std::ranges::find_if(formats(), [&](const Format* format) { return has_extension(*format, extension); });
  if (found == formats().end() || (*found)->write == nullptr) {
    throw Error(Errc::unsupported, Location{.file = file.string()},
                found == formats().end() ? fmt::format("no format is written with the extension \"{}\"", extension)
                                         : fmt::format("{} is read, not written", (*found)->title),
                "Written are " + list_titles(true));
  }
  for (const Signal& signal : signals) {
    check_shapes(signal);
  }
  io::AtomicFile target(file);
  try {
    (*found)->write(signals, target.temporary(), run);
  } catch (const Error& error) {
    // The temporary name means nothing to the user.
    const bool ours = !error.where() || error.where()->file.empty() || error.where()->file == target.temporary();
    throw Error(error.code(), ours ? Location{.file = file.string()} : *error.where(), error.message(), error.hint());
  }
  target.commit();
}

}  // namespace hotstage::signal
