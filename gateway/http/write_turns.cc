#include "gateway/http/write_turns.h"

#include <utility>

#include <boost/asio/async_result.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace ftl::http {

bool WriteTurns::Take(size_t bytes) {
  if (spent_ >= kBytesOfTurn || !line_.empty()) return false;
  Spend(bytes);
  return true;
}

asio::awaitable<void> WriteTurns::Wait(size_t bytes) {
  auto stand_in_line = [this, bytes](auto handler) { line_.push_back({bytes, std::move(handler)}); };
  return asio::async_initiate<const asio::use_awaitable_t<>, void()>(std::move(stand_in_line), asio::use_awaitable);
}

void WriteTurns::Spend(size_t bytes) {
  spent_ += bytes + kBytesOfWrite;
  if (!std::exchange(begins_, true)) asio::post(executor_, [this] { Begin(); });
}

// What this lets go on writes at once, and what was ready before has had its turn.
void WriteTurns::Begin() {
  begins_ = false;
  spent_ = 0;
  while (spent_ < kBytesOfTurn && !line_.empty()) {
    Waiting next = std::move(line_.front());
    line_.pop_front();
    Spend(next.bytes);
    std::move(next.go_on)();
  }
}

}  // namespace ftl::http
