#include "gateway/http/sse_writer.h"

#include "common/error/try.h"
#include "common/json/json_writer.h"

namespace ftl::http {
namespace {

constexpr absl::Duration kHeartbeat = absl::Seconds(15);

}  // namespace

void AppendEvent(std::string_view name, int64_t id, std::string_view data, std::string& out) {
  std::string number;
  if (id > 0) AppendJsonNumber(id, number);
  AppendEvent(name, number, data, out);
}

void AppendEvent(std::string_view name, std::string_view id, std::string_view data, std::string& out) {
  if (!name.empty()) out.append("event: ").append(name).append("\n");
  if (!id.empty()) out.append("id: ").append(id).append("\n");
  out.append("data: ").append(data).append("\n\n");
}

Response EventStreamHead() {
  Response head;
  head.content_type = "text/event-stream";
  return head.With("X-Accel-Buffering", "no");
}

SseWriter::SseWriter(BodyStream& body) : body_(body), heartbeat_due_(DeadlineIn(kHeartbeat)) {}

Task<> SseWriter::Write(std::string_view events) {
  if (std::chrono::steady_clock::now() >= heartbeat_due_) {
    CO_TRY(co_await Heartbeat());
  }
  co_return co_await body_.Write(events);
}

Task<> SseWriter::Heartbeat() {
  heartbeat_due_ = DeadlineIn(kHeartbeat);
  return body_.Write(": \n\n");
}

}  // namespace ftl::http
