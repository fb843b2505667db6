#include "common/endpoint/format/openai/token_allowance.h"

#include <string>

#include <absl/strings/ascii.h>
#include <gtest/gtest.h>

namespace ftl {
namespace {

TEST(TokenAllowanceTest, IsWhatTheWordsAllow) {
  constexpr struct {
    const char* message;
    int asked;
    int allowed;  // 0: they say nothing of the kind
  } kTable[] = {
      {"max_tokens is too large: 1024. This model supports at most 512 completion tokens, whereas you provided 1024.",
       1024, 512},
      {"max_tokens 1024, at most 512", 1024, 512},
      {"claude-3-5-haiku-20241022: max_tokens: 4096 > 2048, which is the maximum allowed number of output tokens", 4096,
       2048},
      {"Invalid value for max_tokens: must be between 1 and 512", 1024, 512},
      {"Range of max_tokens should be [1, 2000]", 4096, 2000},
      {"`max_tokens` must be less than or equal to `512`, the maximum value for `max_tokens` is less than the "
       "`context_window` for this model",
       1024, 512},
      {"max_tokens: Input should be less than or equal to 512", 1024, 512},
      {"max_tokens must be less than 513", 1024, 512},
      {"max_new_tokens must be < 513. Given: 1024", 1024, 512},
      {"max_tokens must be smaller than 2,049 for gpt-4-0613", 4096, 2048},
      {"The maximum tokens you requested (1,024) exceeds the limit of 1,000 for this model", 1024, 1000},
      {"max_tokens exceeds the model's limit", 1024, 0},
      {"max_tokens must be at least 1 and at most 8", 1024, 0},
      {"This model's maximum context length is 2048 tokens. However, you requested 2100 tokens (1076 in the messages, "
       "1024 in the completion).",
       1024, 972},
      {"This model's maximum context length is 1024 tokens. However, you requested 1074 tokens (50 in the messages, "
       "1024 in the completion).",
       1024, 974},
      {"'max_tokens' or 'max_completion_tokens' is too large: 1024. This model's maximum context length is 2048 tokens "
       "and your request has 1500 input tokens (1024 > 2048 - 1500).",
       1024, 548},
      {"Input validation error: `inputs` tokens + `max_new_tokens` must be <= 2048. Given: 1400 `inputs` tokens and "
       "1024 `max_new_tokens`",
       1024, 648},
      {"This model's maximum context length is 4096 tokens. However, you requested 5000 tokens (3976 in the messages, "
       "1024 in the completion).",
       1024, 0},
      {"", 1024, 0},
  };
  for (const auto& row : kTable) {
    EXPECT_EQ(TokensAllowed(absl::AsciiStrToLower(row.message), row.asked).value_or(0), row.allowed) << row.message;
  }
}

}  // namespace
}  // namespace ftl
