#include "gateway/http/body_stream.h"

#include <algorithm>

#include <boost/beast/http/chunk_encode.hpp>

#include "common/error/try.h"

namespace ftl::http {

namespace beast_http = boost::beast::http;

namespace {

// Views into `sequence`.
template <typename Sequence>
Wire::Buffers Flat(const Sequence& sequence) {
  Wire::Buffers buffers;
  std::copy(sequence.begin(), sequence.end(), buffers.begin());
  return buffers;
}

}  // namespace

Task<> BodyStream::Write(std::string_view piece) {
  if (is_silent_) co_return absl::OkStatus();
  while (!piece.empty()) {
    CO_TRY(co_await WriteSlice(piece.substr(0, kSliceBytes)));
    piece.remove_prefix(std::min(piece.size(), kSliceBytes));
  }
  co_return absl::OkStatus();
}

Task<> BodyStream::WriteSlice(std::string_view piece) {
  wire_->SetDeadline(DeadlineIn(limits_->write));
  if (framing_ == Framing::kChunked) {
    const beast_http::chunk_body chunk(asio::buffer(piece));
    CO_TRY(co_await wire_->WriteInTurns(Flat(chunk)));
  } else {
    const Wire::Buffers whole{asio::buffer(piece)};
    CO_TRY(co_await wire_->WriteInTurns(whole));
  }
  wire_->SetDeadline(Deadline::max());
  co_return absl::OkStatus();
}

Task<> BodyStream::End() {
  if (framing_ == Framing::kChunked && !is_silent_) {
    wire_->SetDeadline(DeadlineIn(limits_->write));
    const beast_http::chunk_last<> last;
    CO_TRY(co_await wire_->Write(Flat(last)));
    wire_->SetDeadline(Deadline::max());
  }
  ended_ = true;
  co_return absl::OkStatus();
}

}  // namespace ftl::http
