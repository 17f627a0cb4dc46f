// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/io/files.hpp"
#include "hotstage/study/run_study.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <csignal>
#include <fstream>
#include <map>

namespace hotstage::study {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t small_memory = std::size_t{2} << 20;  // three tiles of the 960 items below

constexpr const char* text = R"([study]
name = "interrupted"
title = "Passes that are interrupted"
evidence = "twin"

[step.pair]
use = "eels.simulate"
edges = ["O K"]
atoms = [1]
rows = 24
columns = 40
core_start = "440 eV"
low_start = "-30 eV"
channels = 512
step = "0.5 eV"

[step.deconvolve]
use = "eels.deconvolve"
core = "pair.core"
low = "pair.low"
edge = "O K"
keep = "cube"

[step.quantify]
use = "eels.quantify"
core = "pair.core"
low = "pair.low"
edges = ["O K"]
k = [1.0]

[step.prepeak]
use = "eels.prepeak"
core = "pair.core"
low = "pair.low"
placement = "tabulated"

[step.mlls]
use = "eels.mlls"
core = "pair.core"
reference_1 = "deconvolve.mean"
low = "520 eV"
high = "600 eV"
background_low = "480 eV"
background_high = "520 eV"

[step.map]
use = "eels.map"
core = "pair.core"
low = "pair.low"
edges = ["O K"]
)";

class ResumeTest : public ::testing::Test {
 protected:
  void SetUp() override {
    ::testing::FLAGS_gtest_death_test_style = "threadsafe";
    fs::create_directories(folder_);
    std::ofstream(folder_ / "study.toml") << text;
  }

  void TearDown() override { fs::remove_all(folder_); }

  /// Runs the study; `at` is called when the pass of that step begins its third tile.
  void run(const fs::path& out, const std::string& step, const std::function<void()>& at, std::stop_token stop = {},
           std::size_t memory = small_memory) {
    hotstage::Run run;
    run.threads = 2;
    run.memory = memory;
    run.stop = std::move(stop);
    run.log_sink = [&](LogLevel, std::string_view message) { log_ += std::string(message) + '\n'; };
    int tiles = 0;
    run.progress_sink = [&](double, std::string_view phase) {
      tiles += phase == step + ": items" ? 1 : 0;
      if (tiles == 3 && at) {
        at();
      }
    };
    (void)run_study(read_study(folder_ / "study.toml"), {.out = out, .journal_interval = std::chrono::milliseconds(0)},
                    run);
  }

  /// Everything a user gets but the provenance (which holds times).
  [[nodiscard]] static std::map<std::string, std::string> files(const fs::path& out) {
    std::map<std::string, std::string> found;
    for (const char* part : {"tables", "signals", "raw", "figures"}) {
      for (const auto& entry : fs::recursive_directory_iterator(out / part)) {
        if (entry.is_regular_file()) {
          found[fs::relative(entry.path(), out).string()] = io::read_text(entry.path());
        }
      }
    }
    found["results.json"] = io::read_text(out / "results.json");
    return found;
  }

  /// Compares by name, so that a difference does not print megabytes.
  static void expect_same(const fs::path& a, const fs::path& b) {
    const auto left = files(a);
    const auto right = files(b);
    EXPECT_EQ(left.size(), right.size());
    EXPECT_GT(left.size(), 8U);
    for (const auto& [name, bytes] : left) {
      EXPECT_TRUE(right.contains(name) && right.at(name) == bytes) << name;
    }
  }

  [[nodiscard]] static bool has_journal(const fs::path& out) {
    for (const auto& entry : fs::directory_iterator(out / ".store")) {
      if (entry.path().extension() == ".partial") {
        return true;
      }
    }
    return false;
  }

  /// The same in the process of a death test.
  [[nodiscard]] static fs::path own_folder() {
    std::string name = ::testing::UnitTest::GetInstance()->current_test_info()->name();
    std::replace(name.begin(), name.end(), '/', '-');
    const std::size_t place = std::hash<std::string>()(fs::current_path().string());
    return fs::temp_directory_path() / fmt::format("hotstage-resume-{:x}-{}", place, name);
  }

  fs::path folder_ = own_folder();
  std::string log_;
};

/// A death test runs its test again from the beginning, in a process of its own: it stands first, and only once.
class KilledPass : public ResumeTest, public ::testing::WithParamInterface<const char*> {};

TEST_P(KilledPass, goes_on_and_ends_with_the_bytes_of_an_undisturbed_run) {
  const fs::path out = folder_ / "out";
  EXPECT_EXIT(run(out, GetParam(), [] { (void)std::raise(SIGKILL); }), ::testing::KilledBySignal(SIGKILL), "");
  ASSERT_TRUE(has_journal(out));
  run(out, "", {}, {}, 2 * small_memory);  // in other tiles than before
  EXPECT_NE(log_.find("goes on at item"), std::string::npos) << log_;
  EXPECT_FALSE(has_journal(out));
  run(folder_ / "undisturbed", "", {});
  expect_same(out, folder_ / "undisturbed");
}

INSTANTIATE_TEST_SUITE_P(Steps, KilledPass, ::testing::Values("deconvolve", "quantify", "prepeak", "mlls", "map"),
                         [](const auto& of) { return std::string(of.param); });

TEST_F(ResumeTest, a_stop_request_keeps_the_finished_tiles_and_says_so) {
  const fs::path out = folder_ / "out";
  std::stop_source stop;
  try {
    run(
        out, "quantify", [&] { stop.request_stop(); }, stop.get_token());
    FAIL() << "was not stopped";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), Errc::stopped);
    EXPECT_NE(std::string(error.what()).find("768 of 960 items of the pass \"items\" are kept"), std::string::npos)
        << error.what();
  }
  ASSERT_TRUE(has_journal(out));
  run(out, "", {});
  EXPECT_NE(log_.find("goes on at item"), std::string::npos) << log_;
  run(folder_ / "undisturbed", "", {});
  expect_same(out, folder_ / "undisturbed");
}

TEST_F(ResumeTest, a_fresh_run_forgets_what_was_kept) {
  const fs::path out = folder_ / "out";
  EXPECT_EXIT(run(out, "deconvolve", [] { (void)std::raise(SIGKILL); }), ::testing::KilledBySignal(SIGKILL), "");
  hotstage::Run run;
  run.memory = small_memory;
  run.log_sink = [&](LogLevel, std::string_view message) { log_ += std::string(message) + '\n'; };
  (void)run_study(read_study(folder_ / "study.toml"), {.out = out, .reuse = Reuse::fresh}, run);
  EXPECT_EQ(log_.find("goes on"), std::string::npos) << log_;
  EXPECT_FALSE(has_journal(out));
}

}  // namespace
}  // namespace hotstage::study
