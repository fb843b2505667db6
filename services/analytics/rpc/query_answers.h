#pragma once

#include <string>
#include <vector>

#include "common/async/task.h"
#include "common/db/database.h"
#include "common/rpc/call_context.h"
#include "services/analytics/narrator/fact.h"
#include "services/analytics/narrator/language.h"
#include "services/analytics/narrator/telling.h"
#include "services/analytics/query/finding.h"
#include "services/analytics/query/session_runs.h"
#include "services/analytics/rpc/answer_pieces.h"

namespace ftl::analytics {

// The queries of one answer: runs each, writes what was understood, its rows and its facts, and keeps what was told.
// On the module's thread; what it is made of outlives it.
class QueryAnswers {
 public:
  // `session` is the hash; `run_id` the run that is spoken of where a query names none, empty for the latest.
  QueryAnswers(Database& database, const CallContext& call, std::string session, std::string run_id, SessionRuns known,
               const Language& language, AnswerPieces& pieces);

  enum class Planner { kAtlas, kOwnModel };
  // Gives the rows that were written. A run that the query names and that is not there is told, and gives none.
  Task<pb::ToolResult> Answer(const pb::Query& query, Planner planner = Planner::kAtlas);

  // What a query comes to; nothing of it is told.
  Task<Finding> Find(const pb::Query& query);

  const std::string& session() const { return session_; }
  const Language& language() const { return language_; }
  bool is_empty() const { return calls_ == 0; }
  // Whether a download was asked for.
  bool exports() const { return exports_; }
  // The facts as they were told, and their figures.
  const std::string& told() const { return told_; }
  const std::vector<Fact>& facts() const { return facts_; }
  // Names that may hold digits.
  std::vector<std::string> Names() const;

 private:
  // A run that is named and not there is answered, not refused.
  Task<pb::ToolResult> AnswerRuns();
  Task<pb::ToolResult> AnswerExport(const pb::Query& query, const std::string& id);
  Task<> WriteCall(const pb::Query& query, const std::string& id, Planner planner);
  Task<> WriteResult(pb::ToolResult& table, const std::string& id);
  Task<> WriteProse(Prose prose);

  Database& database_;
  const CallContext& call_;
  const std::string session_;
  const std::string run_id_;
  const SessionRuns known_;
  const Language& language_;
  AnswerPieces& pieces_;
  int calls_ = 0;
  bool exports_ = false;
  std::string told_;
  std::vector<Fact> facts_;
};

}  // namespace ftl::analytics
