// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/series/block_series.hpp"

#include "hotstage/core/error.hpp"

#include <algorithm>

namespace hotstage::series {

namespace {

constexpr std::size_t longest_batch = 1024;
constexpr std::size_t cache_line = 16;  // numbers: neighbouring frames are written by one thread

}  // namespace

BlockSeries::BlockSeries(Buffer<float, 2> rows)
    : blocks_(rows.extent(0)), frames_(rows.extent(1)), batch_(rows.extent(1)), rows_(std::move(rows)) {}

BlockSeries::BlockSeries(std::size_t blocks, std::size_t frames, std::size_t memory,
                         const std::filesystem::path& folder)
    : blocks_(blocks), frames_(frames) {
  const std::size_t frame_bytes = std::max<std::size_t>(1, blocks * sizeof(float));
  const std::size_t fit = memory / 8 / frame_bytes / cache_line * cache_line;
  batch_ = std::clamp(fit, cache_line, longest_batch);
  if (frames <= memory / 4 / frame_bytes) {
    rows_ = Buffer<float, 2>({blocks, frames});
    return;
  }
  try {
    disk_ = std::make_unique<const signal::ScratchRows>(folder, (frames + batch_ - 1) / batch_, blocks * batch_);
  } catch (const Error& error) {
    if (error.code() != Errc::no_space) {
      throw;
    }
    throw Error(Errc::no_space, error.where().value_or(Location{}), error.message(),
                "Free space there, set TMPDIR to a folder with more, or take larger blocks (option block)");
  }
  on_disk_rows_ = disk_->source();
}

void BlockSeries::write(std::size_t first, View<const float, 2> values) {
  HOTSTAGE_EXPECTS(first % batch_ == 0 && first < frames_ && values.extent(0) == blocks_ && values.extent(1) == batch_);
  if (disk_) {
    disk_->write(first / batch_, {values.data(), values.size()});
    return;
  }
  const std::size_t n = std::min(batch_, frames_ - first);
  for (std::size_t b = 0; b < blocks_; ++b) {
    std::copy_n(values.row(b).begin(), n, rows_.row(b).begin() + static_cast<std::ptrdiff_t>(first));
  }
}

void BlockSeries::read(std::size_t first, View<float, 2> out) const {
  HOTSTAGE_EXPECTS(first + out.extent(0) <= blocks_ && out.extent(1) == frames_);
  if (!disk_) {
    for (std::size_t b = 0; b < out.extent(0); ++b) {
      std::copy_n(rows_.row(first + b).begin(), frames_, out.row(b).begin());
    }
    return;
  }
  std::vector<float> piece(out.extent(0) * batch_);
  for (std::size_t from = 0; from < frames_; from += batch_) {
    on_disk_rows_->read({from / batch_, 1, first * batch_, piece.size()}, std::as_writable_bytes(std::span(piece)));
    for (std::size_t b = 0; b < out.extent(0); ++b) {
      std::copy_n(piece.begin() + static_cast<std::ptrdiff_t>(b * batch_), std::min(batch_, frames_ - from),
                  out.row(b).begin() + static_cast<std::ptrdiff_t>(from));
    }
  }
}

std::vector<float> BlockSeries::at_frame(std::size_t frame) const {
  HOTSTAGE_EXPECTS(frame < frames_);
  std::vector<float> out(blocks_);
  for (std::size_t b = 0; b < blocks_; ++b) {
    if (disk_) {
      on_disk_rows_->read({frame / batch_, 1, b * batch_ + frame % batch_, 1},
                          std::as_writable_bytes(std::span(out).subspan(b, 1)));
    } else {
      out[b] = rows_.view()(b, frame);
    }
  }
  return out;
}

}  // namespace hotstage::series
