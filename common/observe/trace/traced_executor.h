#pragma once

#include <memory>
#include <type_traits>
#include <utility>

#include <boost/asio/any_io_executor.hpp>

#include "common/async/task.h"
#include "common/observe/trace/span.h"

namespace ftl::trace {

// An executor whose work is done on behalf of a span: Current() says so while it runs. A coroutine spawned on it keeps
// it over every wait, and so do those that it spawns on its own executor.
class TracedExecutor {
 public:
  TracedExecutor(asio::any_io_executor inner, SpanContext context)
      : TracedExecutor(std::move(inner), std::make_shared<const SpanContext>(context)) {}

  template <typename Work>
  void execute(Work work) const {
    inner_.execute([context = context_, work = std::move(work)]() mutable {
      const CurrentScope scope(context.get());
      std::move(work)();
    });
  }

  template <typename Property>
  requires asio::can_query_v<const asio::any_io_executor&, Property>
  decltype(auto) query(const Property& property) const { return asio::query(inner_, property); }
  template <typename Property>
  requires asio::can_require_v<const asio::any_io_executor&, Property> TracedExecutor require(const Property& property)
  const { return {asio::require(inner_, property), context_}; }
  template <typename Property>
  requires asio::can_prefer_v<const asio::any_io_executor&, Property> TracedExecutor prefer(const Property& property)
  const { return {asio::prefer(inner_, property), context_}; }

  friend bool operator==(const TracedExecutor& a, const TracedExecutor& b) noexcept {
    return a.inner_ == b.inner_ && a.context_ == b.context_;
  }
  friend bool operator!=(const TracedExecutor& a, const TracedExecutor& b) noexcept { return !(a == b); }

 private:
  TracedExecutor(asio::any_io_executor inner, std::shared_ptr<const SpanContext> context)
      : inner_(std::move(inner)), context_(std::move(context)) {}

  asio::any_io_executor inner_;
  std::shared_ptr<const SpanContext> context_;
};

// `executor`, on behalf of the span where that is recorded.
inline asio::any_io_executor OnBehalfOf(const std::optional<SpanContext>& context, asio::any_io_executor executor) {
  if (!context || !context->sampled || !IsRecording()) return executor;
  return TracedExecutor(std::move(executor), *context);
}

}  // namespace ftl::trace
