// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/io/mapped_file.hpp"

#include "hotstage/core/error.hpp"

#include <gtest/gtest.h>

#include <fstream>
#include <string>

namespace hotstage::io {
namespace {

std::filesystem::path make_file(const std::string& name, const std::string& content) {
  const std::filesystem::path file = std::filesystem::path(testing::TempDir()) / ("mapped_file_test_" + name);
  std::ofstream(file, std::ios::binary) << content;
  return file;
}

Errc code_of_open(const std::filesystem::path& file) {
  try {
    (void)MappedFile::open(file);
  } catch (const Error& error) {
    EXPECT_TRUE(error.where() && error.where()->file == file.string());
    return error.code();
  }
  ADD_FAILURE() << "opened " << file;
  return Errc::usage;
}

TEST(MappedFile, shows_the_bytes_of_the_file) {
  const auto file = MappedFile::open(make_file("bytes", "four"), Access::sequential);
  ASSERT_EQ(file->size(), 4U);
  EXPECT_EQ(static_cast<char>(file->bytes()[3]), 'r');
}

TEST(MappedFile, stays_readable_after_the_name_is_gone) {
  const auto path = make_file("gone", std::string(10000, 'x'));
  const auto file = MappedFile::open(path);
  std::filesystem::remove(path);
  EXPECT_EQ(static_cast<char>(file->bytes().back()), 'x');
}

TEST(MappedFile, opens_an_empty_file_as_no_bytes) {
  EXPECT_TRUE(MappedFile::open(make_file("empty", ""))->bytes().empty());
}

TEST(MappedFile, refuses_what_is_not_a_file) {
  EXPECT_EQ(code_of_open(std::filesystem::path(testing::TempDir()) / "mapped_file_test_missing"), Errc::io);
  EXPECT_EQ(code_of_open(testing::TempDir()), Errc::io);
  EXPECT_EQ(code_of_open("/dev/null"), Errc::io);
}

}  // namespace
}  // namespace hotstage::io
