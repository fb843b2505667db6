#include "gateway/http/idempotency.h"

#include <algorithm>

#include "common/error/refusal.h"

namespace ftl::http {

absl::StatusOr<std::string> IdempotencyKeyOf(const RequestHead& head) {
  std::string_view key;
  int count = 0;
  for (const FieldView& field : head.fields) {
    if (!EqualsIgnoringCase(field.name, "idempotency-key")) continue;
    key = field.value;
    ++count;
  }
  if (count == 0) return std::string();
  const bool visible = std::all_of(key.begin(), key.end(), [](char c) { return c > 0x20 && c < 0x7f; });
  if (count > 1 || key.empty() || key.size() > 255 || !visible) {
    return Refuse(Reason::kBadRequest, "The Idempotency-Key must be 1 to 255 visible ASCII characters.");
  }
  return std::string(key);
}

}  // namespace ftl::http
