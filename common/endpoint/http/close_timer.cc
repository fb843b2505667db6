#include "common/endpoint/http/close_timer.h"

#include <boost/asio/steady_timer.hpp>

namespace ftl {

struct CloseTimer::State {
  State(asio::any_io_executor executor, ByteStream& of) : timer(std::move(executor)), stream(&of) {}

  asio::steady_timer timer;
  ByteStream* stream;  // null once its owner is gone
  Deadline deadline = Deadline::max();
  int round = 0;  // tells a late timer that it was set anew
  bool expired = false;
};

CloseTimer::CloseTimer(asio::any_io_executor executor, ByteStream& stream)
    : state_(std::make_shared<State>(std::move(executor), stream)) {}

CloseTimer::~CloseTimer() {
  Clear();
  state_->stream = nullptr;
}

void CloseTimer::Set(Deadline deadline) {
  state_->deadline = deadline;
  state_->timer.expires_at(deadline);
  state_->timer.async_wait([state = state_, round = ++state_->round](boost::system::error_code error) {
    if (error || state->round != round || state->stream == nullptr) return;
    state->expired = true;
    state->stream->Close();
  });
}

void CloseTimer::Clear() {
  ++state_->round;
  state_->deadline = Deadline::max();
  state_->timer.cancel();
}

Deadline CloseTimer::deadline() const { return state_->deadline; }

bool CloseTimer::has_expired() const { return state_->expired || std::chrono::steady_clock::now() >= state_->deadline; }

}  // namespace ftl
