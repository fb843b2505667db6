#include "common/endpoint/format/huggingface/huggingface.h"

#include <gtest/gtest.h>

#include "common/endpoint/format/read_with.h"

namespace ftl {
namespace {

const HuggingFace kHuggingFace;

std::string KeyTestAt(std::string_view url) { return kHuggingFace.KeyTestUrl(*Endpoint::Parse(url, AddressPolicy())); }

TEST(HuggingFaceTest, AsksTheHubWhoseKeyItIs) {
  EXPECT_EQ(KeyTestAt("https://router.huggingface.co/v1"), "https://huggingface.co/api/whoami-v2");
  EXPECT_EQ(KeyTestAt("https://hub.acme.com/hf/v1"), "https://hub.acme.com/hf/api/whoami-v2");
}

TEST(HuggingFaceTest, SpeaksChatCompletions) {
  const Endpoint endpoint = *Endpoint::Parse("https://router.huggingface.co/v1", AddressPolicy());
  EXPECT_EQ(kHuggingFace.ChatTarget(endpoint, {}), "/v1/chat/completions");
  EXPECT_EQ(kHuggingFace.ModelsTarget(endpoint), "/v1/models");
  EXPECT_EQ(FieldsOf(kHuggingFace, "https://router.huggingface.co/v1"), "Authorization: Bearer the-key\r\n");
  EXPECT_EQ(ReadWholeWith(kHuggingFace, R"({"choices":[{"message":{"content":"Hi"},"finish_reason":"stop"}]})").text,
            "Hi");
}

}  // namespace
}  // namespace ftl
