// SPDX-License-Identifier: GPL-3.0-or-later

#include "long_call.hpp"

#include "hotstage/core/error.hpp"
#include "hotstage/core/nearest.hpp"

#include <fmt/format.h>
#include <pybind11/stl.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <condition_variable>
#include <exception>
#include <mutex>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

namespace hotstage::python {

namespace {

/// How long Ctrl-C and progress may wait.
constexpr std::chrono::milliseconds patience{50};

struct Progress {
  double fraction = 0.0;
  std::string phase;
};

struct LogLine {
  LogLevel level = LogLevel::info;
  std::string text;
};

/// What the working thread leaves for the Python thread.
struct Mailbox {
  std::mutex mutex;
  std::condition_variable changed;
  bool done = false;
  std::optional<Progress> progress;
  std::vector<LogLine> log;
};

struct How {
  Run run;
  py::object progress = py::none();
};

How read_how(const py::dict& how) {
  How out;
  out.run.threads = static_cast<int>(std::max(1U, std::thread::hardware_concurrency()));
  for (const auto& [key, value] : how) {
    const auto name = key.cast<std::string>();
    if (value.is_none()) {
      continue;
    }
    if (name == "threads") {
      out.run.threads = value.cast<int>();
    } else if (name == "memory_MiB") {
      out.run.memory = value.cast<std::size_t>() << 20;
    } else if (name == "progress") {
      out.progress = py::reinterpret_borrow<py::object>(value);
    } else {
      const std::array<std::string, 3> names{"threads", "memory_MiB", "progress"};
      throw Error(Errc::bad_input, fmt::format("unknown keyword \"{}\"", name), nearest_hint(name, names));
    }
  }
  if (out.run.threads < 1 || out.run.memory == 0) {
    throw Error(Errc::bad_input,
                fmt::format("cannot compute with {} threads and {} MiB", out.run.threads, out.run.memory >> 20),
                "Both must be at least 1");
  }
  return out;
}

int python_level(LogLevel level) {
  constexpr int step = 10;  // logging.DEBUG is 10, INFO 20, WARNING 30, ERROR 40
  return step * (static_cast<int>(level) + 1);
}

void deliver(Mailbox& mailbox, const py::object& progress) {
  std::optional<Progress> latest;
  std::vector<LogLine> lines;
  {
    const std::lock_guard lock(mailbox.mutex);
    latest.swap(mailbox.progress);
    lines.swap(mailbox.log);
  }
  if (!lines.empty()) {
    const py::object logger = py::module_::import("logging").attr("getLogger")("hotstage");
    for (const LogLine& line : lines) {
      logger.attr("log")(python_level(line.level), "%s", line.text);
    }
  }
  if (latest && !progress.is_none()) {
    progress(latest->fraction, latest->phase);
  }
  if (PyErr_CheckSignals() != 0) {
    throw py::error_already_set();
  }
}

void wire(Run& run, Mailbox& mailbox) {
  run.progress_sink = [&mailbox](double fraction, std::string_view phase) {
    const std::lock_guard lock(mailbox.mutex);
    mailbox.progress = Progress{fraction, std::string(phase)};
  };
  run.log_sink = [&mailbox](LogLevel level, std::string_view text) {
    if (level != LogLevel::warning) {  // those come as Python warnings
      const std::lock_guard lock(mailbox.mutex);
      mailbox.log.push_back({level, std::string(text)});
    }
  };
}

void warn(const Run& run) {
  const py::object category = py::module_::import("hotstage.errors").attr("HotstageWarning");
  for (const WarningCount& warning : run.warnings()) {
    const std::string times = warning.count > 1 ? fmt::format(" ({} times)", warning.count) : std::string{};
    const std::string text = fmt::format("{}: {}{}", warning.kind, warning.example, times);
    constexpr int caller = 2;  // the line of the user's code, past our Python function
    if (PyErr_WarnEx(category.ptr(), text.c_str(), caller) != 0) {
      throw py::error_already_set();
    }
  }
}

}  // namespace

void call_without_lock(const py::dict& how, const std::function<void(Run&)>& work) {
  How setup = read_how(how);
  Mailbox mailbox;
  std::stop_source stop;
  setup.run.stop = stop.get_token();
  wire(setup.run, mailbox);
  std::exception_ptr failure;
  std::exception_ptr interrupt;
  std::thread worker([&] {
    try {
      work(setup.run);
    } catch (...) {
      failure = std::current_exception();
    }
    const std::lock_guard lock(mailbox.mutex);
    mailbox.done = true;
    mailbox.changed.notify_all();
  });
  for (bool done = false; !done;) {
    {
      const py::gil_scoped_release release;
      std::unique_lock lock(mailbox.mutex);
      done = mailbox.changed.wait_for(lock, patience, [&] { return mailbox.done; });
    }
    if (interrupt) {
      continue;
    }
    try {
      deliver(mailbox, setup.progress);
    } catch (...) {
      interrupt = std::current_exception();
      stop.request_stop();
    }
  }
  worker.join();
  if (interrupt || failure) {
    std::rethrow_exception(interrupt ? interrupt : failure);
  }
  warn(setup.run);
}

}  // namespace hotstage::python
