// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/jobs/journal.hpp"

#include "hotstage/core/error.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>
#include <vector>

namespace hotstage::jobs {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

constexpr std::size_t items = 40;

/// A pass with two arrays and a sum; `fill` is its work on some items.
struct Toy {
  std::vector<double> values = std::vector<double>(items, -1.0);
  Buffer<float, 2> spectra{{items, 3}};
  std::vector<double> sums = std::vector<double>(2, 0.0);
  KeptRows kept = keep(values, spectra);

  [[nodiscard]] PassJournal::Pass pass(std::string_view phase = "toy") { return {phase, items, &kept, sums}; }

  void fill(std::size_t first, std::size_t last) {
    for (std::size_t i = first; i < last; ++i) {
      values[i] = 0.1 * static_cast<double>(i);
      spectra.row(i)[1] = static_cast<float>(i);
      sums[0] += values[i];
      sums[1] += 1.0;
    }
  }
};

class JournalTest : public ::testing::Test {
 protected:
  void TearDown() override { fs::remove_all(folder_); }

  /// Records of items 10, 20 and 30, as a process leaves them that is killed then.
  void leave_three_records() const {
    FileJournal journal(folder_, "step A", {.interval = 0ms});
    Toy toy;
    ASSERT_EQ(journal.open(toy.pass()), 0U);
    for (std::size_t first = 0; first < 30; first += 10) {
      toy.fill(first, first + 10);
      journal.commit(toy.pass(), first + 10, PassJournal::Urgency::when_due);
    }
  }

  [[nodiscard]] fs::path file() const { return folder_ / "pass-001"; }

  /// How far a new process gets without work, and that what it finds is what was done.
  [[nodiscard]] std::size_t found(const std::string& identity = "step A", std::string_view phase = "toy") const {
    FileJournal journal(folder_, identity, {.interval = 0ms});
    Toy toy;
    const std::size_t done = journal.open(toy.pass(phase));
    Toy expected;
    expected.fill(0, done);
    EXPECT_EQ(toy.values, expected.values);
    EXPECT_EQ(toy.sums, expected.sums);
    for (std::size_t i = 0; i < toy.spectra.size(); ++i) {
      EXPECT_EQ(toy.spectra.data()[i], expected.spectra.data()[i]);
    }
    return done;
  }

  fs::path folder_ = fs::temp_directory_path() / ("hotstage-journal-" + std::to_string(::getpid()));
};

TEST_F(JournalTest, a_new_process_goes_on_behind_the_last_record) {
  leave_three_records();
  EXPECT_EQ(found(), 30U);
  EXPECT_EQ(found(), 30U);  // looking changes nothing
}

TEST_F(JournalTest, a_torn_or_rotten_record_and_all_behind_it_are_done_again) {
  leave_three_records();
  const auto size = fs::file_size(file());
  fs::resize_file(file(), size - 5);
  EXPECT_EQ(found(), 20U);
  EXPECT_EQ(found(), 20U);
  fs::remove_all(folder_);
  leave_three_records();
  {
    std::fstream stream(file(), std::ios::in | std::ios::out | std::ios::binary);
    stream.seekp(static_cast<std::streamoff>(size / 2));
    stream.put('!');
  }
  EXPECT_EQ(found(), 10U);
}

TEST_F(JournalTest, records_go_on_behind_a_cut_one) {
  leave_three_records();
  fs::resize_file(file(), fs::file_size(file()) - 5);
  {
    FileJournal journal(folder_, "step A", {.interval = 0ms});
    Toy toy;
    const std::size_t done = journal.open(toy.pass());
    toy.fill(done, items);
    journal.commit(toy.pass(), items, PassJournal::Urgency::when_due);
  }
  EXPECT_EQ(found(), items);
}

TEST_F(JournalTest, what_belongs_to_other_work_is_not_used) {
  leave_three_records();
  EXPECT_EQ(found("step B"), 0U);
  EXPECT_EQ(found("step A", "another pass"), 0U);
  FileJournal journal(folder_, "step A", {.interval = 0ms});
  Toy toy;
  toy.kept.add(toy.values);
  EXPECT_EQ(journal.open(toy.pass()), 0U);
}

TEST_F(JournalTest, passes_are_told_apart_by_their_order) {
  {
    FileJournal journal(folder_, "step A", {.interval = 0ms});
    Toy first;
    (void)journal.open(first.pass());
    first.fill(0, items);
    journal.commit(first.pass(), items, PassJournal::Urgency::when_due);
    Toy second;
    (void)journal.open(second.pass());
    second.fill(0, 16);
    journal.commit(second.pass(), 16, PassJournal::Urgency::when_due);
  }
  FileJournal journal(folder_, "step A", {.interval = 0ms});
  Toy toy;
  EXPECT_EQ(journal.open(toy.pass()), items);
  EXPECT_EQ(journal.open(toy.pass()), 16U);
  EXPECT_EQ(journal.open(toy.pass()), 0U);
}

TEST_F(JournalTest, short_work_leaves_no_folder_and_a_stop_writes_at_once) {
  FileJournal journal(folder_, "step A", {.interval = 1h});
  Toy toy;
  (void)journal.open(toy.pass());
  toy.fill(0, 20);
  journal.commit(toy.pass(), 20, PassJournal::Urgency::when_due);
  EXPECT_FALSE(fs::exists(folder_));
  journal.commit(toy.pass(), 20, PassJournal::Urgency::now);
  EXPECT_TRUE(fs::exists(file()));
}

TEST_F(JournalTest, a_second_process_on_the_same_work_keeps_nothing) {
  leave_three_records();
  const FileJournal first(folder_, "step A", {.interval = 0ms});
  FileJournal second(folder_, "step A", {.interval = 0ms});
  Toy toy;
  EXPECT_EQ(second.open(toy.pass()), 0U);
}

TEST_F(JournalTest, a_disk_that_refuses_ends_the_journal_and_not_the_work) {
  std::ofstream(folder_.string()) << "a file where the folder should be";
  std::string told;
  FileJournal journal(folder_, "step A", {.interval = 0ms, .tell = [&](std::string_view text) { told = text; }});
  Toy toy;
  (void)journal.open(toy.pass());
  journal.commit(toy.pass(), 10, PassJournal::Urgency::when_due);
  EXPECT_NE(told.find("cannot be written"), std::string::npos) << told;
  journal.commit(toy.pass(), 20, PassJournal::Urgency::when_due);
}

}  // namespace
}  // namespace hotstage::jobs
