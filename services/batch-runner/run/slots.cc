#include "services/batch-runner/run/slots.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace ftl::batch_runner {

size_t Slots::Room(int slots) const {
  const size_t most = std::max(0, slots);
  return most > held() ? most - held() : 0;
}

void Slots::Lease(LeasedPrompt prompt) {
  const int32_t prompt_id = prompt.prompt_id;
  const bool is_ready = prompt.may_call && !refused_.contains(prompt_id);
  (is_ready ? ready_ : claimed_).insert_or_assign(prompt_id, std::move(prompt));
}

void Slots::Commit(const std::vector<int32_t>& prompt_ids) {
  for (const int32_t prompt_id : prompt_ids) {
    uncommitted_.erase(prompt_id);
    if (auto intended = claimed_.extract(prompt_id)) ready_.insert(std::move(intended));
  }
}

void Slots::GiveBack(const std::vector<int32_t>& prompt_ids) {
  for (const int32_t prompt_id : prompt_ids) claimed_.erase(prompt_id);
}

std::vector<int32_t> Slots::NextIntents(size_t room) const {
  std::vector<int32_t> intents(uncommitted_.begin(), uncommitted_.end());
  const size_t most = intents.size() + room;
  for (const bool was_refused : {false, true}) {
    for (const auto& [prompt_id, prompt] : claimed_) {
      const bool is_next = refused_.contains(prompt_id) == was_refused;
      if (is_next && intents.size() < most) intents.push_back(prompt_id);
    }
  }
  return intents;
}

std::vector<int32_t> Slots::Held() const {
  std::vector<int32_t> prompt_ids;
  for (const auto* prompts : {&claimed_, &ready_}) {
    for (const auto& [prompt_id, prompt] : *prompts) prompt_ids.push_back(prompt_id);
  }
  prompt_ids.insert(prompt_ids.end(), called_.begin(), called_.end());
  for (const FinishedPrompt& finished : finished_) prompt_ids.push_back(finished.result.prompt_id());
  return prompt_ids;
}

bool Slots::MayStart(int slots) const {
  return !ready_.empty() && static_cast<int>(called_.size() + finished_.size()) < slots;
}

LeasedPrompt Slots::Start() {
  LeasedPrompt next = std::move(ready_.extract(ready_.begin()).mapped());
  called_.insert(next.prompt_id);
  return next;
}

bool Slots::MayStartAhead(int32_t prompt_id) const {
  const auto found = claimed_.find(prompt_id);
  return found != claimed_.end() && !found->second.came_back;
}

LeasedPrompt Slots::StartAhead(int32_t prompt_id) {
  LeasedPrompt next = std::move(claimed_.extract(prompt_id).mapped());
  called_.insert(prompt_id);
  uncommitted_.insert(prompt_id);
  return next;
}

void Slots::EndCall(int32_t prompt_id) {
  if (const auto found = called_.find(prompt_id); found != called_.end()) called_.erase(found);
  uncommitted_.erase(prompt_id);
}

std::vector<FinishedPrompt> Slots::TakeFinished(size_t bytes) {
  size_t taken = 0;
  auto end = finished_.begin();
  for (; end != finished_.end() && taken < bytes; ++end) taken += end->result.ByteSizeLong();
  std::vector<FinishedPrompt> some(std::move_iterator(finished_.begin()), std::move_iterator(end));
  finished_.erase(finished_.begin(), end);
  return some;
}

void Slots::PutBack(std::vector<FinishedPrompt> finished) {
  finished_.insert(finished_.begin(), std::move_iterator(finished.begin()), std::move_iterator(finished.end()));
}

void Slots::Forget() {
  claimed_.clear();
  ready_.clear();
  uncommitted_.clear();
  finished_.clear();
}

}  // namespace ftl::batch_runner
