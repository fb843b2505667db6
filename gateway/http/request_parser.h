#pragma once

#include <string_view>

#include <absl/status/status.h>

#include "common/http/guarded_parser.h"
#include "gateway/http/request_head.h"

namespace ftl::http {

// Reads one request: first its head, then the pieces of its body.
class RequestParser final : public GuardedParser<true> {
 public:
  RequestParser();

  // Judges and parses a whole head, whose bytes stay. BAD_REQUEST, URI_TOO_LONG or HEAD_TOO_LARGE; after any of these
  // the connection must close, since nobody knows where the next request begins.
  absl::Status Take(std::string_view head);
  const RequestHead& head() const { return head_; }

 private:
  void on_request_impl(boost::beast::http::verb, View method, View target, int version, Error&) override;
  void OnField(boost::beast::http::field known, std::string_view name, std::string_view value) override;

  RequestHead head_;
};

}  // namespace ftl::http
