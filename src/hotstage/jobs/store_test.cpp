// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/jobs/store.hpp"

#include "hotstage/core/error.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>

namespace hotstage::jobs {
namespace {

namespace fs = std::filesystem;

class StoreTest : public ::testing::Test {
 protected:
  void SetUp() override { fs::create_directories(root_); }

  void TearDown() override { fs::remove_all(root_); }

  void write(const fs::path& name, const std::string& text) const { std::ofstream(root_ / name) << text; }

  fs::path root_ = fs::temp_directory_path() / ("hotstage-store-" + std::to_string(::getpid()));
};

TEST_F(StoreTest, keys_change_with_every_part) {
  KeyParts parts{"eels.quantify", 1, Value::object(), Value::object()};
  parts.options["width"] = "50 eV";
  parts.inputs["core"] = "abc";
  const std::string key = make_key(parts);
  EXPECT_EQ(key.size(), 64U);
  EXPECT_EQ(key, make_key(parts));
  KeyParts other = parts;
  other.version = 2;
  EXPECT_NE(key, make_key(other));
  other = parts;
  other.options["width"] = "51 eV";
  EXPECT_NE(key, make_key(other));
  other = parts;
  other.inputs["core"] = "abd";
  EXPECT_NE(key, make_key(other));
}

TEST_F(StoreTest, results_appear_whole_or_not_at_all) {
  const Store store(root_ / "store");
  EXPECT_THROW(store.put("k",
                         [](const fs::path& folder) {
                           std::ofstream(folder / "half") << "x";
                           throw Error(Errc::stopped, "stopped");
                         }),
               Error);
  EXPECT_FALSE(store.has("k"));
  store.put("k", [](const fs::path& folder) { std::ofstream(folder / "whole") << "x"; });
  EXPECT_TRUE(store.has("k"));
  EXPECT_TRUE(fs::exists(store.folder("k") / "whole"));
}

TEST_F(StoreTest, leftovers_of_dead_runs_are_removed) {
  fs::create_directories(root_ / "store" / "abc.tmp-999999999");
  const Store store(root_ / "store");
  EXPECT_FALSE(fs::exists(root_ / "store" / "abc.tmp-999999999"));
}

TEST_F(StoreTest, files_that_belong_together_are_hashed_by_name_and_content_wherever_they_lie) {
  const Store store(root_ / "store");
  for (const char* folder : {"one", "two"}) {
    fs::create_directories(root_ / folder);
    write(fs::path(folder) / "a", "1");
    write(fs::path(folder) / "b", "2");
  }
  const auto hash = [&](const std::vector<fs::path>& files) { return store.files_hash(files); };
  const std::string whole = hash({root_ / "one" / "a", root_ / "one" / "b"});
  EXPECT_EQ(whole.size(), 64U);
  EXPECT_EQ(hash({root_ / "two" / "a", root_ / "two" / "b"}), whole);
  EXPECT_EQ(hash({root_ / "one" / "a"}), store.file_hash(root_ / "one" / "a"));
  fs::rename(root_ / "two" / "b", root_ / "two" / "c");
  EXPECT_NE(hash({root_ / "two" / "a", root_ / "two" / "c"}), whole);
  write("one/b", "3");
  EXPECT_NE(hash({root_ / "one" / "a", root_ / "one" / "b"}), whole);
}

TEST_F(StoreTest, file_hash_follows_content) {
  const Store store(root_ / "store");
  write("a", "hello");
  const std::string first = store.file_hash(root_ / "a");
  EXPECT_EQ(first, "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824");
  write("a", "hello!");
  EXPECT_NE(store.file_hash(root_ / "a"), first);
  EXPECT_THROW((void)store.file_hash(root_ / "absent"), Error);
}

}  // namespace
}  // namespace hotstage::jobs
