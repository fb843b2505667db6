#include "services/batch-runner/run/run_metrics.h"

#include <map>
#include <string>
#include <utility>

#include "common/observe/instrument.h"
#include "common/proto/enum_word.h"

namespace ftl::batch_runner::run_metrics {
namespace {

using metrics::CounterOf;
using metrics::GaugeOf;
using metrics::HistogramOf;
using prometheus::Labels;
namespace pb = finetunelab::batch_runner::v1;
using Boundaries = prometheus::Histogram::BucketBoundaries;

// Those that the conventions give.
const Boundaries kCallSeconds = {0.01, 0.02, 0.04, 0.08,  0.16,  0.32,  0.64,
                                 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92};
const Boundaries kTokens = {1, 4, 16, 64, 256, 1024, 4096, 16384, 65536, 262144, 1048576, 4194304, 16777216, 67108864};
const Boundaries kWaitSeconds = {0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300};

std::string WordOf(endpoint_pb::Provider provider) {
  return provider == endpoint_pb::PROVIDER_UNSPECIFIED ? "unknown" : EnumWord(provider);
}

Labels CallLabels(endpoint_pb::Provider provider) {
  return {{"gen_ai_operation_name", "chat"}, {"gen_ai_provider_name", WordOf(provider)}};
}

double Seconds(const google::protobuf::Duration& duration) {
  return static_cast<double>(duration.seconds()) + duration.nanos() / 1e9;
}

// To find a metric by its labels costs more than to move it: each is looked for once.
template <typename Metric, typename Key, typename Find>
Metric& Known(std::map<Key, Metric*>& known, const Key& key, Find find) {
  Metric*& metric = known[key];
  if (metric == nullptr) metric = &find();
  return *metric;
}

using ByOutcome = std::pair<endpoint_pb::Provider, endpoint_pb::Outcome>;

prometheus::Counter& Prompts(endpoint_pb::Provider provider, endpoint_pb::Outcome outcome) {
  static std::map<ByOutcome, prometheus::Counter*> known;
  return Known(
      known, {provider, outcome}, [&]() -> auto& {
        return CounterOf("ftl_prompts_total", "Prompts whose result was stored.",
                         {{"provider", WordOf(provider)}, {"outcome", EnumWord(outcome)}});
      });
}

prometheus::Counter& Attempts(endpoint_pb::Provider provider, endpoint_pb::Outcome outcome) {
  static std::map<ByOutcome, prometheus::Counter*> known;
  return Known(
      known, {provider, outcome}, [&]() -> auto& {
        return CounterOf("ftl_call_attempts_total", "Calls to endpoints, each attempt of a prompt by itself.",
                         {{"provider", WordOf(provider)}, {"outcome", EnumWord(outcome)}});
      });
}

// `outcome` is OK's for calls that went well, whatever came.
prometheus::Histogram& CallTimes(endpoint_pb::Provider provider, endpoint_pb::Outcome outcome) {
  static std::map<ByOutcome, prometheus::Histogram*> known;
  return Known(
      known, {provider, outcome}, [&]() -> auto& {
        Labels labels = CallLabels(provider);
        if (outcome != endpoint_pb::OUTCOME_OK) labels.emplace("error_type", EnumWord(outcome));
        return HistogramOf("gen_ai_client_operation_duration_seconds",
                           "A call from its start to its end, opening a connection included.", kCallSeconds, labels);
      });
}

prometheus::Histogram& FirstChunkTimes(endpoint_pb::Provider provider) {
  static std::map<endpoint_pb::Provider, prometheus::Histogram*> known;
  return Known(
      known, provider, [&]() -> auto& {
        return HistogramOf("gen_ai_client_time_to_first_chunk_seconds",
                           "From a call's start to the first piece of its answer.", kCallSeconds, CallLabels(provider));
      });
}

prometheus::Histogram& Tokens(endpoint_pb::Provider provider, const std::string& type) {
  static std::map<std::pair<endpoint_pb::Provider, std::string>, prometheus::Histogram*> known;
  return Known(
      known, {provider, type}, [&]() -> auto& {
        Labels labels = CallLabels(provider);
        labels.emplace("gen_ai_token_type", type);
        return HistogramOf("gen_ai_client_token_usage",
                           "Tokens of a call, as the endpoint counts them, or estimated where it does not.", kTokens,
                           labels);
      });
}

prometheus::Counter& StartedRuns() {
  return CounterOf("ftl_runs_started_total", "Runs that this process was asked to start.");
}

prometheus::Counter& EndedRuns(pb::RunStatus status) {
  return CounterOf("ftl_runs_ended_total", "Runs that this process ended.", {{"status", EnumWord(status)}});
}

prometheus::Counter& Retries() {
  return CounterOf("ftl_call_retries_total", "Calls to endpoints after a prompt's first.");
}

prometheus::Counter& RoomlessCalls() {
  return CounterOf("ftl_calls_without_room_total",
                   "Times that a call waited because this process was out of file descriptors, look-ups or memory.");
}

prometheus::Counter& TakenOverPrompts() {
  return CounterOf("ftl_prompts_taken_over_total", "Prompts claimed whose former process died over them.");
}

prometheus::Counter& LostLeases() {
  return CounterOf("ftl_run_leases_lost_total", "Runs that another process took from this one.");
}

prometheus::Counter& Pauses(endpoint_pb::Provider provider) {
  return CounterOf("ftl_run_pauses_total",
                   "Times that a run waits for a second or longer because its endpoint asked it to.",
                   {{"provider", WordOf(provider)}});
}

}  // namespace

void BeginAtZero() {
  StartedRuns();
  for (const pb::RunStatus status : {pb::RUN_STATUS_COMPLETED, pb::RUN_STATUS_FAILED, pb::RUN_STATUS_CANCELLED}) {
    EndedRuns(status);
  }
  Retries();
  TakenOverPrompts();
  LostLeases();
  RoomlessCalls();
  RunsInWork();
  CallsInProgress();
  RunsInLine();
  OldestLease();
  Watchers();
  // Of the providers, those that have no preset are always there.
  Pauses(endpoint_pb::PROVIDER_CUSTOM);
  RunsSlowed(endpoint_pb::PROVIDER_CUSTOM);
}

void Started() { StartedRuns().Increment(); }

void Ended(pb::RunStatus status) { EndedRuns(status).Increment(); }

void Stored(endpoint_pb::Provider provider, endpoint_pb::Outcome outcome) { Prompts(provider, outcome).Increment(); }

void WaitedForStore(absl::Duration waited) {
  static prometheus::Histogram& waits = HistogramOf(
      "ftl_prompt_store_seconds", "From the end of a prompt's last call to the commit of its result.", kWaitSeconds);
  waits.Observe(absl::ToDoubleSeconds(waited));
}

void WaitedForCall(absl::Duration waited) {
  static prometheus::Histogram& waits =
      HistogramOf("ftl_prompt_queue_seconds", "From a prompt's claim by a process to its call.", kWaitSeconds);
  waits.Observe(absl::ToDoubleSeconds(waited));
}

void Called(endpoint_pb::Provider provider, const ChatReply& reply, absl::Duration took) {
  Attempts(provider, reply.outcome).Increment();
  if (reply.timing.has_ttft()) FirstChunkTimes(provider).Observe(Seconds(reply.timing.ttft()));
  if (reply.ok()) {
    Tokens(provider, "input").Observe(static_cast<double>(reply.input_tokens));
    Tokens(provider, "output").Observe(static_cast<double>(reply.output_tokens));
  }
  CallTimes(provider, reply.ok() ? endpoint_pb::OUTCOME_OK : reply.outcome).Observe(absl::ToDoubleSeconds(took));
}

void Retried() { Retries().Increment(); }

void LackedRoom() { RoomlessCalls().Increment(); }

void Paused(endpoint_pb::Provider provider) { Pauses(provider).Increment(); }

void TakenOver() { TakenOverPrompts().Increment(); }

void LostLease() { LostLeases().Increment(); }

prometheus::Gauge& RunsInWork() {
  static prometheus::Gauge& gauge = GaugeOf("ftl_runs_in_work", "Runs that this process works on.");
  return gauge;
}

prometheus::Gauge& RunsInLine() {
  static prometheus::Gauge& gauge = GaugeOf(
      "ftl_runs_waiting_for_calls", "Runs that wait because the process has all calls under way that it may have.");
  return gauge;
}

prometheus::Gauge& RunsSlowed(endpoint_pb::Provider provider) {
  static std::map<endpoint_pb::Provider, prometheus::Gauge*> known;
  return Known(
      known, provider, [&]() -> auto& {
        return GaugeOf(
            "ftl_runs_slowed",
            "Runs that this process calls fewer prompts of at a time than was asked for, since their endpoint "
            "asked to slow down.",
            {{"provider", WordOf(provider)}});
      });
}

prometheus::Gauge& OldestLease() {
  static prometheus::Gauge& gauge =
      GaugeOf("ftl_run_oldest_lease_seconds",
              "How long ago the lease of a run that waits longest for its renewal was renewed; a lease ends at 15.");
  return gauge;
}

prometheus::Gauge& CallsInProgress() {
  static prometheus::Gauge& gauge = GaugeOf("ftl_run_calls_in_progress", "Prompts that this process is calling.");
  return gauge;
}

prometheus::Gauge& Watchers() {
  static prometheus::Gauge& gauge = GaugeOf("ftl_run_watchers", "Streams of a run's events that this process serves.");
  return gauge;
}

}  // namespace ftl::batch_runner::run_metrics
