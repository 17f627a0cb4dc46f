// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/calc/ipi.hpp"

#include "hotstage/atoms/path.hpp"
#include "hotstage/calc/detail/child.hpp"
#include "hotstage/calc/neb.hpp"
#include "hotstage/calc/testing/crystals.hpp"
#include "hotstage/calc/testing/surfaces.hpp"
#include "hotstage/core/error.hpp"
#include "hotstage/io/files.hpp"
#include "hotstage/io/temporary_folder.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <stop_token>
#include <thread>

namespace hotstage::calc {
namespace {

namespace tol {
constexpr double units = 1e-9;  // eV: to Hartree and back
constexpr double path = 1e-6;   // eV: the same rounding, carried through a hundred moves of a band
}  // namespace tol

std::vector<std::string> client(const std::string& surface, std::vector<std::string> mode = {}) {
  std::vector<std::string> words{"python3", HOTSTAGE_SOURCE_DIR "/src/hotstage/calc/testing/ipi_client.py", "{socket}",
                                 surface};
  words.insert(words.end(), mode.begin(), mode.end());
  return words;
}

IpiOptions options(const std::filesystem::path& folder, std::vector<std::string> words) {
  IpiOptions out;
  out.settings.engine = "test";
  out.settings.parameters = Value::object();
  out.folder = folder;
  out.prepare = [words = std::move(words)](const atoms::Structure&) {
    return IpiLaunch{.words = words, .environment = {}};
  };
  return out;
}

class Ipi : public ::testing::Test {
 protected:
  void SetUp() override {
    if (detail::find_program("python3").empty()) {
      GTEST_SKIP() << "python3 is not installed: the test client cannot run";
    }
  }

  io::TemporaryFolder folder_;
  hotstage::Run run_;
};

TEST_F(Ipi, gives_the_numbers_of_the_client) {
  testing::MullerBrown here;
  const auto there = make_ipi_calculator(options(folder_ / "a", client("muller_brown")));
  for (const double x : {-0.5, 0.1, 0.7}) {
    const atoms::Structure s = testing::one_atom(x, 0.4);
    const Evaluation a = here.evaluate(s, run_);
    const Evaluation b = there->evaluate(s, run_);
    EXPECT_NEAR(a.energy_eV, b.energy_eV, tol::units);
    EXPECT_NEAR(a.forces_eV_A[0][0], b.forces_eV_A[0][0], tol::units);
    EXPECT_NEAR(a.forces_eV_A[0][1], b.forces_eV_A[0][1], tol::units);
  }
  EXPECT_EQ(there->counts().energies, 3U);
  EXPECT_EQ(there->counts().started, 1U);
}

TEST_F(Ipi, sends_exit_and_leaves_no_socket_behind) {
  {
    const auto engine = make_ipi_calculator(options(folder_ / "a", client("harmonic")));
    static_cast<void>(engine->evaluate(testing::lithium_cobaltate(), run_));
  }
  for (const auto& entry : std::filesystem::directory_iterator(std::filesystem::path("/") / "tmp")) {
    EXPECT_NE(entry.path().filename().string().rfind("ipi_hotstage_" + std::to_string(::getpid()) + "_", 0), 0U)
        << entry;
  }
  EXPECT_NE(io::read_text(folder_ / "a/engine.log").find("EXIT received after 1 energies"), std::string::npos);
}

TEST_F(Ipi, replaces_a_client_that_is_killed_and_loses_nothing) {
  const auto engine =
      make_ipi_calculator(options(folder_ / "a", client("muller_brown", {"die", "3", (folder_ / "mark").string()})));
  testing::MullerBrown here;
  for (const double x : {-0.5, 0.1, 0.7, 0.9}) {
    const atoms::Structure s = testing::one_atom(x, 0.4);
    EXPECT_NEAR(engine->evaluate(s, run_).energy_eV, here.evaluate(s, run_).energy_eV, tol::units);
  }
  EXPECT_EQ(engine->counts().replaced, 1U);
  EXPECT_EQ(engine->counts().started, 2U);
  ASSERT_EQ(run_.warnings().size(), 1U);
  EXPECT_NE(run_.warnings()[0].example.find("killed by signal 9"), std::string::npos) << run_.warnings()[0].example;
}

TEST_F(Ipi, a_band_comes_out_the_same_when_one_of_its_clients_is_killed_on_the_way) {
  NebInput input{.images = atoms::linear_path(testing::one_atom(-0.5582236, 1.4417258),
                                              testing::one_atom(-0.0500108, 0.4666941), {.images = 5}),
                 .calculator = [](std::size_t) { return std::make_unique<testing::MullerBrown>(); },
                 .folder = {}};
  const NebOptions how{.force_eV_A = 0.02, .iterations = 500};
  const Neb here = find_path(input, how, run_);
  input.calculator = [&](std::size_t image) -> std::unique_ptr<Calculator> {
    const std::vector<std::string> mode =
        image == 3 ? std::vector<std::string>{"die", "5", (folder_ / "mark").string()} : std::vector<std::string>{};
    return make_ipi_calculator(options(folder_ / ("image" + std::to_string(image)), client("muller_brown", mode)));
  };
  input.folder = folder_ / "band";
  hotstage::Run run;
  run.threads = 2;
  const Neb there = find_path(input, how, run);
  ASSERT_TRUE(there.converged);
  EXPECT_TRUE(std::filesystem::exists(folder_ / "mark")) << "the client of image 3 was never killed";
  EXPECT_EQ(there.calls, here.calls);
  EXPECT_NEAR(there.barrier_eV, here.barrier_eV, tol::path);
}

struct Misbehaviour {
  std::string mode;
  std::string words;
};

class HostileClient : public Ipi, public ::testing::WithParamInterface<Misbehaviour> {};

TEST_P(HostileClient, is_replaced_then_given_up_with_a_reason) {
  IpiOptions how = options(folder_ / "a", client("harmonic", {GetParam().mode, "1"}));
  how.replacements = 1;
  const auto engine = make_ipi_calculator(how);
  try {
    static_cast<void>(engine->evaluate(testing::lithium_cobaltate(), run_));
    FAIL() << "accepted";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), Errc::engine_failed);
    EXPECT_NE(error.message().find(GetParam().words), std::string::npos) << error.message();
  }
  EXPECT_EQ(engine->counts().started, 2U);
}

INSTANTIATE_TEST_SUITE_P(Modes, HostileClient,
                         ::testing::Values(Misbehaviour{"garbage", "answered \"HELLO?[31m\" where HAVEDATA was due"},
                                           Misbehaviour{"count", "sent forces of 5 atoms for 4"},
                                           Misbehaviour{"nan", "not finite"},
                                           Misbehaviour{"extra", "announced 2147483647 bytes"},
                                           Misbehaviour{"close", "closed the connection"},
                                           Misbehaviour{"leave", "ended with exit code 3"}),
                         [](const auto& one) { return one.param.mode; });

TEST_F(Ipi, says_which_program_is_missing) {
  const auto engine = make_ipi_calculator(options(folder_ / "a", {"no_such_engine_17", "{socket}"}));
  try {
    static_cast<void>(engine->evaluate(testing::lithium_cobaltate(), run_));
    FAIL() << "started a program that does not exist";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), Errc::missing_tool);
    EXPECT_NE(error.message().find("no_such_engine_17"), std::string::npos);
  }
}

TEST_F(Ipi, stops_when_the_user_asks_while_the_engine_works) {
  std::stop_source source;
  run_.stop = source.get_token();
  const auto engine = make_ipi_calculator(options(folder_ / "a", {"sleep", "600"}));
  std::jthread later([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(300));
    source.request_stop();
  });
  const auto start = std::chrono::steady_clock::now();
  try {
    static_cast<void>(engine->evaluate(testing::lithium_cobaltate(), run_));
    FAIL() << "went on";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), Errc::stopped);
  }
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(60)) << "sleep was not ended";
}

}  // namespace
}  // namespace hotstage::calc
