#pragma once

#include <absl/time/time.h>
#include <prometheus/gauge.h>

#include "common/endpoint/answer/chat_reply.h"
#include "finetunelab/batch_runner/v1/run.pb.h"

namespace ftl::batch_runner::run_metrics {

// What this process tells Prometheus of runs and of the calls to endpoints that they are made of. The names of calls
// are those of OpenTelemetry's conventions for generative AI; no model name is a label, since people choose them.

// Shows what has not happened yet as zero, so that a first time is seen as a rise.
void BeginAtZero();

// Once for each run, by whoever starts or ends it. Runs that go with their session are not among the ended.
void Started();
void Ended(finetunelab::batch_runner::v1::RunStatus status);
// Once for each result that was stored.
void Stored(finetunelab::endpoint::v1::Provider provider, finetunelab::endpoint::v1::Outcome outcome);
// From the end of a prompt's last call to the commit of its result.
void WaitedForStore(absl::Duration waited);
// From the claim of a prompt to its call.
void WaitedForCall(absl::Duration waited);
// One call of one attempt, however it ended.
void Called(finetunelab::endpoint::v1::Provider provider, const ChatReply& reply, absl::Duration took);
// An attempt that a further one follows.
void Retried();
// A call that waits because this process has no room for it.
void LackedRoom();
// A run that waits for a second or longer because its endpoint asked it to.
void Paused(finetunelab::endpoint::v1::Provider provider);
// A prompt whose former process died over it.
void TakenOver();
// A run that another process took from this one.
void LostLease();

// What there is at the moment: runs that this process works on, prompts that it is calling, runs
// that wait because it may call no more at a time, streams of events.
prometheus::Gauge& RunsInWork();
prometheus::Gauge& CallsInProgress();
prometheus::Gauge& RunsInLine();
prometheus::Gauge& Watchers();
// Runs that call fewer prompts at a time than was asked for, since their endpoint asked to slow down.
prometheus::Gauge& RunsSlowed(finetunelab::endpoint::v1::Provider provider);
// Seconds since the renewal of the lease that was renewed longest ago, as of each time that leases are renewed.
prometheus::Gauge& OldestLease();

}  // namespace ftl::batch_runner::run_metrics
