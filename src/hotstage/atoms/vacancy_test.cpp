// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/atoms/vacancy.hpp"

#include "hotstage/atoms/crystal.hpp"
#include "hotstage/atoms/edit.hpp"
#include "hotstage/atoms/orderings.hpp"
#include "hotstage/atoms/slab.hpp"
#include "hotstage/core/error.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace hotstage::atoms {
namespace {

std::size_t sites(const std::vector<Vacancy>& all) {
  std::size_t out = 0;
  for (const Vacancy& v : all) {
    out += v.multiplicity;
  }
  return out;
}

TEST(Vacancy, pristine_licoo2_has_one_kind_of_oxygen) {
  const auto all = vacancies(repeated(phase_structure("LiCoO2"), {2, 2, 1}), element("O"));
  ASSERT_EQ(all.size(), 1U);
  EXPECT_EQ(all.front().multiplicity, 24U);
  EXPECT_EQ(all.front().neighbours, "Li3Co3");
  EXPECT_EQ(formula(all.front().structure), "Li12Co12O23");
}

TEST(Vacancy, spinel_has_two_kinds_of_cobalt) {
  const auto all = vacancies(phase_structure("Co3O4"), element("Co"));
  ASSERT_EQ(all.size(), 2U);
  EXPECT_EQ(all[0].multiplicity, 8U);
  EXPECT_EQ(all[0].neighbours, "O4");
  EXPECT_EQ(all[1].multiplicity, 16U);
  EXPECT_EQ(all[1].neighbours, "O6");
}

TEST(Vacancy, lithium_orders_split_the_oxygen_sites_and_keep_their_number) {
  const Structure host = repeated(phase_structure("LiCoO2"), {2, 2, 1});
  for (const Ordering& o : orderings(host, {.element = element("Li"), .remove = 6})) {
    const auto all = vacancies(o.structure, element("O"));
    EXPECT_EQ(sites(all), 24U);
    EXPECT_GE(all.size(), 2U);
    for (const Vacancy& v : all) {
      EXPECT_TRUE(v.neighbours.ends_with("Co3")) << v.neighbours;
    }
  }
}

TEST(Vacancy, faces_of_a_slab_have_oxygen_of_their_own) {
  const auto all = vacancies(slab(phase_structure("LiCoO2"), {.miller = {1, 0, 4}}).structure, element("O"));
  EXPECT_EQ(sites(all), 12U);
  // Inversion pairs the faces; every plane has two kinds or one.
  EXPECT_TRUE(std::ranges::any_of(all, [](const Vacancy& v) { return v.neighbours != "Li3Co3"; }));
}

TEST(Vacancy, an_absent_element_is_refused) {
  EXPECT_THROW((void)vacancies(phase_structure("Co"), element("O")), Error);
}

}  // namespace
}  // namespace hotstage::atoms
