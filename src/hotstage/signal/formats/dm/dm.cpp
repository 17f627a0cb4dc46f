// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/signal/format.hpp"
#include "hotstage/signal/formats/dm/cube.hpp"
#include "hotstage/signal/formats/dm/image.hpp"
#include "hotstage/signal/formats/dm/tags.hpp"
#include "hotstage/signal/formats/dm/writer.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace hotstage::signal::dm {

extern const Format format;

namespace {

/// Version, root length, byte order and the two flags of the root group.
Match sniff(std::span<const std::byte> head) {
  io::ByteReader in(head, {}, io::ByteOrder::big);
  if (head.size() < 4) {
    return Match::no;
  }
  const std::uint32_t version = in.u32();
  const std::size_t needed = version == 3 ? 10 : 14;
  if ((version != 3 && version != 4) || in.remaining() < needed) {
    return Match::no;
  }
  in.skip(version == 3 ? 4 : 8);
  const bool plausible = in.u32() <= 1 && in.u8() <= 1 && in.u8() <= 1;
  return plausible ? Match::yes : Match::no;
}

std::vector<const Value*> images_of(const Value& root) {
  std::vector<const Value*> out;
  const Value* list = root.find("ImageList");
  if (list != nullptr && list->is_array()) {
    for (const Value& image : list->as_array()) {
      out.push_back(&image);
    }
  } else if (list != nullptr && list->is_object()) {
    for (const Member& image : list->as_object()) {
      out.push_back(&image.value);
    }
  }
  return out;
}

/// Numbers listed as `root.list.[i].member`.
std::vector<std::int64_t> listed(const Value& root, std::string_view list, std::string_view member) {
  std::vector<std::int64_t> out;
  const Value* entries = root.find(list);
  if (entries != nullptr && entries->is_array()) {
    for (const Value& entry : entries->as_array()) {
      const Value* number = entry.find(member);
      if (number != nullptr && number->is_integer()) {
        out.push_back(number->as_integer());
      }
    }
  }
  return out;
}

/// The small picture that DigitalMicrograph keeps for file browsers. A file's only image is never one.
bool is_thumbnail(const TagFile& file, std::size_t index, std::size_t images) {
  if (images < 2) {
    return false;
  }
  const auto thumbnails = listed(file.root, "Thumbnails", "ImageIndex");
  if (!thumbnails.empty()) {
    return std::find(thumbnails.begin(), thumbnails.end(), static_cast<std::int64_t>(index)) != thumbnails.end();
  }
  const auto shown = listed(file.root, "ImageSourceList", "ImageRef");
  return index == 0 && !shown.empty() && std::find(shown.begin(), shown.end(), 0) == shown.end();
}

/// The image's own tags, and those of the whole file under "Document".
Value original_of(const Value& image, const Value& root) {
  Value out = image;
  if (Value& data = out["ImageData"]; data.is_object()) {
    auto& members = data.as_object();
    std::erase_if(members, [](const Member& member) { return member.key == "Data"; });
  }
  Value document = Value::object();
  for (const Member& member : root.as_object()) {
    if (member.key != "ImageList") {
      document[member.key] = member.value;
    }
  }
  out["Document"] = std::move(document);
  return out;
}

/// Stored counts are kept: Gatan's brightness only says how many electrons a count is worth.
std::string intensity_unit(const Value& tags) {
  const double scale = tags.number_at("ImageData.Calibrations.Brightness.Scale").value_or(1.0);
  const double origin = tags.number_at("ImageData.Calibrations.Brightness.Origin").value_or(0.0);
  const bool plain = scale == 1.0 && origin == 0.0;
  return plain ? tags.text_at("ImageData.Calibrations.Brightness.Units").value_or(std::string()) : "counts";
}

DataBlock block_of(const TagFile& tags, std::size_t index, std::uint64_t needed) {
  const auto found = tags.images.find(index);
  if (found == tags.images.end()) {
    throw Error(Errc::bad_input, "an image without data");
  }
  if (found->second.bytes < needed) {
    throw Error(Errc::bad_input, Location{.file = {}, .offset = found->second.offset},
                fmt::format("the image needs {} bytes, its data are {}", needed, found->second.bytes));
  }
  return found->second;
}

Signal read_image(const std::shared_ptr<const io::MappedFile>& file, const TagFile& tags, const Value& image,
                  std::size_t index) {
  const auto code = image.number_at("ImageData.DataType");
  if (!code) {
    throw Error(Errc::bad_input, image.where, "an image without a data type");
  }
  CubeLayout layout{.dtype = dtype_of(static_cast<std::int64_t>(*code)), .order = tags.order};
  const std::vector<Axis> dimensions = dimensions_of(image);
  const Arrangement arrangement = arrange(dimensions, image);
  layout.outer = arrangement.outer;
  layout.channels = arrangement.channels;
  layout.inner = arrangement.inner;
  layout.offset = block_of(tags, index, layout.outer * layout.channels * layout.inner * size_of(layout.dtype)).offset;

  Signal out;
  for (const std::size_t d : arrangement.navigation) {
    out.navigation.push_back(dimensions[d]);
  }
  for (const std::size_t d : arrangement.signal) {
    out.axes.push_back(dimensions[d]);
  }
  out.metadata = metadata_of(image);
  out.original = original_of(image, tags.root);
  out.source = cube_source(file, layout);
  out.intensity_unit = intensity_unit(image);
  out.file = file->path().string();
  return out;
}

std::vector<Signal> read_images(const std::shared_ptr<const io::MappedFile>& file, Run& run) {
  const TagFile tags = parse_tags(file->bytes(), file->path().string());
  const auto images = images_of(tags.root);
  if (images.empty()) {
    throw Error(Errc::bad_input, "the file holds no images");
  }
  std::vector<Signal> out;
  std::optional<Error> first_refused;
  for (std::size_t i = 0; i < images.size(); ++i) {
    if (is_thumbnail(tags, i, images.size())) {
      continue;
    }
    try {
      out.push_back(read_image(file, tags, *images[i], i));
    } catch (Error& error) {
      error.add_frame(fmt::format("while reading image {}", i));
      if (error.code() != Errc::unsupported) {
        throw;
      }
      first_refused = first_refused ? first_refused : error;
      run.warn("dm.unsupported_image",
               fmt::format("{}: image {} is left out: {}", file->path().string(), i, error.message()));
    }
  }
  if (out.empty() && first_refused) {
    throw Error(*first_refused);
  }
  return out;
}

std::vector<Signal> read(const std::filesystem::path& file, Run& run) {
  try {
    return read_images(io::MappedFile::open(file), run);
  } catch (Error& error) {
    error.in_file(file.string());
    throw;
  }
}

}  // namespace

const Format format{.id = "dm",
                    .title = "Gatan DigitalMicrograph 3 and 4",
                    .extensions = {"dm4", "dm3"},
                    .sniff = sniff,
                    .read = read,
                    .write = write};

}  // namespace hotstage::signal::dm
