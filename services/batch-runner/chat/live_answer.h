#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <boost/asio/any_io_executor.hpp>

#include "common/async/task.h"
#include "common/time/deadline.h"
#include "finetunelab/batch_runner/v1/conversation.pb.h"
#include "services/batch-runner/chat/news.h"

namespace ftl::batch_runner {

namespace pb = finetunelab::batch_runner::v1;

// An answer as it grows, for any number of listeners, who share its text: each knows how much he has had, so nothing is
// queued for one that reads slowly. On the module's thread.
class LiveAnswer {
 public:
  // `content` is what it goes on from.
  explicit LiveAnswer(std::string content) : content_(std::move(content)) {}

  const std::string& reasoning() const { return reasoning_; }
  const std::string& content() const { return content_; }
  void AddReasoning(std::string_view piece);
  void AddContent(std::string_view piece);

  // Listeners are told nothing before the answer's place is stored.
  void Open();
  bool is_open() const { return is_open_; }

  // As it is stored at its end, which is its text from then on; or why it never began.
  void End(absl::StatusOr<pb::Message> stored);
  const std::optional<absl::StatusOr<pb::Message>>& ended() const { return ended_; }

  size_t listeners() const { return news_.listeners(); }

  // One who listens. The answer outlives him.
  class Listener {
   public:
    Listener(asio::any_io_executor executor, std::shared_ptr<LiveAnswer> answer)
        : answer_(std::move(answer)), listener_(std::move(executor), answer_->news_) {}
    // Until something has come since the last call.
    asio::awaitable<void> Wait() { return listener_.Wait(); }

   private:
    std::shared_ptr<LiveAnswer> answer_;
    News::Listener listener_;
  };

 private:
  std::string reasoning_;
  std::string content_;
  bool is_open_ = false;
  std::optional<absl::StatusOr<pb::Message>> ended_;
  News news_;
};

}  // namespace ftl::batch_runner
