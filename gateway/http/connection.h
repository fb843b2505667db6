#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/cancellation_signal.hpp>

#include "gateway/http/exchange.h"
#include "gateway/http/limits.h"
#include "gateway/http/wire.h"

namespace ftl::http {

// Answers one exchange. What it leaves unanswered is answered 500.
using Handler = std::function<asio::awaitable<void>(Exchange&)>;

// One client's connection: requests one after the other, in order, until either side has had enough. A head that is not
// beyond doubt ends it.
class Connection : public std::enable_shared_from_this<Connection> {
 public:
  Connection(asio::ip::tcp::socket socket, WriteTurns& turns, const Limits& limits, const Handler& handler);

  // Serves until the end, then calls `ended`.
  void Start(std::function<void()> ended);

  // Takes no further request: at once where none is under way, else after its answer.
  void Drain();
  // Closes a connection that is without a whole request, to make room for others.
  void GiveWay();
  // Breaks off whatever goes on.
  void Abort();

  // True for as long as no whole request is there: between requests, while head or body come in, and while the client
  // of an answer that came before its body is given time to read it.
  bool waiting() const { return !given_way_ && (waiting_ || lingering_ || (exchange_ && !exchange_->body_read())); }
  // Since when it has been without a whole request.
  Deadline waiting_since() const { return waiting_since_; }
  Wire& wire() { return wire_; }

 private:
  asio::awaitable<void> Serve();
  // The next head; empty when there will be none.
  Task<std::string> ReadHead();
  // Whether another request may follow; first what is `lasting` has to be written, where that is set.
  asio::awaitable<bool> ServeOne(std::string head_bytes, std::optional<LastingBody>& lasting);
  asio::awaitable<void> Refused(const absl::Status& status);
  asio::awaitable<void> Linger();

  Wire wire_;
  const Limits& limits_;
  const Handler& handler_;
  asio::cancellation_signal cancel_;
  bool first_ = true;
  bool waiting_ = true;     // for a head
  bool lingering_ = false;  // all has been said
  bool given_way_ = false;
  const Exchange* exchange_ = nullptr;  // while its handler runs
  Deadline waiting_since_;
  bool draining_ = false;
};

}  // namespace ftl::http
