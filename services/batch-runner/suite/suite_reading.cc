#include "services/batch-runner/suite/suite_reading.h"

#include <utility>

#include <fmt/format.h>

#include "common/endpoint/answer/clean_text.h"
#include "common/error/refusal.h"
#include "services/batch-runner/suite/conversation.h"
#include "services/batch-runner/suite/prompt_faults.h"

namespace ftl::batch_runner {
namespace {

constexpr size_t kMostNameBytes = 60;

}  // namespace

void SuiteReading::Add(pb::Prompt prompt, const Place& place) {
  if (is_full_) return;
  if (prompts_.size() == static_cast<size_t>(kMostPrompts)) {
    Fault({}, "holds more than 100,000 prompts; split it");
    has_too_many_ = true;
    is_full_ = true;
    return;
  }
  SettleConversation(prompt);
  FieldFaults own;
  ValidatePrompt(prompt, "", own);
  for (const FieldFault& fault : own.listed()) Fault(place, fmt::format("{} {}", fault.field, fault.message));
  if (!own.empty()) return;
  prompt_bytes_ += prompt.ByteSizeLong();
  if (prompt_bytes_ > 2 * kMostContentBytes) {
    Fault({}, "gives more than 64 MiB of prompts");
    is_full_ = true;
    return;
  }
  prompts_.push_back(std::move(prompt));
}

void SuiteReading::Fault(const Place& place, std::string_view what) {
  if (++fault_count_ >= kMostCounted) is_full_ = true;
  if (faults_.size() == kMostListed) return;
  pb::ContentFault& fault = faults_.emplace_back();
  if (place.line > 0) fault.set_line(place.line);
  fault.set_message(place.words.empty() ? std::string(what) : fmt::format("{}: {}", place.words, what));
}

void SuiteReading::LeaveOut(std::string_view name) {
  if (left_out_.size() == kMostListed || name.empty()) return;
  const std::string cut(CutText(name, kMostNameBytes));
  if (known_left_out_.insert(cut).second) left_out_.push_back(cut);
}

}  // namespace ftl::batch_runner
