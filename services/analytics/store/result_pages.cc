#include "services/analytics/store/result_pages.h"

#include <algorithm>
#include <string_view>

#include <fmt/format.h>

#include "common/error/refusal.h"
#include "common/result/result_filter.h"
#include "services/analytics/store/results_row.h"

namespace ftl::analytics {
namespace {

namespace pb = finetunelab::analytics::v1;

constexpr int32_t kDefaultPage = 50;
constexpr int32_t kLargestPage = 1000;

// The relation `page` has the columns of a result, its `key`, and one row more than the page where more follow. What a
// row weighs is known without reading its text; 1,000 stands for all but the texts.
constexpr std::string_view kCut = R"(
  SELECT * FROM (
    SELECT r.*, row_number() OVER here AS place, count(*) OVER () AS found,
           sum(1000 + octet_length(r.prompt) + coalesce(octet_length(r.response), 0)
               + coalesce(octet_length(r.checks::text), 0)) OVER here AS bytes
    FROM ({}) AS r WINDOW here AS (ORDER BY {} ROWS UNBOUNDED PRECEDING)) AS page
  WHERE (place <= {} AND bytes <= 2097152) OR place = 1
  ORDER BY place)";

class Conditions {
 public:
  explicit Conditions(const RunScope& scope) : params_(scope.session) {
    if (scope.run) Add("r.test_run_id = {}::uuid", *scope.run);
  }
  template <typename Value>
  void Add(std::string_view condition, const Value& value) {
    params_.Add(value);
    text_ += " AND " + fmt::format(fmt::runtime(condition), fmt::format("${}", params_.values().size()));
  }
  std::string Number(int64_t value) {
    params_.Add(value);
    return fmt::format("${}::bigint", params_.values().size());
  }
  std::string Text(std::string_view value) {
    params_.Add(value);
    return fmt::format("${}", params_.values().size());
  }
  void AddFilters(const pb::ListResultsRequest& request) { text_ += ResultFilterSql(request, params_); }
  void Raw(const std::string& condition) { text_ += " AND " + condition; }
  const std::string& text() const { return text_; }
  const Params& params() const { return params_; }

 private:
  Params params_;
  std::string text_ = "r.demo_session_id = $1";
};

Conditions FiltersOf(const RunScope& scope, const pb::ListResultsRequest& request) {
  Conditions conditions(scope);
  conditions.AddFilters(request);
  return conditions;
}

// A run of which nothing is filtered out has as many results as it says.
constexpr Query kTotal{"results.total", R"(
  SELECT coalesce(sum(completed_prompts + failed_prompts), 0)::bigint AS total FROM demo_batch_test_runs
  WHERE demo_session_id = $1 AND ($2::uuid IS NULL OR id = $2::uuid))"};

}  // namespace

std::string SortKeySql(pb::SortBy sort_by, bool descending) {
  const std::string_view last = descending ? "-1" : "9223372036854775807";
  switch (sort_by) {
    case pb::SORT_BY_LATENCY:
      return fmt::format("coalesce(r.latency_us, {})::bigint", last);
    case pb::SORT_BY_TTFT:
      return fmt::format("coalesce(r.ttft_us, {})::bigint", last);
    case pb::SORT_BY_TOKENS:
      return fmt::format("coalesce(r.output_tokens, {})::bigint", last);
    case pb::SORT_BY_LENGTH:
      return fmt::format("coalesce(r.response_chars, {})::bigint", last);
    case pb::SORT_BY_CREATED_AT:
      return "(extract(epoch FROM r.created_at) * 1000000)::bigint";
    default:
      return "0::bigint";
  }
}

std::string CutToPage(std::string_view select, std::string_view order, int32_t page_size) {
  return fmt::format(fmt::runtime(kCut), select, order, page_size);
}

PageQuestion AskTotal(const RunScope& scope, const pb::ListResultsRequest& request) {
  PageQuestion question;
  if (!HasResultFilter(request)) {
    question.statements = {{kTotal, Params(scope.session, scope.run)}};
    return question;
  }
  const Conditions conditions = FiltersOf(scope, request);
  question.texts = {fmt::format("SELECT count(*) AS total FROM demo_batch_test_results r WHERE {}", conditions.text())};
  question.statements = {{Query{"", question.texts[0]}, conditions.params()}};
  return question;
}

absl::StatusOr<int32_t> PageSizeOf(int32_t asked) {
  if (asked < 0) {
    FieldFaults faults;
    faults.Add("page_size", "must not be negative");
    return faults.Verdict();
  }
  return asked == 0 ? kDefaultPage : std::min(asked, kLargestPage);
}

PageQuestion AskPage(const RunScope& scope, const pb::ListResultsRequest& request, int32_t page_size,
                     const std::optional<PagePlace>& place) {
  Conditions conditions = FiltersOf(scope, request);
  const bool descending = request.order() == pb::SORT_ORDER_DESC;
  const bool by_place = !request.has_sort_by() || request.sort_by() == pb::SORT_BY_UNSPECIFIED;
  const std::string key = SortKeySql(request.sort_by(), descending);
  const std::string way = descending ? "DESC" : "ASC";
  const std::string_view beyond = descending ? "<" : ">";
  if (place) {
    // Within a run the prompt alone is compared: with the run beside it, an index is read from the run's beginning.
    const std::string prompt = conditions.Number(place->prompt_id);
    std::string rest = fmt::format("r.prompt_id {} {}", beyond, prompt);
    if (!scope.run) {
      const std::string run = conditions.Text(place->test_run_id);
      rest = fmt::format("(r.test_run_id, r.prompt_id) {} ({}::uuid, {})", beyond, run, prompt);
    }
    if (by_place) {
      conditions.Raw(rest);
    } else {
      const std::string last = conditions.Number(place->key);
      conditions.Raw(fmt::format("({0} {1} {2} OR ({0} = {2} AND {3}))", key, beyond, last, rest));
    }
  }
  const std::string order =
      fmt::format("{0}r.test_run_id {1}, r.prompt_id {1}", by_place ? "" : fmt::format("key {}, ", way), way);
  const std::string page =
      fmt::format("SELECT {}, {} AS key FROM demo_batch_test_results r WHERE {} ORDER BY {} LIMIT {}", kResultColumns,
                  key, conditions.text(), order, page_size + 1);
  PageQuestion question;
  question.texts = {CutToPage(page, order, page_size)};
  question.statements = {{Query{"", question.texts[0]}, conditions.params()}};
  return question;
}

Statement AskSearchPage(const RunScope& scope, std::string_view keyword, int32_t page_size,
                        const std::optional<PagePlace>& place) {
  static const std::string& text = *new std::string(fmt::format(
      fmt::runtime(kCut),
      fmt::format(
          "SELECT {}, 0::bigint AS key, f.total FROM search_results($2, $3::uuid, $4::uuid, $5::int, $6::int + 1) "
          "f JOIN demo_batch_test_results r USING (test_run_id, prompt_id) WHERE r.demo_session_id = $1",
          kResultColumns),
      "r.test_run_id, r.prompt_id", "$6::int"));
  Params params(scope.session, keyword, scope.run);
  params.Add(place ? std::optional<std::string>(place->test_run_id) : std::nullopt);
  params.Add(place ? std::optional<int32_t>(place->prompt_id) : std::nullopt);
  params.Add(page_size);
  return {Query{"results.search", text}, std::move(params)};
}

ResultPage PageOf(const Rows& rows) {
  ResultPage page;
  for (const Row row : rows) page.results.push_back(ResultOf(row));
  if (rows.empty()) return page;
  const Row last = rows[rows.size() - 1];
  if (last.Get<int64_t>("found") > rows.size()) {
    page.next =
        PagePlace{last.Get<int64_t>("key"), last.Get<std::string>("test_run_id"), last.Get<int32_t>("prompt_id")};
  }
  return page;
}

}  // namespace ftl::analytics
