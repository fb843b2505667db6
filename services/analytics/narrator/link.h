#pragma once

#include <optional>
#include <string>
#include <vector>

#include "services/analytics/query/finding.h"

namespace ftl::analytics {

// Paths of `GET /api/demo/v2/analytics/results` that give the results of a figure, without the session's id. nullopt
// where that route has no words for them: no link is better than one to other results.
class ResultsLink {
 public:
  // All results of these runs: of one, or of the session.
  explicit ResultsLink(const std::vector<RunFacts>& runs);

  // Narrows it by all conditions of a query, and to successes where its figures are of them alone.
  void Where(const pb::Query& query);
  void Where(const pb::Filter& filter);
  void OnlySuccesses();
  void Only(const std::vector<int32_t>& prompt_ids);
  void Nothing() { known_ = false; }

  std::optional<std::string> Path() const;
  std::string PathOrNothing() const { return Path().value_or(""); }

 private:
  void Add(std::string_view name, std::string_view value);
  void AddBound(const pb::Filter& filter, std::string_view name, double step);

  bool known_ = true;
  bool has_success_ = false;
  std::string path_;
};

// The results of a prompt of a finding.
std::string PromptLink(const Finding& finding, const FoundResult& result);

}  // namespace ftl::analytics
