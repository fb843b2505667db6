#pragma once

#include <memory>
#include <optional>
#include <string>

#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/steady_timer.hpp>

#include "common/async/task.h"
#include "common/endpoint/chat_call.h"
#include "services/batch-runner/call/key_loans.h"

namespace ftl::batch_runner {

// The one call of a connection test. It outlives a test that waited in vain, up to kLongest: a server that is loading
// its model gives the loading up when its caller hangs up, and a second test would find it where the first one did.
// On the module's thread.
class Greeting : public std::enable_shared_from_this<Greeting> {
 public:
  static constexpr absl::Duration kLongest = absl::Seconds(60);

  // All but `endpoint` and `loan` outlives it. `endpoint` is the loan's.
  Greeting(asio::any_io_executor executor, Caller& caller, Endpoint endpoint, KeyLoans::Loan loan, std::string session);

  // Makes the call.
  void Begin();
  // The reply, once it is there: waits for it up to `limit`.
  asio::awaitable<std::optional<absl::StatusOr<ChatReply>>> Heard(absl::Duration limit);
  void BreakOff() { cancel_.emit(asio::cancellation_type::terminal); }

  bool has_ended() const { return reply_.has_value(); }

 private:
  Caller& caller_;
  const Endpoint endpoint_;
  const KeyLoans::Loan loan_;
  const std::string session_;
  const ChatRequest request_;
  asio::steady_timer ended_;
  asio::cancellation_signal cancel_;
  std::optional<absl::StatusOr<ChatReply>> reply_;
};

}  // namespace ftl::batch_runner
