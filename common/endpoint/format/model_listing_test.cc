#include "common/endpoint/format/model_listing.h"

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

TEST(ModelListingTest, ReadsListsWithinOthersKeyedOnesAndCatalogues) {
  const std::pair<const char*, std::vector<std::string>> rows[] = {
      {R"({"data":{"models":[{"id":"a"},{"id":"b"}]}})", {"a", "b"}},
      {R"({"success":true,"result":{"data":[{"id":"a"}]}})", {"a"}},
      {R"({"models":{"a":{"context":8},"b":{"context":8}}})", {"a", "b"}},
      {R"({"data":{"a":{"id":"x/a"},"b":{}}})", {"x/a", "b"}},
      {R"({"models":{"openai":["a","b"],"meta":[{"name":"c"}]}})", {"a", "b", "c"}},
      {R"([{"provider":"x","models":[{"id":"a"},"b"]},{"provider":"y","models":["c"]}])", {"a", "b", "c"}},
      {R"({"data":[{"model_name":"a","litellm_params":{"model":"x/a"}}]})", {"a"}},
      {R"({"modelSummaries":[{"modelId":"amazon.a","modelName":"A"}]})", {"amazon.a"}},
      {R"({"result":[{"id":"429b9e8b-d99e-44de-91ad-706cf8183658","name":"@cf/meta/a"}]})", {"@cf/meta/a"}},
      {R"({"endpoints":[{"name":"a"}]})", {"a"}},
      {R"({"value":[{"id":"a"}]})", {"a"}},
      {R"({"object":"list","models":[],"data":[{"id":"a"}]})", {"a"}},
      {R"({"data":[{"id":"a"},{"id":"a"},{"id":"b"}]})", {"a", "b"}},
  };
  for (const auto& [body, ids] : rows) EXPECT_EQ(Ids(body), ids) << body;
}

TEST(ModelListingTest, NamesTheNextPageByItsQueryAlone) {
  const auto next = [](std::string_view body) { return ReadModelList(body, 1000).next_page; };
  EXPECT_EQ(next(R"({"data":[{"id":"a"}],"has_more":true,"first_id":"a","last_id":"a/1"})"),
            "after=a%2F1&after_id=a%2F1");
  EXPECT_EQ(next(R"({"data":[{"id":"a"},{"id":"b"}],"has_more":true})"), "after=b&after_id=b");
  EXPECT_EQ(next(R"({"data":[{"id":"a"}],"has_more":false,"last_id":"a"})"), "");
  EXPECT_EQ(next(R"({"models":[{"name":"a"}],"nextPageToken":"x y="})"), "pageToken=x%20y%3D");
  EXPECT_EQ(next(R"({"models":[{"name":"a"}],"next_page_token":"t"})"), "page_token=t");
  EXPECT_EQ(next(R"({"results":[{"name":"a"}],"next":"http://169.254.169.254/v1/models?page=2"})"), "page=2");
  for (const char* body :
       {R"({"data":[{"id":"a"}],"next":"http://h/?a b"})", R"({"data":[{"id":"a"}],"next":"http://h/?\r\nHost: x"})",
        R"({"data":[{"id":"a"}],"next":"page2"})", R"({"data":[{"id":"a"}],"next":null})",
        R"({"data":[],"has_more":true})"}) {
    EXPECT_EQ(next(body), "") << body;
  }
}

TEST(ModelListingTest, KeepsOwnerAndMoment) {
  const ModelList list =
      ReadModelList(R"({"data":[{"id":"a","owned_by":"o","created":1700000000},{"id":"b","created":-4}]})", 1000);
  EXPECT_EQ(list.models[0].owned_by, "o");
  EXPECT_EQ(list.models[0].created_at, absl::FromUnixSeconds(1'700'000'000));
  EXPECT_EQ(list.models[1].created_at, std::nullopt);
}

TEST(ModelListingTest, KeepsWhatAListingSaysOfAModel) {
  const ModelList list = ReadModelList(
      R"({"data":[
        {"id":"router/a","name":"A","context_length":8192,"pricing":{"prompt":"0.0000005","completion":"-1"}},
        {"id":"vllm/b","max_model_len":4096},
        {"id":"hf/c","providers":[{"status":"error","context_length":1,"pricing":{"input":9}},
                                  {"status":"live","context_length":32768,"pricing":{"input":0.2,"output":0.6}}]},
        {"id":"d","display_name":"d","context_length":0,"pricing":{"prompt":"free"}}]})",
      1000);
  ASSERT_EQ(list.models.size(), 4u);
  EXPECT_EQ(list.models[0].name, "A");
  EXPECT_EQ(list.models[0].context_length, 8192);
  EXPECT_DOUBLE_EQ(*list.models[0].input_price, 0.5);
  EXPECT_EQ(list.models[0].output_price, std::nullopt);
  EXPECT_EQ(list.models[1].context_length, 4096);
  EXPECT_EQ(list.models[2].context_length, 32768);
  EXPECT_DOUBLE_EQ(*list.models[2].input_price, 0.2);
  EXPECT_DOUBLE_EQ(*list.models[2].output_price, 0.6);
  EXPECT_EQ(list.models[3].name, "");
  EXPECT_EQ(list.models[3].context_length, std::nullopt);
  EXPECT_EQ(list.models[3].input_price, std::nullopt);
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
