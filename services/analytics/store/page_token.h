#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace ftl::analytics {

// The last row of a page: where the next one goes on. It names a place and grants nothing, so it is not secret.
struct PagePlace {
  int64_t key = 0;  // of the order; 0 where results are in order of run and prompt
  std::string test_run_id;
  int32_t prompt_id = 0;
  std::optional<int64_t> total = {};  // results in all, where they were counted
};

// `question` is what was asked, page size left out: a token is good for the same question only.
std::string PageToken(const PagePlace& place, std::string_view question);
// nullopt for what is no token of ours for this question.
std::optional<PagePlace> PlaceOf(std::string_view token, std::string_view question);

}  // namespace ftl::analytics
