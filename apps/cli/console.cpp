// SPDX-License-Identifier: GPL-3.0-or-later

#include "console.hpp"

#include "hotstage/core/error.hpp"
#include "hotstage/core/estimate.hpp"
#include "hotstage/io/document.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <mutex>
#include <stop_token>
#include <thread>

namespace hotstage::cli {

namespace {

std::atomic<bool> bar_is_open = false;

/// Waits for Ctrl-C in its own thread: the first asks the work to stop between tiles, the second ends the process.
std::stop_token stop_button() {
  static std::stop_source source;
  static std::once_flag once;
  std::call_once(once, [] {
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGTERM);
    pthread_sigmask(SIG_BLOCK, &signals, nullptr);
    std::thread([signals] {
      int received = 0;
      sigwait(&signals, &received);
      end_progress();
      fmt::print(stderr, "hotstage: stopping after the current tile (press again to stop at once)\n");
      source.request_stop();
      sigwait(&signals, &received);
      std::_Exit(static_cast<int>(Errc::stopped));
    }).detach();
  });
  return source.get_token();
}

void draw_bar(double fraction, std::string_view phase) {
  static std::mutex mutex;
  static auto begin = std::chrono::steady_clock::now();
  static auto drawn = std::chrono::steady_clock::time_point{};
  const std::lock_guard lock(mutex);
  const auto now = std::chrono::steady_clock::now();
  if (now - drawn < std::chrono::milliseconds(100) && fraction < 1.0) {
    return;
  }
  drawn = now;
  constexpr int width = 30;
  const int filled = static_cast<int>(fraction * width);
  const double seconds = std::chrono::duration<double>(now - begin).count();
  const std::string left =
      fraction > 0.02 && fraction < 1.0 ? fmt::format(", {:.0f} s left", seconds * (1.0 / fraction - 1.0)) : "";
  fmt::print(stderr, "\r\033[K[{:█<{}}{: <{}}] {:3.0f} % {}{}", "", filled, "", width - filled, 100.0 * fraction, phase,
             left);
  std::fflush(stderr);
  bar_is_open = true;
}

std::size_t parse_memory(const std::string& text) {
  try {
    std::size_t used = 0;
    const double value = std::stod(text, &used);
    const std::string unit = text.substr(used);
    const double factor =
        unit.empty() || unit == "MiB" || unit == "M" ? 1048576.0 : (unit == "GiB" || unit == "G" ? 1073741824.0 : 0.0);
    if (factor > 0.0 && value * factor >= 1048576.0) {
      return static_cast<std::size_t>(value * factor);
    }
  } catch (const std::exception&) {  // falls through to the one message
  }
  throw Error(Errc::usage, fmt::format("--memory {}", text), "Write for example --memory 512MiB or --memory 4GiB");
}

void print_result(const study::StudyFile& file, const std::string& step, const study::Result& result) {
  const std::string unit = result.unit.empty() ? "" : " " + result.unit;
  fmt::print("  {:<32} {}{}   ({})\n", result.label.empty() ? result.id : result.label,
             text(Estimate{result.value, result.sigma.value_or(0.0)}), unit, result.method);
  for (const study::Reference& reference : file.references) {
    if (reference.result == step + "." + result.id) {
      fmt::print("  {:<32} {}{}   difference {:+.1f} %\n", "  " + reference.label,
                 text(Estimate{reference.value, reference.sigma.value_or(0.0)}), unit,
                 100.0 * (result.value / reference.value - 1.0));
    }
  }
}

}  // namespace

void add_common(CLI::App& app, Common& common) {
  app.add_flag("--json", common.json, "machine output: only JSON on stdout, log on stderr");
  app.add_option("--threads", common.threads, "threads (default: all processors)")->check(CLI::Range(1, 1024));
  app.add_option("--memory", common.memory, "memory for working buffers, e.g. 512MiB (default) or 4GiB");
  app.add_flag("--quiet", common.quiet, "no progress bar and no notes");
}

Run make_run(const Common& common) {
  Run run;
  run.threads =
      common.threads > 0 ? common.threads : std::max(1, static_cast<int>(std::thread::hardware_concurrency()));
  run.memory = parse_memory(common.memory);
  run.stop = stop_button();
  run.log_sink = [quiet = common.quiet](LogLevel level, std::string_view message) {
    if (level == LogLevel::debug || (quiet && level == LogLevel::info)) {
      return;
    }
    end_progress();
    fmt::print(stderr, "{}{}\n", level == LogLevel::warning ? "warning: " : "", message);
  };
  if (!common.quiet && ::isatty(STDERR_FILENO) != 0) {
    run.progress_sink = draw_bar;
  }
  return run;
}

void end_progress() {
  if (bar_is_open.exchange(false)) {
    fmt::print(stderr, "\r\033[K");
  }
}

void print_json(const Value& value) {
  fmt::print("{}\n", io::to_json(value, io::JsonStyle::pretty));
}

void print_outcome(const study::StudyFile& file, const study::StudyOutcome& outcome, const Common& common) {
  end_progress();
  if (common.json) {
    print_json(outcome.results);
    return;
  }
  for (const study::FinishedStep& step : outcome.steps) {
    fmt::print("{} ({}){}\n", step.plan.title, step.plan.step->id,
               step.from_store ? "  from the store" : fmt::format("  {:.1f} s", step.seconds));
    for (const study::Result& result : step.output.results) {
      print_result(file, step.plan.name, result);
    }
    if (!step.from_store) {
      continue;  // the warnings of this run stand on stderr already
    }
    for (const WarningCount& warning : step.output.warnings) {
      fmt::print("  warning: {}{}\n", warning.example,
                 warning.count > 1 ? fmt::format(" (and {} more of this kind)", warning.count - 1) : "");
    }
  }
  if (!outcome.claims.empty()) {
    fmt::print("claims\n");
  }
  for (const study::JudgedClaim& claim : outcome.claims) {
    const std::string ours = claim.ours ? text(Estimate{*claim.ours, claim.sigma.value_or(0.0)}) : "-";
    fmt::print("  {:<5} {:<14} {:<10} ours {} {}  paper {}\n", claim.entry.id, study::name(claim.verdict),
               study::name(claim.kind), ours, claim.unit, claim.entry.paper);
  }
  fmt::print("report: {}\n", outcome.report.string());
}

}  // namespace hotstage::cli
