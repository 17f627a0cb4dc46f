// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/io/files.hpp"
#include "hotstage/io/temporary_folder.hpp"
#include "hotstage/signal/format.hpp"
#include "hotstage/study/step.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <string>

namespace hotstage::study {
namespace {

constexpr std::size_t size = 96;
constexpr double pixel_nm = 1.0;
constexpr double foil_nm = 60.0;
constexpr double void_x = 36.0;
constexpr double void_y = 40.0;
constexpr double radius = 12.0;
constexpr double boundary_x = 62.0;

signal::Signal image_signal(Buffer<float, 2> data) {
  signal::Signal out;
  out.axes = {{"y", size, 0.0, pixel_nm, "nm"}, {"x", size, 0.0, pixel_nm, "nm"}};
  out.source = signal::memory_source(std::move(data));
  return out;
}

/// A foil of LiCoO2 at two times: a void with a quarter of the foil left, which at the second time holds 0.3 foils of
/// Co; walls and a boundary partly reduced to Co3O4.
StepInputs specimen() {
  Buffer<float, 2> state({6, size * size});
  Buffer<float, 2> labels({1, size * size});
  for (std::size_t p = 0; p < size * size; ++p) {
    const double x = pixel_nm * static_cast<double>(p % size);
    const double y = pixel_nm * static_cast<double>(p / size);
    const double d = std::hypot(x - void_x, y - void_y);
    const bool inside = d < radius;
    labels.row(0)[p] = inside ? 0.0F : (x < boundary_x ? 1.0F : 2.0F);
    const double reduced =
        inside
            ? 0.0
            : std::min(0.4 * std::exp(-(d - radius) / 1.5) + 0.3 * std::exp(-0.5 * std::pow((x - boundary_x) / 1.5, 2)),
                       1.0);
    for (std::size_t t = 0; t < 2; ++t) {
      const double foil = inside ? 0.25 * foil_nm : foil_nm;
      state.row(3 * t)[p] = static_cast<float>(foil * (1.0 - reduced));
      state.row(3 * t + 1)[p] = static_cast<float>(foil * reduced * 0.68);
      state.row(3 * t + 2)[p] = inside && t == 1 ? static_cast<float>(0.3 * foil_nm) : 0.0F;
    }
  }
  StepInputs out;
  out.signals["state"] = image_signal(std::move(state));
  out.signals["state"].navigation = {{"time", 2, 0.0, 325.0, "s"}, {"material", 3, 0.0, 1.0, ""}};
  out.signals["labels"] = image_signal(std::move(labels));
  Value scene = Value::object();
  for (const char* name : {"LiCoO2", "Co3O4", "Co"}) {
    scene["materials"].push_back(name);
  }
  scene["foil_nm"] = foil_nm;
  scene["pixel_nm"] = pixel_nm;
  Value site = Value::object();
  site["x_nm"] = void_x;
  site["y_nm"] = void_y;
  site["radius_nm"] = radius;
  site["special"] = true;
  scene["voids"].push_back(site);
  out.records["scene"] = scene;
  return out;
}

Value options_of(const std::vector<std::pair<std::string, Value>>& set) {
  Value table = Value::object();
  for (const auto& [key, value] : set) {
    table[key] = value;
  }
  return table;
}

struct Chain {
  StepOutput scan;
  StepOutput product;
  StepOutput recovery;
};

/// Scan, write, read back, analyse, compare.
Chain run_chain(const std::string& filling, const io::TemporaryFolder& folder) {
  Run run;
  Chain out;
  const Step& scan = find_step("eels.scan");
  out.scan = scan.run(
      specimen(),
      options_of({{"product", filling}, {"positions", 48}, {"step", "0.5 eV"}, {"channels", 960}, {"seed", 3}}), run);
  StepInputs measured;
  for (const char* name : {"core", "low"}) {
    const auto file = folder.path() / (std::string(name) + ".dm4");
    signal::save(out.scan.raw.at(name), file, run);
    measured.signals[name] = signal::load(file, run);
  }
  const Step& product = find_step("eels.product");
  out.product = product.run(measured, Value::object(), run);
  StepInputs both;
  both.tables["profile"] = out.product.tables.at("profile");
  both.records["record"] = out.product.records.at("record");
  both.records["truth"] = out.scan.records.at("truth");
  out.recovery = find_step("recover.eels").run(both, Value::object(), run);
  return out;
}

TEST(EelsScan, what_is_in_the_void_comes_back_through_the_files) {
  const io::TemporaryFolder folder;
  const std::vector<std::pair<std::string, std::string>> cases{{"metal", "metal"},
                                                               {"cobalt_oxide", "cobalt oxide"},
                                                               {"mix", "metal and cobalt oxide"},
                                                               {"platinum", "unidentified"},
                                                               {"none", "none"},
                                                               {"scene", "metal"}};
  for (const auto& [filling, call] : cases) {
    const Chain chain = run_chain(filling, folder);
    EXPECT_EQ(chain.product.records.at("record").at("call").as_text(), call) << filling;
    const io::Table& rows = chain.recovery.tables.at("recovery");
    constexpr double outlier = 4.0;  // σ
    for (std::size_t i = 0; i < rows.rows(); ++i) {
      EXPECT_LT(std::abs(rows.numbers("pull")[i]), outlier) << filling << ": " << rows.column("quantity").texts[i];
    }
  }
}

TEST(EelsScan, the_files_hold_nothing_of_the_truth) {
  const io::TemporaryFolder folder;
  const Chain chain = run_chain("metal", folder);
  for (const char* name : {"core.dm4", "low.dm4"}) {
    const std::string bytes = io::read_text(folder.path() / name);
    for (const char* word :
         {"metal", "simulat", "hotstage.scan_truth", "axis_shift", "Co3O4", "LiCoO2", "void", "seed"}) {
      EXPECT_EQ(bytes.find(word), std::string::npos) << name << ": " << word;
    }
  }
  EXPECT_EQ(chain.scan.raw.at("core").front().original.as_object().size(), 0U);
}

}  // namespace
}  // namespace hotstage::study
