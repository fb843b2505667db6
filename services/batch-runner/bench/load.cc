#include "services/batch-runner/bench/load.h"

#include <algorithm>
#include <limits>
#include <random>
#include <utility>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "common/error/refusal.h"
#include "common/error/try.h"
#include "common/rpc/call_context.h"
#include "common/time/proto_time.h"
#include "services/batch-runner/bench/prompt_fitter.h"

namespace ftl::batch_runner {
namespace {

constexpr absl::Duration kCallLimit = absl::Minutes(2);
constexpr absl::Duration kBorrowLimit = absl::Seconds(10);

Deadline Now() { return std::chrono::steady_clock::now(); }

LoadSample SampleOf(const ModelAnswer& answer, std::optional<Deadline> scheduled) {
  const ChatReply& reply = answer.reply;
  LoadSample sample{.success = reply.ok(), .error_type = reply.failure.error_type};
  const endpoint_pb::Timing& timing = reply.timing;
  sample.latency = FromProto(timing.latency());
  if (scheduled) sample.since_scheduled_start = -TimeLeft(*scheduled);
  if (timing.has_ttft()) sample.ttft = FromProto(timing.ttft());
  if (timing.has_itl_mean()) sample.itl = FromProto(timing.itl_mean());
  if (timing.has_tpot()) sample.tpot = FromProto(timing.tpot());
  sample.prompt_tokens = static_cast<int>(reply.input_tokens);
  sample.output_tokens = static_cast<int>(reply.output_tokens);
  return sample;
}

}  // namespace

ModelCall Load::AskedCall(int output_tokens) const {
  ModelCall asked{.owner = owner_,
                  .project = benchmark_.project(),
                  .kind = pb::REQUEST_KIND_BENCHMARK,
                  .model = benchmark_.plan().model(),
                  .messages = {{"user", prompt_}},
                  .limit = kCallLimit};
  asked.parameters.set_max_tokens(output_tokens);
  asked.parameters.set_stream(true);
  return asked;
}

Task<> Load::FitPrompt() {
  PromptFitter fitter(benchmark_.plan().prompt_tokens());
  while (!fitter.is_settled() && !is_stopped_) {
    prompt_ = fitter.prompt();
    CO_TRY(const ModelAnswer answer, co_await calls_.Call(OwnCall(kBorrowLimit), AskedCall(1)));
    if (!answer.reply.ok()) co_return Refuse(Reason::kEndpointFailed, answer.reply.failure.sentence);
    fitter.Counted(static_cast<int>(answer.reply.input_tokens));
  }
  prompt_ = fitter.prompt();
  co_return absl::OkStatus();
}

asio::awaitable<pb::BenchmarkPoint> Load::Measure(std::optional<double> rate) {
  const pb::BenchmarkPlan& plan = benchmark_.plan();
  const StopRule rule{plan.has_requests() ? plan.requests() : std::numeric_limits<int>::max(),
                      plan.has_duration_s() ? absl::Seconds(plan.duration_s()) : absl::InfiniteDuration()};
  samples_.clear();
  LoadCourse course;
  const Deadline started = Now();
  Deadline last_due = started;
  int begun = 0;
  if (rate) {
    Arrivals arrivals(plan.arrivals(), *rate, std::random_device()());
    for (absl::Duration due = arrivals.Next(); !is_stopped_ && rule.MayBegin(begun, due); due = arrivals.Next()) {
      last_due = started + absl::ToChronoNanoseconds(due);
      while (!is_stopped_ && TimeLeft(last_due) > absl::ZeroDuration()) co_await Sleep(last_due);
      if (is_stopped_) break;
      ++begun;
      if (under_way_.size() < kMostUnderWay) {
        Begin(last_due);
      } else {
        ++course.not_begun;
      }
    }
  } else {
    while (!is_stopped_ && rule.MayBegin(begun, -TimeLeft(started))) {
      for (; under_way_.size() < static_cast<size_t>(plan.concurrency()) && begun < rule.most_requests; ++begun) {
        Begin(std::nullopt);
      }
      // All may have ended as they began.
      if (under_way_.empty()) continue;
      co_await Sleep(started + absl::ToChronoNanoseconds(std::min(rule.longest, absl::Hours(24))));
    }
  }
  while (!under_way_.empty()) co_await Sleep(Deadline::max());
  course.duration = -TimeLeft(started);
  course.schedule = absl::FromChrono(last_due - started);
  pb::BenchmarkPoint point = FiguresOf(plan, samples_, course);
  if (rate) {
    point.set_offered_rate(*rate);
  } else {
    point.set_concurrency(plan.concurrency());
  }
  co_return point;
}

void Load::Begin(std::optional<Deadline> scheduled) {
  const Place place = under_way_.emplace(under_way_.end());
  const auto ended = [self = shared_from_this(), place](std::exception_ptr) {
    self->under_way_.erase(place);
    self->wake_.cancel();
  };
  asio::co_spawn(executor_, Make(place, scheduled), asio::bind_cancellation_slot(place->cancel.slot(), ended));
}

asio::awaitable<void> Load::Make(Place, std::optional<Deadline> scheduled) {
  const auto self = shared_from_this();
  const auto answer = co_await calls_.Call(OwnCall(kBorrowLimit), AskedCall(benchmark_.plan().output_tokens()));
  if (is_stopped_) co_return;
  benchmark_.set_requests_done(benchmark_.requests_done() + 1);
  if (answer.ok()) {
    samples_.push_back(SampleOf(*answer, scheduled));
    co_return;
  }
  obstacle_ = answer.status();
  Stop();
}

void Load::Stop() {
  is_stopped_ = true;
  for (Call& call : under_way_) call.cancel.emit(asio::cancellation_type::terminal);
  wake_.cancel();
}

asio::awaitable<void> Load::Sleep(Deadline until) {
  wake_.expires_at(until);
  co_await wake_.async_wait(asio::as_tuple(asio::use_awaitable));
}

}  // namespace ftl::batch_runner
