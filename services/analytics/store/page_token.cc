#include "services/analytics/store/page_token.h"

#include <vector>

#include <absl/strings/escaping.h>
#include <absl/strings/numbers.h>
#include <absl/strings/str_split.h>
#include <fmt/format.h>
#include <openssl/sha.h>

#include "common/text/view.h"

namespace ftl::analytics {
namespace {

constexpr int64_t kNotCounted = -1;

std::string Digest(std::string_view place, std::string_view question) {
  const std::string text = fmt::format("{}\n{}", place, question);
  unsigned char hash[SHA256_DIGEST_LENGTH];
  SHA256(reinterpret_cast<const unsigned char*>(text.data()), text.size(), hash);
  return absl::BytesToHexString(absl::string_view(reinterpret_cast<const char*>(hash), 8));
}

}  // namespace

std::string PageToken(const PagePlace& place, std::string_view question) {
  const std::string text =
      fmt::format("{} {} {} {}", place.key, place.test_run_id, place.prompt_id, place.total.value_or(kNotCounted));
  return absl::WebSafeBase64Escape(fmt::format("{} {}", text, Digest(text, question)));
}

std::optional<PagePlace> PlaceOf(std::string_view token, std::string_view question) {
  std::string text;
  if (!absl::WebSafeBase64Unescape(ToAbsl(token), &text)) return std::nullopt;
  const std::vector<std::string> parts = absl::StrSplit(text, ' ');
  PagePlace place;
  int64_t total = 0;
  if (parts.size() != 5 || !absl::SimpleAtoi(parts[0], &place.key) || !absl::SimpleAtoi(parts[2], &place.prompt_id) ||
      !absl::SimpleAtoi(parts[3], &total)) {
    return std::nullopt;
  }
  place.test_run_id = parts[1];
  if (total != kNotCounted) place.total = total;
  const std::string said = fmt::format("{} {} {} {}", parts[0], parts[1], parts[2], parts[3]);
  if (parts[4] != Digest(said, question)) return std::nullopt;
  return place;
}

}  // namespace ftl::analytics
