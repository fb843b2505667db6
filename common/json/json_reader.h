#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>

#include <absl/status/statusor.h>
#include <boost/json/value.hpp>

namespace ftl {

// How much one text may hold, whatever its bytes. Judged while it is read, so that what is over costs no more than what
// is not.
struct JsonLimits {
  static constexpr size_t kDepth = 64;
  static constexpr size_t kElements = 131'072;  // of one list
  static constexpr size_t kKeys = 1'024;        // of one object
  static constexpr size_t kKeyBytes = 1'024;
  static constexpr size_t kNumberBytes = 1'024;
  static constexpr size_t kValues = 1'048'576;            // in all
  static constexpr size_t kAnyNumberOfValues = SIZE_MAX;  // for text that we wrote
};

// JSON from a stranger, read strictly: UTF-8, within JsonLimits, no key twice in an object, numbers finite, no U+0000,
// one value and nothing after it. Its memory is wiped when it goes, since a key may stand in it.
class JsonDocument {
 public:
  // MALFORMED_JSON with line and column of the first fault; BODY_TOO_LARGE where there is more than the limits allow.
  static absl::StatusOr<JsonDocument> Parse(std::string_view text, size_t max_values = JsonLimits::kValues);

  const boost::json::value& root() const { return *root_; }

 private:
  class Memory;
  explicit JsonDocument(std::shared_ptr<Memory> memory);

  std::shared_ptr<Memory> memory_;  // outlives the value
  std::shared_ptr<const boost::json::value> root_;
};

}  // namespace ftl
