#include "common/endpoint/url/provider.h"

#include <set>

#include <gtest/gtest.h>

#include "common/endpoint/url/endpoint.h"
#include "common/error/refusal.h"

namespace ftl {
namespace {

const AddressPolicy kPolicy({.allow_localhost = true});

TEST(ProviderTest, ListsTheNineOfTheContractEachComplete) {
  std::set<std::string_view> names;
  for (const Provider& provider : Providers()) {
    names.insert(provider.provider);
    EXPECT_EQ(ProviderNamed(provider.provider), &provider);
    for (const auto text :
         {provider.name, provider.base_url, provider.docs_url, provider.example_model_id, provider.key_hint}) {
      EXPECT_FALSE(text.empty()) << provider.provider;
    }
  }
  EXPECT_EQ(names, (std::set<std::string_view>{"together", "fireworks", "openrouter", "groq", "openai", "azure_openai",
                                               "vllm", "ollama", "custom"}));
  EXPECT_EQ(ProviderNamed("Together"), nullptr);
  EXPECT_EQ(ProviderNamed(""), nullptr);
}

TEST(ProviderTest, RecognisesItsOwnBaseUrl) {
  for (const Provider& provider : Providers()) {
    if (provider.provider == "custom" || provider.provider == "vllm") continue;
    const auto endpoint = Endpoint::Parse(provider.base_url, kPolicy);
    ASSERT_TRUE(endpoint.ok()) << provider.base_url;
    EXPECT_EQ(ProviderOf(*endpoint).provider, provider.provider);
    EXPECT_NE(provider.base_url.find(provider.base_path), std::string_view::npos);
  }
  EXPECT_EQ(ProviderOf(*Endpoint::Parse("https://llm.acme-models.com/v1", kPolicy)).provider, "custom");
  EXPECT_EQ(ProviderOf(*Endpoint::Parse("https://api.openai.com.acme-models.com", kPolicy)).provider, "custom");
}

TEST(ProviderTest, TrimsWhatIsPastedAlongWithAKeyAndRefusesWhatNoHeaderCarries) {
  EXPECT_EQ(*CleanKey(" \"sk-abc\"\n"), "sk-abc");
  EXPECT_EQ(*CleanKey(""), "");
  for (const char* pasted : {"Bearer sk-abc",
                             "bearer  sk-abc",
                             "Authorization: Bearer sk-abc",
                             "'api-key: sk-abc'",
                             "\"authorization:Bearer sk-abc\"",
                             "-H \"Authorization: Bearer sk-abc\"",
                             "--header 'x-api-key: sk-abc'",
                             "{\"Authorization\": \"Bearer sk-abc\"}",
                             "Token sk-abc",
                             "OPENAI_API_KEY: sk-abc",
                             "Key sk-abc",
                             "X-API-Key=sk-abc",
                             "api_key: sk-abc",
                             "apikey sk-abc",
                             "Bearer: sk-abc",
                             "OPENAI_API_KEY=sk-abc",
                             "export OPENAI_API_KEY=\"sk-abc\"",
                             "HF_TOKEN='sk-abc'",
                             "Ocp-Apim-Subscription-Key: sk-abc",
                             "\u200Bsk-abc\u00A0",
                             "\uFEFF\u201Csk-abc\u201D",
                             "<sk-abc>",
                             "sk-abc;",
                             "set OPENAI_API_KEY=sk-abc",
                             "$env:OPENAI_API_KEY=\"sk-abc\"",
                             "key=sk-abc"}) {
    EXPECT_EQ(*CleanKey(pasted), "sk-abc") << pasted;
  }
  EXPECT_EQ(*CleanKey("Bearer"), "Bearer") << "what is all there is, is the key";
  for (const char* key :
       {"bearers-key", "key-abc", "token:abc", "keyId:secret", "abc=", "ABC=", "A_KEY=", "a=b", "apikey"}) {
    EXPECT_EQ(*CleanKey(key), key);
  }
  EXPECT_EQ(*CleanKey(" \n"), "");
  EXPECT_EQ(CleanKey(std::string(4096, 'k'))->size(), 4096u);
  for (const std::string& key : {std::string("sk\r\nX: y"), std::string("sk-\xc3\xa4"), std::string("a\0b", 3),
                                 std::string("a\x7f"), std::string(4097, 'k')}) {
    const auto cleaned = CleanKey(key);
    EXPECT_EQ(ReasonOf(cleaned.status()), Reason::kInvalidField);
    EXPECT_EQ(FieldFaultsOf(cleaned.status())[0].field, "api_key");
  }
}

TEST(ProviderTest, AdvisesOnAnUnusualKeyWithoutRepeatingIt) {
  const Provider& openai = *ProviderNamed("openai");
  EXPECT_EQ(KeyAdvice(openai, "sk-proj-abcdefghijklmnopqrstuvwxyz"), "");
  EXPECT_EQ(KeyAdvice(openai, ""), "");
  const std::string advice = KeyAdvice(openai, "gsk_secret0123456789");
  EXPECT_FALSE(advice.empty());
  EXPECT_EQ(advice.find("secret"), std::string::npos);
  EXPECT_EQ(KeyAdvice(*ProviderNamed("custom"), "anything"), "");
}

}  // namespace
}  // namespace ftl
