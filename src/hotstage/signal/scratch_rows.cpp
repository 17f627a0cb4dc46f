// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/signal/scratch_rows.hpp"

#include "hotstage/core/error.hpp"
#include "hotstage/io/files.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <stdlib.h>
#include <unistd.h>

#include <cerrno>
#include <string>

namespace hotstage::signal {

class ScratchRows::File : public Source {
 public:
  File(const std::filesystem::path& folder, std::size_t items, std::size_t channels)
      : items_(items),
        channels_(channels),
        path_((folder.empty() ? std::filesystem::temp_directory_path() : folder) / "hotstage-rows-XXXXXX") {
    std::string name = path_.string();
    number_ = ::mkostemp(name.data(), O_CLOEXEC);
    if (number_ < 0) {
      throw io::os_error(errno, path_.string(), "create");
    }
    ::unlink(name.c_str());
    const int failed = ::posix_fallocate(number_, 0, static_cast<::off_t>(bytes(items) > 0 ? bytes(items) : 1));
    if (failed != 0) {
      ::close(number_);
      throw Error(Errc::no_space, Location{.file = path_.parent_path().string()},
                  fmt::format("the result needs {} MiB on this disk", bytes(items) >> 20),
                  "Free space, write to another disk, or keep less (keep = \"mean\")");
    }
  }

  File(const File&) = delete;
  File& operator=(const File&) = delete;

  ~File() override { ::close(number_); }

  [[nodiscard]] DType dtype() const override { return DType::f32; }

  [[nodiscard]] std::size_t items() const override { return items_; }

  [[nodiscard]] std::size_t channels() const override { return channels_; }

  void read(const Region& region, std::span<std::byte> out) const override {
    const std::size_t row = region.channels * sizeof(float);
    for (std::size_t i = 0; i < region.items; ++i) {
      const std::size_t place = bytes(region.first_item + i) + region.first_channel * sizeof(float);
      whole(place, out.subspan(i * row, row),
            [this](std::byte* at, std::size_t size, ::off_t where) { return ::pread(number_, at, size, where); });
    }
  }

  void write(std::size_t item, std::span<const float> row) const {
    HOTSTAGE_EXPECTS(item < items_ && row.size() == channels_);
    whole(bytes(item), std::as_bytes(row),
          [this](const std::byte* at, std::size_t size, ::off_t where) { return ::pwrite(number_, at, size, where); });
  }

 private:
  [[nodiscard]] std::size_t bytes(std::size_t rows) const { return rows * channels_ * sizeof(float); }

  template <class Byte, class Move>
  void whole(std::size_t place, std::span<Byte> data, const Move& move) const {
    while (!data.empty()) {
      const ::ssize_t moved = move(data.data(), data.size(), static_cast<::off_t>(place));
      if (moved < 0 && errno == EINTR) {
        continue;
      }
      if (moved <= 0) {
        throw io::os_error(moved < 0 ? errno : EIO, path_.string(), "use");
      }
      data = data.subspan(static_cast<std::size_t>(moved));
      place += static_cast<std::size_t>(moved);
    }
  }

  std::size_t items_;
  std::size_t channels_;
  std::filesystem::path path_;
  int number_ = -1;
};

ScratchRows::ScratchRows(const std::filesystem::path& folder, std::size_t items, std::size_t channels)
    : file_(std::make_shared<const File>(folder, items, channels)) {}

void ScratchRows::write(std::size_t item, std::span<const float> row) const {
  file_->write(item, row);
}

std::shared_ptr<const Source> ScratchRows::source() const {
  return file_;
}

}  // namespace hotstage::signal
