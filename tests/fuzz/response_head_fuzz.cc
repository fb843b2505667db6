// The head of an endpoint's answer ends at one place, and its framing is never in doubt.
#include "common/endpoint/http/response_guard.h"
#include "common/endpoint/http/response_parser.h"
#include "tests/fuzz/fuzz.h"

namespace ftl::fuzz {
namespace {

constexpr size_t kNone = std::string_view::npos;

size_t EndByteByByte(std::string_view input) {
  for (size_t size = 1; size <= input.size(); ++size) {
    if (const size_t end = HeadEnd(input.substr(0, size)); end != kNone) return end;
  }
  return kNone;
}

void Check(const ResponseHead& head) {
  Require(head.status >= 100 && head.status <= 599, "a status is one of HTTP's");
  Require(!(head.is_chunked && head.content_length), "a chunked body has no length");
  for (const std::string& value : {head.content_type, head.content_encoding, head.retry.retry_after,
                                   head.retry.retry_after_ms, head.retry.should_retry}) {
    Require(value.find_first_of(std::string_view("\0\r\n", 3)) == kNone, "no value goes beyond its line");
    Require(value.empty() || (value.front() != ' ' && value.back() != ' '), "no value has blanks around it");
  }
}

}  // namespace

void FuzzOne(std::string_view input) {
  const size_t end = HeadEnd(input);
  Require(end == EndByteByByte(input), "a head ends at the same place whole and byte by byte");
  ResponseParser parser(/*max_extra_bytes=*/1024);
  if (parser.Take(input.substr(0, end))) Check(parser.head());
}

}  // namespace ftl::fuzz
