#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace ftl::trace {

// Which span of which trace, as W3C Trace Context names them: neither id is all zero. `sampled` says whether the trace
// is recorded.
struct SpanContext {
  std::array<uint8_t, 16> trace_id = {};
  std::array<uint8_t, 8> span_id = {};
  bool sampled = false;
};

// Of a `traceparent`, also of a later version with more behind it. Nullopt for anything that is none. Pure.
std::optional<SpanContext> ParseTraceparent(std::string_view text);
std::string TraceparentOf(const SpanContext& context);

// The same trace with a span id of its own; without a parent a new trace, not sampled.
SpanContext ChildOf(const std::optional<SpanContext>& parent);

}  // namespace ftl::trace
