#include "common/http/guarded_parser.h"

#include <fmt/format.h>
#include <boost/asio/buffer.hpp>
#include <boost/beast/http/error.hpp>

#include "common/error/refusal.h"
#include "common/error/try.h"

namespace ftl {

namespace beast_http = boost::beast::http;

namespace {

absl::Status TooLarge(size_t max_bytes) {
  return Refuse(Reason::kBodyTooLarge, fmt::format("Send at most {} bytes.", max_bytes))
      .With("max_body_bytes", static_cast<int64_t>(max_bytes));
}

}  // namespace

template <bool is_request>
absl::Status GuardedParser<is_request>::TakeHead(std::string_view head) {
  this->header_limit(static_cast<uint32_t>(head.size()));
  this->body_limit(boost::none);
  Error error;
  const size_t taken = this->put(boost::asio::const_buffer(head.data(), head.size()), error);
  if (error) return Refuse(Reason::kBadRequest, fmt::format("This is not HTTP/1.1: {}.", error.message()));
  return taken == head.size() ? absl::OkStatus() : Refuse(Reason::kBadRequest, "There is more after the head.");
}

template <bool is_request>
absl::Status GuardedParser<is_request>::LimitBody(size_t max_bytes) {
  if (this->content_length().value_or(0) > max_bytes) return TooLarge(max_bytes);
  max_body_bytes_ = max_bytes;
  this->body_limit(max_bytes);
  return absl::OkStatus();
}

template <bool is_request>
absl::StatusOr<std::string_view> GuardedParser<is_request>::NextPiece(std::string_view& bytes) {
  piece_ = {};
  while (piece_.empty() && !bytes.empty() && !is_at_end()) {
    size_t most = bytes.size();
    if (this->chunked() && chunk_left_ == 0) {
      TRY(most, guard_.Judge(bytes));
      if (most == 0) break;
    }
    Error error;
    bytes.remove_prefix(this->put(boost::asio::const_buffer(bytes.data(), most), error));
    if (error == beast_http::error::body_limit) return TooLarge(max_body_bytes_);
    if (error) return Refuse(Reason::kBadRequest, fmt::format("The chunked body is broken: {}.", error.message()));
  }
  return piece_;
}

template <bool is_request>
bool GuardedParser<is_request>::TakeEnd() {
  if (!is_at_end() && this->need_eof()) {
    Error ignored;
    this->put_eof(ignored);
  }
  return is_at_end();
}

template <bool is_request>
void GuardedParser<is_request>::on_field_impl(beast_http::field known, View name, View value, Error&) {
  if (!this->is_header_done()) OnField(known, name, value);
}

template <bool is_request>
size_t GuardedParser<is_request>::on_body_impl(View piece, Error&) {
  piece_ = piece;
  return piece.size();
}

template <bool is_request>
void GuardedParser<is_request>::on_chunk_header_impl(uint64_t size, View, Error&) {
  chunk_left_ = size;
}

template <bool is_request>
size_t GuardedParser<is_request>::on_chunk_body_impl(uint64_t left, View piece, Error&) {
  piece_ = piece;
  chunk_left_ = left - piece.size();
  return piece.size();
}

template class GuardedParser<true>;
template class GuardedParser<false>;

}  // namespace ftl
