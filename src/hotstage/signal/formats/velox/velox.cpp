// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/core/error.hpp"
#include "hotstage/signal/detail/foreign.hpp"
#include "hotstage/signal/detail/hdf5_source.hpp"
#include "hotstage/signal/format.hpp"
#include "hotstage/signal/formats/velox/eels.hpp"
#include "hotstage/signal/formats/velox/frame_times.hpp"
#include "hotstage/signal/formats/velox/metadata.hpp"
#include "hotstage/signal/formats/velox/stream.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace hotstage::signal::velox {

namespace {

struct Context {
  const io::Hdf5File& file;
  const Labels& labels;
  Run& run;
};

/// "/Data/Image/<id>" of one kind that hold data and metadata.
std::vector<std::string> groups_of(const io::Hdf5File& file, const std::string& kind) {
  std::vector<std::string> out;
  const std::string parent = "/Data/" + kind;
  if (file.kind(parent) != io::Hdf5Kind::group) {
    return out;
  }
  for (const std::string& name : file.members(parent)) {
    const std::string group = fmt::format("{}/{}", parent, name);
    if (file.kind(group) == io::Hdf5Kind::group && file.kind(group + "/Data") == io::Hdf5Kind::dataset) {
      out.push_back(group);
    }
  }
  return out;
}

std::string label(const Context& context, const std::string& group, const std::string& otherwise) {
  const auto found = context.labels.find(group);
  return found != context.labels.end() && !found->second.empty() ? found->second : otherwise;
}

/// The dataset of a group, checked to be numbers of the rank wanted and not empty.
io::Hdf5Dataset numbers(const io::Hdf5File& file, const std::string& group, std::size_t rank) {
  io::Hdf5Dataset data = file.dataset(group + "/Data");
  if (!data.type() || data.shape().size() != rank || data.size() == 0) {
    throw Error(Errc::bad_input,
                fmt::format("{}/Data should be numbers along {} axes, found {} along {}", group, rank, data.type_name(),
                            data.shape().size()),
                "The file is damaged");
  }
  return data;
}

std::optional<double> frame_time_s(const Value& tree) {
  const auto scanned = number(tree, "Scan/FrameTime");
  const Value* detector = find_detector(tree);
  return scanned || detector == nullptr ? scanned : number(*detector, "ExposureTime");
}

Signal read_image(const Context& context, const std::string& group) {
  const io::Hdf5Dataset data = numbers(context.file, group, 3);
  const Value tree = read_column(context.file, group + "/Metadata", 0);
  const std::size_t frames = data.shape()[2];
  Signal signal;
  if (frames > 1) {
    signal.navigation.push_back(
        frame_axis(frame_time_s(tree), frame_clock(context.file, group, frames, context.run), frames));
  }
  signal.axes = image_axes(tree, {data.shape()[0], data.shape()[1]});
  const std::vector<std::size_t> navigation = frames > 1 ? std::vector<std::size_t>{2} : std::vector<std::size_t>{};
  signal.source = std::make_shared<detail::Hdf5Source>(data, detail::AxisRoles{navigation, {0, 1}});
  read_metadata(tree, signal.metadata);
  signal.metadata.title = label(context, group, signal.metadata.detector);
  const Value* detector = find_detector(tree);
  if (const auto dwell = number(tree, "Scan/FrameTime"); dwell && *dwell > 0.0) {
    signal.metadata.exposure = *dwell * units::s;
  } else if (const auto open = detector ? number(*detector, "ExposureTime") : std::nullopt; open && *open > 0.0) {
    signal.metadata.exposure = *open * units::s;
  }
  const bool is_complex = data.type() == io::NumberType::c64 || data.type() == io::NumberType::c128;
  if (const auto scale = number(tree, "BinaryResult/IntensityScale"); scale && *scale != 0.0 && !is_complex) {
    signal.intensity_scale = *scale;
    signal.intensity_offset = number(tree, "BinaryResult/IntensityOffset").value_or(0.0);
    signal.intensity_unit = text(tree, "BinaryResult/IntensityUnit");
  }
  signal.original = tree;
  return signal;
}

/// Energy axis of the detector, with what analyses of X-ray spectra need.
Axis read_detector(const Value& tree, const std::string& group, std::size_t channels, Metadata& metadata) {
  const Value* detector = find_detector(tree);
  const auto step = detector ? number(*detector, "Dispersion") : std::nullopt;
  if (!step || *step <= 0.0) {
    throw Error(Errc::bad_input, fmt::format("{}: the metadata give no energy per channel (Dispersion)", group),
                "Export the spectrum from Velox as .msa");
  }
  metadata.signal_type = "EDS";
  metadata.detector = text(*detector, "DetectorName");
  if (const auto live = number(*detector, "LiveTime"); live && *live > 0.0) {
    metadata.live_time = *live * units::s;
  }
  if (const auto angle = number(*detector, "ElevationAngle")) {
    // The sign tells the side of the sample, the size the take-off angle.
    metadata.elevation = std::abs(*angle) * units::rad;
  }
  return {.name = "Energy",
          .size = channels,
          .offset = number(*detector, "OffsetEnergy").value_or(0.0),
          .scale = *step,
          .unit = "eV"};
}

Signal read_spectrum(const Context& context, const std::string& group) {
  const io::Hdf5Dataset data = numbers(context.file, group, 2);
  Signal signal;
  signal.original = read_column(context.file, group + "/Metadata", 0);
  read_metadata(signal.original, signal.metadata);
  signal.axes = {read_detector(signal.original, group, data.shape()[0], signal.metadata)};
  const std::size_t spectra = data.shape()[1];
  if (spectra > 1) {
    signal.navigation.push_back({.name = "frame", .size = spectra});
  }
  const std::vector<std::size_t> navigation = spectra > 1 ? std::vector<std::size_t>{1} : std::vector<std::size_t>{};
  signal.source = std::make_shared<detail::Hdf5Source>(data, detail::AxisRoles{navigation, {0}});
  signal.metadata.title = label(context, group, fmt::format("EDS {}", signal.metadata.detector));
  signal.metadata.exposure = signal.metadata.live_time;
  signal.intensity_unit = "counts";
  return signal;
}

/// Where the frames of a stream begin. A missing table means one frame.
std::vector<std::size_t> frame_starts(const io::Hdf5File& file, const std::string& group, std::size_t events) {
  constexpr std::size_t most_frames = std::size_t{1} << 20;
  const std::string path = group + "/FrameLocationTable";
  if (file.kind(path) != io::Hdf5Kind::dataset) {
    return {0};
  }
  const io::Hdf5Dataset table = file.dataset(path);
  std::vector<std::uint64_t> places(std::min(table.size(), most_frames));
  const std::vector<std::size_t> start{0, 0};
  const std::vector<std::size_t> count{places.size(), 1};
  if (table.type() != io::NumberType::u64 || table.shape().size() != 2 || table.shape()[1] != 1 || places.empty()) {
    throw Error(Errc::bad_input, fmt::format("{} is not a list of places", path), "The file is damaged");
  }
  table.read(start, count, std::as_writable_bytes(std::span(places)));
  std::vector<std::size_t> out(places.begin(), places.end());
  if (out.front() != 0 || !std::ranges::is_sorted(out) || out.back() > events) {
    throw Error(Errc::bad_input, fmt::format("{} points outside the {} events of the stream", path, events),
                "The file is damaged");
  }
  return out;
}

struct DetectorStream {
  Signal signal;
  Stream stream;
};

DetectorStream read_stream(const Context& context, const std::string& group) {
  const io::Hdf5Dataset data = numbers(context.file, group, 2);
  const Value settings = read_text(context.file, group + "/AcquisitionSettings");
  const auto channels = number(settings, "bincount");
  const std::string encoding = text(settings, "StreamEncoding");
  if (data.type() != io::NumberType::u16 || data.shape()[1] != 1 || (!encoding.empty() && encoding != "uint16")) {
    throw Error(Errc::unsupported, fmt::format("{}: a stream of X-ray events encoded as {} is not supported", group,
                                               encoding.empty() ? data.type_name() : encoding));
  }
  if (!channels || *channels < 1.0 || *channels > 65535.0) {
    throw Error(Errc::bad_input, fmt::format("{}: the acquisition settings give no number of channels", group));
  }
  DetectorStream out{.signal = {}, .stream = {data, frame_starts(context.file, group, data.shape()[0])}};
  Signal& signal = out.signal;
  signal.original = read_column(context.file, group + "/Metadata", 0);
  const auto pixels = scan_pixels(signal.original);
  // Every pixel but the last of a frame ends with a mark.
  if (!pixels || pixels->x * pixels->y > data.shape()[0] / out.stream.frame_start.size() + 1) {
    throw Error(Errc::bad_input, fmt::format("{}: the scan area does not fit the {} events", group, data.shape()[0]),
                "The acquisition was cut off, or the metadata are damaged");
  }
  read_metadata(signal.original, signal.metadata);
  signal.axes = {read_detector(signal.original, group, static_cast<std::size_t>(*channels), signal.metadata)};
  signal.navigation = image_axes(signal.original, *pixels);
  if (const auto dwell = number(signal.original, "Scan/DwellTime"); dwell && *dwell > 0.0) {
    signal.metadata.exposure = *dwell * units::s;
  }
  signal.metadata.frames = static_cast<double>(out.stream.frame_start.size());
  signal.metadata.title = fmt::format("EDS {}", signal.metadata.detector);
  signal.intensity_unit = "counts";
  return out;
}

bool same_grid(const Signal& a, const Signal& b) {
  return a.navigation == b.navigation && a.axes == b.axes;
}

/// The sum over detectors first, then each detector.
void add_streams(const Context& context, std::vector<Signal>& out) {
  std::vector<DetectorStream> streams;
  for (const std::string& group : groups_of(context.file, "SpectrumStream")) {
    streams.push_back(read_stream(context, group));
  }
  std::vector<Stream> all;
  for (const DetectorStream& stream : streams) {
    if (same_grid(stream.signal, streams.front().signal)) {
      all.push_back(stream.stream);
    }
  }
  if (all.size() > 1) {
    Signal sum = streams.front().signal;
    sum.metadata.title = fmt::format("EDS, sum of {} detectors", all.size());
    sum.metadata.detector = text(sum.original, "BinaryResult/Detector") + " and others";
    sum.metadata.live_time.reset();
    sum.source = std::make_shared<StreamSource>(all, sum.navigation[0].size * sum.navigation[1].size, sum.axes[0].size);
    out.push_back(std::move(sum));
  }
  for (DetectorStream& stream : streams) {
    Signal& signal = stream.signal;
    signal.source = std::make_shared<StreamSource>(
        std::vector{stream.stream}, signal.navigation[0].size * signal.navigation[1].size, signal.axes[0].size);
    out.push_back(std::move(signal));
  }
  if (streams.empty() && !groups_of(context.file, "SpectrumImage").empty()) {
    context.run.warn(
        "velox.pruned",
        "the file was saved without the stream of X-ray events (\"pruned\"): its spectrum image is in a form "
        "of Velox' own and is left out; the sum spectra and maps are read. Save it in Velox with all data");
  }
}

bool owns(const io::Hdf5File& file) {
  const auto has = [&](const char* path) { return file.kind(path) != io::Hdf5Kind::missing; };
  return has("/Data") &&
         (has("/Application") || has("/Presentation") || text(read_text(file, "/Version"), "format") == "Velox");
}

Match sniff(std::span<const std::byte> head) {
  return detail::is_hdf5(head) ? Match::yes : Match::no;
}

std::vector<Signal> read(const std::filesystem::path& path, Run& run) {
  const io::Hdf5File file = io::Hdf5File::open(path);
  const Labels labels = read_labels(file);
  const Context context{file, labels, run};
  std::vector<Signal> signals;
  for (const std::string& group : groups_of(file, "EelsSpectrumImage")) {
    run.check_stop();
    signals.push_back(read_eels(file, group));
  }
  name_ranges(signals);
  add_streams(context, signals);
  for (const std::string& group : groups_of(file, "Spectrum")) {
    run.check_stop();
    signals.push_back(read_spectrum(context, group));
  }
  for (const std::string& group : groups_of(file, "Image")) {
    run.check_stop();
    signals.push_back(read_image(context, group));
  }
  return signals;
}

}  // namespace

extern const Format format;
const Format format{.id = "velox",
                    .title = "Velox EMD (Thermo Fisher)",
                    .extensions = {"emd"},
                    .sniff = sniff,
                    .owns = owns,
                    .read = read};

}  // namespace hotstage::signal::velox
