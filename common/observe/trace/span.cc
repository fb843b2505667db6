#include "common/observe/trace/span.h"

#include <atomic>
#include <cmath>
#include <deque>
#include <mutex>

#include <absl/time/clock.h>

namespace ftl::trace {
namespace {

struct Recorder {
  Sampler sampler;
  std::function<void(SpanRecord)> take;
};

std::atomic<const Recorder*> recorder = nullptr;

// Replaced as a whole; those that were in force stay, since a span may be ending with them.
const Recorder* Kept(Recorder next) {
  static std::mutex mutex;
  static auto& kept = *new std::deque<Recorder>();
  const std::lock_guard lock(mutex);
  return &kept.emplace_back(std::move(next));
}

thread_local const SpanContext* current = nullptr;

// The low half of a trace id is random; the same trace is judged alike everywhere.
bool IsWithin(double ratio, const SpanContext& context) {
  uint64_t random = 0;
  for (size_t i = 8; i < 16; ++i) random = random << 8 | context.trace_id[i];
  return static_cast<double>(random >> 11) < std::ldexp(ratio, 53);
}

bool IsSampled(const Sampler& sampler, const std::optional<SpanContext>& parent, const SpanContext& context) {
  return parent && sampler.follows_parent ? parent->sampled : IsWithin(sampler.ratio, context);
}

}  // namespace

Span Span::Begin(SpanKind kind, std::string name, const std::optional<SpanContext>& parent) {
  Span span;
  const Recorder* const by = recorder.load(std::memory_order_acquire);
  if (by == nullptr && !parent) return span;
  span.context_ = ChildOf(parent);
  if (by == nullptr) return span;
  span.context_->sampled = IsSampled(by->sampler, parent, *span.context_);
  if (!span.context_->sampled) return span;
  span.record_ = std::make_unique<SpanRecord>();
  *span.record_ = {.context = *span.context_, .parent = parent, .name = std::move(name), .kind = kind};
  span.record_->start = absl::Now();
  return span;
}

Span Span::BeginUnderCurrent(SpanKind kind, std::string name) {
  if (current == nullptr || !current->sampled || !IsRecording()) return Span();
  return Begin(kind, std::move(name), *current);
}

void Span::SetName(std::string name) {
  if (record_) record_->name = std::move(name);
}

void Span::Fail(std::string type) {
  if (record_) record_->error_type = std::move(type);
}

void Span::End() {
  if (!record_) return;
  const std::unique_ptr<SpanRecord> ended = std::move(record_);
  ended->end = absl::Now();
  if (const Recorder* const by = recorder.load(std::memory_order_acquire)) by->take(std::move(*ended));
}

const SpanContext* Current() { return current; }

CurrentScope::CurrentScope(const SpanContext* context) : before_(current) { current = context; }
CurrentScope::~CurrentScope() { current = before_; }

void Record(Sampler sampler, std::function<void(SpanRecord)> take) {
  recorder.store(take ? Kept({sampler, std::move(take)}) : nullptr, std::memory_order_release);
}

bool IsRecording() { return recorder.load(std::memory_order_relaxed) != nullptr; }

}  // namespace ftl::trace
