// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/eels/edges.hpp"

#include "hotstage/core/error.hpp"

#include <gtest/gtest.h>

#include <string>

namespace hotstage::eels {
namespace {

std::string complaint(std::string_view name) {
  try {
    (void)find_edge(name);
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), Errc::bad_input);
    return error.what();
  }
  return {};
}

TEST(Edges, names_are_read_as_spectroscopists_write_them) {
  EXPECT_EQ(find_edge("O K").onset, 532.0 * units::eV);
  EXPECT_EQ(find_edge("Ti L3").number, 22);
  EXPECT_EQ(find_edge("Mn L2,3"), find_edge("Mn L3"));
  EXPECT_EQ(find_edge("Mn_L23"), find_edge("Mn L3"));
  EXPECT_EQ(find_edge("La M4,5").name(), "La M5");
  EXPECT_GT(find_edge("Mn L2").onset, find_edge("Mn L3").onset);
}

TEST(Edges, an_unknown_name_is_an_error_with_the_nearest_one) {
  EXPECT_NE(complaint("ti L3").find("Did you mean \"Ti\"?"), std::string::npos);
  EXPECT_NE(complaint("Ti L4").find("Did you mean \"Ti L"), std::string::npos) << complaint("Ti L4");
  EXPECT_NE(complaint("O L3").find("between 10 and 3000 eV"), std::string::npos);
  EXPECT_NE(complaint("OK").find("Write element and shell"), std::string::npos);
  EXPECT_NE(complaint("").find("is not an edge"), std::string::npos);
}

TEST(Edges, onsets_rise_with_the_atomic_number_within_a_shell) {
  for (const std::string shell : {"K", "L3", "M5"}) {
    const Edge* before = nullptr;
    int seen = 0;
    for (const Edge& edge : all_edges()) {
      if (edge.shell == shell) {
        if (before != nullptr) {
          EXPECT_GT(edge.onset, before->onset) << edge.name();
        }
        before = &edge;
        ++seen;
      }
    }
    EXPECT_GT(seen, 10) << shell;
  }
}

TEST(Edges, cathode_elements_have_their_edges) {
  for (const char* name :
       {"Li K",  "C K",   "N K",   "O K",   "F K",   "Al K",  "P L3",  "Ti L3", "Mn L3", "Fe L3", "Co L3",
        "Ni L3", "Zr L3", "Nb M5", "Mo M5", "La M5", "Ce M5", "Pt M5", "Au M5", "Ag M5", "Sn M5"}) {
    EXPECT_NO_THROW((void)find_edge(name)) << name;
  }
}

TEST(Edges, of_one_element_come_ordered_by_onset) {
  const auto cobalt = element_edges("Co");
  ASSERT_GE(cobalt.size(), 3U);
  for (std::size_t i = 1; i < cobalt.size(); ++i) {
    EXPECT_LE(cobalt[i - 1].onset, cobalt[i].onset);
  }
  EXPECT_TRUE(element_edges("X").empty());
}

}  // namespace
}  // namespace hotstage::eels
