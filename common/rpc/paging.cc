#include "common/rpc/paging.h"

#include <algorithm>

#include <absl/strings/escaping.h>
#include <openssl/sha.h>

#include "common/error/refusal.h"
#include "common/text/view.h"

namespace ftl {
namespace {

constexpr int kDefaultPage = 50;
constexpr int kLargestPage = 1000;
constexpr size_t kMarkBytes = 8;

std::string MarkOf(std::string_view list) {
  unsigned char digest[SHA256_DIGEST_LENGTH];
  SHA256(reinterpret_cast<const unsigned char*>(list.data()), list.size(), digest);
  return std::string(reinterpret_cast<const char*>(digest), kMarkBytes);
}

}  // namespace

absl::StatusOr<int> PageSize(int32_t asked) {
  if (asked < 0)
    return Refuse(Reason::kInvalidField, "page_size must be at least 1.").Field("page_size", "must be at least 1");
  return asked == 0 ? kDefaultPage : std::min(asked, kLargestPage);
}

std::string PageToken(std::string_view list, std::string_view position) {
  return absl::WebSafeBase64Escape(MarkOf(list) + std::string(position));
}

absl::StatusOr<std::string> PagePosition(std::string_view list, std::string_view token) {
  if (token.empty()) return std::string();
  std::string bytes;
  if (!absl::WebSafeBase64Unescape(ToAbsl(token), &bytes) || bytes.substr(0, kMarkBytes) != MarkOf(list)) {
    return Refuse(Reason::kInvalidField, "This page_token does not belong to this list. Start again without one.")
        .Field("page_token", "does not belong to this list");
  }
  return bytes.substr(kMarkBytes);
}

}  // namespace ftl
