// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/jobs/store.hpp"

#include "hotstage/core/error.hpp"
#include "hotstage/io/document.hpp"
#include "hotstage/io/files.hpp"
#include "hotstage/io/sha256.hpp"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <ctime>
#include <span>
#include <system_error>

namespace hotstage::jobs {

namespace fs = std::filesystem;

namespace {

constexpr std::string_view temporary_mark = ".tmp-";

std::string hash_text(const std::string& text) {
  return io::sha256(std::as_bytes(std::span(text.data(), text.size())));
}

[[noreturn]] void refuse(const fs::path& path, const std::error_code& status) {
  const bool full = status == std::errc::no_space_on_device;
  throw Error(full ? Errc::no_space : Errc::io, {.file = path.string()},
              fmt::format("cannot be written: {}", status.message()),
              full ? "Free some space and run the same command again" : "");
}

/// Temporary folders end in the process that made them; those of dead processes are rubbish.
void remove_dead_temporaries(const fs::path& root) {
  std::error_code status;
  for (const fs::directory_entry& entry : fs::directory_iterator(root, status)) {
    const std::string file = entry.path().filename().string();
    const std::size_t mark = file.find(temporary_mark);
    if (mark == std::string::npos) {
      continue;
    }
    const int process = std::atoi(file.c_str() + mark + temporary_mark.size());
    if (process <= 0 || process == ::getpid() || (::kill(process, 0) != 0 && errno == ESRCH)) {
      fs::remove_all(entry.path(), status);
    }
  }
}

}  // namespace

std::string make_key(const KeyParts& parts) {
  Value text = Value::object();
  text["id"] = parts.id;
  text["version"] = parts.version;
  text["options"] = parts.options;
  text["inputs"] = parts.inputs;
  return hash_text(io::to_json(text, io::JsonStyle::compact));
}

Store::Store(fs::path root) : root_(std::move(root)) {
  std::error_code status;
  fs::create_directories(root_ / "files", status);
  if (status) {
    refuse(root_, status);
  }
  remove_dead_temporaries(root_);
}

bool Store::has(std::string_view key) const {
  std::error_code status;
  return fs::is_directory(root_ / key, status);
}

fs::path Store::folder(std::string_view key) const {
  return root_ / key;
}

void Store::put(std::string_view key, const std::function<void(const fs::path&)>& fill) const {
  const fs::path temporary = root_ / fmt::format("{}{}{}", key, temporary_mark, ::getpid());
  std::error_code status;
  fs::remove_all(temporary, status);
  fs::create_directories(temporary, status);
  if (status) {
    refuse(temporary, status);
  }
  try {
    fill(temporary);
  } catch (...) {
    fs::remove_all(temporary, status);
    throw;
  }
  fs::rename(temporary, root_ / key, status);
  if (status && !has(key)) {
    const std::error_code reason = status;
    fs::remove_all(temporary, status);
    refuse(root_ / key, reason);
  }
  fs::remove_all(temporary, status);
  remove_journal(key);
}

void Store::remove(std::string_view key) const {
  std::error_code status;
  fs::remove_all(root_ / key, status);
  remove_journal(key);
}

fs::path Store::journal_folder(std::string_view key) const {
  return root_ / fmt::format("{}.partial", key);
}

void Store::remove_journal(std::string_view key) const {
  std::error_code status;
  fs::remove_all(journal_folder(key), status);
}

std::string Store::file_hash(const fs::path& file) const {
  struct ::stat info {};

  if (::stat(file.c_str(), &info) != 0) {
    throw Error(Errc::io, Location{.file = file.string()},
                fmt::format("cannot be opened: {}", std::generic_category().message(errno)));
  }
  const std::string identity = fmt::format("{}\n{}\n{}.{:09}", fs::absolute(file).string(), info.st_size,
                                           info.st_mtim.tv_sec, info.st_mtim.tv_nsec);
  const fs::path remembered = root_ / "files" / hash_text(identity);
  std::error_code status;
  if (fs::is_regular_file(remembered, status)) {
    std::string known = io::read_text(remembered, 64);
    if (known.size() == 64) {
      return known;
    }
  }
  std::string hash = io::sha256_file(file);
  // A clock tick of the file system is milliseconds: a file this young may yet change without its time telling.
  constexpr std::time_t settled_s = 2;
  if (std::time(nullptr) - info.st_mtim.tv_sec > settled_s) {
    io::write_text(remembered, hash);
  }
  return hash;
}

std::string Store::files_hash(std::span<const fs::path> files) const {
  HOTSTAGE_EXPECTS(!files.empty());
  if (files.size() == 1) {
    return file_hash(files.front());
  }
  const fs::path folder = fs::absolute(files.front()).parent_path();
  std::string text;
  for (const fs::path& file : files) {
    text += fmt::format("{}\n{}\n", fs::absolute(file).lexically_relative(folder).string(), file_hash(file));
  }
  return hash_text(text);
}

}  // namespace hotstage::jobs
