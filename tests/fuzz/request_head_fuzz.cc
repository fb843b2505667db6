// The head of a request is found at the same place whether it comes whole or byte by byte, and one that guard and
// parser accept is accepted again when it is written out from what was understood: nothing in it could be read in two
// ways.
#include <algorithm>

#include <fmt/format.h>
#include <boost/asio/ip/address_v4.hpp>

#include "common/observe/trace/span_context.h"
#include "gateway/http/caller.h"
#include "gateway/http/request_guard.h"
#include "gateway/http/request_parser.h"
#include "gateway/http/target.h"
#include "tests/fuzz/fuzz.h"

namespace ftl::fuzz {
namespace {

using http::RequestHead;

constexpr std::string_view kTokenBytes =
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789!#$%&'*+-.^_`|~";

size_t SizeByteByByte(std::string_view input) {
  size_t seen = 0;
  for (size_t size = 1; size <= input.size(); ++size) {
    if (const size_t found = http::HeadSize(input.substr(0, size), seen); found > 0) return found;
    seen = size;
  }
  return 0;
}

std::string Written(const RequestHead& head) {
  std::string text = fmt::format("{} {}", head.method, head.path);
  if (!head.query.empty()) text += fmt::format("?{}", head.query);
  text += fmt::format(" HTTP/1.{}\r\n", head.minor_version);
  for (const http::FieldView& field : head.fields) text += fmt::format("{}: {}\r\n", field.name, field.value);
  return text + "\r\n";
}

bool IsSame(const RequestHead& a, const RequestHead& b) {
  const auto same_fields = [](const http::FieldView& x, const http::FieldView& y) {
    return x.name == y.name && x.value == y.value;
  };
  return a.method == b.method && a.path == b.path && a.query == b.query && a.host == b.host && a.chunked == b.chunked &&
         a.content_length == b.content_length && a.keep_alive == b.keep_alive &&
         a.expects_continue == b.expects_continue &&
         std::equal(a.fields.begin(), a.fields.end(), b.fields.begin(), b.fields.end(), same_fields);
}

int Count(const RequestHead& head, std::string_view name) {
  return static_cast<int>(std::count_if(head.fields.begin(), head.fields.end(), [&](const http::FieldView& field) {
    return http::EqualsIgnoringCase(field.name, name);
  }));
}

void Check(const RequestHead& head) {
  const int framings = Count(head, "content-length") + Count(head, "transfer-encoding");
  Require(framings <= 1, "the length of a body is said at most once");
  Require(!head.chunked || (head.minor_version == 1 && head.content_length == 0), "a chunked body has no length");
  Require(head.chunked == (Count(head, "transfer-encoding") == 1), "no transfer coding is passed over");
  Require(Count(head, "host") == 1 || (head.minor_version == 0 && Count(head, "host") == 0), "there is one Host");
  for (const http::FieldView& field : head.fields) {
    const bool is_token = field.name.find_first_not_of(kTokenBytes) == std::string_view::npos;
    Require(!field.name.empty() && is_token, "every field has a proper name");
    for (const char c : field.value) {
      Require(static_cast<unsigned char>(c) >= 0x20 || c == '\t', "no field has a control character");
    }
  }
  const std::string text = Written(head);
  if (text.size() > http::kMaxHeadBytes) return;
  http::RequestParser again;
  Require(again.Take(text).ok() && IsSame(head, again.head()), "what is accepted reads back as itself");
}

// Everything that is read from a head later.
void ReadAll(const RequestHead& head) {
  const auto peer = boost::asio::ip::make_address_v4(0xcb007107);
  for (const int hops : {0, 1, 2}) Require(!http::ClientAddress(peer, head, hops).empty(), "a caller has an address");
  Require(http::ClientAddress(peer, head, 0) == "203.0.113.7", "without a proxy the address is the socket's");
  const std::string id = http::RequestIdOf(head);
  Require(id.size() <= 64 && id.find_first_of(" \r\n\"<") == std::string::npos, "a request id is harmless");
  (void)trace::ParseTraceparent(head.Find("traceparent").value_or(""));
  (void)http::BearerOf(head);
  (void)http::IsForeign(head);
  (void)http::ParseQuery(head.query);
  (void)http::DecodeSegment(head.path);
}

}  // namespace

void FuzzOne(std::string_view input) {
  const size_t size = http::HeadSize(input, 0);
  Require(size == SizeByteByByte(input), "a head ends at the same place whole and byte by byte");
  http::RequestParser parser;
  if (!parser.Take(input.substr(0, size == 0 ? input.size() : size)).ok()) return;
  Require(size > 0, "only a whole head is accepted");
  Check(parser.head());
  ReadAll(parser.head());
}

}  // namespace ftl::fuzz
