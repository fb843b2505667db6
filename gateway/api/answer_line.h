#pragma once

#include <string>
#include <string_view>

#include <absl/status/status.h>
#include <google/protobuf/message.h>

namespace ftl::gateway {

// The lines in which answers of models are streamed: `{"type":"token_usage", …}` and the like, as JSON.
std::string TypedLine(std::string_view type, const google::protobuf::Message& members);
// A failure in the middle of an answer: a problem whose own `type` is `problem_type`. `more` stands between the two, as
// members with a comma before each.
std::string ErrorLine(const absl::Status& status, const std::string& request_id, std::string_view more = "");
// What ends such a stream, whether it failed or not.
std::string LastEvents(const absl::Status& status, const std::string& request_id);

}  // namespace ftl::gateway
