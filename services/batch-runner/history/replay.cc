#include "services/batch-runner/history/replay.h"

#include <utility>

#include "common/error/refusal.h"
#include "common/error/try.h"
#include "services/batch-runner/chat/chat_rules.h"

namespace ftl::batch_runner {
namespace {

constexpr absl::Duration kReadLimit = absl::Seconds(5);

absl::Status Judge(const pb::ReplayRequest& request) {
  FieldFaults faults;
  if (request.has_model()) JudgeModelChoice(request.model(), faults);
  JudgeChatParameters(request.parameters(), "parameters.", faults);
  return faults.Verdict();
}

ModelCall CallOf(const pb::ReplayRequest& request, pb::LoggedRequest old) {
  ModelCall again{.owner = request.owner(), .project = old.project(), .kind = old.kind()};
  again.model.set_service(old.service());
  again.model.set_name(old.key_name());
  again.model.set_id(old.model());
  if (request.has_model()) again.model = request.model();
  for (const pb::PromptMessage& message : old.messages()) {
    again.messages.push_back({message.role(), message.content()});
  }
  again.parameters = std::move(*old.mutable_parameters());
  again.parameters.MergeFrom(request.parameters());
  again.replay_of = old.id();
  return again;
}

}  // namespace

Task<pb::LoggedRequest> Replay(RequestStore& log, ModelCalls& calls, const CallContext& call,
                               const pb::ReplayRequest& request) {
  CO_TRY(Judge(request));
  const std::string project = request.has_project() ? request.project() : "default";
  CO_TRY(pb::LoggedRequest old, co_await log.Get(call.deadline, request.owner(), project, request.id()));
  if (old.messages().empty()) {
    co_return Refuse(Reason::kConflict, "What was asked in this call was not kept, so it cannot be asked again.");
  }
  CO_TRY(const ModelAnswer answer, co_await calls.Call(call, CallOf(request, std::move(old))));
  // The model may have taken longer than the call that asked had.
  co_return co_await log.Get(DeadlineIn(kReadLimit), request.owner(), project, answer.id);
}

}  // namespace ftl::batch_runner
