#include "gateway/api/answer_line.h"

#include <fmt/format.h>

#include "common/json/message_json.h"
#include "gateway/http/problem.h"
#include "gateway/http/sse_writer.h"

namespace ftl::gateway {

std::string TypedLine(std::string_view type, const google::protobuf::Message& members) {
  std::string json = fmt::format("{{\"type\":\"{}\"", type);
  WriteMembers(members, /*first=*/false, json);
  return json + "}";
}

std::string ErrorLine(const absl::Status& status, const std::string& request_id, std::string_view more) {
  return fmt::format("{{\"type\":\"error\"{},\"problem_type\"", more) +
         http::ProblemJson(status, request_id).substr(sizeof "{\"type\"" - 1);
}

std::string LastEvents(const absl::Status& status, const std::string& request_id) {
  std::string end;
  if (!status.ok()) http::AppendEvent("", 0, ErrorLine(status, request_id), end);
  http::AppendEvent("", 0, "[DONE]", end);
  return end;
}

}  // namespace ftl::gateway
