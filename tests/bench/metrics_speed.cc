// What counting costs a prompt: what batch-runner tells its metrics of a prompt that is answered and stored, again and
// again on one thread. Prints JSON.
//   metrics_speed PROMPTS   → {"prompts":1000000,"ns_each":…}
#include <chrono>
#include <cstdlib>

#include <absl/time/time.h>
#include <fmt/format.h>

#include "common/endpoint/answer/chat_reply.h"
#include "common/observe/instrument.h"
#include "common/time/proto_time.h"
#include "services/batch-runner/run/run_metrics.h"

namespace ftl::batch_runner {
namespace {

void CountOne(int64_t n, const ChatReply& reply) {
  {
    const metrics::Counted calling(run_metrics::CallsInProgress());
    run_metrics::WaitedForCall(absl::Microseconds(n * 31 % 5000));
    run_metrics::Called(finetunelab::endpoint::v1::PROVIDER_CUSTOM, reply, absl::Microseconds(n * 7919 % 900'000));
  }
  run_metrics::Stored(finetunelab::endpoint::v1::PROVIDER_CUSTOM, reply.outcome);
  run_metrics::WaitedForStore(absl::Microseconds(n * 17 % 20'000));
}

}  // namespace
}  // namespace ftl::batch_runner

int main(int argc, char** argv) {
  const int64_t prompts = argc > 1 ? std::atoll(argv[1]) : 1'000'000;
  ftl::ChatReply reply;
  reply.outcome = finetunelab::endpoint::v1::OUTCOME_OK;
  reply.input_tokens = 20;
  reply.output_tokens = 300;
  *reply.timing.mutable_ttft() = ftl::ToProto(absl::Milliseconds(20));
  ftl::batch_runner::run_metrics::BeginAtZero();
  const auto began = std::chrono::steady_clock::now();
  for (int64_t n = 0; n < prompts; ++n) ftl::batch_runner::CountOne(n, reply);
  const std::chrono::duration<double, std::nano> took = std::chrono::steady_clock::now() - began;
  fmt::print("{{\"prompts\":{},\"ns_each\":{:.1f}}}\n", prompts, took.count() / static_cast<double>(prompts));
}
