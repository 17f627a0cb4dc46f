// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/io/hdf5.hpp"

#include "hotstage/io/files.hpp"
#include "hotstage/io/temporary_folder.hpp"

#include <gtest/gtest.h>

#include <cstring>
#include <numeric>
#include <thread>

namespace hotstage::io {
namespace {

constexpr std::size_t rows = 6;
constexpr std::size_t columns = 5;

std::filesystem::path make_file(const TemporaryFolder& folder) {
  const auto path = folder / "a.h5";
  const Hdf5File file = Hdf5File::create(path);
  file.make_group("/zebra");
  file.make_group("/alpha");
  for (const auto& [name, value] : {std::pair<std::string, Value>{"text", Value("µm")},
                                    {"flag", Value(true)},
                                    {"count", Value(7)},
                                    {"number", Value(0.1)},
                                    {"list", Value(Value::Array{Value(1.5), Value(2)})}}) {
    file.write_attribute("/zebra", name, value);
  }
  std::vector<std::uint16_t> numbers(rows * columns);
  std::iota(numbers.begin(), numbers.end(), std::uint16_t{0});
  const Hdf5Dataset data = file.make_dataset(
      "/alpha/data", {.type = NumberType::u16, .shape = {rows, columns}, .chunk = {2, columns}, .gzip = 1});
  const std::vector<std::size_t> origin{0, 0};
  data.write(origin, data.shape(), std::as_bytes(std::span(numbers)));
  file.make_text_dataset("/alpha/words", {"one", "zwei µ"});
  file.flush();
  return path;
}

TEST(Hdf5, attributes_come_back_with_their_kinds) {
  const TemporaryFolder folder;
  const Hdf5File file = Hdf5File::open(make_file(folder));
  const Value attributes = file.attributes("/zebra");
  EXPECT_EQ(attributes.at("text").as_text(), "µm");
  EXPECT_TRUE(attributes.at("flag").as_bool());
  EXPECT_EQ(attributes.at("count").as_integer(), 7);
  EXPECT_EQ(attributes.at("number").as_number(), 0.1);
  EXPECT_EQ(attributes.at("list").as_array().size(), 2U);
}

TEST(Hdf5, groups_list_their_members_in_order_of_creation) {
  const TemporaryFolder folder;
  const Hdf5File file = Hdf5File::open(make_file(folder));
  EXPECT_EQ(file.members("/alpha"), (std::vector<std::string>{"data", "words"}));
  EXPECT_EQ(file.kind("/alpha"), Hdf5Kind::group);
  EXPECT_EQ(file.kind("/alpha/data"), Hdf5Kind::dataset);
  EXPECT_EQ(file.kind("/alpha/none"), Hdf5Kind::missing);
  EXPECT_EQ(file.kind("/none/none"), Hdf5Kind::missing);
}

TEST(Hdf5, boxes_of_a_packed_dataset_are_read_in_C_order) {
  const TemporaryFolder folder;
  const Hdf5File file = Hdf5File::open(make_file(folder));
  const Hdf5Dataset data = file.dataset("/alpha/data");
  EXPECT_EQ(data.type(), NumberType::u16);
  EXPECT_EQ(data.shape(), (std::vector<std::size_t>{rows, columns}));
  EXPECT_EQ(data.chunk(), (std::vector<std::size_t>{2, columns}));
  std::vector<std::uint16_t> box(4);
  const std::vector<std::size_t> start{1, 3};
  const std::vector<std::size_t> count{2, 2};
  data.read(start, count, std::as_writable_bytes(std::span(box)));
  EXPECT_EQ(box, (std::vector<std::uint16_t>{8, 9, 13, 14}));
  EXPECT_EQ(file.dataset("/alpha/words").value(10).as_array()[1].as_text(), "zwei µ");
  EXPECT_NE(data.value(3).as_text().find("30 × uint16"), std::string::npos);
}

TEST(Hdf5, several_threads_may_read_one_file) {
  const TemporaryFolder folder;
  const Hdf5Dataset data = Hdf5File::open(make_file(folder)).dataset("/alpha/data");
  std::vector<std::thread> threads;
  std::vector<std::uint16_t> out(rows * columns);
  for (std::size_t i = 0; i < rows; ++i) {
    threads.emplace_back([&, i] {
      const std::vector<std::size_t> start{i, 0};
      const std::vector<std::size_t> count{1, columns};
      data.read(start, count, std::as_writable_bytes(std::span(out).subspan(i * columns, columns)));
    });
  }
  for (std::thread& thread : threads) {
    thread.join();
  }
  EXPECT_EQ(out.back(), rows * columns - 1);
}

TEST(Hdf5, a_truncated_file_is_an_error_that_names_it) {
  const TemporaryFolder folder;
  const auto path = make_file(folder);
  const std::string whole = read_text(path);
  write_text(folder / "cut.h5", std::string_view(whole).substr(0, whole.size() / 2));
  try {
    (void)Hdf5File::open(folder / "cut.h5").dataset("/alpha/data");
    FAIL() << "half a file was opened";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), Errc::bad_input);
    EXPECT_EQ(error.where()->file, (folder / "cut.h5").string());
  }
}

TEST(Hdf5, a_claim_beyond_the_length_of_the_file_is_refused) {
  const TemporaryFolder folder;
  const auto path = folder / "huge.h5";
  {
    const Hdf5File file = Hdf5File::create(path);
    (void)file.make_dataset("/data",
                            {.type = NumberType::f64, .shape = {std::size_t{1} << 40}, .chunk = {1024}, .gzip = 1});
    file.flush();
  }
  try {
    (void)Hdf5File::open(path).dataset("/data");
    FAIL() << "8 TB in a file of a few kB were believed";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), Errc::bad_input);
    EXPECT_NE(std::string(error.what()).find("claims"), std::string::npos) << error.what();
  }
}

TEST(Hdf5, a_missing_object_is_an_error_with_its_path) {
  const TemporaryFolder folder;
  const Hdf5File file = Hdf5File::open(make_file(folder));
  try {
    (void)file.dataset("/alpha/none");
    FAIL() << "opened what is not there";
  } catch (const Error& error) {
    EXPECT_NE(std::string(error.what()).find("/alpha/none"), std::string::npos);
  }
}

}  // namespace
}  // namespace hotstage::io
