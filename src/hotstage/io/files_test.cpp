// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/io/files.hpp"

#include "hotstage/io/sha256.hpp"
#include "hotstage/io/temporary_folder.hpp"
#include "hotstage/io/text.hpp"

#include <gtest/gtest.h>

#include <cerrno>
#include <fstream>
#include <iterator>

namespace hotstage::io {
namespace {

std::size_t entries(const std::filesystem::path& folder) {
  return static_cast<std::size_t>(
      std::distance(std::filesystem::directory_iterator(folder), std::filesystem::directory_iterator()));
}

TEST(Files, a_text_written_is_read_back) {
  const TemporaryFolder folder;
  write_text(folder / "a.txt", "one\ntwo");
  EXPECT_EQ(read_text(folder / "a.txt"), "one\ntwo");
  write_text(folder / "a.txt", "");
  EXPECT_EQ(read_text(folder / "a.txt"), "");
  EXPECT_EQ(entries(folder.path()), 1U) << "no temporary file stays behind";
}

TEST(Files, an_uncommitted_file_leaves_the_old_one_and_no_trace) {
  const TemporaryFolder folder;
  write_text(folder / "a.txt", "old");
  {
    const AtomicFile file(folder / "a.txt");
    std::ofstream(file.temporary()) << "half";
    EXPECT_EQ(entries(folder.path()), 2U);
  }
  EXPECT_EQ(read_text(folder / "a.txt"), "old");
  EXPECT_EQ(entries(folder.path()), 1U);
}

TEST(Files, a_missing_file_and_a_folder_are_told_apart) {
  const TemporaryFolder folder;
  const auto message = [](const std::filesystem::path& path) {
    try {
      (void)read_text(path);
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), Errc::io);
      return std::string(error.what());
    }
    return std::string();
  };
  EXPECT_NE(message(folder / "none").find("no such file"), std::string::npos);
  EXPECT_NE(message(folder.path()).find("folder"), std::string::npos);
}

TEST(Files, a_missing_target_folder_is_an_error_that_names_the_target) {
  const TemporaryFolder folder;
  try {
    write_text(folder / "none/a.txt", "x");
    FAIL() << "written into nowhere";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), Errc::io);
    EXPECT_EQ(error.where()->file, (folder / "none/a.txt").string());
  }
}

TEST(Files, a_full_disk_is_no_space) {
  EXPECT_EQ(os_error(ENOSPC, "x", "write").code(), Errc::no_space);
  EXPECT_EQ(os_error(EACCES, "x", "write").code(), Errc::io);
  // /dev/full refuses every write like a full disk.
  if (std::filesystem::exists("/dev/full")) {
    std::ofstream full("/dev/full");
    full << "x" << std::flush;
    EXPECT_FALSE(full.good());
  }
}

TEST(Files, too_long_a_text_is_refused) {
  const TemporaryFolder folder;
  write_text(folder / "a.txt", std::string(100, 'x'));
  EXPECT_THROW((void)read_text(folder / "a.txt", 99), Error);
  EXPECT_EQ(read_text(folder / "a.txt", 100).size(), 100U);
}

TEST(Files, the_head_is_cut_and_extensions_are_lowered) {
  const TemporaryFolder folder;
  write_text(folder / "a.DM4", "abcdef");
  EXPECT_EQ(read_head(folder / "a.DM4", 4).size(), 4U);
  EXPECT_EQ(read_head(folder / "a.DM4", 100).size(), 6U);
  EXPECT_EQ(extension(folder / "a.DM4"), "dm4");
  EXPECT_EQ(extension("noextension"), "");
}

TEST(Sha256, matches_the_examples_of_the_standard) {
  // FIPS 180-4, example "abc"; the empty message.
  EXPECT_EQ(sha256(std::string_view("abc")), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(sha256(std::string_view()), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

TEST(Sha256, of_a_file_is_that_of_its_bytes) {
  const TemporaryFolder folder;
  const std::string text(3 * 1024 * 1024 + 17, 'q');  // more than one block
  write_text(folder / "a", text);
  EXPECT_EQ(sha256_file(folder / "a"), sha256(text));
}

TEST(Text, latin1_becomes_utf8_and_utf8_stays) {
  EXPECT_EQ(to_utf8("\xB5m"), "µm");
  EXPECT_EQ(to_utf8("µm"), "µm");
  EXPECT_EQ(to_utf8("nm"), "nm");
  EXPECT_EQ(utf8_length("\xED\xA0\x80"), 0U) << "a surrogate is not a character";
  EXPECT_EQ(utf8_length("\xC0\x80"), 0U) << "an overlong zero is not a character";
}

}  // namespace
}  // namespace hotstage::io
