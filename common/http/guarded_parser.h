#pragma once

#include <string_view>

#include <absl/status/statusor.h>
#include <boost/beast/http/basic_parser.hpp>

#include "common/http/chunk_guard.h"

namespace ftl {

// Beast's parser of one message, for an owner that reads by itself. It is given whole heads, which the owner has judged
// before, and of a chunked body only what a ChunkGuard has passed; trailers are dropped. Copies nothing: what it gives
// are views into what it was given.
template <bool is_request>
class GuardedParser : protected boost::beast::http::basic_parser<is_request> {
 public:
  // `max_extra_bytes` bounds extensions and trailers of a chunked body.
  explicit GuardedParser(size_t max_extra_bytes) : guard_(max_extra_bytes) {}

  // The next piece of the body from the front of `bytes`, which goes on behind it; empty where the body has ended or
  // more must come. BAD_REQUEST for broken framing, BODY_TOO_LARGE once a chunk goes beyond LimitBody.
  absl::StatusOr<std::string_view> NextPiece(std::string_view& bytes);
  // The body may have so many bytes. BODY_TOO_LARGE where its length is known to be more.
  absl::Status LimitBody(size_t max_bytes);
  // The connection has ended. False where the body is not whole by that.
  bool TakeEnd();
  bool is_at_end() const { return this->is_done(); }

 protected:
  using Error = boost::system::error_code;
  using View = boost::beast::string_view;

  // All of the head, its empty line included. BAD_REQUEST.
  absl::Status TakeHead(std::string_view head);

  // A field of the head, its value without the blanks around it.
  virtual void OnField(boost::beast::http::field known, std::string_view name, std::string_view value) = 0;

  void on_request_impl(boost::beast::http::verb, View, View, int, Error&) override {}
  void on_response_impl(int, View, int, Error&) override {}

 private:
  void on_field_impl(boost::beast::http::field known, View name, View value, Error&) final;
  void on_header_impl(Error&) final {}
  void on_body_init_impl(const boost::optional<uint64_t>&, Error&) final {}
  size_t on_body_impl(View piece, Error&) final;
  void on_chunk_header_impl(uint64_t size, View, Error&) final;
  size_t on_chunk_body_impl(uint64_t left, View piece, Error&) final;
  void on_finish_impl(Error&) final {}

  ChunkGuard guard_;
  size_t max_body_bytes_ = 0;  // once it is limited
  uint64_t chunk_left_ = 0;    // bytes of the chunk that have not come
  std::string_view piece_;
};

}  // namespace ftl
