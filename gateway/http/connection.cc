#include "gateway/http/connection.h"

#include <absl/cleanup/cleanup.h>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>

#include "common/error/refusal.h"
#include "common/error/try.h"
#include "common/observe/log.h"
#include "common/rpc/call_context.h"
#include "gateway/http/problem.h"
#include "gateway/http/request_guard.h"
#include "gateway/http/request_parser.h"

namespace ftl::http {
namespace {

constexpr size_t kLingerBytes = 64 * 1024 * 1024;

}  // namespace

Connection::Connection(asio::ip::tcp::socket socket, WriteTurns& turns, const Limits& limits, const Handler& handler)
    : wire_(std::move(socket), turns),
      limits_(limits),
      handler_(handler),
      waiting_since_(std::chrono::steady_clock::now()) {}

void Connection::Start(std::function<void()> ended) {
  auto finish = [self = shared_from_this(), ended = std::move(ended)](std::exception_ptr failure) {
    self->wire_.Close();
    ended();
    try {
      if (failure) std::rethrow_exception(failure);
    } catch (const boost::system::system_error&) {
      // Broken off: the client has gone, or we are stopping.
    } catch (const std::exception& error) {
      log::Error("connection failed", {{"error", error.what()}});
    }
  };
  // `finish` keeps the connection for as long as it is served.
  asio::co_spawn(wire_.executor(), Serve(), asio::bind_cancellation_slot(cancel_.slot(), std::move(finish)));
}

void Connection::Drain() {
  draining_ = true;
  if (waiting_ && wire_.unread().empty()) wire_.Close();
}

void Connection::GiveWay() {
  given_way_ = true;
  wire_.Close();
}

void Connection::Abort() {
  wire_.Close();
  cancel_.emit(asio::cancellation_type::terminal);
}

asio::awaitable<void> Connection::Serve() {
  while (true) {
    absl::StatusOr<std::string> head = co_await ReadHead();
    if (!head.ok()) {
      co_await Refused(head.status());
      co_return;
    }
    if (head->empty()) co_return;
    std::optional<LastingBody> lasting;
    bool go_on = co_await ServeOne(*std::move(head), lasting);
    if (lasting) {
      auto rest = std::exchange(lasting->write, nullptr)(lasting->body);
      const absl::Status written = co_await std::move(rest);
      wire_.StopWatching();
      go_on = go_on && written.ok() && lasting->body.ended() && !draining_;
    }
    if (!go_on) co_return;
  }
}

Task<std::string> Connection::ReadHead() {
  waiting_ = true;
  waiting_since_ = std::chrono::steady_clock::now();
  bool begun = !wire_.unread().empty();
  wire_.SetDeadline(DeadlineIn(begun ? limits_.head : first_ ? limits_.first_byte : limits_.idle));
  size_t seen = 0;
  bool line_judged = false;
  while (true) {
    const std::string_view bytes = wire_.unread();
    if (!line_judged) {
      if (IsNotHttp(bytes)) co_return std::string();
      CO_TRY(JudgeBeginning(bytes.substr(0, kMaxHeadBytes)));
      line_judged = bytes.find("\r\n", 2) != std::string_view::npos;
    }
    if (const size_t size = HeadSize(bytes.substr(0, kMaxHeadBytes), seen); size > 0) {
      std::string head(bytes.substr(0, size));
      wire_.Consume(size);
      wire_.SetDeadline(Deadline::max());
      waiting_ = false;
      first_ = false;
      co_return head;
    }
    if (bytes.size() >= kMaxHeadBytes) {
      const bool line_is_long = bytes.substr(0, kMaxRequestLineBytes).find('\n') == std::string_view::npos;
      co_return Refuse(line_is_long ? Reason::kUriTooLong : Reason::kHeadTooLarge,
                       "The head of the request is too large.");
    }
    seen = bytes.size();
    absl::StatusOr<size_t> read = co_await wire_.ReadMore(Wire::kFewBytes);
    // A client that says nothing, or goes away in the middle of a head, is not answered.
    if (!read.ok() && begun && wire_.expired()) co_return std::move(read).status();
    if (!read.ok() || *read == 0) co_return std::string();
    if (!begun) {
      begun = true;
      wire_.SetDeadline(DeadlineIn(limits_.head));
    }
  }
}

asio::awaitable<bool> Connection::ServeOne(std::string head_bytes, std::optional<LastingBody>& lasting) {
  RequestParser parser;
  const absl::Status judged = parser.Take(head_bytes);
  if (!judged.ok()) {
    co_await Refused(judged);
    co_return false;
  }
  Exchange exchange(wire_, limits_, parser);
  if (draining_) exchange.CloseAfterwards();
  // Streams read nothing, so a client that goes away is noticed by this alone.
  exchange.OnStream([this] { wire_.WatchHangup([this] { cancel_.emit(asio::cancellation_type::terminal); }); });
  exchange_ = &exchange;
  const absl::Cleanup gone = [this] { exchange_ = nullptr; };
  co_await handler_(exchange);
  if (!exchange.answered()) {
    (void)co_await exchange.Send(ProblemResponse(absl::InternalError("no answer"), exchange.request_id()));
  }
  lasting = exchange.TakeLasting();
  if (lasting) co_return exchange.may_follow();
  wire_.StopWatching();
  if (exchange.may_continue() && !draining_) co_return true;
  if (!exchange.body_read()) co_await Linger();
  co_return false;
}

asio::awaitable<void> Connection::Refused(const absl::Status& status) {
  const std::string request_id = NewRequestId();
  const Response response = ProblemResponse(status, request_id);
  HeadFacts facts;
  facts.request_id = request_id;
  facts.keep_alive = false;
  facts.https = limits_.https;
  std::string head;
  AppendHead(response, facts, head);
  wire_.Renew(DeadlineIn(limits_.linger));
  (void)co_await wire_.Write(head, response.content());
  co_await Linger();
}

// Closing with unread bytes would reset the connection, and the client might never see the answer.
asio::awaitable<void> Connection::Linger() {
  lingering_ = true;
  wire_.ShutdownSend();
  wire_.Renew(DeadlineIn(limits_.linger));
  for (size_t skipped = 0; skipped < kLingerBytes;) {
    skipped += wire_.unread().size();
    wire_.Consume(wire_.unread().size());
    const absl::StatusOr<size_t> read = co_await wire_.ReadMore(Wire::kManyBytes);
    if (!read.ok() || *read == 0) co_return;
  }
}

}  // namespace ftl::http
