// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/calc/settings.hpp"

#include "hotstage/core/error.hpp"

#include <gtest/gtest.h>

namespace hotstage::calc {
namespace {

Settings gpaw(std::string u, int kpts) {
  Settings s{.engine = "gpaw", .parameters = Value::object(), .label = Label::reduced};
  s.parameters["ecut_eV"] = 400.0;
  s.parameters["hubbard_Co"] = std::move(u);
  s.parameters["kpts"] = kpts;
  return s;
}

TEST(Settings, hash_depends_on_values_and_not_on_their_order) {
  Settings a = gpaw(":d,3.91", 4);
  Settings b{.engine = "gpaw", .parameters = Value::object()};
  b.parameters["kpts"] = 4;
  b.parameters["hubbard_Co"] = ":d,3.91";
  b.parameters["ecut_eV"] = 400.0;
  EXPECT_EQ(settings_hash(a), settings_hash(b));
  b.parameters["ecut_eV"] = 520.0;
  EXPECT_NE(settings_hash(a), settings_hash(b));
}

TEST(Settings, survive_their_record) {
  const Settings a = gpaw(":d,3.91", 4);
  const Settings b = settings_from(to_value(a));
  EXPECT_EQ(settings_hash(a), settings_hash(b));
  EXPECT_EQ(b.label, a.label);
}

TEST(EnergyDifference, prints_its_formula_with_the_numbers) {
  const std::vector<EnergyTerm> terms{{.name = "V_O", .count = 1, .energy_eV = -240.5734, .settings = gpaw("u", 1)},
                                      {.name = "host", .count = -1, .energy_eV = -247.9879, .settings = gpaw("u", 1)},
                                      {.name = "O2", .count = 0.5, .energy_eV = -6.8783, .settings = gpaw("u", 2)}};
  const EnergyDifference d = energy_difference(terms);
  EXPECT_NEAR(d.energy_eV, -240.5734 + 247.9879 - 0.5 * 6.8783, 1e-12);
  EXPECT_EQ(d.formula, "1 × E(V_O) [-240.5734 eV] − 1 × E(host) [-247.9879 eV] + 0.5 × E(O2) [-6.8783 eV]");
  EXPECT_TRUE(d.mixed.empty()) << "k-points belong to the cell";
  EXPECT_EQ(d.label, Label::reduced);
}

TEST(EnergyDifference, refuses_mixed_settings_and_names_them) {
  const std::vector<EnergyTerm> terms{{.name = "oxide", .count = 1, .energy_eV = -1, .settings = gpaw(":d,3.91", 4)},
                                      {.name = "metal", .count = -1, .energy_eV = -2, .settings = gpaw("", 4)}};
  try {
    static_cast<void>(energy_difference(terms));
    FAIL() << "two U values went into one difference";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), Errc::refused);
    EXPECT_NE(error.message().find("hubbard_Co"), std::string::npos) << error.message();
  }
}

TEST(EnergyDifference, allows_a_mix_that_is_named_and_keeps_its_name) {
  const std::vector<EnergyTerm> terms{{.name = "oxide", .count = 1, .energy_eV = -1, .settings = gpaw(":d,3.91", 4)},
                                      {.name = "metal", .count = -1, .energy_eV = -2, .settings = gpaw("", 4)}};
  const EnergyDifference d = energy_difference(terms, {"hubbard_Co"});
  EXPECT_EQ(d.mixed, std::vector<std::string>{"hubbard_Co"});
  EXPECT_DOUBLE_EQ(d.energy_eV, 1.0);
}

}  // namespace
}  // namespace hotstage::calc
