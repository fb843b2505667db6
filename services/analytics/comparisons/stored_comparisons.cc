#include "services/analytics/comparisons/stored_comparisons.h"

#include <algorithm>
#include <map>
#include <numeric>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "common/comparison/comparison_row.h"
#include "common/comparison/hidden_models.h"
#include "common/error/refusal.h"
#include "common/error/try.h"
#include "common/time/proto_time.h"
#include "services/analytics/comparisons/standings.h"
#include "services/analytics/comparisons/verdict.h"
#include "services/analytics/store/page_token.h"

namespace ftl::analytics {
namespace {

namespace runner = finetunelab::batch_runner::v1;

constexpr int kUsualPage = 50;
constexpr int kLargestPage = 1000;
constexpr int kMostMarks = 10'000;

constexpr Query kList{"comparisons.list", "SELECT " FTL_COMPARISON_COLUMNS R"(
  FROM comparisons c
  WHERE c.owner = $1 AND c.project = $2 AND ($3::timestamptz IS NULL OR (c.created_at, c.id) < ($3, $4::uuid))
  ORDER BY c.created_at DESC, c.id DESC LIMIT $5::int)"};

constexpr Query kCount{"comparisons.count", R"(
  SELECT count(*) AS total FROM comparisons c WHERE c.owner = $1 AND c.project = $2)"};

constexpr Query kGet{"comparisons.get",
                     "SELECT " FTL_COMPARISON_COLUMNS "FROM comparisons c WHERE c.owner = $1 AND c.id::text = $2"};

constexpr Query kAnswers{"comparisons.answers", "SELECT " FTL_COMPARED_ANSWER_COLUMNS R"(
  FROM compared_answers a JOIN comparisons c ON c.owner = $1 AND c.id = a.comparison_id
  WHERE a.owner = $1 AND c.id::text = $2 ORDER BY a.column_index, a.repetition)"};

constexpr Query kMarked{"comparisons.marked", "SELECT " FTL_COMPARISON_COLUMNS R"(
  FROM comparisons c WHERE c.owner = $1 AND c.project = $2 AND c.marked IS NOT NULL
  ORDER BY c.marked_at DESC LIMIT $3::int)"};

std::string ProjectOf(bool given, const std::string& project) { return given ? project : "default"; }

// As a list has it.
runner::Comparison InList(const Row& row) {
  runner::Comparison comparison = ComparisonOf(row);
  comparison.clear_messages();
  comparison.clear_parameters();
  HideModels(comparison);
  return comparison;
}

std::string NameOf(const runner::ModelChoice& model) { return model.SerializeAsString(); }

// The models of marked comparisons, numbered, and their marks.
struct Marked {
  std::vector<runner::ModelChoice> players;
  std::vector<Mark> marks;
  int blind = 0;

  explicit Marked(const Rows& rows) {
    for (const Row row : rows) Add(ComparisonOf(row));
  }

 private:
  // A model that stands in two columns cannot be better than itself: such a comparison says nothing.
  void Add(const runner::Comparison& comparison) {
    std::set<std::string> names;
    for (const runner::ModelChoice& model : comparison.models()) names.insert(NameOf(model));
    if (static_cast<int>(names.size()) != comparison.models_size()) return;
    Mark mark;
    for (const runner::ModelChoice& model : comparison.models()) {
      const auto [at, is_new] = numbers_.try_emplace(NameOf(model), players.size());
      if (is_new) players.push_back(model);
      mark.players.push_back(at->second);
    }
    if (comparison.mark().has_index()) mark.better = comparison.mark().index();
    marks.push_back(std::move(mark));
    blind += comparison.blind() ? 1 : 0;
  }

  std::map<std::string, size_t> numbers_;
};

}  // namespace

Task<pb::ListComparisonsResponse> StoredComparisons::List(const CallContext& call,
                                                          const pb::ListComparisonsRequest& request) {
  FieldFaults faults;
  if (request.page_size() < 0) faults.Add("page_size", "must not be negative");
  const std::string project = ProjectOf(request.has_project(), request.project());
  const std::optional<PagePlace> place = PlaceOf(request.page_token(), project);
  if (!request.page_token().empty() && !place) faults.Add("page_token", "is none of this list; leave it out to begin");
  CO_TRY(faults.Verdict());
  const int size = request.page_size() == 0 ? kUsualPage : std::min(request.page_size(), kLargestPage);
  std::optional<absl::Time> before;
  std::optional<std::string> before_id;
  if (place) {
    before = absl::FromUnixMicros(place->key);
    before_id = place->test_run_id;
  }
  std::vector<Statement> statements;
  statements.push_back({kList, Params(request.owner(), project, before, before_id, size + 1)});
  statements.push_back({kCount, Params(request.owner(), project)});
  CO_TRY(const auto rows,
         co_await database_.RunAll(call.deadline, SessionScope(request.owner()), std::move(statements)));
  pb::ListComparisonsResponse response;
  response.set_total(rows[1].Only().Get<int64_t>("total"));
  for (const Row row : rows[0]) {
    if (response.comparisons_size() == size) {
      const runner::Comparison& last = response.comparisons(size - 1);
      const PagePlace next{.key = absl::ToUnixMicros(FromProto(last.created_at())), .test_run_id = last.id()};
      response.set_next_page_token(PageToken(next, project));
      break;
    }
    *response.add_comparisons() = InList(row);
  }
  co_return response;
}

Task<runner::Comparison> StoredComparisons::Get(const CallContext& call, const pb::GetComparisonRequest& request) {
  std::vector<Statement> statements;
  statements.push_back({kGet, Params(request.owner(), request.id())});
  statements.push_back({kAnswers, Params(request.owner(), request.id())});
  CO_TRY(const auto rows,
         co_await database_.RunAll(call.deadline, SessionScope(request.owner()), std::move(statements)));
  if (rows[0].empty()) {
    co_return Refuse(Reason::kNotFound, "There is no such comparison. GET /api/compare lists them.");
  }
  runner::Comparison comparison = ComparisonOf(rows[0][0]);
  const bool is_running = comparison.status() == runner::COMPARISON_STATUS_RUNNING;
  for (const Row row : rows[1]) *comparison.add_answers() = ComparedAnswerOf(row, is_running);
  HideModels(comparison);
  if (!is_running) *comparison.mutable_verdict() = VerdictOf(comparison);
  co_return comparison;
}

Task<pb::GetStandingsResponse> StoredComparisons::Standings(const CallContext& call,
                                                            const pb::GetStandingsRequest& request) {
  const std::string project = ProjectOf(request.has_project(), request.project());
  CO_TRY(const Rows rows, co_await database_.Run(call.deadline, SessionScope(request.owner()), kMarked,
                                                 Params(request.owner(), project, kMostMarks)));
  const Marked marked(rows);
  const std::vector<Standing> standings = StandingsOf(marked.players.size(), marked.marks);
  std::vector<size_t> order(standings.size());
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(),
                   [&](size_t a, size_t b) { return standings[a].strength > standings[b].strength; });
  pb::GetStandingsResponse response;
  response.set_marks(static_cast<int32_t>(marked.marks.size()));
  response.set_blind_marks(marked.blind);
  response.set_too_few_to_tell(marked.marks.size() < kFewestMarks);
  for (const size_t i : order) {
    pb::Standing& told = *response.add_standings();
    *told.mutable_model() = marked.players[i];
    told.set_comparisons(standings[i].comparisons);
    told.set_wins(standings[i].wins);
    told.set_losses(standings[i].losses);
    told.set_ties(standings[i].ties);
    told.set_strength(standings[i].strength);
    if (!standings[i].interval) continue;
    told.mutable_strength_interval()->set_low(standings[i].interval->low);
    told.mutable_strength_interval()->set_high(standings[i].interval->high);
  }
  co_return response;
}

}  // namespace ftl::analytics
