#include "services/batch-runner/bench/benchmarks.h"

#include <algorithm>
#include <numeric>
#include <utility>

#include <absl/cleanup/cleanup.h>
#include <absl/strings/str_split.h>
#include <absl/time/clock.h>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "common/endpoint/url/key_service.h"
#include "common/error/refusal.h"
#include "common/error/try.h"
#include "common/observe/log.h"
#include "common/text/view.h"
#include "common/time/proto_time.h"
#include "services/batch-runner/bench/benchmark_plan.h"
#include "services/batch-runner/bench/load.h"
#include "services/batch-runner/bench/sweep.h"
#include "services/batch-runner/store/uuid.h"

namespace ftl::batch_runner {
namespace {

constexpr absl::Duration kStoreLimit = absl::Seconds(10);
// How long a benchmark's end is tried to be stored while the database is away, and how often.
constexpr absl::Duration kLongestOutage = absl::Minutes(10);
constexpr absl::Duration kRest = absl::Seconds(1);
// How often a benchmark under way is stored, so that other processes can tell of it and ask for its end.
constexpr absl::Duration kKeepEvery = absl::Seconds(1);
constexpr absl::Duration kKeepLimit = absl::Seconds(3);  // several fit into the time after which nobody is heard
// How often who watches is told: of one that is under way here, and of one that another process carries.
constexpr absl::Duration kLook = absl::Milliseconds(250);
constexpr absl::Duration kLookElsewhere = absl::Seconds(1);
// How long a cancellation waits for the end, and how often it looks.
constexpr absl::Duration kCancelPatience = absl::Seconds(15);
constexpr absl::Duration kCancelLook = absl::Milliseconds(10);
constexpr absl::Duration kCancelLookElsewhere = absl::Milliseconds(250);
// When whoever found too many running may ask again.
constexpr absl::Duration kBusyWait = absl::Seconds(10);
constexpr int kUsualIterations = 5;
constexpr const char* kUsualPrompt = "Hello, are you there?";
constexpr absl::Duration kOldFormCall = absl::Minutes(2);

bool HasEnded(const pb::Benchmark& benchmark) { return benchmark.status() != pb::BENCHMARK_STATUS_RUNNING; }

pb::MeasuredCall MeasuredOf(int iteration, const ModelAnswer& answer) {
  pb::MeasuredCall measured;
  measured.set_iteration(iteration);
  measured.set_request_id(answer.id);
  measured.set_success(answer.reply.ok());
  if (answer.reply.timing.has_latency()) {
    measured.set_time(absl::ToDoubleSeconds(FromProto(answer.reply.timing.latency())));
  }
  if (!answer.reply.ok()) {
    measured.set_error(answer.reply.failure.sentence);
    return measured;
  }
  measured.set_tokens(static_cast<int32_t>(answer.reply.output_tokens));
  if (measured.time() > 0) measured.set_tokens_per_second(measured.tokens() / measured.time());
  return measured;
}

void FillFigures(const std::vector<absl::Duration>& times, pb::MeasureModelResponse& response) {
  int64_t tokens = 0;
  for (const pb::MeasuredCall& measured : response.results()) {
    if (!measured.success()) response.set_errors(response.errors() + 1);
    tokens += measured.tokens();
  }
  if (times.empty()) return;
  std::vector<absl::Duration> sorted = times;
  std::sort(sorted.begin(), sorted.end());
  const absl::Duration sum = std::accumulate(sorted.begin(), sorted.end(), absl::ZeroDuration());
  response.set_avg_time(absl::ToDoubleSeconds(sum) / static_cast<double>(sorted.size()));
  response.set_min_time(absl::ToDoubleSeconds(sorted.front()));
  response.set_max_time(absl::ToDoubleSeconds(sorted.back()));
  response.set_p50_time(absl::ToDoubleSeconds(PercentileOf(sorted, 0.5)));
  response.set_p95_time(absl::ToDoubleSeconds(PercentileOf(sorted, 0.95)));
  if (sum > absl::ZeroDuration()) {
    response.set_tokens_per_second(static_cast<double>(tokens) / absl::ToDoubleSeconds(sum));
  }
}

asio::awaitable<void> Rest(absl::Duration rest) {
  asio::steady_timer timer(co_await asio::this_coro::executor, DeadlineIn(rest));
  co_await timer.async_wait(asio::use_awaitable);
}

Refusal Draining() {
  return Refuse(Reason::kDraining, "This server is shutting down; start the benchmark again in a moment.");
}

}  // namespace

Benchmarks::~Benchmarks() = default;

Task<pb::StartBenchmarkResponse> Benchmarks::Start(const CallContext& call, const pb::StartBenchmarkRequest& request) {
  CO_TRY(pb::BenchmarkPlan plan, PlanBenchmark(request));
  if (is_closed_) co_return Draining();
  if (running_.size() + *starting_ >= kMostRunning) {
    co_return Refuse(Reason::kOverloaded,
                     "As many benchmarks as this server runs at a time are running; wait for one, or cancel one.")
        .With("limit", static_cast<int64_t>(kMostRunning))
        .RetryAfter(kBusyWait);
  }
  ++*starting_;
  const absl::Cleanup has_started = [starting = starting_] { --*starting; };
  pb::Benchmark benchmark;
  benchmark.set_id(NewUuid());
  benchmark.set_project(request.has_project() ? request.project() : "default");
  benchmark.set_status(pb::BENCHMARK_STATUS_RUNNING);
  *benchmark.mutable_created_at() = ToProto(absl::Now());
  *benchmark.mutable_plan() = std::move(plan);
  CO_TRY(co_await parts_.store.Begin(call.deadline, request.owner(), benchmark));
  if (is_closed_) co_return Draining();
  pb::StartBenchmarkResponse response;
  response.set_id(benchmark.id());
  response.set_status(benchmark.status());
  const auto load = std::make_shared<Load>(parts_.executor, parts_.calls, request.owner(), std::move(benchmark));
  running_[response.id()] = load;
  auto ended = [this, load](std::exception_ptr thrown) {
    if (thrown) log::Error("a benchmark was thrown out", {{"id", load->benchmark().id()}});
    running_.erase(load->benchmark().id());
  };
  asio::co_spawn(parts_.executor, Run(load), std::move(ended));
  asio::co_spawn(parts_.executor, Keep(load), asio::detached);
  co_return response;
}

bool Benchmarks::IsHere(const std::string& id) const { return running_.count(id) > 0; }

// Until its end is stored, also while the database is away.
asio::awaitable<void> Benchmarks::Keep(std::shared_ptr<Load> load) {
  while (true) {
    co_await Rest(kKeepEvery);
    if (is_closed_ || !IsHere(load->benchmark().id())) co_return;
    const auto may_go_on = co_await parts_.store.Keep(DeadlineIn(kKeepLimit), load->owner(), load->benchmark());
    if (may_go_on.ok() && !*may_go_on) load->Stop();
  }
}

asio::awaitable<void> Benchmarks::Run(std::shared_ptr<Load> load) {
  pb::Benchmark& benchmark = load->benchmark();
  const pb::BenchmarkPlan& plan = benchmark.plan();
  absl::Status obstacle = co_await load->FitPrompt();
  if (obstacle.ok() && plan.sweep()) {
    Sweep sweep(plan.rate());
    while (sweep.rate() && !load->is_stopped()) {
      pb::BenchmarkPoint point = co_await load->Measure(sweep.rate());
      sweep.Tried(point.carried());
      *benchmark.add_points() = std::move(point);
      if (sweep.knee()) benchmark.set_knee_rate(*sweep.knee());
    }
  } else if (obstacle.ok() && !load->is_stopped()) {
    const bool is_open = plan.mode() == pb::BENCHMARK_MODE_OPEN;
    pb::BenchmarkPoint point = co_await load->Measure(is_open ? std::optional(plan.rate()) : std::nullopt);
    *benchmark.add_points() = std::move(point);
  }
  if (is_closed_) co_return;
  obstacle.Update(load->obstacle());
  if (load->is_stopped()) benchmark.set_status(pb::BENCHMARK_STATUS_CANCELLED);
  if (!obstacle.ok() && ReasonOf(obstacle) != Reason::kCancelled) {
    benchmark.set_status(pb::BENCHMARK_STATUS_FAILED);
    benchmark.set_error(std::string(ToStd(obstacle.message())));
  }
  if (!HasEnded(benchmark)) benchmark.set_status(pb::BENCHMARK_STATUS_COMPLETED);
  *benchmark.mutable_completed_at() = ToProto(absl::Now());
  absl::Status stored = co_await parts_.store.End(DeadlineIn(kStoreLimit), load->owner(), benchmark);
  for (const Deadline end = DeadlineIn(kLongestOutage); !stored.ok() && TimeLeft(end) > absl::ZeroDuration();) {
    log::Warn("a benchmark's end waits for the database", {{"id", benchmark.id()}, {"status", stored}});
    co_await Rest(kRest);
    if (is_closed_) break;
    stored = co_await parts_.store.End(DeadlineIn(kStoreLimit), load->owner(), benchmark);
  }
}

Task<pb::MeasureModelResponse> Benchmarks::Measure(const CallContext& call, const pb::StartBenchmarkRequest& request) {
  CO_TRY(JudgeOldForm(request));
  CO_TRY(const pb::ModelChoice model, co_await FindModel(call, request.owner(), request.model_name()));
  pb::MeasureModelResponse response;
  response.set_model_name(request.model_name());
  response.set_iterations(request.has_iterations() ? request.iterations() : kUsualIterations);
  std::vector<absl::Duration> times;
  for (int iteration = 1; iteration <= response.iterations(); ++iteration) {
    ModelCall asked{.owner = request.owner(),
                    .project = request.has_project() ? request.project() : "default",
                    .kind = pb::REQUEST_KIND_BENCHMARK,
                    .model = model,
                    .messages = {{"user", request.has_prompt() ? request.prompt() : kUsualPrompt}},
                    .limit = kOldFormCall};
    CO_TRY(const ModelAnswer answer, co_await parts_.calls.Call(OwnCall(kStoreLimit), std::move(asked)));
    *response.add_results() = MeasuredOf(iteration, answer);
    if (answer.reply.ok()) times.push_back(FromProto(answer.reply.timing.latency()));
  }
  FillFigures(times, response);
  co_return response;
}

Task<pb::ModelChoice> Benchmarks::FindModel(const CallContext& call, const std::string& owner,
                                            const std::string& model_name) {
  pb::ModelChoice model;
  const std::vector<std::string> parts = absl::StrSplit(model_name, absl::MaxSplits('/', 1));
  const std::vector<std::string> key = absl::StrSplit(parts[0], absl::MaxSplits(':', 1));
  if (parts.size() == 2 && KeyServiceNamed(key[0]) != nullptr) {
    model.set_service(key[0]);
    if (key.size() == 2) model.set_name(key[1]);
    model.set_id(parts[1]);
    co_return model;
  }
  CO_TRY(const pb::ListAllModelsResponse listed, co_await parts_.catalogue.List(call, owner));
  for (const pb::AvailableModel& available : listed.models()) {
    if (available.id() != model_name) continue;
    model.set_service(available.service());
    model.set_name(available.key_name());
    model.set_id(available.id());
    co_return model;
  }
  FieldFaults faults;
  faults.Add("model_name",
             "is listed by none of the stored keys; a service's name and a slash before it choose the key");
  co_return faults.Verdict();
}

Task<pb::Benchmark> Benchmarks::Get(const CallContext& call, std::string owner, std::string project, std::string id) {
  const auto running = running_.find(id);
  if (running != running_.end() && running->second->owner() == owner &&
      running->second->benchmark().project() == project) {
    co_return running->second->benchmark();
  }
  co_return co_await parts_.store.Get(call.deadline, owner, project, id);
}

Task<pb::Benchmark> Benchmarks::Cancel(const CallContext& call, std::string owner, std::string project,
                                       std::string id) {
  CO_TRY(pb::Benchmark benchmark, co_await Get(call, owner, project, id));
  if (const auto running = running_.find(id); running != running_.end()) {
    running->second->Stop();
  } else {
    CO_TRY(co_await parts_.store.AskToCancel(call.deadline, owner, project, id));
  }
  const Deadline end = std::min(call.deadline, DeadlineIn(kCancelPatience));
  while ((IsHere(id) || !HasEnded(benchmark)) && TimeLeft(end) > absl::ZeroDuration()) {
    co_await Rest(IsHere(id) ? kCancelLook : kCancelLookElsewhere);
    CO_TRY(benchmark, co_await Get(call, owner, project, id));
  }
  co_return benchmark;
}

Task<> Benchmarks::Watch(const CallContext& call, const pb::WatchBenchmarkRequest& request,
                         rpc::Writer<pb::WatchBenchmarkResponse>& writer) {
  const std::string project = request.has_project() ? request.project() : "default";
  int told = -1;
  while (true) {
    CO_TRY(pb::Benchmark benchmark, co_await Get(call, request.owner(), project, request.id()));
    const bool is_over = HasEnded(benchmark);
    if (is_over || benchmark.requests_done() > told) {
      told = benchmark.requests_done();
      pb::WatchBenchmarkResponse response;
      *response.mutable_benchmark() = std::move(benchmark);
      CO_TRY(co_await writer.Write(response));
    }
    if (is_over) co_return absl::OkStatus();
    co_await Rest(IsHere(request.id()) ? kLook : kLookElsewhere);
  }
}

Task<std::vector<pb::Benchmark>> Benchmarks::List(const CallContext& call, std::string owner, std::string project) {
  CO_TRY(std::vector<pb::Benchmark> benchmarks, co_await parts_.store.List(call.deadline, owner, project));
  for (pb::Benchmark& benchmark : benchmarks) {
    if (const auto running = running_.find(benchmark.id()); running != running_.end()) {
      benchmark = running->second->benchmark();
    }
  }
  co_return benchmarks;
}

void Benchmarks::Close() {
  is_closed_ = true;
  for (const auto& [id, load] : running_) load->Stop();
}

}  // namespace ftl::batch_runner
