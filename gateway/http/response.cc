#include "gateway/http/response.h"

#include <array>
#include <charconv>
#include <cstddef>
#include <ctime>
#include <memory_resource>

#include <boost/beast/core/buffers_range.hpp>
#include <boost/beast/http/fields.hpp>

#include "gateway/http/security_headers.h"

namespace ftl::http {
namespace {

namespace beast_http = boost::beast::http;
using beast_http::field;
using Fields = beast_http::basic_fields<std::pmr::polymorphic_allocator<char>>;

constexpr std::string_view kLineEnd = "\r\n";

// `Date` of this second, made once a second.
std::string_view Date() {
  thread_local std::time_t made_for = 0;
  thread_local char text[64];
  thread_local size_t size = 0;
  const std::time_t now = std::time(nullptr);
  if (now != made_for) {
    std::tm parts{};
    gmtime_r(&now, &parts);
    size = std::strftime(text, sizeof text, "%a, %d %b %Y %H:%M:%S GMT", &parts);
    made_for = now;
  }
  return {text, size};
}

void InsertLength(size_t bytes, Fields& fields) {
  char digits[20];
  const char* const end = std::to_chars(digits, digits + sizeof digits, bytes).ptr;
  fields.insert(field::content_length, {digits, static_cast<size_t>(end - digits)});
}

void AppendAll(const Fields::writer& lines, std::string& out) {
  for (const auto buffer : boost::beast::buffers_range(lines.get())) {
    out.append(static_cast<const char*>(buffer.data()), buffer.size());
  }
}

// The security headers and the empty line, made once: in each answer they would be half of what its head costs.
std::string SecurityLines(bool https) {
  Fields fields;
  for (const SecurityHeader& header : kSecurityHeaders) fields.insert(header.name, header.value);
  if (https) fields.insert(kStrictTransport.name, kStrictTransport.value);
  std::string lines;
  AppendAll(Fields::writer(fields), lines);
  return lines;
}

}  // namespace

Response JsonResponse(int status, std::string json) {
  Response response;
  response.status = status;
  response.content_type = "application/json";
  response.body = std::move(json);
  return response;
}

void AppendHead(const Response& response, const HeadFacts& facts, std::string& out) {
  std::array<std::byte, 4096> place;
  std::pmr::monotonic_buffer_resource memory(place.data(), place.size());
  Fields fields{std::pmr::polymorphic_allocator<char>(&memory)};
  fields.insert(field::date, Date());
  if (!response.content_type.empty()) fields.insert(field::content_type, response.content_type);
  if (facts.framing == Framing::kChunked) {
    fields.insert(field::transfer_encoding, "chunked");
  } else if (facts.framing == Framing::kLength && response.status != 204 && response.status != 304) {
    InsertLength(response.content().size(), fields);
  }
  fields.insert(field::cache_control, response.cache_control);
  for (const auto& [name, value] : response.fields) fields.insert(name, value);
  fields.insert("X-Request-Id", facts.request_id);
  if (!facts.traceparent.empty()) fields.insert("traceparent", facts.traceparent);
  if (!facts.keep_alive) fields.insert(field::connection, "close");
  AppendAll(Fields::writer(fields, /*version=*/11, static_cast<unsigned>(response.status)), out);
  static const std::array<std::string, 2> security = {SecurityLines(false), SecurityLines(true)};
  out.resize(out.size() - kLineEnd.size());  // the head goes on
  out += security[facts.https ? 1 : 0];
}

}  // namespace ftl::http
