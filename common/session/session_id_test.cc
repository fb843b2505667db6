#include "common/session/session_id.h"

#include <gtest/gtest.h>

namespace ftl {
namespace {

const std::string kId = "demo-" + std::string(64, 'a');

TEST(SessionIdTest, HashesTheWholeIdAsOtherProgramsDo) {
  // printf 'demo-aaa…' | sha256sum
  EXPECT_EQ(SessionHash(kId), "399e5e24d65285274f17c8489dd7e0c5fdbda0d2499e65d7527a7b79a4778d10");
}

TEST(SessionIdTest, KnowsOneSpellingOnly) {
  EXPECT_TRUE(IsSessionId(kId));
  for (const std::string& text :
       {std::string(), kId.substr(5), kId + "a", kId.substr(0, 68), "Demo-" + std::string(64, 'a'),
        "demo-" + std::string(64, 'A'), "demo-" + std::string(63, 'a') + "g"}) {
    EXPECT_EQ(SessionHash(text), std::nullopt) << text;
  }
}

}  // namespace
}  // namespace ftl
