#include "common/endpoint/url/endpoint.h"

#include <gtest/gtest.h>

#include "common/error/refusal.h"

namespace ftl {
namespace {

Endpoint Parsed(std::string_view url) {
  auto endpoint = Endpoint::Parse(url, AddressPolicy({.allow_localhost = true}));
  EXPECT_TRUE(endpoint.ok()) << url << ": " << endpoint.status();
  return *std::move(endpoint);
}

struct Calls {
  const char* url;
  const char* chat;
  const char* models;
};

constexpr Calls kCalls[] = {
    {"https://api.together.xyz/v1", "/v1/chat/completions", "/v1/models"},
    {"https://api.together.xyz/v1/", "/v1/chat/completions", "/v1/models"},
    {"https://api.together.xyz//v1//", "/v1/chat/completions", "/v1/models"},
    {"https://api.together.xyz/v1/chat/completions", "/v1/chat/completions", "/v1/models"},
    {"https://api.together.xyz/v1/chat/completions/", "/v1/chat/completions/", "/v1/models"},
    {"https://api.together.xyz/v1/models", "/v1/chat/completions", "/v1/models"},
    {"https://api.together.xyz/v1/models/", "/v1/chat/completions", "/v1/models"},
    {"https://api.together.xyz/v1/chat", "/v1/chat/completions", "/v1/models"},
    {"https://api.together.xyz/v1/completions", "/v1/chat/completions", "/v1/models"},
    {"https://api.together.xyz/v1/responses", "/v1/chat/completions", "/v1/models"},
    {"https://api.together.xyz/v1/messages", "/v1/chat/completions", "/v1/models"},
    {"https://api.together.xyz/v1/Chat/Completions", "/v1/chat/completions", "/v1/models"},
    {"https://api.together.xyz/v1/models/org/name", "/v1/chat/completions", "/v1/models"},
    {"https://api.together.xyz/docs", "/v1/chat/completions", "/v1/models"},
    {"https://llm.acme-models.com/openapi.json", "/v1/chat/completions", "/v1/models"},
    {"https://llm.acme-models.com/docs/v1", "/docs/v1/chat/completions", "/docs/v1/models"},
    {"https://api.together.xyz/v1/embeddings/", "/v1/chat/completions", "/v1/models"},
    {"https://llm.acme-models.com/api/chat", "/v1/chat/completions", "/v1/models"},
    {"https://llm.acme-models.com/api/generate", "/v1/chat/completions", "/v1/models"},
    {"https://llm.acme-models.com/api", "/api/chat/completions", "/api/models"},
    {"https://llm.acme-models.com/chat", "/chat/chat/completions", "/chat/models"},
    {"https://llm.acme-models.com", "/v1/chat/completions", "/v1/models"},
    {"https://llm.acme-models.com/", "/v1/chat/completions", "/v1/models"},
    {"https://llm.acme-models.com/chat/completions", "/chat/completions", "/models"},
    {"https://llm.acme-models.com/a/b", "/a/b/chat/completions", "/a/b/models"},
    {"https://llm.acme-models.com/a%20b/v1?k=v", "/a%20b/v1/chat/completions?k=v", "/a%20b/v1/models?k=v"},
    {"https://api.groq.com", "/openai/v1/chat/completions", "/openai/v1/models"},
    {"https://openrouter.ai", "/api/v1/chat/completions", "/api/v1/models"},
    {"https://api.fireworks.ai", "/inference/v1/chat/completions", "/inference/v1/models"},
    {"https://x.openai.azure.com", "/openai/v1/chat/completions", "/openai/v1/models"},
    {"https://x.openai.azure.com/openai/v1/", "/openai/v1/chat/completions", "/openai/v1/models"},
    {"https://x.openai.azure.com/openai/deployments/d/chat/completions?api-version=2024-10-21",
     "/openai/deployments/d/chat/completions?api-version=2024-10-21", "/openai/models?api-version=2024-10-21"},
    {"https://x.openai.azure.com/openai/deployments/d?api-version=v",
     "/openai/deployments/d/chat/completions?api-version=v", "/openai/models?api-version=v"},
};

TEST(EndpointTest, TakesABaseOrTheFullUrlAndKeepsItsQuery) {
  for (const Calls& calls : kCalls) {
    const Endpoint endpoint = Parsed(calls.url);
    EXPECT_EQ(endpoint.ChatCompletionsTarget(), calls.chat) << calls.url;
    EXPECT_EQ(endpoint.ModelsTarget(), calls.models) << calls.url;
  }
}

TEST(EndpointTest, HasOneSpellingOfSchemeHostAndPort) {
  const Endpoint endpoint = Parsed("HTTPS://API.Together.xyz.:443/V1?A=b");
  EXPECT_EQ(endpoint.Text(), "https://api.together.xyz/V1?A=b");
  EXPECT_EQ(endpoint.Origin(), "https://api.together.xyz");
  EXPECT_EQ(endpoint.HostHeader(), "api.together.xyz");
  EXPECT_EQ(endpoint.host(), "api.together.xyz");
  EXPECT_EQ(endpoint.LookupName(), "api.together.xyz.");
  EXPECT_EQ(endpoint.port(), 443);
  EXPECT_TRUE(endpoint.is_https());
  EXPECT_TRUE(endpoint.KnownAddresses().empty());
}

TEST(EndpointTest, NamesAPortThatIsNotTheSchemes) {
  EXPECT_EQ(Parsed("http://8.8.8.8:443").HostHeader(), "8.8.8.8:443");
  EXPECT_EQ(Parsed("http://8.8.8.8:80").Origin(), "http://8.8.8.8");
  EXPECT_EQ(Parsed("https://8.8.8.8:80").Origin(), "https://8.8.8.8:80");
}

TEST(EndpointTest, WritesIpv6InItsCanonicalForm) {
  const Endpoint endpoint = Parsed("http://[2606:4700:4700:0000::1111]:8000/v1");
  EXPECT_EQ(endpoint.host(), "2606:4700:4700::1111");
  EXPECT_EQ(endpoint.HostHeader(), "[2606:4700:4700::1111]:8000");
  ASSERT_EQ(endpoint.KnownAddresses().size(), 1u);
  EXPECT_EQ(endpoint.KnownAddresses()[0].to_string(), "2606:4700:4700::1111");
}

TEST(EndpointTest, UsesTheAsciiFormOfAnInternationalNameForEverything) {
  const Endpoint endpoint = Parsed("https://münchen.de/v1");
  EXPECT_EQ(endpoint.host(), "xn--mnchen-3ya.de");
  EXPECT_EQ(endpoint.Text(), "https://xn--mnchen-3ya.de/v1");
}

TEST(EndpointTest, ConnectsTheNameLocalhostToLoopbackWithoutALookUp) {
  const Endpoint endpoint = Parsed("http://LocalHost.:11434/v1");
  EXPECT_EQ(endpoint.host(), "localhost");
  ASSERT_EQ(endpoint.KnownAddresses().size(), 2u);
  for (const auto& address : endpoint.KnownAddresses()) EXPECT_TRUE(address.is_loopback());
}

TEST(EndpointTest, KnowsAzureByHostAndByPath) {
  EXPECT_TRUE(Parsed("https://x.openai.azure.com/openai/v1").is_azure());
  EXPECT_TRUE(Parsed("https://x.cognitiveservices.azure.com").is_azure());
  EXPECT_TRUE(Parsed("http://127.0.0.1:8000/openai/deployments/d/chat/completions?api-version=v").is_azure());
  EXPECT_FALSE(Parsed("https://api.groq.com/openai/v1").is_azure());
  EXPECT_FALSE(Parsed("https://openai.azure.com.acme-models.com").is_azure());
}

TEST(EndpointTest, SaysWhatToChangeWhereTheSpellingIsAtFault) {
  const AddressPolicy policy;
  const auto message = [&](std::string_view url) {
    return std::string(Endpoint::Parse(url, policy).status().message());
  };
  EXPECT_NE(message("api.openai.com/v1").find("https://"), std::string::npos);
  EXPECT_NE(message("https://me:key@api.openai.com").find("own field"), std::string::npos);
  EXPECT_NE(message("https://api.openai.com:70000").find("65535"), std::string::npos);
  EXPECT_EQ(message("http://127.0.0.1"), message("http://printer.local"));
  EXPECT_EQ(message("http://127.0.0.1"), message("http://api.openai.com:22"));
}

TEST(EndpointTest, TakesAUrlAsItIsPasted) {
  const AddressPolicy policy;
  for (const char* pasted :
       {" https://api.together.xyz/v1", "https://api.together.xyz/v1\n", "\"https://api.together.xyz/v1\"",
        "<https://api.together.xyz/v1>", "\t`https://api.together.xyz/v1` ", "\u200Bhttps://api.together.xyz/v1\u00A0",
        "\uFEFF\u201Chttps://api.together.xyz/v1\u201D", "'https://api.together.xyz/v1',",
        "https://api.together.xyz/v1;", "POST https://api.together.xyz/v1", "curl -X POST https://api.together.xyz/v1",
        "curl --location 'https://api.together.xyz/v1'", "base_url: https://api.together.xyz/v1",
        "export OPENAI_BASE_URL=\"https://api.together.xyz/v1\"", "base_url = 'https://api.together.xyz/v1'"}) {
    const auto endpoint = Endpoint::ParsePasted(pasted, policy);
    ASSERT_TRUE(endpoint.ok()) << pasted;
    EXPECT_EQ(endpoint->Text(), "https://api.together.xyz/v1");
  }
  for (const char* pasted : {"", " ", "https://api.together.xyz/v1 x", "https://api.together .xyz/v1", "\"",
                             "view-source:https://api.together.xyz/v1", "javascript:https://api.together.xyz/v1"}) {
    EXPECT_FALSE(Endpoint::ParsePasted(pasted, policy).ok()) << pasted;
  }
}

}  // namespace
}  // namespace ftl
