// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/core/data_folders.hpp"
#include "hotstage/core/error.hpp"
#include "hotstage/io/files.hpp"
#include "hotstage/io/temporary_folder.hpp"
#include "hotstage/signal/format.hpp"
#include "hotstage/signal/formats/png/test_files.hpp"

#include <gtest/gtest.h>

#include <numeric>

namespace hotstage::signal::png {
namespace {

using io::TemporaryFolder;
using testing_files::make_picture;

Buffer<float, 2> numbers_of(const std::string& bytes) {
  const TemporaryFolder folder;
  io::write_text(folder / "a.png", bytes);
  hotstage::Run run;
  return read_all(load(folder / "a.png", run));
}

TEST(Png, every_filter_gives_the_same_numbers) {
  for (unsigned filter = 0; filter < 5; ++filter) {
    const Buffer<float, 2> numbers = numbers_of(make_picture({.filter = filter}));
    for (std::size_t i = 0; i < 20; ++i) {
      EXPECT_EQ(numbers.row(0)[i], static_cast<float>(i * 7 % 256)) << filter;
    }
  }
  const Buffer<float, 2> wide = numbers_of(make_picture({.bits = 16, .filter = 4}));
  EXPECT_EQ(wide.row(0)[19], static_cast<float>(133 * 256 + 133));
}

TEST(Png, a_sidecar_calibrates_it) {
  const TemporaryFolder folder;
  io::write_text(folder / "a.png", make_picture({}));
  io::write_text(folder / "a.png.toml",
                 "schema = \"hotstage.image/1\"\npixel_size = 0.01\npixel_unit = \"nm\"\nacquired = \"10:00:01\"\n");
  hotstage::Run run;
  const Signal signal = load(folder / "a.png", run);
  EXPECT_EQ(signal.shape_text(), "4 × 5");
  EXPECT_EQ(signal.axes[1].scale, 0.01);
  EXPECT_EQ(signal.axes[0].unit, "nm");
}

TEST(Png, every_truncation_and_flipped_byte_is_an_error) {
  const std::string whole = make_picture({});
  for (std::size_t i = 8; i + 12 < whole.size(); ++i) {  // without the last chunk, which is empty
    EXPECT_THROW((void)numbers_of(whole.substr(0, i)), Error) << i;
    std::string bytes = whole;
    bytes[i] = static_cast<char>(bytes[i] ^ 0x10);
    EXPECT_THROW((void)numbers_of(bytes), Error) << i;
  }
}

TEST(Png, pictures_larger_than_their_file_are_refused) {
  EXPECT_THROW((void)numbers_of(make_picture({.claimed_width = 1U << 23, .claimed_height = 1U << 23})), Error);
  EXPECT_THROW((void)numbers_of(make_picture({.claimed_width = 5, .claimed_height = 5})), Error);
  EXPECT_THROW((void)numbers_of(make_picture({.interlaced = true})), Error);
}

TEST(PngRealFiles, images_of_silicon) {
  const auto shared = shared_data_folder();
  if (!shared) {
    GTEST_SKIP() << "shared data not found (HOTSTAGE_SHARED_DATA)";
  }
  hotstage::Run run;
  const Signal signal = load(*shared / "stem/images/Si110_5nmX25us_03.png", run);
  EXPECT_EQ(signal.shape_text(), "512 × 512");
  const Buffer<float, 2> numbers = read_all(signal);
  constexpr double mean = 98.31182479858398;  // imageio 2, through rosettasciio 0.15
  EXPECT_DOUBLE_EQ(std::accumulate(numbers.data(), numbers.data() + numbers.size(), 0.0) / 262144.0, mean);
}

}  // namespace
}  // namespace hotstage::signal::png
