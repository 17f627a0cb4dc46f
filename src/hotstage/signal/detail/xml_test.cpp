// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/signal/detail/xml.hpp"

#include "hotstage/core/error.hpp"

#include <gtest/gtest.h>

namespace hotstage::signal::detail {
namespace {

TEST(Xml, elements_attributes_entities_and_comments) {
  const XmlNode root = parse_xml(
      "<?xml version=\"1.0\"?><!-- a --><o:Root a='1' b=\"&#xB5;m\"><A> x &lt; y </A><!-- <A>no</A> --><A/>"
      "<B><C><![CDATA[<raw>]]></C></B></o:Root>");
  EXPECT_EQ(root.name, "Root");
  EXPECT_EQ(root.attribute("b"), "µm");
  EXPECT_EQ(root.text_at("A"), "x < y");
  EXPECT_EQ(root.text_at("B/C"), "<raw>");
  EXPECT_FALSE(root.text_at("B/D").has_value());
  const Value value = to_value(root);
  EXPECT_EQ(value.find("A")->as_array().size(), 2U);
  EXPECT_EQ(value.text_at("@a"), "1");
}

TEST(Xml, unknown_entities_stay) {
  EXPECT_EQ(parse_xml("<A>a &nbsp; b & c &#0; &#xD800;</A>").text, "a &nbsp; b & c &#0; &#xD800;");
}

TEST(Xml, every_truncation_is_an_error) {
  const std::string whole = "<A b=\"1\"><C>text</C><!-- x --><D e='2'/></A>";
  for (std::size_t i = 0; i < whole.size(); ++i) {
    EXPECT_THROW((void)parse_xml(std::string_view(whole).substr(0, i)), Error) << i;
  }
}

TEST(Xml, depth_is_bounded) {
  std::string deep;
  for (int i = 0; i < 100000; ++i) {
    deep += "<a>";
  }
  EXPECT_THROW((void)parse_xml(deep), Error);
}

}  // namespace
}  // namespace hotstage::signal::detail
