#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace ftl::http {

// An answer. What every answer carries (date, request id, security headers, length) is added when it is sent.
struct Response {
  int status = 200;
  std::string content_type;  // empty where there is no body
  std::string cache_control = "no-store";
  std::vector<std::pair<std::string, std::string>> fields;
  std::string body;
  // A body that many answers share, such as a file of the page; used in place of `body` where set.
  std::string_view shared_body;

  Response& With(std::string name, std::string value) {
    fields.emplace_back(std::move(name), std::move(value));
    return *this;
  }
  std::string_view content() const { return shared_body.data() == nullptr ? std::string_view(body) : shared_body; }
};

Response JsonResponse(int status, std::string json);

// How the length of the body is said.
enum class Framing { kLength, kChunked, kUntilClose };

// What goes into the head of an answer besides the answer itself.
struct HeadFacts {
  std::string_view request_id;
  std::string_view traceparent;  // empty for none
  Framing framing = Framing::kLength;
  bool keep_alive = true;
  bool https = false;  // HSTS
};

// Appends status line, fields and empty line.
void AppendHead(const Response& response, const HeadFacts& facts, std::string& out);

}  // namespace ftl::http
