#include "common/endpoint/http/http_connection.h"

#include <algorithm>
#include <cstring>

#include <boost/asio/error.hpp>

#include "common/endpoint/http/response_guard.h"

namespace ftl {
namespace {

using boost::system::error_code;

// An endpoint that sends without end must let others have their turn.
constexpr int kMostReadsInARow = 16;

}  // namespace

HttpConnection::HttpConnection(asio::any_io_executor executor, std::unique_ptr<ByteStream> stream,
                               const CallerLimits& limits)
    : limits_(limits),
      stream_(std::move(stream)),
      timer_(std::move(executor), *stream_),
      buffer_bytes_(limits.head_bytes),
      buffer_(std::make_unique_for_overwrite<char[]>(buffer_bytes_)) {}

WireFault HttpConnection::FaultOf(error_code error) const {
  if (timer_.has_expired()) return TransportFault::kTimeout;
  if (error == asio::error::operation_aborted) return TransportFault::kCancelled;
  return TransportFault::kCut;
}

Wire<> HttpConnection::Send(std::string_view request) {
  begin_ = end_ = 0;
  response_.reset();
  last_ = {};
  worst_lag_ = {};
  may_be_more_ = has_received_ = false;
  const error_code error = co_await stream_->Write(request);
  if (error) co_return FaultOf(error);
  co_return WireResult<>();
}

Arrival HttpConnection::TryRead() {
  if (begin_ == end_) begin_ = end_ = 0;
  if (end_ == buffer_bytes_ && begin_ > 0) {
    std::memmove(buffer_.get(), buffer_.get() + begin_, end_ - begin_);
    end_ -= std::exchange(begin_, 0);
  }
  const size_t room = buffer_bytes_ - end_;
  const Arrival arrival = stream_->TryRead({buffer_.get() + end_, room});
  if (arrival.error) return arrival;
  may_be_more_ = arrival.size == room;
  end_ += arrival.size;
  if (!has_received_) first_arrival_ = arrival.at;
  has_received_ |= arrival.size > 0;
  has_ended_ = arrival.size == 0;
  last_ = arrival;
  worst_lag_ = std::max(worst_lag_, arrival.lag);
  return arrival;
}

// Waits first, unless the last read left something: so a stream costs one read for each piece, not two.
Wire<> HttpConnection::ReadMore() {
  while (true) {
    if (timer_.has_expired()) co_return WireFault(TransportFault::kTimeout);
    if (!may_be_more_ || ++reads_in_a_row_ >= kMostReadsInARow) {
      reads_in_a_row_ = 0;
      const error_code failed = co_await stream_->WaitReadable();
      if (failed) co_return FaultOf(failed);
    }
    const Arrival arrival = TryRead();
    if (!arrival.error) co_return WireResult<>();
    may_be_more_ = false;
    if (arrival.error != asio::error::would_block) co_return FaultOf(arrival.error);
  }
}

Wire<ResponseHead> HttpConnection::ReadHead() {
  size_t bytes_left = limits_.head_bytes;
  for (int interim = 0; interim <= limits_.interim_responses; ++interim) {
    WireResult<ResponseHead> head = co_await ReadOneHead(bytes_left);
    if (!head) co_return head;
    if (head->status == 101) break;
    if (head->is_interim()) continue;
    is_last_ = head->is_last;
    co_return head;
  }
  co_return WireFault(FormatFault::kHead);
}

Wire<ResponseHead> HttpConnection::ReadOneHead(size_t& bytes_left) {
  while (HeadEnd(received()) == std::string_view::npos) {
    constexpr std::string_view kStart = "HTTP/1.";
    const size_t known = std::min(received().size(), kStart.size());
    if (received().substr(0, known) != kStart.substr(0, known)) co_return WireFault(FormatFault::kHead);
    if (received().size() >= bytes_left) co_return WireFault(FormatFault::kHeadTooLong);
    if (has_ended_) co_return WireFault(TransportFault::kCut);
    WireResult<> more = co_await ReadMore();
    if (!more) co_return more.error();
  }
  const size_t size = HeadEnd(received());
  if (size > bytes_left) co_return WireFault(FormatFault::kHeadTooLong);
  bytes_left -= size;
  response_.emplace(limits_.head_bytes);
  const bool is_taken = response_->Take(received().substr(0, size));
  begin_ += size;
  if (!is_taken) co_return WireFault(FormatFault::kHead);
  co_return response_->head();
}

WireResult<std::string_view> HttpConnection::BufferedBody() {
  std::string_view rest = received();
  const absl::StatusOr<std::string_view> piece = response_->NextPiece(rest);
  begin_ = end_ - rest.size();
  // What fills the whole buffer and is no body has no end.
  if (!piece.ok() || received().size() == buffer_bytes_) return WireFault(FormatFault::kChunks);
  return *piece;
}

Wire<std::string_view> HttpConnection::ReadBody() {
  while (true) {
    WireResult<std::string_view> piece = BufferedBody();
    if (!piece || !piece->empty() || response_->is_at_end()) co_return piece;
    if (has_ended_) {
      if (response_->TakeEnd()) co_return std::string_view();
      co_return WireFault(TransportFault::kCut);
    }
    WireResult<> more = co_await ReadMore();
    if (!more) co_return more.error();
  }
}

HttpConnection::Readiness HttpConnection::Check() {
  if (is_last_ || has_ended_ || !response_) return Readiness::kDead;
  for (int reads = 0; reads < kMostReadsInARow; ++reads) {
    WireResult<std::string_view> piece;
    do {
      piece = BufferedBody();
    } while (piece && !piece->empty());
    const bool is_at_end = response_->is_at_end();
    if (!piece || (is_at_end && begin_ < end_)) return Readiness::kDead;
    const Arrival arrival = TryRead();
    if (arrival.error == asio::error::would_block) return is_at_end ? Readiness::kReady : Readiness::kBusy;
    if (arrival.error || arrival.size == 0) return Readiness::kDead;
  }
  return Readiness::kDead;
}

}  // namespace ftl
