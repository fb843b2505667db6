#include "services/batch-runner/chat/live_answer.h"

#include <utility>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace ftl::batch_runner {

void LiveAnswer::AddReasoning(std::string_view piece) {
  reasoning_ += piece;
  Wake();
}

void LiveAnswer::AddContent(std::string_view piece) {
  content_ += piece;
  Wake();
}

void LiveAnswer::Open() {
  is_open_ = true;
  Wake();
}

void LiveAnswer::End(absl::StatusOr<pb::Message> stored) {
  if (stored.ok()) {
    reasoning_ = stored->reasoning();
    content_ = stored->content();
  }
  ended_ = std::move(stored);
  Wake();
}

void LiveAnswer::Wake() {
  for (Listener* listener : listeners_) {
    listener->has_news_ = true;
    listener->wake_.cancel();
  }
}

LiveAnswer::Listener::Listener(asio::any_io_executor executor, std::shared_ptr<LiveAnswer> answer)
    : answer_(std::move(answer)), wake_(executor, asio::steady_timer::time_point::max()) {
  answer_->listeners_.insert(this);
}

LiveAnswer::Listener::~Listener() { answer_->listeners_.erase(this); }

asio::awaitable<void> LiveAnswer::Listener::Wait() {
  if (!has_news_) {
    wake_.expires_at(asio::steady_timer::time_point::max());
    co_await wake_.async_wait(asio::as_tuple(asio::use_awaitable));
  }
  has_news_ = false;
}

}  // namespace ftl::batch_runner
