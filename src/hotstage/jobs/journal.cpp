// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/jobs/journal.hpp"

#include "hotstage/core/error.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <bit>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <optional>
#include <utility>
#include <vector>

namespace hotstage::jobs {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;

namespace {

constexpr std::size_t chunk = std::size_t{1} << 20;  // bytes of one step of a checksum

/// A file descriptor that is closed at the end.
class Descriptor {
 public:
  Descriptor() = default;

  explicit Descriptor(const fs::path& path) : number_(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644)) {}

  Descriptor(Descriptor&& other) noexcept : number_(std::exchange(other.number_, -1)) {}

  Descriptor& operator=(Descriptor&& other) noexcept {
    std::swap(number_, other.number_);
    return *this;
  }

  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;

  ~Descriptor() {
    if (number_ >= 0) {
      ::close(number_);
    }
  }

  [[nodiscard]] bool is_open() const { return number_ >= 0; }

  [[nodiscard]] bool lock() const { return ::flock(number_, LOCK_EX | LOCK_NB) == 0; }

  /// False at the end of the file or on an error.
  bool read(void* to, std::size_t bytes) const {
    auto* at = static_cast<char*>(to);
    while (bytes > 0) {
      const ::ssize_t got = ::read(number_, at, bytes);
      if (got < 0 && errno == EINTR) {
        continue;
      }
      if (got <= 0) {
        return false;
      }
      at += got;
      bytes -= static_cast<std::size_t>(got);
    }
    return true;
  }

  bool write(const void* from, std::size_t bytes) const {
    const auto* at = static_cast<const char*>(from);
    while (bytes > 0) {
      const ::ssize_t put = ::write(number_, at, bytes);
      if (put < 0 && errno == EINTR) {
        continue;
      }
      if (put <= 0) {
        return false;
      }
      at += put;
      bytes -= static_cast<std::size_t>(put);
    }
    return true;
  }

  [[nodiscard]] bool seek(std::uint64_t place) const {
    return ::lseek(number_, static_cast<::off_t>(place), SEEK_SET) >= 0;
  }

  /// Cuts the file off at `size`, where reading and writing goes on.
  [[nodiscard]] bool cut(std::uint64_t size) const {
    return ::ftruncate(number_, static_cast<::off_t>(size)) == 0 && seek(size);
  }

  [[nodiscard]] bool synchronise() const { return ::fdatasync(number_) == 0; }

 private:
  int number_ = -1;
};

/// Tells a torn or rotten record from a whole one; not against malice.
class Checksum {
 public:
  void add(const void* data, std::size_t bytes) {
    const auto* at = static_cast<const char*>(data);
    for (; bytes >= 8; at += 8, bytes -= 8) {
      std::uint64_t word = 0;
      std::memcpy(&word, at, 8);
      mix(word);
    }
    std::uint64_t rest = bytes;
    std::memcpy(reinterpret_cast<char*>(&rest) + 1, at, bytes);
    mix(rest);
  }

  [[nodiscard]] std::uint64_t value() const { return sum_; }

 private:
  void mix(std::uint64_t word) { sum_ = (std::rotl(sum_, 5) ^ word) * 0x9e3779b97f4a7c15ULL; }

  std::uint64_t sum_ = 0x243f6a8885a308d3ULL;
};

/// Items [first, last) follow, then the sums, then the checksum of all of it.
struct RecordHead {
  std::uint64_t first = 0;
  std::uint64_t last = 0;
};

std::string header_of(const std::string& identity, std::size_t number, const PassJournal::Pass& pass) {
  std::string out = fmt::format("hotstage pass journal 1\n{}\npass {} {} items {} sums {}", identity, number,
                                pass.phase, pass.items, pass.sums.size());
  for (const KeptRows::Rows& rows : pass.kept->arrays()) {
    out += fmt::format(" rows {}x{}", rows.count, rows.row_bytes);
  }
  return out + "\n";
}

struct Part {
  void* data = nullptr;
  std::size_t bytes = 0;
};

/// Memory that belongs to one record, in the order of the file.
std::vector<Part> parts_of(const PassJournal::Pass& pass, std::size_t first, std::size_t last) {
  std::vector<Part> out;
  for (const KeptRows::Rows& rows : pass.kept->arrays()) {
    out.push_back({rows.data + first * rows.row_bytes, (last - first) * rows.row_bytes});
  }
  out.push_back({pass.sums.data(), pass.sums.size_bytes()});
  return out;
}

}  // namespace

struct FileJournal::State {
  fs::path folder;
  std::string identity;
  JournalOptions options;
  Descriptor lock;
  bool usable = false;
  std::size_t passes = 0;   ///< opened so far
  bool told = false;        ///< that passes go on
  Descriptor file;          ///< of the pass that is open; opened by its first record
  std::uint64_t end = 0;    ///< of its last whole record
  std::size_t kept = 0;     ///< items in it
  Clock::time_point saved;  ///< or opened

  void say(std::string_view text) const {
    if (options.tell) {
      options.tell(text);
    }
  }

  [[nodiscard]] fs::path path() const { return folder / fmt::format("pass-{:03}", passes); }

  void give_up() {
    say(fmt::format("{}: cannot be written ({}): an interruption would cost this step's work", path().string(),
                    std::strerror(errno)));
    usable = false;
  }

  struct Record {
    std::size_t last = 0;
    std::uint64_t bytes = 0;
  };

  [[nodiscard]] std::optional<Record> whole_record(const Pass& pass) const;
  bool take_lock();
  bool restore(const Pass& pass, std::size_t file_bytes);
  bool append(const Pass& pass, std::size_t done);
};

/// The record at `end`, read through and found whole: memory is touched only by such.
std::optional<FileJournal::State::Record> FileJournal::State::whole_record(const Pass& pass) const {
  RecordHead head;
  if (!file.seek(end) || !file.read(&head, sizeof(head)) || head.first != kept || head.last <= head.first ||
      head.last > pass.items) {
    return std::nullopt;
  }
  Checksum checksum;
  checksum.add(&head, sizeof(head));
  std::vector<char> scratch(chunk);
  std::uint64_t bytes = sizeof(head) + sizeof(std::uint64_t);
  for (const Part& part : parts_of(pass, kept, head.last)) {
    for (std::size_t at = 0; at < part.bytes; at += chunk) {
      const std::size_t count = std::min(chunk, part.bytes - at);
      if (!file.read(scratch.data(), count)) {
        return std::nullopt;
      }
      checksum.add(scratch.data(), count);
    }
    bytes += part.bytes;
  }
  std::uint64_t stored = 0;
  if (!file.read(&stored, sizeof(stored)) || stored != checksum.value()) {
    return std::nullopt;
  }
  return Record{head.last, bytes};
}

/// Puts whole records into place and leaves the file open behind the last one. False: nothing of use in it.
bool FileJournal::State::restore(const Pass& pass, std::size_t file_bytes) {
  const std::string expected = header_of(identity, passes, pass);
  std::string header(expected.size(), '\0');
  if (file_bytes < expected.size() || !file.read(header.data(), header.size()) || header != expected) {
    return false;
  }
  end = expected.size();
  while (const std::optional<Record> record = whole_record(pass)) {
    bool good = file.seek(end + sizeof(RecordHead));
    for (const Part& part : parts_of(pass, kept, record->last)) {
      good = good && file.read(part.data, part.bytes);
    }
    if (!good) {
      throw Error(Errc::io, Location{.file = path().string()}, "cannot be read a second time", "Use --fresh");
    }
    kept = record->last;
    end += record->bytes;
  }
  return kept > 0;
}

bool FileJournal::State::take_lock() {
  lock = Descriptor(folder / "lock");
  return lock.is_open() && lock.lock();
}

bool FileJournal::State::append(const Pass& pass, std::size_t done) {
  if (!lock.is_open()) {  // the folder is made by the first record: most steps are over before
    std::error_code status;
    fs::create_directories(folder, status);
    if (!take_lock()) {
      return false;
    }
  }
  if (!file.is_open()) {
    file = Descriptor(path());
    const std::string header = header_of(identity, passes, pass);
    if (!file.is_open() || !file.cut(0) || !file.write(header.data(), header.size())) {
      return false;
    }
    end = header.size();
  }
  const RecordHead head{kept, done};
  Checksum checksum;
  checksum.add(&head, sizeof(head));
  bool good = file.write(&head, sizeof(head));
  std::uint64_t bytes = sizeof(head) + sizeof(std::uint64_t);
  for (const Part& part : parts_of(pass, kept, done)) {
    for (std::size_t at = 0; at < part.bytes; at += chunk) {
      checksum.add(static_cast<const char*>(part.data) + at, std::min(chunk, part.bytes - at));
    }
    good = good && file.write(part.data, part.bytes);
    bytes += part.bytes;
  }
  const std::uint64_t value = checksum.value();
  if (!good || !file.write(&value, sizeof(value)) || !file.synchronise()) {
    return false;
  }
  end += bytes;
  kept = done;
  return true;
}

FileJournal::FileJournal(fs::path folder, std::string identity, JournalOptions options)
    : state_(std::make_unique<State>()) {
  State& s = *state_;
  s.folder = std::move(folder);
  s.identity = std::move(identity);
  s.options = std::move(options);
  std::error_code status;
  s.usable = !fs::is_directory(s.folder, status) || s.take_lock();
}

FileJournal::~FileJournal() = default;

/// Beside the journal: on the disk that takes the results.
fs::path FileJournal::scratch_folder() const {
  const fs::path beside = state_->folder.parent_path();
  std::error_code status;
  return fs::is_directory(beside, status) ? beside : fs::path();
}

std::size_t FileJournal::open(const Pass& pass) {
  State& s = *state_;
  for (const KeptRows::Rows& rows : pass.kept->arrays()) {
    HOTSTAGE_EXPECTS(rows.count == pass.items);
  }
  ++s.passes;
  s.file = {};
  s.end = 0;
  s.kept = 0;
  s.saved = Clock::now();
  std::error_code status;
  const std::uintmax_t bytes = s.usable ? fs::file_size(s.path(), status) : 0;
  if (!s.usable || status || bytes == 0) {
    return 0;
  }
  s.file = Descriptor(s.path());
  if (!s.file.is_open() || !s.restore(pass, bytes) || !s.file.cut(s.end)) {
    s.file = {};  // begun anew by its first record
    s.kept = 0;
    return 0;
  }
  if (!s.told) {
    s.say(fmt::format("goes on at item {} of {} of the pass \"{}\", where it was interrupted", s.kept, pass.items,
                      pass.phase));
    s.told = true;
  }
  return s.kept;
}

void FileJournal::commit(const Pass& pass, std::size_t done, Urgency urgency) {
  State& s = *state_;
  const bool due =
      urgency == Urgency::now || Clock::now() - s.saved >= s.options.interval || (done == pass.items && s.kept > 0);
  if (!s.usable || done <= s.kept || !due) {
    return;
  }
  if (!s.append(pass, done)) {
    s.give_up();
  }
  s.saved = Clock::now();
}

}  // namespace hotstage::jobs
