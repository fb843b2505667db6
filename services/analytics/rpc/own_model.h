#pragma once

#include <string>

#include "common/async/task.h"
#include "common/rpc/call_context.h"
#include "finetunelab/analytics/v1/analytics_service.pb.h"
#include "services/analytics/narrator/commentary.h"
#include "services/analytics/planner/model_plan.h"
#include "services/analytics/rpc/answer_pieces.h"
#include "services/analytics/rpc/query_answers.h"

namespace ftl::analytics {

// The session's own model in one answer: it plans what Atlas does not understand, and comments on what was told. What
// it says of figures is checked sentence by sentence; whatever fails, stalls or babbles costs its words and nothing
// else. On the module's thread; what it is made of outlives it.
class OwnModel {
 public:
  OwnModel(Commentary& commentary, const CallContext& call, const pb::AskRequest& request, QueryAnswers& answers,
           AnswerPieces& pieces)
      : commentary_(commentary), call_(call), request_(request), answers_(answers), pieces_(pieces) {}

  // Whether it may be asked: the session has its key and has not asked too often.
  asio::awaitable<bool> MayPlan() { return commentary_.MayBeAsked(answers_.session()); }
  // Round by round, at most a minute in all; each of its queries is answered as it comes.
  Task<> Plan(ModelPlan plan);
  // Its words on the facts that were told, where they are wanted, and what all of it cost.
  Task<> Comment(std::string question);
  // What planning cost alone.
  Task<> Usage() { return pieces_.Usage(planning_.input_tokens, planning_.output_tokens); }

 private:
  Commentary& commentary_;
  const CallContext& call_;
  const pb::AskRequest& request_;
  QueryAnswers& answers_;
  AnswerPieces& pieces_;
  Remark planning_;  // what it took
};

}  // namespace ftl::analytics
