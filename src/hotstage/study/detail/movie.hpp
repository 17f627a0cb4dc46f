// SPDX-License-Identifier: GPL-3.0-or-later
// Pictures to an MP4 file by ffmpeg, an installed program.

#pragma once

#include "hotstage/study/detail/film.hpp"
#include "hotstage/study/detail/picture.hpp"

#include <filesystem>
#include <string>

namespace hotstage::study::detail {

struct MovieOptions {
  std::size_t longest = 768;  ///< pixels of the longer side
  double per_second = 10.0;
  int quality = 20;  ///< constant rate factor of x264: 0 is lossless, 51 the worst
};

/// Program that is called: ffmpeg, or what HOTSTAGE_FFMPEG names. Throws Error{missing_tool} when it does not run or
/// has no encoder libx264, saying what to install.
[[nodiscard]] std::string find_ffmpeg();

/// One frame as a picture with even sides: grey image enlarged by a whole factor or shrunk by block means, outlines,
/// temperature, time and scale bar.
[[nodiscard]] Picture draw_frame(const Film& film, const FilmFrame& frame, std::array<double, 2> range,
                                 std::size_t longest);

/// Writes H.264 in yuv420p. Pictures of equal, even size are fed one by one; the destructor stops an unfinished file.
class MovieWriter {
 public:
  MovieWriter(const std::string& ffmpeg, const std::filesystem::path& file, std::array<std::size_t, 2> size,
              const MovieOptions& options);
  MovieWriter(const MovieWriter&) = delete;
  MovieWriter& operator=(const MovieWriter&) = delete;
  ~MovieWriter();

  /// Throws Error{engine_failed} with what ffmpeg said.
  void add(const Picture& picture);

  /// Closes the file and waits. Throws Error{engine_failed} with what ffmpeg said.
  void finish();

 private:
  [[noreturn]] void fail();
  int wait();

  std::array<std::size_t, 2> size_;
  std::filesystem::path log_;
  int pipe_ = -1;
  int child_ = -1;
};

}  // namespace hotstage::study::detail
