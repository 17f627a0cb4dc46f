// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/calc/detail/child.hpp"

#include "hotstage/core/error.hpp"
#include "hotstage/io/files.hpp"
#include "hotstage/io/temporary_folder.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <thread>

extern char** environ;  // NOLINT(readability-redundant-declaration): POSIX leaves it to us

namespace hotstage::calc::detail {

namespace {

constexpr std::chrono::milliseconds look_again{20};

std::vector<std::string> merged_environment(const Command& command) {
  std::vector<std::string> out;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string text = *entry;
    bool replaced = false;
    for (const auto& [name, value] : command.environment) {
      replaced = replaced || text.compare(0, name.size() + 1, name + "=") == 0;
    }
    if (!replaced) {
      out.push_back(text);
    }
  }
  for (const auto& [name, value] : command.environment) {
    out.push_back(fmt::format("{}={}", name, value));
  }
  return out;
}

std::vector<char*> pointers(std::vector<std::string>& words) {
  std::vector<char*> out;
  for (std::string& word : words) {
    out.push_back(word.data());
  }
  out.push_back(nullptr);
  return out;
}

/// Runs in the child between fork and exec: only calls that are safe there.
[[noreturn]] void become(const char* program, char* const* words, char* const* environment, const char* folder,
                         int output) {
  ::setpgid(0, 0);
  ::signal(SIGPIPE, SIG_DFL);
  if (::chdir(folder) != 0 || ::dup2(output, 1) < 0 || ::dup2(output, 2) < 0) {
    ::_exit(126);
  }
  ::execve(program, words, environment);
  ::_exit(127);
}

}  // namespace

std::filesystem::path find_program(const std::string& name) {
  if (name.find('/') != std::string::npos) {
    return ::access(name.c_str(), X_OK) == 0 ? std::filesystem::path(name) : std::filesystem::path();
  }
  const char* raw = std::getenv("PATH");
  const std::string path = raw == nullptr ? "" : raw;
  std::size_t begin = 0;
  while (begin <= path.size()) {
    const std::size_t end = std::min(path.find(':', begin), path.size());
    const std::filesystem::path candidate = std::filesystem::path(path.substr(begin, end - begin)) / name;
    if (end > begin && ::access(candidate.c_str(), X_OK) == 0 && !std::filesystem::is_directory(candidate)) {
      return candidate;
    }
    begin = end + 1;
  }
  return {};
}

Child::~Child() {
  stop(0.0);
}

void Child::start(const Command& command) {
  HOTSTAGE_EXPECTS(!command.words.empty() && pid_ < 0);
  const std::filesystem::path program = find_program(command.words.front());
  if (program.empty()) {
    throw Error(Errc::missing_tool, fmt::format("the program \"{}\" is not installed", command.words.front()));
  }
  std::vector<std::string> words = command.words;
  std::vector<std::string> environment = merged_environment(command);
  const std::vector<char*> argv = pointers(words);
  const std::vector<char*> envp = pointers(environment);
  const std::filesystem::path output = command.folder / command.output;
  const int file = ::open(output.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
  if (file < 0) {
    throw io::os_error(errno, output, "open");
  }
  const std::string absolute = std::filesystem::absolute(program).string();
  const std::string folder = command.folder.string();
  const pid_t pid = ::fork();
  if (pid == 0) {
    become(absolute.c_str(), argv.data(), envp.data(), folder.c_str(), file);
  }
  const int failed = errno;
  ::close(file);
  if (pid < 0) {
    throw io::os_error(failed, program, "start");
  }
  ::setpgid(pid, pid);  // also here, so that a kill of the group cannot come too early
  pid_ = pid;
  started_ = true;
}

bool Child::alive() {
  if (pid_ < 0) {
    return false;
  }
  int status = 0;
  const pid_t got = ::waitpid(pid_, &status, WNOHANG);
  if (got == 0) {
    return true;
  }
  status_ = status;
  ::kill(-pid_, SIGKILL);  // ranks it may have left behind
  pid_ = -1;
  return false;
}

std::string Child::ended_text() const {
  if (!started_) {
    return "was never started";
  }
  if (WIFSIGNALED(status_)) {
    return fmt::format("was killed by signal {} ({})", WTERMSIG(status_), ::strsignal(WTERMSIG(status_)));
  }
  return fmt::format("ended with exit code {}", WEXITSTATUS(status_));
}

void Child::stop(double patience_s) {
  using Clock = std::chrono::steady_clock;
  const auto wait = [this](double seconds) {
    const auto end = Clock::now() + std::chrono::duration<double>(seconds);
    while (alive() && Clock::now() < end) {
      std::this_thread::sleep_for(look_again);
    }
    return pid_ < 0;
  };
  if (pid_ < 0 || wait(patience_s)) {
    return;
  }
  ::kill(-pid_, SIGTERM);
  if (!wait(1.0)) {
    ::kill(-pid_, SIGKILL);
    static_cast<void>(wait(60.0));
  }
}

std::string first_output(const std::vector<std::string>& words, double limit_s) {
  const io::TemporaryFolder folder;
  Child child;
  child.start({.words = words, .folder = folder.path(), .output = "out"});
  child.stop(limit_s);
  if (child.ended_text() != "ended with exit code 0") {
    return {};
  }
  return io::read_text(folder / "out", 1U << 16U);
}

}  // namespace hotstage::calc::detail
