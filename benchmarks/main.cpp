// SPDX-License-Identifier: GPL-3.0-or-later
#include "hotstage/core/error.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "cases.hpp"
#include <array>
#include <exception>
#include <string>

namespace {

using hotstage::bench::Job;
using hotstage::bench::Report;

struct Case {
  const char* name;
  Report (*run)(const Job&);
};

constexpr std::array cases{
    Case{"dm4", hotstage::bench::run_dm4},
    Case{"align", hotstage::bench::run_align},
    Case{"background", hotstage::bench::run_background},
    Case{"fourier_ratio", hotstage::bench::run_fourier_ratio},
    Case{"fourier_log", hotstage::bench::run_fourier_log},
    Case{"align_shift", hotstage::bench::run_align_shift},
    Case{"white_lines", hotstage::bench::run_white_lines},
    Case{"memory", hotstage::bench::run_memory},
    Case{"pass", hotstage::bench::run_pass},
    Case{"register", hotstage::bench::run_register},
    Case{"series_pass", hotstage::bench::run_series_pass},
    Case{"series_long", hotstage::bench::run_series_long},
    Case{"bounds", hotstage::bench::run_bounds},
};

void add_options(CLI::App& app, Job& job) {
  app.add_option("--core", job.core, "core-loss cube (.npy or .dm4)");
  app.add_option("--low", job.low, "low-loss cube (.npy or .dm4)");
  app.add_option("--out", job.out, "result (.npy)");
  app.add_option("--method", job.method, "background method");
  app.add_option("--memory", job.memory, "bytes of working memory");
  app.add_option("--threads", job.threads, "threads of the whole pass");
  app.add_option("--items", job.items, "only the first items");
  app.add_option("--rows", job.rows, "rows of a frame of a series");
  app.add_option("--repeat", job.repeat, "repetitions of the kernel");
  app.add_option("--extra", job.extra, "repetitions of the side measurements");
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("Our side of benchmarks/run.py: one case, one line of JSON");
  app.require_subcommand(1);
  Job job;
  for (const Case& one : cases) {
    CLI::App* sub = app.add_subcommand(one.name);
    add_options(*sub, job);
    sub->callback([&job, run = one.run] { fmt::print("{}\n", run(job).line()); });
  }
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error);
  } catch (const hotstage::Error& error) {
    fmt::print(stderr, "hotstage_bench: {}\n", error.what());
    return static_cast<int>(error.code());
  } catch (const std::exception& error) {
    fmt::print(stderr, "hotstage_bench: {}\n", error.what());
    return 1;
  }
  return 0;
}
