#include "services/analytics/planner/builtin_planner.h"

#include <utility>

#include "services/analytics/planner/composer.h"
#include "services/analytics/planner/nearest.h"
#include "services/analytics/planner/reading.h"

namespace ftl::analytics {
namespace {

// Whether a question asks for help and nothing else.
bool WantsHelp(const Reading& reading) { return reading.help && reading.SaysNothing(); }

// Whether it has more words that are not known than words that make a question: then whatever was made of it is a
// guess.
bool IsGuess(const Reading& reading) {
  const bool firm = reading.HasMeasure() || reading.ranked_by || !reading.filters.empty() || reading.summary ||
                    reading.exports || reading.format || reading.group_by != pb::GROUPING_UNSPECIFIED;
  return !firm && !reading.left_out.empty();
}

Understanding Understand(const std::string& question, const Vocabulary& vocabulary,
                         const std::optional<pb::Query>& before) {
  Understanding understanding;
  Reading reading = Read(question, vocabulary);
  if (reading.refusal) {
    understanding.refusal = reading.refusal;
    return understanding;
  }
  understanding.left_over = reading.left_out;
  if (WantsHelp(reading)) {
    understanding.wants_help = true;
  } else if (!IsGuess(reading)) {
    if (std::optional<pb::Query> query = Compose(std::move(reading), before)) understanding.queries = {*query};
  }
  if (understanding.queries.empty()) understanding.nearest = NearestQuestions(question);
  return understanding;
}

}  // namespace

Understanding PlanBuiltin(const std::vector<std::string>& questions, const Vocabulary& vocabulary) {
  std::optional<pb::Query> before;
  Understanding understanding;
  for (const std::string& question : questions) {
    understanding = Understand(question, vocabulary, before);
    if (understanding.queries.empty()) continue;
    if (understanding.queries.back().presentation() != pb::PRESENTATION_EXPORT) before = understanding.queries.back();
  }
  return understanding;
}

pb::Query SummaryQuery() {
  pb::Query query;
  query.set_measure(pb::MEASURE_RESULTS);
  query.set_statistic(pb::STATISTIC_SUMMARY);
  return query;
}

}  // namespace ftl::analytics
