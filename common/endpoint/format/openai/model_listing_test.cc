#include "common/endpoint/format/openai/model_listing.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace ftl {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

std::vector<std::string> Ids(std::string_view body) {
  std::vector<std::string> ids;
  for (const ListedModel& model : ReadModelList(body, 1000).models) ids.push_back(model.id);
  return ids;
}

TEST(ModelListingTest, ReadsEveryShape) {
  EXPECT_THAT(Ids(R"({"object":"list","data":[{"id":"a","object":"model"},{"id":"b","permission":[]}]})"),
              ElementsAre("a", "b"));
  EXPECT_THAT(Ids(R"([{"id":"a"},{"id":"b"}])"), ElementsAre("a", "b"));
  EXPECT_THAT(Ids(R"({"models":[{"name":"a","model":"a"}],"data":[{"id":"a.gguf"}]})"), ElementsAre("a.gguf"));
  EXPECT_THAT(Ids(R"({"models":[{"name":"models/gemini"}]})"), ElementsAre("gemini"));
  EXPECT_THAT(Ids(R"({"data":["a",{"id":7},null,{"id":""},{"id":"b"}]})"), ElementsAre("a", "b"));
  EXPECT_THAT(Ids(R"({"data":[]})"), IsEmpty());
}

TEST(ModelListingTest, KeepsOwnerAndMoment) {
  const ModelList list =
      ReadModelList(R"({"data":[{"id":"a","owned_by":"o","created":1700000000},{"id":"b","created":-4}]})", 1000);
  EXPECT_EQ(list.models[0].owned_by, "o");
  EXPECT_EQ(list.models[0].created_at, absl::FromUnixSeconds(1'700'000'000));
  EXPECT_EQ(list.models[1].created_at, std::nullopt);
}

TEST(ModelListingTest, IsCappedAndSaysSo) {
  const ModelList list = ReadModelList(R"(["a","b","c"])", 2);
  EXPECT_EQ(list.models.size(), 2u);
  EXPECT_TRUE(list.cut);
  EXPECT_FALSE(ReadModelList(R"(["a","b"])", 2).cut);
}

TEST(ModelListingTest, FailsOnWhatIsNoListing) {
  for (const std::string body : {"", "<html>", "{}", "7", R"({"error":{"message":"no"}})", R"({"data":{}})"}) {
    EXPECT_FALSE(ReadModelList(body, 1000).ok()) << body;
  }
}

}  // namespace
}  // namespace ftl
