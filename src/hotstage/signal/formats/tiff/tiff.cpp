// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/core/error.hpp"
#include "hotstage/io/delimited.hpp"
#include "hotstage/io/document.hpp"
#include "hotstage/io/files.hpp"
#include "hotstage/signal/detail/description.hpp"
#include "hotstage/signal/detail/stored_numbers.hpp"
#include "hotstage/signal/format.hpp"
#include "hotstage/signal/formats/tiff/calibration.hpp"
#include "hotstage/signal/formats/tiff/handle.hpp"
#include "hotstage/signal/formats/tiff/writer.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <fstream>

namespace hotstage::signal::tiff {

namespace {

/// Pages of one layout as the items of a stack.
class PageSource final : public Source {
 public:
  PageSource(std::shared_ptr<Handle> handle, std::vector<Page> pages)
      : handle_(std::move(handle)), pages_(std::move(pages)) {}

  [[nodiscard]] DType dtype() const override { return pages_.front().type; }

  [[nodiscard]] std::size_t items() const override { return pages_.size(); }

  [[nodiscard]] std::size_t channels() const override { return pages_.front().width * pages_.front().height; }

  void read(const Region& region, std::span<std::byte> out) const override {
    const std::size_t width = size_of(dtype());
    const std::size_t row = region.channels * width;
    std::vector<std::byte> page(row == channels() * width ? 0 : channels() * width);
    for (std::size_t i = 0; i < region.items; ++i) {
      const std::span<std::byte> target = out.subspan(i * row, row);
      if (page.empty()) {
        handle_->read(pages_[region.first_item + i], target);
      } else {
        handle_->read(pages_[region.first_item + i], page);
        std::memcpy(target.data(), page.data() + region.first_channel * width, row);
      }
    }
  }

 private:
  std::shared_ptr<Handle> handle_;
  std::vector<Page> pages_;
};

/// ImageJ's stacks beyond 4 GB: one directory, all planes behind one another from `start`.
class PlainSource final : public Source {
 public:
  PlainSource(std::shared_ptr<Handle> handle, const Page& page, std::uint64_t start, std::size_t items)
      : handle_(std::move(handle)), page_(page), start_(start), items_(items) {}

  [[nodiscard]] DType dtype() const override { return page_.type; }

  [[nodiscard]] std::size_t items() const override { return items_; }

  [[nodiscard]] std::size_t channels() const override { return page_.width * page_.height; }

  void read(const Region& region, std::span<std::byte> out) const override {
    const std::size_t width = size_of(dtype());
    const std::size_t row = region.channels * width;
    std::ifstream file(handle_->file(), std::ios::binary);
    for (std::size_t i = 0; i < region.items; ++i) {
      const std::uint64_t at = start_ + ((region.first_item + i) * channels() + region.first_channel) * width;
      file.seekg(static_cast<std::streamoff>(at));
      file.read(reinterpret_cast<char*>(out.data() + i * row), static_cast<std::streamsize>(row));
      if (!file) {
        throw Error(Errc::io, Location{.file = handle_->file().string(), .offset = at},
                    "cannot read a plane of the stack");
      }
    }
    if (handle_->is_swapped() && dtype() != DType::rgba8) {
      for (std::size_t at = 0; at + width <= out.size(); at += width) {
        std::ranges::reverse(out.subspan(at, width));
      }
    }
  }

 private:
  std::shared_ptr<Handle> handle_;
  Page page_;
  std::uint64_t start_;
  std::size_t items_;
};

Match sniff(std::span<const std::byte> head) {
  const std::string_view text(reinterpret_cast<const char*>(head.data()), std::min<std::size_t>(head.size(), 4));
  using namespace std::string_view_literals;
  const bool known = text == "II*\0"sv || text == "MM\0*"sv || text == "II+\0"sv || text == "MM\0+"sv;
  return known ? Match::yes : Match::no;
}

/// Planes of ImageJ's stacks beyond 4 GB; nothing for ordinary files.
std::shared_ptr<const Source> plain_stack(const std::shared_ptr<Handle>& handle, const Page& page, std::size_t images) {
  const auto start = handle->contiguous_start(page);
  const std::uintmax_t plane = static_cast<std::uintmax_t>(page.width) * page.height * size_of(page.type);
  if (!start || *start > handle->file_bytes() || images > (handle->file_bytes() - *start) / plane) {
    return nullptr;
  }
  return std::make_shared<PlainSource>(handle, page, *start, images);
}

std::size_t product(const std::vector<Axis>& axes) {
  std::size_t out = 1;
  for (const Axis& axis : axes) {
    if (__builtin_mul_overflow(out, axis.size, &out)) {
      return 0;
    }
  }
  return out;
}

Signal make_signal(const std::shared_ptr<Handle>& handle, const std::vector<Page>& pages, Run& run) {
  const Page& first = pages.front();
  Signal signal;
  signal.file = handle->file().string();
  signal.original = handle->tags(first);
  const Calibration calibration = read_calibration(signal.original, first.width, first.height);
  signal.source = std::make_shared<PageSource>(handle, pages);
  if (pages.size() == 1 && calibration.images > 1) {
    if (auto stack = plain_stack(handle, first, calibration.images)) {
      signal.source = std::move(stack);
    } else {
      run.warn("tiff.images", fmt::format("the description says {} images, the file has one", calibration.images));
    }
  }
  signal.axes = {calibration.y, calibration.x};
  if (signal.items() > 1 && product(calibration.stack) == signal.items()) {
    signal.navigation = calibration.stack;
  } else if (signal.items() > 1) {
    signal.navigation = {calibration.z};
    signal.navigation[0].size = signal.items();
  }
  signal.metadata = calibration.metadata;
  signal.metadata.title = handle->file().stem().string();
  if (signal.metadata.acquired.empty()) {
    signal.metadata.acquired = signal.original.text_at("DateTime").value_or("");
  }
  signal.intensity_scale = calibration.intensity_scale;
  signal.intensity_offset = calibration.intensity_offset;
  if (!calibration.description.empty()) {
    signal.metadata.title.clear();
    detail::restore(signal, calibration.description, run);
  }
  return signal;
}

std::vector<Signal> read(const std::filesystem::path& file, Run& run) {
  auto handle = std::make_shared<Handle>(file);
  std::vector<Signal> signals;
  std::vector<Page> stack;
  for (const Page& page : handle->pages(run)) {
    if (page.thumbnail) {
      continue;
    }
    if (!stack.empty() && !page.same_layout(stack.front())) {
      signals.push_back(make_signal(handle, stack, run));
      stack.clear();
    }
    stack.push_back(page);
  }
  if (!stack.empty()) {
    signals.push_back(make_signal(handle, stack, run));
  }
  return signals;
}

void check_writable(std::span<const Signal> signals) {
  const Signal& signal = signals.front();
  if (signals.size() != 1) {
    detail::refuse(signal, "TIFF", "several signals", "Write one file each, or .hspy");
  }
  if (signal.axes.size() != 2 || signal.navigation.size() > 1 || signal.channels() == 0 || signal.items() == 0) {
    detail::refuse(signal, "TIFF", fmt::format("data of the shape {}", signal.shape_text()),
                   "It holds an image or a stack of images");
  }
  if (signal.item_offset) {
    detail::refuse(signal, "TIFF", "an energy offset per item", "Write .hspy");
  }
  constexpr std::size_t widest = (std::size_t{1} << 31) - 1;
  if (signal.axes[0].size > widest || signal.axes[1].size > widest) {
    detail::refuse(signal, "TIFF", fmt::format("images of {}", signal.shape_text()), "");
  }
}

void write(std::span<const Signal> signals, const std::filesystem::path& file, Run& run) {
  check_writable(signals);
  const Signal& signal = signals.front();
  const detail::StoredNumbers numbers(signal);
  if (numbers.type() == DType::c128) {
    detail::refuse(signal, "TIFF", "complex128 numbers", "Write .hspy");
  }
  const std::size_t bytes = signal.channels() * size_of(numbers.type());
  Writer writer(
      file,
      {.width = signal.axes[1].size, .height = signal.axes[0].size, .type = numbers.type(), .pages = signal.items()});
  std::vector<std::byte> rows(bytes);
  for (std::size_t i = 0; i < signal.items(); ++i) {
    run.check_stop();
    numbers.read({i, 1, 0, signal.channels()}, rows);
    writer.append(rows);
    run.progress(static_cast<double>(i + 1) / static_cast<double>(signal.items()), "writing");
  }
  writer.finish(make_labels(signal, detail::describe(signal)));
}

}  // namespace

extern const Format format;
const Format format{.id = "tiff",
                    .title = "TIFF image or stack",
                    .extensions = {"tif", "tiff"},
                    .sniff = sniff,
                    .read = read,
                    .write = write};

}  // namespace hotstage::signal::tiff
