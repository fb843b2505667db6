#include "services/sample-endpoint/script.h"

#include <fmt/format.h>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>

namespace ftl::sample_endpoint {
namespace {

constexpr std::string_view kLastChunk = "0\r\n\r\n";

std::string_view Phrase(int status) {
  switch (status) {
    case 200:
      return "OK";
    case 307:
      return "Temporary Redirect";
    case 400:
      return "Bad Request";
    case 401:
      return "Unauthorized";
    case 402:
      return "Payment Required";
    case 403:
      return "Forbidden";
    case 404:
      return "Not Found";
    case 405:
      return "Method Not Allowed";
    case 408:
      return "Request Timeout";
    case 412:
      return "Precondition Failed";
    case 413:
      return "Content Too Large";
    case 422:
      return "Unprocessable Content";
    case 424:
      return "Failed Dependency";
    case 429:
      return "Too Many Requests";
    case 500:
      return "Internal Server Error";
    case 502:
      return "Bad Gateway";
    case 503:
      return "Service Unavailable";
    case 529:
      return "Overloaded";
    default:
      return "Other";
  }
}

}  // namespace

std::string Head(int status, Headers headers) {
  std::string head =
      fmt::format("HTTP/1.1 {} {}\r\nx-sample-endpoint: canned answers, no model\r\n", status, Phrase(status));
  for (const Header& header : headers)
    fmt::format_to(std::back_inserter(head), "{}: {}\r\n", header.name, header.value);
  return head + "\r\n";
}

Script Whole(int status, std::string_view content_type, std::string_view body, absl::Duration at, Headers headers) {
  std::string bytes = Head(status, headers);
  bytes.resize(bytes.size() - 2);
  fmt::format_to(std::back_inserter(bytes), "content-type: {}\r\ncontent-length: {}\r\n\r\n{}", content_type,
                 body.size(), body);
  return {status, {{at, std::move(bytes), true}}};
}

Script Json(int status, std::string_view body, absl::Duration at, Headers headers) {
  return Whole(status, "application/json", body, at, headers);
}

Script EventStream(std::vector<Step> events, Ending ending, Headers headers) {
  Script script = UnendedEventStream(std::move(events), ending, headers);
  script.steps.back().bytes += kLastChunk;
  return script;
}

Script UnendedEventStream(std::vector<Step> events, Ending ending, Headers headers) {
  std::string head = Head(200, headers);
  head.resize(head.size() - 2);
  head +=
      "content-type: text/event-stream; charset=utf-8\r\ncache-control: no-cache\r\ntransfer-encoding: chunked\r\n\r\n";
  Script script{200, {}, ending};
  if (events.empty()) script.steps.push_back({absl::ZeroDuration(), head});
  for (Step& event : events) {
    std::string bytes = script.steps.empty() ? head : "";
    script.steps.push_back({event.at, bytes + Chunk(event.bytes), event.is_first_token});
  }
  return script;
}

std::string Chunk(std::string_view bytes) { return fmt::format("{:x}\r\n{}\r\n", bytes.size(), bytes); }

std::string Event(std::string_view json) { return fmt::format("data: {}\n\n", json); }

std::string Quoted(std::string_view text) {
  return boost::json::serialize(boost::json::value(boost::json::string_view(text.data(), text.size())));
}

}  // namespace ftl::sample_endpoint
