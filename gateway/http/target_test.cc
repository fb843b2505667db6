#include "gateway/http/target.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace ftl::http {
namespace {

using testing::ElementsAre;
using testing::Pair;

TEST(QueryTest, GivesNamesAndValuesDecodedAndInOrder) {
  EXPECT_THAT(*ParseQuery("a=1&&b=x%20y+z&a=2&c&d=&=e&f=g=h%3D"),
              ElementsAre(Pair("a", "1"), Pair("b", "x y z"), Pair("a", "2"), Pair("c", ""), Pair("d", ""),
                          Pair("", "e"), Pair("f", "g=h=")));
  EXPECT_TRUE(ParseQuery("")->empty());
}

TEST(QueryTest, RefusesWhatIsNoText) {
  for (std::string_view query : {"a=%ff", "a=%c0%80", "a=%ed%a0%80", "a=%f5%80%80%80", "a=%e2%82", "a=%00"}) {
    EXPECT_FALSE(ParseQuery(query).ok()) << query;
  }
  EXPECT_EQ(*DecodeSegment("%E2%82%AC+%F0%9F%98%80"), "\u20ac+\U0001F600");
}

}  // namespace
}  // namespace ftl::http
