#include "gateway/http/router.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/error/refusal.h"

namespace ftl::http {
namespace {

using testing::ElementsAre;
using testing::Pair;

class RouterTest : public testing::Test {
 protected:
  RouterTest() {
    router_.Add("GET", "/runs/{id}", 1);
    router_.Add("GET", "/runs/latest", 2);
    router_.Add("POST", "/runs/{id}/cancel", 3);
    router_.Add("DELETE", "/runs/latest", 4);
    router_.Add("GET", "/", 5);
  }
  Reason ReasonFor(std::string_view method, std::string_view path) const {
    return ReasonOf(router_.Find(method, path).status());
  }
  Router router_;
};

TEST_F(RouterTest, FindsByMethodAndPath) {
  EXPECT_EQ(router_.Find("GET", "/runs/latest")->route, 2u);
  EXPECT_EQ(router_.Find("DELETE", "/runs/latest")->route, 4u);
  EXPECT_EQ(router_.Find("HEAD", "/")->route, 5u);
}

TEST_F(RouterTest, GivesTheFieldsOfThePathDecoded) {
  const auto match = router_.Find("POST", "/runs/a%2Fb%20c/cancel");
  ASSERT_TRUE(match.ok());
  EXPECT_EQ(match->route, 3u);
  EXPECT_THAT(match->path_fields, ElementsAre(Pair("id", "a/b c")));
}

TEST_F(RouterTest, TellsAnUnknownPathFromAWrongMethod) {
  EXPECT_EQ(ReasonFor("GET", "/runs"), Reason::kNotFound);
  EXPECT_EQ(ReasonFor("GET", "/runs/"), Reason::kNotFound);
  EXPECT_EQ(ReasonFor("GET", "/runs/a/"), Reason::kNotFound);
  EXPECT_EQ(ReasonFor("GET", "//"), Reason::kNotFound);
  EXPECT_EQ(ReasonFor("GET", "*"), Reason::kNotFound);
  EXPECT_EQ(ReasonFor("PUT", "/runs/a"), Reason::kMethodNotAllowed);
  EXPECT_EQ(router_.Allowed("/runs/latest"), "DELETE, GET, HEAD, OPTIONS");
  EXPECT_EQ(router_.Allowed("/nowhere"), "");
}

TEST_F(RouterTest, RefusesAFieldThatIsNoText) { EXPECT_EQ(ReasonFor("GET", "/runs/%ff"), Reason::kBadRequest); }

}  // namespace
}  // namespace ftl::http
