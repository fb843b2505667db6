#pragma once

#include <span>
#include <string>
#include <string_view>

#include <absl/status/statusor.h>

#include "common/endpoint/url/endpoint.h"

namespace ftl {

// A service whose keys people keep here. The texts are for people.
struct KeyService {
  std::string_view service_name;  // the stable name of the contract: `anthropic`
  std::string_view name;
  std::string_view dialect;   // Dialect::name()
  std::string_view base_url;  // where it serves; an example where `needs_base_url`
  std::string_view key_format;
  std::string_view docs_url;
  bool needs_base_url = false;
  bool needs_key = true;
  bool has_several = false;  // each with a name of its own
  bool has_api_version = false;
  bool (*looks_right)(std::string_view key);
};

// All of them, in the order in which they are shown.
std::span<const KeyService> KeyServices();
// Null for a name that is none.
const KeyService* KeyServiceNamed(std::string_view service_name);
// `openai, anthropic, …`, for sentences.
std::string KeyServiceNames();

// The key as it is sent (CleanKey), where it looks like one of the service. KEY_FORMAT, field `api_key`, with what such
// a key looks like; INVALID_FIELD for what no header can carry, and for none where one is needed. A view into `key`.
absl::StatusOr<std::string_view> JudgeKey(const KeyService& service, std::string_view key);

// Where a key of the service is used: at `base_url`, or at the service's own address where that is empty.
// INVALID_FIELD, field `base_url`, where it must be given, and for what is no URL; ENDPOINT_NOT_ALLOWED; INVALID_FIELD,
// field `api_version`, for what is none, and where the service has none.
absl::StatusOr<Endpoint> KeyAddress(const KeyService& service, std::string_view base_url, std::string_view api_version,
                                    const AddressPolicy& policy);

// The last four characters of a key of at least twenty; empty for a shorter one.
std::string KeyHint(std::string_view key);

}  // namespace ftl
