#pragma once

#include <memory>
#include <string_view>

#include <absl/status/statusor.h>
#include <boost/json/value.hpp>

namespace ftl {

// JSON from a stranger, read strictly: UTF-8, at most 64 deep, no key twice in an object, numbers finite, no U+0000,
// one value and nothing after it. Its memory is wiped when it goes, since a key may stand in it.
class JsonDocument {
 public:
  // MALFORMED_JSON with line and column of the first fault.
  static absl::StatusOr<JsonDocument> Parse(std::string_view text);

  const boost::json::value& root() const { return *root_; }

 private:
  class Memory;
  explicit JsonDocument(std::shared_ptr<Memory> memory);

  std::shared_ptr<Memory> memory_;  // outlives the value
  std::shared_ptr<const boost::json::value> root_;
};

}  // namespace ftl
