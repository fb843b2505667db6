#include "gateway/http/request_parser.h"

#include "common/error/try.h"
#include "gateway/http/request_guard.h"

namespace ftl::http {
namespace {

constexpr size_t kUsualFields = 16;
constexpr size_t kMaxExtraBytes = 8 * 1024;

}  // namespace

RequestParser::RequestParser() : GuardedParser(kMaxExtraBytes) { head_.fields.reserve(kUsualFields); }

absl::Status RequestParser::Take(std::string_view head) {
  head = Bare(head);
  TRY(JudgeHead(head));
  TRY(TakeHead(head));
  head_.content_length = content_length().value_or(0);
  head_.chunked = chunked();
  head_.keep_alive = keep_alive();
  return absl::OkStatus();
}

void RequestParser::on_request_impl(boost::beast::http::verb, View method, View target, int version, Error&) {
  head_.method = method;
  head_.minor_version = version % 10;
  const std::string_view text = target;
  const size_t mark = text.find('?');
  head_.path = text.substr(0, mark);
  if (mark != std::string_view::npos) head_.query = text.substr(mark + 1);
}

void RequestParser::OnField(boost::beast::http::field known, std::string_view name, std::string_view value) {
  head_.fields.push_back({name, value});
  if (known == boost::beast::http::field::host) head_.host = value;
  if (known == boost::beast::http::field::expect) head_.expects_continue = head_.minor_version == 1;
}

}  // namespace ftl::http
