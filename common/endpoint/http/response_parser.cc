#include "common/endpoint/http/response_parser.h"

#include <absl/strings/match.h>

#include "common/endpoint/http/response_guard.h"
#include "common/text/view.h"

namespace ftl {

using boost::beast::http::field;

bool ResponseParser::Take(std::string_view head) {
  const std::string text = CanonicalHead(head);
  if (!IsBeyondDoubt(text) || !TakeHead(text).ok()) return false;
  if (const auto length = content_length()) head_.content_length = *length;
  head_.is_chunked = chunked();
  head_.is_last = !keep_alive();
  return true;
}

void ResponseParser::on_response_impl(int status, View, int, Error&) { head_.status = status; }

void ResponseParser::OnField(field known, std::string_view name, std::string_view value) {
  if (known == field::content_type) {
    head_.content_type = value;
  } else if (known == field::content_encoding) {
    head_.content_encoding = value;
  } else if (known == field::location) {
    head_.location = value;
  } else if (known == field::retry_after) {
    head_.retry.retry_after = value;
  } else if (absl::EqualsIgnoreCase(ToAbsl(name), "retry-after-ms")) {
    head_.retry.retry_after_ms = value;
  } else if (absl::EqualsIgnoreCase(ToAbsl(name), "x-should-retry")) {
    head_.retry.should_retry = value;
  } else if (head_.status >= 400) {
    head_.retry.Note(name, value);
  }
}

}  // namespace ftl
