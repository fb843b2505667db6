#include "services/batch-runner/chat/live_answer.h"

#include <utility>

namespace ftl::batch_runner {

void LiveAnswer::AddReasoning(std::string_view piece) {
  reasoning_ += piece;
  news_.Tell();
}

void LiveAnswer::AddContent(std::string_view piece) {
  content_ += piece;
  news_.Tell();
}

void LiveAnswer::Open() {
  is_open_ = true;
  news_.Tell();
}

void LiveAnswer::End(absl::StatusOr<pb::Message> stored) {
  if (stored.ok()) {
    reasoning_ = stored->reasoning();
    content_ = stored->content();
  }
  ended_ = std::move(stored);
  news_.Tell();
}

}  // namespace ftl::batch_runner
