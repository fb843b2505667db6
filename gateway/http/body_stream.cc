#include "gateway/http/body_stream.h"

#include <algorithm>
#include <charconv>

#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "common/error/try.h"

namespace ftl::http {

Task<> BodyStream::Write(std::string_view piece) {
  if (is_silent_) co_return absl::OkStatus();
  while (!piece.empty()) {
    CO_TRY(co_await WriteSlice(piece.substr(0, kSliceBytes)));
    piece.remove_prefix(std::min(piece.size(), kSliceBytes));
    if (!piece.empty()) co_await asio::post(executor(), asio::use_awaitable);
  }
  co_return absl::OkStatus();
}

Task<> BodyStream::WriteSlice(std::string_view piece) {
  wire_->SetDeadline(DeadlineIn(limits_->write));
  if (framing_ == Framing::kChunked) {
    char head[18];
    char* end = std::to_chars(head, head + 16, piece.size(), 16).ptr;
    *end++ = '\r';
    *end++ = '\n';
    CO_TRY(co_await wire_->Write(std::string_view(head, static_cast<size_t>(end - head)), piece, "\r\n"));
  } else {
    CO_TRY(co_await wire_->Write(piece));
  }
  wire_->SetDeadline(Deadline::max());
  co_return absl::OkStatus();
}

Task<> BodyStream::End() {
  if (framing_ == Framing::kChunked && !is_silent_) {
    wire_->SetDeadline(DeadlineIn(limits_->write));
    CO_TRY(co_await wire_->Write("0\r\n\r\n"));
    wire_->SetDeadline(Deadline::max());
  }
  ended_ = true;
  co_return absl::OkStatus();
}

}  // namespace ftl::http
