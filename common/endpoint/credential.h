#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <absl/status/statusor.h>
#include <google/protobuf/map.h>

#include "common/secret/secret.h"

namespace ftl {

// What an endpoint is shown besides the request. All of it is secret, and any of it may be empty.
struct Credential {
  Credential() = default;
  explicit Credential(Secret of_key) : key(std::move(of_key)) {}
  Credential(Secret of_key, Secret of_headers) : key(std::move(of_key)), header_lines(std::move(of_headers)) {}

  Secret key;
  Secret header_lines;  // further headers as they are sent, each line with its end

  // Whether the further headers have one of that name, however it is written.
  bool HasHeader(std::string_view name) const;
  // Views into the lines.
  std::vector<std::string_view> HeaderValues() const;
};

// Further headers as lines, in the order of their names, values without outer white space. INVALID_FIELD with a fault
// for each header (`headers.X-Name`) that is not as OpenSessionRequest.headers says: more than 10, names of another
// shape or given twice, names that belong to the connection, the body, the key or to us, empty values, characters that
// no header can carry, more than 8 KiB. No fault repeats a value.
absl::StatusOr<Secret> HeaderLines(const google::protobuf::Map<std::string, std::string>& headers);

}  // namespace ftl
