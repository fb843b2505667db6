#include "services/batch-runner/history/content_mask.h"

#include <gtest/gtest.h>

namespace ftl::batch_runner {
namespace {

TEST(ContentMaskTest, TakesKeysAndBearerTokensOut) {
  EXPECT_EQ(WithoutKeys("use sk-proj-0123456789abcdefghij, please"), "use sk-[key removed], please");
  EXPECT_EQ(WithoutKeys("hf_0123456789abcdefghij"), "hf_[key removed]");
  EXPECT_EQ(WithoutKeys("Authorization: Bearer abcdefghijklmn012345=\n"), "Authorization: Bearer [key removed]\n");
  EXPECT_EQ(WithoutKeys("{\"key\":\"AIza0123456789abcdefghijklmnopqrstuvwxyz\"}"), "{\"key\":\"AIza[key removed]\"}");
  EXPECT_EQ(WithoutKeys("ftl_0123456789abcdefghijklmnopqrstuvwxyzABCDEFG ftl_0123456789abcdefghijk"),
            "ftl_[key removed] ftl_[key removed]");
}

TEST(ContentMaskTest, LeavesWordsAlone) {
  for (const char* text :
       {"", "sk-learn", "a task-0123456789abcdefghij", "Bearer of bad news, as ever, 2024", "demo-1",
        "the bearer certificates", "sk-nothing-of-a-digit-here", "naïve Größe 0123456789012345678"}) {
    EXPECT_EQ(WithoutKeys(text), text);
  }
}

}  // namespace
}  // namespace ftl::batch_runner
