#include "common/endpoint/credential.h"

#include <map>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/error/refusal.h"

namespace ftl {
namespace {

using testing::ElementsAre;
using testing::Not;

absl::StatusOr<Secret> LinesOf(const std::map<std::string, std::string>& headers) {
  return HeaderLines({headers.begin(), headers.end()});
}

std::vector<std::string> FaultyFields(const std::map<std::string, std::string>& headers) {
  std::vector<std::string> fields;
  for (const FieldFault& fault : FieldFaultsOf(LinesOf(headers).status())) fields.push_back(fault.field);
  return fields;
}

TEST(CredentialTest, HeadersAreLinesInTheOrderOfTheirNames) {
  const Credential credential{Secret(), *LinesOf({{"X-Team", " blue one "}, {"Cookie", "a=b: c"}})};
  EXPECT_EQ(credential.header_lines.Reveal(), "Cookie: a=b: c\r\nX-Team: blue one\r\n");
  EXPECT_THAT(credential.HeaderValues(), ElementsAre("a=b: c", "blue one"));
  EXPECT_TRUE(credential.HasHeader("x-team"));
  EXPECT_FALSE(credential.HasHeader("x"));
  EXPECT_TRUE(LinesOf({})->empty());
}

TEST(CredentialTest, WhatBelongsToTheConnectionTheBodyOrTheKeyCannotBeSet) {
  for (const char* name : {"Host",
                           "hOST",
                           "Authorization",
                           "Connection",
                           "Keep-Alive",
                           "Proxy-Authorization",
                           "Proxy-Connection",
                           "TE",
                           "Trailer",
                           "Transfer-Encoding",
                           "Upgrade",
                           "Content-Type",
                           "Content-Length",
                           "content-encoding",
                           "Expect",
                           "Accept",
                           "Accept-Encoding",
                           "HTTP2-Settings",
                           "Range",
                           "Sec-Fetch-Site"}) {
    EXPECT_THAT(FaultyFields({{name, "v"}}), ElementsAre(std::string("headers.") + name));
  }
  for (const char* name : {"api-key", "x-api-key", "User-Agent", "HTTP-Referer", "X-Title", "OpenAI-Organization",
                           "cf-access-client-secret", "Ocp-Apim-Subscription-Key", "X_Under", "Cookie", "Contents"}) {
    EXPECT_TRUE(LinesOf({{name, "v"}}).ok()) << name;
  }
}

TEST(CredentialTest, NamesAndValuesThatNoHeaderHasAreRefusedWithoutRepeatingAValue) {
  for (const char* name : {"", " ", "X Team", "X-Team:", "X\r\nHost", "X-Grün", "X/Y", "X.Y"}) {
    EXPECT_FALSE(LinesOf({{name, "v"}}).ok()) << name;
  }
  EXPECT_TRUE(LinesOf({{std::string(64, 'x'), "v"}}).ok());
  EXPECT_FALSE(LinesOf({{std::string(65, 'x'), "v"}}).ok());
  for (const std::string value : {std::string(), std::string("  "), std::string("secret\r\nHost: evil"),
                                  std::string("secret\x7f"), std::string("gehe\xc3\xbc"), std::string("a\0b", 3)}) {
    const auto lines = LinesOf({{"X-Team", value}});
    ASSERT_FALSE(lines.ok()) << value;
    EXPECT_THAT(lines.status().ToString(), Not(testing::HasSubstr("secret")));
  }
}

TEST(CredentialTest, TenHeadersAndEightKibibytesAreTheMost) {
  std::map<std::string, std::string> headers;
  for (int i = 0; i < 10; ++i) headers["X-" + std::to_string(i)] = "v";
  EXPECT_TRUE(LinesOf(headers).ok());
  headers["X-10"] = "v";
  EXPECT_THAT(FaultyFields(headers), ElementsAre("headers"));
  EXPECT_TRUE(LinesOf({{"X", std::string(8000, 'v')}}).ok());
  EXPECT_THAT(FaultyFields({{"X", std::string(9000, 'v')}}), ElementsAre("headers"));
  EXPECT_THAT(FaultyFields({{"X-Team", "a"}, {"x-team", "b"}, {"Host", "c"}}),
              ElementsAre("headers.Host", "headers.x-team"));
}

}  // namespace
}  // namespace ftl
