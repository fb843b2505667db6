#pragma once

#include <string>
#include <vector>

#include "common/endpoint/answer/chat_reply.h"
#include "common/endpoint/format/chat_request.h"
#include "services/analytics/planner/planner.h"

namespace ftl::analytics {

// A question that the built-in planner does not understand, in the hands of the person's own model: what is said to it,
// and what its answers come to. The model gives queries of the question language as JSON, or calls one of Atlas' tools
// with one; each is judged as a program's query is, and a faulty one is sent back with its faults. It names no session
// and no id of a run, and nothing that it says besides is used. Pure; one for each question.
class ModelPlan {
 public:
  // `questions` are what the person has asked so far, the last one to be planned. Not empty.
  ModelPlan(const std::vector<std::string>& questions, const Vocabulary& vocabulary);

  // Atlas' tools as definitions of functions, a JSON array.
  static std::string Tools();

  // The talk with the model so far; an answer to it is taken next.
  const std::vector<ChatMessage>& messages() const { return messages_; }
  // Whether nothing more is asked of the model: it has said all, may not ask again, or is beyond help.
  bool is_over() const { return is_over_; }

  // Reads an answer: queries that can be run, in order; none where it gave none.
  std::vector<pb::Query> Take(const std::string& text, const std::vector<ToolCall>& calls);
  // Tells the model what came of the queries that Take gave last: the JSON of each answer.
  void TakeResults(const std::vector<std::string>& results);

 private:
  void AskAgain(const std::string& said, std::string words);

  std::vector<ChatMessage> messages_;
  int rounds_ = 0;   // answers taken
  int queries_ = 0;  // given
  std::string said_;
  bool is_over_ = false;
};

}  // namespace ftl::analytics
