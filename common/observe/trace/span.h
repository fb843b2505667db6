#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include <absl/time/time.h>

#include "common/observe/trace/span_context.h"

namespace ftl::trace {

// The numbers are those of OpenTelemetry's protocol.
enum class SpanKind { kServer = 2, kClient = 3 };

// A span that has ended.
struct SpanRecord {
  SpanContext context;
  std::optional<SpanContext> parent;
  std::string name;
  SpanKind kind;
  absl::Time start;
  absl::Time end;
  std::vector<std::pair<std::string_view, std::variant<std::string, int64_t, double, bool, std::vector<std::string>>>>
      attributes;
  std::string error_type;  // empty for none
};

// Something that takes time on behalf of a call, from Begin to End. Names and attributes follow OpenTelemetry's
// semantic conventions; no key, prompt, answer or session is ever among them. Where no spans are recorded, or not this
// trace, it only carries the context on. Used on one thread at a time.
class Span {
 public:
  // Of nothing.
  Span() = default;
  // A child of `parent`, or a new trace where there is none; whether that is recorded the sampler says. `name` is for
  // people and of low cardinality.
  static Span Begin(SpanKind kind, std::string name, const std::optional<SpanContext>& parent);
  // A child of what this thread works for now; of nothing where that is not recorded.
  static Span BeginUnderCurrent(SpanKind kind, std::string name);
  ~Span() { End(); }
  Span(Span&&) = default;
  Span& operator=(Span&&) = default;

  bool is_recorded() const { return record_ != nullptr; }
  // As traceparent; empty for a span of nothing.
  std::string traceparent() const { return context_ ? TraceparentOf(*context_) : std::string(); }
  const std::optional<SpanContext>& context() const { return context_; }

  void SetName(std::string name);
  // `key` outlives the span.
  template <typename Value>
  void Set(std::string_view key, Value value) {
    if (record_) record_->attributes.emplace_back(key, std::move(value));
  }
  // It did not do what it was for; `type` is one of few words.
  void Fail(std::string type);
  void End();

 private:
  std::optional<SpanContext> context_;
  std::unique_ptr<SpanRecord> record_;
};

// What the thread works for now, or nothing. Set while a TracedExecutor runs something.
const SpanContext* Current();

// Sets what the thread works for, for as long as it lives.
class CurrentScope {
 public:
  explicit CurrentScope(const SpanContext* context);
  ~CurrentScope();
  CurrentScope(const CurrentScope&) = delete;
  CurrentScope& operator=(const CurrentScope&) = delete;

 private:
  const SpanContext* const before_;
};

// How it is decided whether a trace is recorded; the words of OTEL_TRACES_SAMPLER.
struct Sampler {
  bool follows_parent = true;
  double ratio = 1;  // of the traces that nobody has decided on; 0 to 1
};

// Records spans from now on: each that has ended is given to `take`, from any thread. Null ends it; spans under way are
// dropped then.
void Record(Sampler sampler, std::function<void(SpanRecord)> take);
// Whether spans are recorded.
bool IsRecording();

}  // namespace ftl::trace
