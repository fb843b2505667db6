#include "gateway/http/response.h"

#include <charconv>
#include <ctime>

#include "gateway/http/security_headers.h"

namespace ftl::http {
namespace {

// `Date: …` of this second, made once a second.
std::string_view DateField() {
  thread_local std::time_t made_for = 0;
  thread_local char text[64];
  const std::time_t now = std::time(nullptr);
  if (now != made_for) {
    std::tm parts{};
    gmtime_r(&now, &parts);
    std::strftime(text, sizeof text, "Date: %a, %d %b %Y %H:%M:%S GMT\r\n", &parts);
    made_for = now;
  }
  return text;
}

void AppendNumber(size_t number, std::string& out) {
  char digits[20];
  out.append(digits, std::to_chars(digits, digits + sizeof digits, number).ptr);
}

void AppendField(std::string_view name, std::string_view value, std::string& out) {
  out.append(name).append(": ").append(value).append("\r\n");
}

}  // namespace

Response JsonResponse(int status, std::string json) {
  Response response;
  response.status = status;
  response.content_type = "application/json";
  response.body = std::move(json);
  return response;
}

std::string_view PhraseOf(int status) {
  switch (status) {
    case 100:
      return "Continue";
    case 200:
      return "OK";
    case 201:
      return "Created";
    case 202:
      return "Accepted";
    case 204:
      return "No Content";
    case 304:
      return "Not Modified";
    case 400:
      return "Bad Request";
    case 401:
      return "Unauthorized";
    case 403:
      return "Forbidden";
    case 404:
      return "Not Found";
    case 405:
      return "Method Not Allowed";
    case 408:
      return "Request Timeout";
    case 409:
      return "Conflict";
    case 410:
      return "Gone";
    case 413:
      return "Content Too Large";
    case 414:
      return "URI Too Long";
    case 415:
      return "Unsupported Media Type";
    case 422:
      return "Unprocessable Content";
    case 429:
      return "Too Many Requests";
    case 431:
      return "Request Header Fields Too Large";
    case 502:
      return "Bad Gateway";
    case 503:
      return "Service Unavailable";
    case 504:
      return "Gateway Timeout";
    default:
      return status < 500 ? "Refused" : "Internal Server Error";
  }
}

void AppendHead(const Response& response, const HeadFacts& facts, std::string& out) {
  out += "HTTP/1.1 ";
  AppendNumber(response.status, out);
  out.append(" ").append(PhraseOf(response.status)).append("\r\n");
  out += DateField();
  if (!response.content_type.empty()) AppendField("Content-Type", response.content_type, out);
  if (facts.framing == Framing::kChunked) {
    out += "Transfer-Encoding: chunked\r\n";
  } else if (facts.framing == Framing::kLength && response.status != 204 && response.status != 304) {
    out += "Content-Length: ";
    AppendNumber(response.content().size(), out);
    out += "\r\n";
  }
  AppendField("Cache-Control", response.cache_control, out);
  for (const auto& [name, value] : response.fields) AppendField(name, value, out);
  AppendField("X-Request-Id", facts.request_id, out);
  if (!facts.traceparent.empty()) AppendField("traceparent", facts.traceparent, out);
  if (!facts.keep_alive) out += "Connection: close\r\n";
  out += SecurityHeaders(facts.https);
  out += "\r\n";
}

}  // namespace ftl::http
