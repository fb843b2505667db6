#pragma once

#include <string>
#include <string_view>

#include <absl/status/status.h>
#include <google/protobuf/message.h>

#include "common/json/input_faults.h"
#include "common/json/json_reader.h"

namespace ftl {

// The door between JSON and protos. The rules stand in protos/README.md; message_plan.h holds them for each type.

// Appends the message as a JSON object. Secrets and unset optional fields are left out.
void WriteMessage(const google::protobuf::Message& message, std::string& out);
std::string ToJson(const google::protobuf::Message& message);

// Appends the members of the message with a comma before each but the first of the object, for objects that have more
// in them than the message: `{"type":"tool_call",…}`. `first` is whether the object has no member yet.
void WriteMembers(const google::protobuf::Message& message, bool first, std::string& out);

// Fills the message from a JSON object and notes every field that is unknown, of the wrong type or not acceptable.
// Fails only for text that is no JSON object at all (MALFORMED_JSON) or holds more than JsonLimits (BODY_TOO_LARGE).
absl::Status ReadBody(std::string_view json, google::protobuf::Message& message, InputFaults& faults,
                      size_t max_values = JsonLimits::kValues);

// Sets one field from text, as it stands in a query or a path.
void ReadParameter(std::string_view name, std::string_view text, google::protobuf::Message& message,
                   InputFaults& faults);

}  // namespace ftl
