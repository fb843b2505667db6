#pragma once

#include <memory>
#include <string>

#include <absl/status/statusor.h>
#include <google/protobuf/message.h>

#include "gateway/http/request_head.h"
#include "gateway/http/target.h"
#include "gateway/route.h"

namespace ftl::gateway {

// Fills the request of a route's RPC from path, query, body and headers, and judges what all routes judge alike: every
// fault of the fields at once, sessions given twice, sessions that cannot be, missing fields. Pure.
absl::StatusOr<std::shared_ptr<google::protobuf::Message>> ReadInput(const Route& route, const http::RequestHead& head,
                                                                     const http::Parameters& path_fields,
                                                                     std::string_view body,
                                                                     std::string_view client_address);

// The session that query and header name; empty where they name none.
absl::StatusOr<std::string> SessionOfHead(const Route& route, const http::RequestHead& head);

// For a route without an RPC, which knows no parameters: UNKNOWN_FIELD for any.
absl::Status JudgeParameters(const http::RequestHead& head);

// UNSUPPORTED_MEDIA_TYPE unless a body that is there or due is `application/json`, or `application/octet-stream` where
// the route takes a file, as it is, without a Content-Encoding. Judged before the body is read.
absl::Status JudgeContentType(const Route& route, const http::RequestHead& head);

// Says whose request it is, where its message has a place for that.
void NameOwner(const std::string& owner, google::protobuf::Message& request);

// Overwrites the secrets in a request that has been used.
void WipeSecrets(google::protobuf::Message& request);

}  // namespace ftl::gateway
