// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/signal/formats/dm/writer.hpp"

#include "hotstage/io/files.hpp"
#include "hotstage/signal/formats/dm/image.hpp"
#include "hotstage/signal/formats/dm/tag_writer.hpp"
#include "hotstage/signal/formats/dm/transpose.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <fstream>
#include <initializer_list>
#include <limits>
#include <string>
#include <utility>
#include <vector>

namespace hotstage::signal::dm {

namespace {

/// Gatan's numbers for a displayed image and for how it is shown.
constexpr std::int32_t image_annotation = 20;
constexpr std::int32_t raster_display = 1;
constexpr std::int32_t line_plot_display = 3;
constexpr std::int32_t rgb_display = 4;
constexpr std::uint32_t first_display = 8;

/// Larger tiles do not make longer runs in the file pay (measured), they only touch more memory.
constexpr std::size_t largest_tile = std::size_t{32} << 20;

/// How a signal lies in the file.
struct Plan {
  std::vector<const Axis*> dimensions;  ///< fastest first
  DType dtype = DType::f32;
  enum class Order { spectra, planes } order = Order::spectra;  ///< item by item, or channel by channel
  enum class Values { stored, calibrated } values = Values::stored;
  std::string format;  ///< Meta Data.Format
};

[[noreturn]] void refuse(const Signal& signal, std::string message) {
  throw Error(Errc::unsupported, Location{.file = signal.file}, std::move(message), "Write it as .hspy");
}

/// Float of the width that holds the calibrated counts.
DType calibrated_type(const Signal& signal) {
  const DType stored = signal.source->dtype();
  if (stored == DType::c64 || stored == DType::c128 || stored == DType::rgba8) {
    refuse(signal, fmt::format("{} with an intensity calibration cannot be written as DM4", name(stored)));
  }
  return size_of(stored) <= 2 || stored == DType::f32 ? DType::f32 : DType::f64;
}

void check(const Signal& signal) {
  HOTSTAGE_EXPECTS(signal.source != nullptr);
  if (signal.items() == 0 || signal.channels() == 0) {
    throw Error(Errc::bad_input, Location{.file = signal.file}, "an empty signal cannot be written");
  }
  const auto uniform = [](const Axis& axis) { return axis.is_uniform(); };
  if (!std::all_of(signal.axes.begin(), signal.axes.end(), uniform) ||
      !std::all_of(signal.navigation.begin(), signal.navigation.end(), uniform)) {
    refuse(signal, "DM4 has no non-uniform axes");
  }
  for (const auto* axes : {&signal.navigation, &signal.axes}) {
    for (const Axis& axis : *axes) {
      if (!std::isfinite(axis.scale) || axis.scale == 0.0 || !std::isfinite(axis.offset)) {
        throw Error(
            Errc::bad_input, Location{.file = signal.file},
            fmt::format("the axis \"{}\" has the step {} and starts at {}", axis.name, axis.scale, axis.offset));
      }
      if (axis.size > std::numeric_limits<std::uint32_t>::max()) {
        refuse(signal, fmt::format("an axis of {} elements is too long for DM4", axis.size));
      }
    }
  }
  if (signal.item_offset && !signal.item_offset->empty()) {
    refuse(signal, "DM4 has no energy offset per spectrum");
  }
}

Plan plan(const Signal& signal) {
  check(signal);
  Plan out;
  const bool spectra = signal.axes.size() == 1;
  if ((!spectra && signal.axes.size() != 2) || signal.navigation.size() > 2) {
    refuse(signal, fmt::format("a signal of the shape {} cannot be written as DM4", signal.shape_text()));
  }
  const auto append = [&](const std::vector<Axis>& axes) {
    for (std::size_t i = axes.size(); i-- > 0;) {
      out.dimensions.push_back(&axes[i]);
    }
  };
  if (spectra && signal.navigation.size() == 2) {
    append(signal.navigation);
    append(signal.axes);
    out.order = Plan::Order::planes;
  } else {
    append(signal.axes);
    append(signal.navigation);
  }
  if (spectra) {
    out.format = signal.navigation.empty() ? "Spectrum" : "Spectrum image";
  } else {
    out.format = signal.navigation.size() == 2 ? "Diffraction image" : "Image";
  }
  const bool plain = signal.intensity_scale == 1.0 && signal.intensity_offset == 0.0;
  out.values = plain ? Plan::Values::stored : Plan::Values::calibrated;
  out.dtype = plain ? signal.source->dtype() : calibrated_type(signal);
  return out;
}

/// Information words of the tag that holds `count` elements.
std::vector<std::uint64_t> data_words(DType type, std::uint64_t count) {
  const auto words = [&](std::initializer_list<TagType> types) {
    std::vector<std::uint64_t> out{static_cast<std::uint64_t>(TagType::array)};
    for (const TagType part : types) {
      out.push_back(static_cast<std::uint64_t>(part));
    }
    out.push_back(count);
    return out;
  };
  const auto pair = [&](TagType part) {
    const auto code = static_cast<std::uint64_t>(part);
    return std::vector<std::uint64_t>{static_cast<std::uint64_t>(TagType::array),
                                      static_cast<std::uint64_t>(TagType::structure),
                                      0,
                                      2,
                                      0,
                                      code,
                                      0,
                                      code,
                                      count};
  };
  switch (type) {
    case DType::u8:
      return words({TagType::octet});
    case DType::i8:
      return words({TagType::character});
    case DType::u16:
      return words({TagType::u16});
    case DType::i16:
      return words({TagType::i16});
    case DType::u32:
      return words({TagType::u32});
    case DType::i32:
    case DType::rgba8:
      return words({TagType::i32});
    case DType::u64:
      return words({TagType::u64});
    case DType::i64:
      return words({TagType::i64});
    case DType::f32:
      return words({TagType::f32});
    case DType::f64:
      return words({TagType::f64});
    case DType::c64:
      return pair(TagType::f32);
    case DType::c128:
      return pair(TagType::f64);
  }
  return {};
}

/// Gatan counts calibrations in channels: offset = −origin · scale. The neighbour that gives the offset back exactly,
/// if there is one.
double origin_of(const Axis& axis) {
  if (axis.offset == 0.0) {
    return 0.0;
  }
  const double origin = -axis.offset / axis.scale;
  for (const double toward :
       {origin, -std::numeric_limits<double>::infinity(), std::numeric_limits<double>::infinity()}) {
    const double near = std::nextafter(origin, toward);
    if (-near * axis.scale == axis.offset) {
      return near;
    }
  }
  return origin;
}

void write_calibrations(TagWriter& out, const Signal& signal, const Plan& plan) {
  out.open("Calibrations");
  const Value* brightness = signal.original.find_path("ImageData.Calibrations.Brightness");
  const bool keep = brightness != nullptr && brightness->is_object() && plan.values == Plan::Values::stored;
  out.open("Brightness");
  out.calibration("Origin", keep ? brightness->number_at("Origin").value_or(0.0) : 0.0);
  out.calibration("Scale", keep ? brightness->number_at("Scale").value_or(1.0) : 1.0);
  out.text("Units", keep ? brightness->text_at("Units").value_or(std::string()) : signal.intensity_unit);
  out.close();
  out.open("Dimension");
  for (const Axis* axis : plan.dimensions) {
    out.open({});
    out.calibration("Origin", origin_of(*axis));
    out.calibration("Scale", axis->scale);
    out.text("Units", axis->unit);
    out.close();
  }
  out.close();
  out.boolean("DisplayCalibratedUnits", true);
  out.close();
}

void write_image_data(TagWriter& out, const Signal& signal, const Plan& plan) {
  const std::uint64_t count = std::uint64_t{signal.items()} * signal.channels();
  out.open("ImageData");
  write_calibrations(out, signal, plan);
  out.image_data("Data", data_words(plan.dtype, count), count * size_of(plan.dtype));
  out.u32("DataType", static_cast<std::uint32_t>(code_of(plan.dtype)));
  out.open("Dimensions");
  for (const Axis* axis : plan.dimensions) {
    out.u32({}, static_cast<std::uint32_t>(axis->size));
  }
  out.close();
  out.u32("PixelDepth", static_cast<std::uint32_t>(size_of(plan.dtype)));
  out.close();
}

/// Sets a tag, making the groups on the way; groups that are something else are replaced.
void set(Value& tags, std::initializer_list<std::string_view> path, Value value) {
  Value* node = &tags;
  for (const std::string_view key : path) {
    if (!node->is_object()) {
      *node = Value::object();
    }
    node = &(*node)[key];
  }
  *node = std::move(value);
}

/// The instrument's tags with what the signal says about itself put in their places.
Value image_tags(const Signal& signal, const Plan& plan) {
  const Metadata& data = signal.metadata;
  const Value* kept = signal.original.find("ImageTags");
  Value tags = kept != nullptr && kept->is_object() ? *kept : Value::object();
  const Metadata said = metadata_of(signal.original);  // rewritten only where the signal says something else
  if (!data.signal_type.empty() && data.signal_type != said.signal_type) {
    set(tags, {"Meta Data", "Signal"}, data.signal_type == "EDS" ? "X-ray" : Value(data.signal_type));
  }
  set(tags, {"Meta Data", "Format"}, Value(plan.format));
  if (plan.format == "Diffraction image") {
    set(tags, {"Meta Data", "Data Order Swapped"}, Value(true));
  }
  if (data.beam_energy && data.beam_energy != said.beam_energy) {
    set(tags, {"Microscope Info", "Voltage"}, Value(data.beam_energy->in(units::eV)));
  }
  if (data.magnification && data.magnification != said.magnification) {
    set(tags, {"Microscope Info", "Indicated Magnification"}, Value(*data.magnification));
  }
  if (data.convergence && data.convergence != said.convergence) {
    set(tags, {"EELS", "Experimental Conditions", "Convergence semi-angle (mrad)"},
        Value(data.convergence->in(units::mrad)));
  }
  if (data.collection && data.collection != said.collection) {
    set(tags, {"EELS", "Experimental Conditions", "Collection semi-angle (mrad)"},
        Value(data.collection->in(units::mrad)));
  }
  if (data.exposure && data.exposure != said.exposure) {
    const Value seconds(data.exposure->in(units::s));
    plan.format.starts_with("Spectrum") ? set(tags, {"EELS", "Acquisition", "Exposure (s)"}, seconds)
                                        : set(tags, {"DataBar", "Exposure Time (s)"}, seconds);
  }
  if (data.frames && data.frames != said.frames) {
    const bool whole = std::nearbyint(*data.frames) == *data.frames;
    set(tags, {"EELS", "Acquisition", "Number of frames"},
        whole ? Value(static_cast<std::int64_t>(*data.frames)) : Value(*data.frames));
  }
  if (!data.detector.empty() && data.detector != said.detector) {
    set(tags, {"Acquisition", "Device", "Name"}, Value(data.detector));
  }
  if (!data.acquired.empty() && data.acquired != said.acquired) {
    set(tags, {"DataBar", "Acquisition Date"}, Value(data.acquired));
    set(tags, {"DataBar", "Acquisition Time"}, Value(""));
  }
  return tags;
}

void write_document(TagWriter& out, const Signal& first, const Plan& plan) {
  const bool line = plan.dimensions.size() == 1;
  out.open("DocumentObjectList");
  out.open({});
  out.i32("AnnotationType", image_annotation);
  out.i32("ImageDisplayType", line                                    ? line_plot_display
                              : first.source->dtype() == DType::rgba8 ? rgb_display
                                                                      : raster_display);
  out.u64("ImageSource", 0);
  out.u32("UniqueID", first_display);
  out.close();
  out.close();
  out.open("Image Behavior");
  out.u32("ViewDisplayID", first_display);
  out.close();
}

void write_sources(TagWriter& out, const std::vector<Plan>& plans) {
  out.open("ImageSourceList");
  for (std::size_t i = 0; i < plans.size(); ++i) {
    const bool layers = plans[i].dimensions.size() > 2;
    out.open({});
    out.text("ClassName", layers ? "ImageSource:Summed" : "ImageSource:Simple");
    if (layers) {
      out.boolean("Do Sum", plans[i].order == Plan::Order::planes);
      out.u32("LayerEnd", 0);
      out.u32("LayerStart", 0);
      out.u32("Summed Dimension", 2);
    }
    out.open("Id");
    out.u32({}, static_cast<std::uint32_t>(i));
    out.close();
    out.u32("ImageRef", static_cast<std::uint32_t>(i));
    out.close();
  }
  out.close();
  out.boolean("InImageMode", true);
}

TagWriter write_tags(std::span<const Signal> signals, const std::vector<Plan>& plans) {
  TagWriter out;
  write_document(out, signals.front(), plans.front());
  out.open("ImageList");
  for (std::size_t i = 0; i < signals.size(); ++i) {
    out.open({});
    write_image_data(out, signals[i], plans[i]);
    out.value("ImageTags", image_tags(signals[i], plans[i]));
    out.text("Name", signals[i].metadata.title);
    out.close();
  }
  out.close();
  write_sources(out, plans);
  out.finish();
  return out;
}

/// The numbers of a region as they go into the file, item by item.
void read_values(const Signal& signal, const Plan& plan, const Region& region, std::span<std::byte> out) {
  const std::array<std::size_t, 2> shape{region.items, region.channels};
  if (plan.values == Plan::Values::stored) {
    signal.source->read(region, out);
  } else if (plan.dtype == DType::f32) {
    read(signal, region, View<float, 2>(reinterpret_cast<float*>(out.data()), shape));
  } else {
    read(signal, region, View<double, 2>(reinterpret_cast<double*>(out.data()), shape));
  }
  if (plan.dtype == DType::rgba8) {  // blue first in the file
    for (std::size_t i = 0; i + 4 <= out.size(); i += 4) {
      std::swap(out[i], out[i + 2]);
    }
  }
}

class Output {
 public:
  explicit Output(const std::filesystem::path& file) : file_(file), out_(file, std::ios::binary | std::ios::trunc) {
    check("open");
  }

  void write(std::span<const std::byte> bytes) {
    out_.write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
    check("write");
  }

  void seek(std::uint64_t position) { out_.seekp(static_cast<std::streamoff>(position)); }

  void close() {
    out_.close();
    check("write");
  }

 private:
  void check(std::string_view doing) const {
    if (!out_) {
      throw io::os_error(errno, file_, doing);
    }
  }

  std::filesystem::path file_;
  std::ofstream out_;
};

/// Streams one signal to `start` in the file: tiles of items, and of channels when one item alone exceeds the memory.
void write_data(Output& out, const Signal& signal, const Plan& plan, std::uint64_t start, Run& run) {
  const std::size_t width = size_of(plan.dtype);
  const std::size_t items = signal.items();
  const std::size_t channels = signal.channels();
  const bool planes = plan.order == Plan::Order::planes;
  const std::size_t budget = std::max<std::size_t>(std::min(run.memory, largest_tile) / (planes ? 2 : 1), width);
  const std::size_t tile_channels = std::min(channels, budget / width);
  const std::size_t tile = tile_channels < channels ? 1 : tile_items(items, channels * width, budget, 1);
  std::vector<std::byte> spectra(tile * tile_channels * width);
  std::vector<std::byte> turned(planes ? spectra.size() : 0);
  for (std::size_t first = 0; first < items; first += tile) {
    const std::size_t count = std::min(tile, items - first);
    for (std::size_t channel = 0; channel < channels; channel += tile_channels) {
      run.check_stop();
      const Region region{first, count, channel, std::min(tile_channels, channels - channel)};
      const std::span<std::byte> values(spectra.data(), count * region.channels * width);
      read_values(signal, plan, region, values);
      if (!planes) {
        out.seek(start + (first * channels + channel) * width);
        out.write(values);
        continue;
      }
      const std::size_t run_length = count * width;
      transpose(values.data(), turned.data(),
                {.rows = count,
                 .columns = region.channels,
                 .source_stride = region.channels * width,
                 .target_stride = run_length,
                 .width = width});
      if (count == items) {
        out.seek(start + channel * run_length);
        out.write(std::span(turned.data(), region.channels * run_length));
        continue;
      }
      for (std::size_t c = 0; c < region.channels; ++c) {
        out.seek(start + ((channel + c) * items + first) * width);
        out.write(std::span(turned.data() + c * run_length, run_length));
      }
    }
    run.progress(static_cast<double>(first + count) / static_cast<double>(items), "writing DM4");
  }
}

}  // namespace

void write(std::span<const Signal> signals, const std::filesystem::path& file, Run& run) {
  if (signals.empty()) {
    throw Error(Errc::bad_input, Location{.file = file.string()}, "nothing to write: there are no signals");
  }
  std::vector<Plan> plans;
  for (const Signal& signal : signals) {
    plans.push_back(plan(signal));
  }
  const TagWriter tags = write_tags(signals, plans);
  Output out(file);
  std::size_t written = 0;
  std::uint64_t position = 0;
  for (std::size_t i = 0; i < signals.size(); ++i) {
    const Gap& gap = tags.gaps()[i];
    out.seek(position);
    out.write(tags.bytes().subspan(written, gap.at - written));
    position += gap.at - written;
    written = gap.at;
    write_data(out, signals[i], plans[i], position, run);
    position += gap.bytes;
  }
  out.seek(position);
  out.write(tags.bytes().subspan(written));
  out.close();
}

}  // namespace hotstage::signal::dm
