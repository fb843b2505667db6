#pragma once

#include <string_view>

#include "common/endpoint/http/response_head.h"
#include "common/http/guarded_parser.h"

namespace ftl {

// Reads one response, an interim one too: first its head, then the pieces of its body, which ends by its length, its
// chunks, or the end of the connection.
class ResponseParser final : public GuardedParser<false> {
 public:
  using GuardedParser::GuardedParser;

  // Judges and parses a whole head. False for what is no HTTP/1.x, and for framing on which two readers could differ.
  bool Take(std::string_view head);
  const ResponseHead& head() const { return head_; }

 private:
  void on_response_impl(int status, View reason, int version, Error&) override;
  void OnField(boost::beast::http::field known, std::string_view name, std::string_view value) override;

  ResponseHead head_;
};

}  // namespace ftl
