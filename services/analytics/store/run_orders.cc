#include "services/analytics/store/run_orders.h"

#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "common/proto/enum_word.h"
#include "services/analytics/store/results_row.h"

namespace ftl::analytics {
namespace {

namespace pb = finetunelab::analytics::v1;

constexpr int kPiece = 500;

constexpr Query kOrder{"orders.kept", R"(
  SELECT run.id::text AS id, run.status IN ('completed', 'failed', 'cancelled') AS is_over,
         EXISTS (SELECT 1 FROM demo_run_orders o
                 WHERE o.demo_session_id = run.demo_session_id AND o.test_run_id = run.id AND o.sort_by = $3
                   AND o.descending = $4) AS is_kept
  FROM demo_batch_test_runs run WHERE run.demo_session_id = $1 AND ($2::uuid IS NULL OR run.id = $2::uuid) LIMIT 2)"};

constexpr std::string_view kKeep = R"(
  INSERT INTO demo_run_orders (demo_session_id, test_run_id, sort_by, descending, piece, first_key, first_prompt_id, keys,
                               prompt_ids)
  SELECT $1, $2::uuid, $3, $4, piece, (array_agg(key ORDER BY place))[1], (array_agg(prompt_id ORDER BY place))[1],
         array_agg(key ORDER BY place), array_agg(prompt_id ORDER BY place)
  FROM (SELECT key, prompt_id, place, ((place - 1) / {2})::integer AS piece
        FROM (SELECT {0} AS key, r.prompt_id, row_number() OVER (ORDER BY {0} {1}, r.prompt_id {1}) AS place
              FROM demo_batch_test_results r WHERE r.demo_session_id = $1 AND r.test_run_id = $2::uuid) AS placed) AS pieces
  WHERE EXISTS (SELECT 1 FROM demo_batch_test_runs run WHERE run.demo_session_id = $1 AND run.id = $2::uuid
                  AND run.status IN ('completed', 'failed', 'cancelled'))
    AND NOT EXISTS (SELECT 1 FROM demo_run_orders o WHERE o.demo_session_id = $1 AND o.test_run_id = $2::uuid
                      AND o.sort_by = $3 AND o.descending = $4)
  GROUP BY piece
  ON CONFLICT DO NOTHING)";

struct Order {
  std::string name;
  std::string sort_by;
  bool descending;
  std::string sql;
};

const std::vector<Order>& Orders() {
  static const auto& orders = *[] {
    auto made = new std::vector<Order>;
    for (const pb::SortBy sort_by :
         {pb::SORT_BY_LATENCY, pb::SORT_BY_TTFT, pb::SORT_BY_TOKENS, pb::SORT_BY_LENGTH, pb::SORT_BY_CREATED_AT}) {
      for (const bool descending : {false, true}) {
        const std::string word = EnumWord(sort_by);
        const std::string_view way = descending ? "DESC" : "ASC";
        made->push_back({fmt::format("orders.keep.{}.{}", word, way), word, descending,
                         fmt::format(fmt::runtime(kKeep), SortKeySql(sort_by, descending), way, kPiece)});
      }
    }
    return made;
  }();
  return orders;
}

bool IsDescending(const pb::ListResultsRequest& request) { return request.order() == pb::SORT_ORDER_DESC; }

}  // namespace

std::vector<Statement> KeepOrders(const RunScope& scope) {
  std::vector<Statement> statements;
  for (const Order& order : Orders()) {
    statements.push_back(
        {Query{order.name, order.sql}, Params(scope.session, scope.run, order.sort_by, order.descending)});
  }
  return statements;
}

Statement AskOrder(const RunScope& scope, const pb::ListResultsRequest& request) {
  return {kOrder, Params(scope.session, scope.run, EnumWord(request.sort_by()), IsDescending(request))};
}

PageQuestion AskKeptPage(const RunScope& scope, const pb::ListResultsRequest& request, int32_t page_size,
                         const std::optional<PagePlace>& place) {
  const bool descending = IsDescending(request);
  const std::string_view way = descending ? "DESC" : "ASC";
  const std::string_view beyond = descending ? "<" : ">";
  const std::string_view upto = descending ? ">=" : "<=";
  Params params(scope.session, scope.run, EnumWord(request.sort_by()), descending);
  constexpr std::string_view kOwn =
      "demo_session_id = $1 AND test_run_id = $2::uuid AND sort_by = $3 AND descending = $4";
  std::string first = "0";
  std::string rest;
  if (place) {
    params.Add(place->key);
    params.Add(place->prompt_id);
    // The last piece that begins before the place, or at it.
    first = fmt::format(
        "coalesce((SELECT max(piece) FROM demo_run_orders WHERE {} AND (first_key, first_prompt_id) {} ($5::bigint, "
        "$6::int)), 0)",
        kOwn, upto);
    rest = fmt::format(" WHERE (key, prompt_id) {} ($5::bigint, $6::int)", beyond);
  }
  // OFFSET 0 keeps the planner from reading the results first, whatever it knows of them.
  const std::string page = fmt::format(
      R"(WITH pieces AS MATERIALIZED (
           SELECT keys, prompt_ids FROM demo_run_orders WHERE {0} AND piece >= {1} ORDER BY piece LIMIT {2}),
         picked AS MATERIALIZED (
           SELECT key, prompt_id FROM pieces, unnest(keys, prompt_ids) AS listed (key, prompt_id){3}
           ORDER BY key {4}, prompt_id {4} LIMIT {5})
         SELECT {6}, picked.key FROM picked CROSS JOIN LATERAL (
           SELECT * FROM demo_batch_test_results own
           WHERE own.demo_session_id = $1 AND own.test_run_id = $2::uuid AND own.prompt_id = picked.prompt_id OFFSET 0) AS r)",
      kOwn, first, page_size / kPiece + 2, rest, way, page_size + 1, kResultColumns);
  PageQuestion question;
  question.texts = {CutToPage(page, fmt::format("key {0}, r.prompt_id {0}", way), page_size)};
  question.statements = {{Query{"", question.texts[0]}, std::move(params)}};
  return question;
}

}  // namespace ftl::analytics
