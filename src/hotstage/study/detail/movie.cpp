// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/study/detail/movie.hpp"

#include "hotstage/core/error.hpp"
#include "hotstage/io/files.hpp"
#include "hotstage/io/temporary_folder.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <cstdlib>

extern char** environ;  // NOLINT(readability-redundant-declaration): POSIX leaves it to us

namespace hotstage::study::detail {

namespace {

constexpr Rgb white{255, 255, 255};
constexpr Rgb black{0, 0, 0};

Rgb colour_of(OutlineKind kind) {
  switch (kind) {
    case OutlineKind::boundary:
      return {240, 228, 66};
    case OutlineKind::void_edge:
      return {86, 180, 233};
    case OutlineKind::front:
      break;
  }
  return {213, 94, 0};
}

/// Starts a program of the search path with its output in `log`. −1 when it is not there.
int spawn(std::vector<std::string> words, int input, const std::filesystem::path& log) {
  std::vector<char*> pointers;
  for (std::string& word : words) {
    pointers.push_back(word.data());
  }
  pointers.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  ::posix_spawn_file_actions_init(&actions);
  if (input >= 0) {
    ::posix_spawn_file_actions_adddup2(&actions, input, 0);
  } else {
    ::posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
  }
  ::posix_spawn_file_actions_addopen(&actions, 1, log.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
  ::posix_spawn_file_actions_adddup2(&actions, 1, 2);
  pid_t child = -1;
  const int failed = ::posix_spawnp(&child, pointers.front(), &actions, nullptr, pointers.data(), environ);
  ::posix_spawn_file_actions_destroy(&actions);
  return failed == 0 ? child : -1;
}

int wait_for(int child) {
  int status = 0;
  while (::waitpid(child, &status, 0) < 0) {
    if (errno != EINTR) {
      return -1;
    }
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

[[noreturn]] void missing(const std::string& program, const std::string& what) {
  throw Error(Errc::missing_tool, fmt::format("movies need ffmpeg: {}", what),
              fmt::format("Install it (Debian: apt-get install ffmpeg){}; series.strip needs nothing",
                          program == "ffmpeg" ? "" : ", or correct HOTSTAGE_FFMPEG"));
}

/// Whole factors only: enlarged pixels stay sharp squares, shrunk ones are means.
struct Magnification {
  std::size_t up = 1;
  std::size_t down = 1;

  [[nodiscard]] std::array<double, 2> place(std::array<double, 2> pixel) const {
    const double factor = static_cast<double>(up) / static_cast<double>(down);
    return {(pixel[0] + 0.5) * factor - 0.5, (pixel[1] + 0.5) * factor - 0.5};
  }
};

Magnification magnification_for(std::size_t longest, std::size_t allowed) {
  return longest > allowed ? Magnification{1, (longest + allowed - 1) / allowed}
                           : Magnification{std::max<std::size_t>(1, allowed / longest), 1};
}

std::uint8_t grey(const FilmFrame& frame, const Magnification& m, std::size_t y, std::size_t x,
                  std::array<double, 2> range) {
  double sum = 0.0;
  const std::size_t top = y * m.down / m.up;
  const std::size_t left = x * m.down / m.up;
  for (std::size_t i = 0; i < m.down; ++i) {
    for (std::size_t k = 0; k < m.down; ++k) {
      sum += static_cast<double>(frame.image.view()(top + i, left + k));
    }
  }
  const double share = (sum / static_cast<double>(m.down * m.down) - range[0]) / (range[1] - range[0]);
  return static_cast<std::uint8_t>(std::lround(255.0 * std::clamp(share, 0.0, 1.0)));
}

void label(Picture& picture, long row, long column, const std::string& text, int scale) {
  const long margin = scale;
  picture.box(row - margin, column - margin, 7 * scale + 2 * margin, Picture::text_width(text, scale) + 2 * margin,
              black);
  picture.text(row, column, text, scale, white);
}

void add_labels(Picture& picture, const Film& film, const FilmFrame& frame, const Magnification& m) {
  const int scale = std::max(1, static_cast<int>(std::min(picture.rows(), picture.columns()) / 190));
  const long margin = 4 * scale;
  if (frame.degC) {
    label(picture, margin, margin, fmt::format("{:.0f} °C", *frame.degC), scale);
  }
  const std::string time = fmt::format("{:.1f} s", frame.time_s);
  label(picture, margin, static_cast<long>(picture.columns()) - margin - Picture::text_width(time, scale), time, scale);
  if (const auto bar = film.scale_bar()) {
    const double px =
        bar->length / film.signal().axes[1].scale * static_cast<double>(m.up) / static_cast<double>(m.down);
    const long row = static_cast<long>(picture.rows()) - margin - 2 * scale;
    picture.box(row - scale, margin - scale, 4 * scale, std::lround(px) + 2 * scale, black);
    picture.box(row, margin, 2 * scale, std::lround(px), white);
    label(picture, row - 10 * scale, margin, bar->label, scale);
  }
}

}  // namespace

std::string find_ffmpeg() {
  const char* named = std::getenv("HOTSTAGE_FFMPEG");
  std::string program = named == nullptr || *named == '\0' ? "ffmpeg" : named;
  const io::TemporaryFolder folder;
  const int child = spawn({program, "-hide_banner", "-encoders"}, -1, folder / "log");
  if (child < 0 || wait_for(child) != 0) {
    missing(program, fmt::format("\"{}\" does not run", program));
  }
  if (io::read_text(folder / "log").find("libx264") == std::string::npos) {
    missing(program, fmt::format("\"{}\" was built without the encoder libx264", program));
  }
  return program;
}

Picture draw_frame(const Film& film, const FilmFrame& frame, std::array<double, 2> range, std::size_t longest) {
  const Magnification m = magnification_for(std::max(film.rows(), film.columns()), longest);
  // Even sides: H.264 in yuv420p halves the colours.
  const std::size_t rows = film.rows() / m.down * m.up / 2 * 2;
  const std::size_t columns = film.columns() / m.down * m.up / 2 * 2;
  HOTSTAGE_EXPECTS(rows > 0 && columns > 0);
  Picture picture(rows, columns);
  for (std::size_t y = 0; y < rows; ++y) {
    for (std::size_t x = 0; x < columns; ++x) {
      const std::uint8_t value = grey(frame, m, y, x, range);
      picture.set(static_cast<long>(y), static_cast<long>(x), {value, value, value});
    }
  }
  const int width = std::max(1, static_cast<int>(std::min(rows, columns) / 360));
  for (const Outline& outline : frame.outlines) {
    for (std::size_t i = 1; i < outline.points.size(); ++i) {
      picture.line(m.place(outline.points[i - 1]), m.place(outline.points[i]), width, colour_of(outline.kind));
    }
  }
  add_labels(picture, film, frame, m);
  return picture;
}

MovieWriter::MovieWriter(const std::string& ffmpeg, const std::filesystem::path& file, std::array<std::size_t, 2> size,
                         const MovieOptions& options)
    : size_(size), log_(file.string() + ".log") {
  HOTSTAGE_EXPECTS(size[0] % 2 == 0 && size[1] % 2 == 0);
  std::array<int, 2> ends{-1, -1};
  // A socket, not a pipe: a dead reader is then an error of send, not a signal.
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) != 0) {
    throw io::os_error(errno, file, "talk to ffmpeg");
  }
  pipe_ = ends[0];
  child_ = spawn({ffmpeg,
                  "-hide_banner",
                  "-loglevel",
                  "error",
                  "-f",
                  "rawvideo",
                  "-pix_fmt",
                  "rgb24",
                  "-s",
                  fmt::format("{}x{}", size[1], size[0]),
                  "-r",
                  fmt::format("{:.6g}", options.per_second),
                  "-i",
                  "-",
                  "-an",
                  "-c:v",
                  "libx264",
                  "-preset",
                  "medium",
                  "-crf",
                  fmt::format("{}", options.quality),
                  "-pix_fmt",
                  "yuv420p",
                  "-movflags",
                  "+faststart",
                  "-fflags",
                  "+bitexact",
                  "-y",
                  file.string()},
                 ends[1], log_);
  ::close(ends[1]);
  if (child_ < 0) {
    ::close(pipe_);
    throw Error(Errc::missing_tool, fmt::format("\"{}\" does not run", ffmpeg));
  }
}

MovieWriter::~MovieWriter() {
  (void)wait();
}

int MovieWriter::wait() {
  if (pipe_ >= 0) {
    ::close(pipe_);
    pipe_ = -1;
  }
  const int status = child_ >= 0 ? wait_for(child_) : 0;
  child_ = -1;
  return status;
}

void MovieWriter::fail() {
  (void)wait();
  std::error_code none;
  const std::string said = std::filesystem::exists(log_, none) ? io::read_text(log_) : std::string();
  throw Error(Errc::engine_failed, fmt::format("ffmpeg failed: {}", said.empty() ? "it said nothing" : said),
              "Look whether the disk of the temporary folder is full");
}

void MovieWriter::add(const Picture& picture) {
  HOTSTAGE_EXPECTS(picture.rows() == size_[0] && picture.columns() == size_[1] && pipe_ >= 0);
  const std::vector<std::uint8_t>& bytes = picture.bytes();
  for (std::size_t sent = 0; sent < bytes.size();) {
    const ssize_t count = ::send(pipe_, bytes.data() + sent, bytes.size() - sent, MSG_NOSIGNAL);
    if (count < 0 && errno == EINTR) {
      continue;
    }
    if (count <= 0) {
      fail();
    }
    sent += static_cast<std::size_t>(count);
  }
}

void MovieWriter::finish() {
  if (wait() != 0) {
    fail();
  }
  std::error_code none;
  std::filesystem::remove(log_, none);
}

}  // namespace hotstage::study::detail
