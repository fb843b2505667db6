#pragma once

#include <memory>
#include <optional>
#include <utility>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>

#include "common/rpc/call.h"
#include "gateway/watch/signal.h"

namespace ftl::gateway {

// Reads a stream one message ahead, so that whoever takes them can do something else, such as a heartbeat, while none
// comes. Dropping it cancels the stream.
template <typename Response>
class Pump {
 public:
  Pump(asio::any_io_executor executor, rpc::Stream<Response> stream) : state_(std::make_shared<State>(executor)) {
    auto read = [state = state_, stream = std::make_shared<rpc::Stream<Response>>(std::move(stream))]() {
      return Read(state, stream);
    };
    auto finish = [state = state_](std::exception_ptr) { state->come.Notify(); };
    asio::co_spawn(executor, std::move(read), asio::bind_cancellation_slot(state_->cancel.slot(), std::move(finish)));
  }
  ~Pump() { state_->cancel.emit(asio::cancellation_type::terminal); }
  Pump(const Pump&) = delete;
  Pump& operator=(const Pump&) = delete;

  // Whether the next message, the end or a failure has come; false at the deadline.
  asio::awaitable<bool> Wait(Deadline deadline) {
    if (!state_->has_next) co_await state_->come.Wait(deadline);
    co_return state_->has_next;
  }
  // What has come: a message, nullopt at a good end, or how the call failed.
  absl::StatusOr<std::optional<Response>> Take() {
    state_->has_next = false;
    state_->taken.Notify();
    return std::exchange(state_->next, std::optional<Response>());
  }

 private:
  struct State {
    explicit State(asio::any_io_executor executor) : come(executor), taken(executor) {}
    absl::StatusOr<std::optional<Response>> next{std::optional<Response>()};
    bool has_next = false;
    Signal come;
    Signal taken;
    asio::cancellation_signal cancel;
  };

  static asio::awaitable<void> Read(std::shared_ptr<State> state, std::shared_ptr<rpc::Stream<Response>> stream) {
    while (true) {
      state->next = co_await stream->Next();
      state->has_next = true;
      const bool is_end = !state->next.ok() || !state->next->has_value();
      state->come.Notify();
      if (is_end) co_return;
      while (state->has_next) co_await state->taken.Wait(Deadline::max());
    }
  }

  std::shared_ptr<State> state_;
};

}  // namespace ftl::gateway
