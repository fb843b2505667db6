#include "common/endpoint/url/key_service.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/endpoint/url/endpoint.h"
#include "common/error/refusal.h"

namespace ftl {
namespace {

using testing::HasSubstr;

const std::string k35(35, 'a');

TEST(KeyServiceTest, KnowsTheKeysOfEachService) {
  const std::vector<std::pair<std::string, std::string>> good = {{"openai", "sk-proj-abcdefghij0123456789"},
                                                                 {"anthropic", "sk-ant-api03-abcdefghij0123456789"},
                                                                 {"google", "AIza" + k35},
                                                                 {"google", "AQ.abcdefghij0123456789"},
                                                                 {"azure", std::string(32, 'a')},
                                                                 {"azure", std::string(84, 'B')},
                                                                 {"cohere", std::string(40, 'c')},
                                                                 {"huggingface", "hf_abcdefghij0123456789"},
                                                                 {"ollama", ""},
                                                                 {"openai_compatible", ""},
                                                                 {"openai_compatible", "anything at all"},
                                                                 {"openai", "  \"Bearer sk-abcdefghij0123456789\" "}};
  for (const auto& [service, key] : good) EXPECT_TRUE(JudgeKey(*KeyServiceNamed(service), key).ok()) << service << key;
  const std::vector<std::pair<std::string, std::string>> bad = {{"openai", "sk-short"},
                                                                {"openai", "sk-ant-api03-abcdefghij0123456789"},
                                                                {"anthropic", "sk-abcdefghij0123456789xx"},
                                                                {"google", "AIza" + k35 + "a"},
                                                                {"azure", std::string(33, 'a')},
                                                                {"cohere", "short"},
                                                                {"huggingface", "hf-abcdefghij0123456789"}};
  for (const auto& [service, key] : bad) {
    const auto judged = JudgeKey(*KeyServiceNamed(service), key);
    EXPECT_EQ(ReasonOf(judged.status()), Reason::kKeyFormat) << service << key;
    EXPECT_THAT(FieldFaultsOf(judged.status()).at(0).message,
                HasSubstr(std::string(KeyServiceNamed(service)->key_format)));
  }
  EXPECT_EQ(ReasonOf(JudgeKey(*KeyServiceNamed("openai"), " ").status()), Reason::kInvalidField);
  EXPECT_EQ(KeyServiceNamed("OpenAI"), nullptr);
}

TEST(KeyServiceTest, ServesWhereItsAddressMayBeCalled) {
  const AddressPolicy local({.allow_localhost = true});
  for (const KeyService& service : KeyServices()) {
    const bool is_example = service.needs_base_url;
    EXPECT_TRUE(is_example || Endpoint::Parse(service.base_url, local).ok()) << service.service_name;
  }
}

TEST(KeyServiceTest, KnowsWhereAKeyIsUsed) {
  const AddressPolicy policy;
  const auto at = [&](std::string_view service, std::string_view base_url, std::string_view version = "") {
    return KeyAddress(*KeyServiceNamed(service), base_url, version, policy);
  };
  EXPECT_EQ(at("cohere", "")->Text(), "https://api.cohere.com/v2");
  EXPECT_EQ(at("cohere", "https://gate.acme.com/cohere/v2")->Text(), "https://gate.acme.com/cohere/v2");
  EXPECT_EQ(at("azure", "https://x.openai.azure.com/openai/deployments/d", "2024-10-21")->Text(),
            "https://x.openai.azure.com/openai/deployments/d?api-version=2024-10-21");
  for (const auto& endpoint : {at("azure", ""), at("openai_compatible", ""), at("openai", "no url"),
                               at("openai", "", "2024-10-21"), at("azure", "https://x.openai.azure.com", "a&b=c")}) {
    EXPECT_EQ(ReasonOf(endpoint.status()), Reason::kInvalidField);
    EXPECT_EQ(FieldFaultsOf(endpoint.status()).size(), 1u);
  }
  EXPECT_EQ(ReasonOf(at("ollama", "").status()), Reason::kEndpointNotAllowed);
  EXPECT_EQ(FieldFaultsOf(at("ollama", "").status()).at(0).field, "base_url");
}

TEST(KeyServiceTest, HintsAtLongKeysAlone) {
  EXPECT_EQ(KeyHint("0123456789012345abcd"), "abcd");
  EXPECT_EQ(KeyHint("0123456789012345abc"), "");
}

}  // namespace
}  // namespace ftl
