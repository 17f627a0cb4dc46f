// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/io/detail/hdf5_probe.hpp"

#include "hotstage/io/detail/hdf5_handle.hpp"
#include "hotstage/io/files.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>

namespace hotstage::io::detail {

namespace {

bool child = false;

/// Honest files take milliseconds; endless chains of blocks end here.
constexpr rlim_t most_seconds = 20;
constexpr int most_depth = 64;
constexpr int most_objects = 200000;
constexpr std::size_t small_dataset = std::size_t{1} << 16;

class Walk {
 public:
  explicit Walk(const Hdf5File& file) : file_(file) {}

  void visit(const std::string& path, int depth) {
    if (depth > most_depth || ++objects_ > most_objects) {
      return;
    }
    attempt([&] { (void)file_.attributes(path); });
    switch (file_.kind(path)) {
      case Hdf5Kind::dataset:
        attempt([&] { touch(file_.dataset(path)); });
        break;
      case Hdf5Kind::group:
        attempt([&] {
          for (const std::string& name : file_.members(path)) {
            visit(fmt::format("{}/{}", path == "/" ? "" : path, name), depth + 1);
          }
        });
        break;
      default:
        break;
    }
  }

 private:
  /// The caller meets the same Error again; here only survival counts.
  template <class F>
  static void attempt(F&& work) {
    try {
      work();
    } catch (const Error&) {
      return;
    }
  }

  /// Small data whole, large data at its first and last element.
  static void touch(const Hdf5Dataset& data) {
    (void)data.value(small_dataset);
    if (!data.type() || data.size() == 0) {
      return;
    }
    std::vector<std::size_t> corner(data.shape().size(), 0);
    const std::vector<std::size_t> one(data.shape().size(), 1);
    std::vector<std::byte> element(size_of(*data.type()));
    data.read(corner, one, element);
    for (std::size_t i = 0; i < corner.size(); ++i) {
      corner[i] = data.shape()[i] - 1;
    }
    data.read(corner, one, element);
  }

  const Hdf5File& file_;
  int objects_ = 0;
};

[[noreturn]] void run_child(const std::filesystem::path& path) {
  child = true;
  for (const int number : {SIGSEGV, SIGBUS, SIGABRT, SIGFPE, SIGILL, SIGTRAP}) {
    std::signal(number, SIG_DFL);
  }
  const rlimit none{.rlim_cur = 0, .rlim_max = 0};
  const rlimit seconds{.rlim_cur = most_seconds, .rlim_max = most_seconds};
  ::setrlimit(RLIMIT_CORE, &none);
  ::setrlimit(RLIMIT_CPU, &seconds);
  const int nowhere = ::open("/dev/null", O_WRONLY | O_CLOEXEC);
  ::dup2(nowhere, STDOUT_FILENO);
  ::dup2(nowhere, STDERR_FILENO);
  try {
    const Hdf5File file = Hdf5File::open(path);
    Walk(file).visit("/", 0);
  } catch (const std::exception&) {
    ::_exit(0);
  }
  ::_exit(0);
}

}  // namespace

bool inside_probe() noexcept {
  return child;
}

void probe_hdf5(const std::filesystem::path& path) {
  pid_t id = -1;
  {
    // No other thread is inside the library while its state is copied.
    const auto lock = lock_hdf5();
    id = ::fork();
    if (id == 0) {
      run_child(path);
    }
  }
  if (id < 0) {
    throw os_error(errno, path, "start a process to check the file");
  }
  int status = 0;
  while (::waitpid(id, &status, 0) < 0) {
    if (errno != EINTR) {
      throw os_error(errno, path, "wait for the process that checks the file");
    }
  }
  if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
    throw Error(Errc::bad_input, Location{.file = path.string()},
                "the file is damaged: the HDF5 library breaks down when it reads it",
                "Copy it again from where it was made");
  }
}

}  // namespace hotstage::io::detail
