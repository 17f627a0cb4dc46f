// SPDX-License-Identifier: GPL-3.0-or-later
// Journal of the passes of one step on disk: a step that was killed goes on where it was.

#pragma once

#include "hotstage/core/pass_journal.hpp"

#include <chrono>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace hotstage::jobs {

struct JournalOptions {
  /// Shortest time between two records; a pass that is over sooner leaves none.
  std::chrono::milliseconds interval{2000};
  /// Told, once, when passes go on where an earlier process stopped, and when the journal cannot be written.
  std::function<void(std::string_view)> tell;
};

/// A folder with one file a pass. A file begins with what the pass is (identity, order, phase, sizes) and grows by
/// records: the rows of the items done since the last one, the sums up to them, a checksum; each is synchronised to
/// disk. A record that is not whole, and all behind it, is cut off when the file is opened again.
///
/// Numbers are those of an uninterrupted run to the last byte, because rows are stored as they are and sums go on from
/// the stored ones in the same order. A disk that is full ends the journal, not the pass. One process at a time: a
/// second one on the same folder keeps nothing.
class FileJournal : public PassJournal {
 public:
  /// `identity` says which step, options, inputs and program the folder belongs to; what differs is not used.
  FileJournal(std::filesystem::path folder, std::string identity, JournalOptions options = {});
  ~FileJournal() override;

  [[nodiscard]] std::size_t open(const Pass& pass) override;
  void commit(const Pass& pass, std::size_t done, Urgency urgency) override;
  [[nodiscard]] std::filesystem::path scratch_folder() const override;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace hotstage::jobs
