// The examination of Atlas: what it makes of hundreds of questions, written and generated, beside what plain SQL says
// to them. An answer to another question is worse than none: there must be none such.
#include <cmath>
#include <iostream>
#include <map>
#include <set>
#include <thread>

#include <absl/strings/numbers.h>
#include <absl/strings/str_split.h>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <gtest/gtest.h>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_future.hpp>

#include "common/error/try.h"
#include "common/proto/enum_word.h"
#include "common/session/session_id.h"
#include "services/analytics/golden/entries.h"
#include "services/analytics/narrator/facts.h"
#include "services/analytics/narrator/table.h"
#include "services/analytics/planner/builtin_planner.h"
#include "services/analytics/planner/query_words.h"
#include "services/analytics/query/executor.h"
#include "tests/support/postgres.h"

namespace ftl::analytics {
namespace {

// Two runs of 40 prompts, the second slower and with other failures: figures without ties, so that order is plain.
constexpr char kRuns[] = R"(
  INSERT INTO demo_model_configs (session_id, endpoint_url, endpoint_origin, model_id, model_name, provider, expires_at)
    VALUES ('{0}', 'https://example.com/v1', 'https://example.com', 'm', 'Model', 'custom', now() + interval '1 hour');
  INSERT INTO demo_session_expiry (demo_session_id, expires_at) VALUES ('{0}', now() + interval '1 hour');
  INSERT INTO demo_batch_test_runs (demo_session_id, id, demo_user_id, test_suite_id, test_suite_name, model_name, total_prompts,
      created_at, started_at, completed_at, status)
    SELECT '{0}', ('b6a1c2d3-0000-4000-8000-00000000000' || n)::uuid, '{0}', gen_random_uuid(), 'Customer Support - Easy', 'Model', 40,
      now() - make_interval(mins => 30 - n * 10), now() - make_interval(mins => 30 - n * 10), now() - make_interval(mins => 28 - n * 10),
      'cancelled' FROM generate_series(1, 2) n;
  INSERT INTO demo_batch_test_results (demo_session_id, test_run_id, prompt_id, sequence, prompt, category, difficulty, response, success,
      outcome, error, error_type, latency_us, ttft_us, itl_mean_us, input_tokens, output_tokens, response_words, finish_reason, attempts,
      checks_passed, checks_failed, model_id)
    SELECT '{0}', ('b6a1c2d3-0000-4000-8000-00000000000' || n)::uuid, i, i,
      'Prompt ' || i || ' about ' || CASE WHEN i % 6 = 0 THEN 'invoices ' ELSE 'shipping ' END || repeat('x', i * 7 % 41),
      (ARRAY['billing', 'returns', 'technical', 'code'])[1 + i % 4], (ARRAY['easy', 'medium', 'hard'])[1 + i % 3],
      CASE WHEN failed THEN NULL WHEN i IN (11, 23) THEN 'The very same words.' ELSE
        (ARRAY['Sorry, ', 'Well, ', 'Indeed '])[1 + i % 3] || CASE WHEN i % 5 = 0 THEN 'a refund ' ELSE 'an order ' END ||
        CASE WHEN i % 10 = 0 THEN 'and sorry for the invoice ' ELSE '' END || repeat('word ', i * 3 % 47) || i ||
        CASE WHEN i % 9 = 0 THEN ' is which?' WHEN i % 8 = 0 THEN ' and then' ELSE '.' END END,
      NOT failed, CASE WHEN NOT failed THEN 'ok' WHEN i % 2 = 0 THEN 'timeout' ELSE 'throttled' END,
      CASE WHEN failed THEN 'It failed.' END, CASE WHEN failed THEN CASE WHEN i % 2 = 0 THEN 'timeout' ELSE 'rate_limit' END END,
      (i * 7919 % 97) * 41003 + i * 101 + n * 50000 * (1 + i % 3), CASE WHEN failed THEN NULL ELSE (i * 31 % 53) * 9001 + i END,
      CASE WHEN failed THEN NULL ELSE (i * 17 % 61) * 301 + i END,
      10 + i * 13 % 29, CASE WHEN failed THEN NULL ELSE 5 + i * 37 % 311 END, CASE WHEN failed THEN NULL ELSE 3 + i * 11 % 59 END,
      CASE WHEN failed THEN NULL WHEN i % 8 = 0 THEN 'length' ELSE 'stop' END, 1 + (i % 11 = 0)::int + (i % 13 = 0)::int * 2,
      CASE WHEN i % 4 = 1 AND i % 5 <> 0 THEN 1 ELSE 0 END, CASE WHEN i % 4 = 1 AND i % 5 = 0 THEN 1 ELSE 0 END, 'm'
    FROM generate_series(1, 2) n, generate_series(1, 40) i, LATERAL (SELECT i % 7 = n - 1 AS failed) f;
  UPDATE demo_batch_test_runs r SET completed_prompts = c.ok, failed_prompts = 40 - c.ok, last_sequence = 40, status = 'completed'
    FROM (SELECT test_run_id, count(*) FILTER (WHERE success) AS ok FROM demo_batch_test_results GROUP BY 1) c WHERE r.id = c.test_run_id)";

// What expectations speak of: `every`, `good` and `bad` results of the latest run, `good1` of the first.
constexpr char kNames[] = R"(
  WITH named AS (SELECT prompt_id AS id, prompt, coalesce(response, '') AS answer, latency_us / 1000.0 AS lat, ttft_us / 1000.0 AS ttft,
      itl_mean_us / 1000.0 AS itl, input_tokens AS inp, output_tokens AS outt, input_tokens + coalesce(output_tokens, 0) AS tot, char_length(response) AS chars,
      response_words AS words, success AS ok, error_type AS err, category AS cat, difficulty AS diff, finish_reason AS fin,
      attempts AS tries, outcome, CASE WHEN checks_passed + checks_failed > 0 THEN checks_failed = 0 END AS chk,
      CASE WHEN prompt_id <= 20 THEN 'first half' ELSE 'second half' END AS half, right(test_run_id::text, 1)::int AS n
    FROM demo_batch_test_results),
  every AS (SELECT * FROM named WHERE n = 2), good AS (SELECT * FROM every WHERE ok), bad AS (SELECT * FROM every WHERE NOT ok),
  bothgood AS (SELECT * FROM named WHERE ok), good1 AS (SELECT * FROM bothgood WHERE n = 1) )";

enum class Verdict { kRight, kRightlyDeclined, kDeclined, kBeside, kWrong };

struct Expected {
  std::vector<std::string> first, second;  // the columns
};

class GoldenTest : public testing::Test {
 protected:
  GoldenTest() { database_owner_.Execute(fmt::format(fmt::runtime(kRuns), session_)); }
  ~GoldenTest() override {
    work_.reset();
    io_.stop();
    thread_.join();
  }

  template <typename T>
  T Wait(asio::awaitable<T> task) {
    return asio::co_spawn(io_, std::move(task), asio::use_future).get();
  }

  Expected Ask(const std::string& sql, bool two) {
    const std::string names = two ? "a, b" : "a";
    const std::string query = fmt::format("{} SELECT a::text AS a, {} AS b FROM ({}) AS asked ({})", kNames,
                                          two ? "b::text" : "NULL::text", sql, names);
    auto run = [&]() -> Task<Rows> {
      co_return co_await database_.Run(OwnCall(absl::Seconds(10)).deadline, SessionScope(session_), Query{"", query},
                                       Params());
    };
    const absl::StatusOr<Rows> rows = Wait(run());
    EXPECT_TRUE(rows.ok()) << rows.status() << "\n" << sql;
    Expected expected;
    if (!rows.ok()) return expected;
    for (const Row row : *rows) {
      expected.first.push_back(row.Get<std::optional<std::string>>("a").value_or("null"));
      expected.second.push_back(row.Get<std::optional<std::string>>("b").value_or("null"));
    }
    return expected;
  }

  absl::StatusOr<Finding> Find(const pb::Query& query) {
    const SessionRuns known = *Wait(LoadSessionRuns(database_, OwnCall(absl::Seconds(10)), session_));
    return Wait(Execute(database_, OwnCall(absl::Seconds(10)), session_, known, "", query));
  }

  Verdict Judge(const Entry& entry, std::string& words) {
    Vocabulary vocabulary;
    vocabulary.categories = {"billing", "code", "returns", "technical"};
    vocabulary.suite = "Customer Support - Easy";
    vocabulary.model = "Model";
    vocabulary.prompts = 40;
    vocabulary.runs = 2;
    const Understanding understood = PlanBuiltin(entry.turns, vocabulary);
    for (const pb::Query& query : understood.queries) words += QueryWords(query) + " ++ ";
    if (understood.refusal) words += "refused ";
    const bool declined = understood.queries.empty() && !understood.wants_help;
    const std::string& first = entry.expected[0];
    const bool to_decline = first == "decline" || first.starts_with("topic") || first == "contradiction";
    if (to_decline) return declined ? Verdict::kRightlyDeclined : Verdict::kWrong;
    if (declined) return Verdict::kDeclined;
    if (understood.queries.size() != entry.expected.size()) return Verdict::kWrong;
    Verdict worst = Verdict::kRight;
    for (size_t i = 0; i < entry.expected.size(); ++i) {
      worst = std::max(worst, JudgeOne(understood.queries[i], entry.expected[i]));
    }
    return worst;
  }

  Verdict JudgeOne(const pb::Query& query, const std::string& expectation) {
    const size_t colon = expectation.find(": ");
    const std::string kind = expectation.substr(0, colon);
    const std::string rest = colon == std::string::npos ? "" : expectation.substr(colon + 2);
    const auto verdict = [](bool right) { return right ? Verdict::kRight : Verdict::kWrong; };
    if (kind == "summary") return verdict(query.statistic() == pb::STATISTIC_SUMMARY);
    if (kind == "histogram") return verdict(query.statistic() == pb::STATISTIC_DISTRIBUTION);
    if (kind == "fact")
      return verdict(query.run_facts_size() == 1 && EnumWord(static_cast<pb::RunFact>(query.run_facts(0))) == rest);
    if (kind == "export")
      return verdict(query.presentation() == pb::PRESENTATION_EXPORT && query.export_format() == rest);
    if (kind.starts_with("exported ")) return verdict(Exports(query, kind.substr(9), Ask(rest, false).first));
    const absl::StatusOr<Finding> finding = Find(query);
    if (!finding.ok()) return Verdict::kWrong;
    if (kind == "differs" || kind == "tested") {
      return verdict(SameDifferences(*finding, Ask(rest, true), kind == "tested"));
    }
    if (kind == "says") return verdict(Says(*finding, Ask(rest, false).first[0]));
    if (kind == "whole") {
      const std::string wanted = std::isdigit(rest[0]) ? rest : Ask(rest, false).first[0];
      return verdict(query.whole() && finding->results.size() == 1 &&
                     fmt::to_string(finding->results[0].prompt_id) == wanted);
    }
    if (query.measure() == pb::MEASURE_RUN) return Verdict::kWrong;
    const Expected expected = Ask(rest, kind == "groups" || kind == "vs");
    if (kind == "ids" || kind == "ranked") return verdict(SameResults(*finding, expected.first, kind == "ranked"));
    return JudgeFigures(TableOf(*finding), kind, expected);
  }

  static bool Says(const Finding& finding, const std::string& words) {
    Telling telling(Language::Of("en"));
    std::string text = telling.Finish(TellFacts(telling, finding)).text;
    std::erase(text, '*');
    const bool says = text.find(words) != std::string::npos;
    if (!says) std::cout << "'" << words << "' is not in '" << text << "'\n";
    return says;
  }

  // The file's rows are these prompts.
  bool Exports(const pb::Query& query, const std::string& format, const std::vector<std::string>& ids) {
    if (query.presentation() != pb::PRESENTATION_EXPORT || query.export_format() != format) return false;
    RunScope scope;
    scope.session = session_;
    scope.run = "b6a1c2d3-0000-4000-8000-000000000002";
    const absl::StatusOr<std::vector<int32_t>> chosen =
        Wait(FindChosen(database_, OwnCall(absl::Seconds(10)), scope, query, 1000));
    if (!chosen.ok()) return false;
    std::set<std::string> found;
    for (const int32_t prompt_id : *chosen) found.insert(fmt::to_string(prompt_id));
    return found.size() == chosen->size() && found == std::set<std::string>(ids.begin(), ids.end());
  }

  // The differences of the first figure: `other|base` and by how much, or `other|base|verdict` and the p-value.
  static bool SameDifferences(const Finding& finding, const Expected& expected, bool tested) {
    if (finding.differences.empty()) return false;
    size_t found = 0;
    for (const pb::TestedDifference& difference : finding.differences) {
      if (difference.column() != finding.differences[0].column()) continue;
      std::string name = difference.other() + "|" + difference.base();
      if (tested) name += "|" + EnumWord(difference.verdict());
      const auto at = std::find(expected.first.begin(), expected.first.end(), name);
      if (at == expected.first.end()) return false;
      google::protobuf::Value value;
      value.set_number_value(tested ? difference.p_value() : difference.difference());
      if (!Near(value, expected.second[static_cast<size_t>(at - expected.first.begin())])) return false;
      ++found;
    }
    return found == expected.first.size();
  }

  static bool SameResults(const Finding& finding, const std::vector<std::string>& ids, bool in_order) {
    if (finding.query.statistic() != pb::STATISTIC_LIST && finding.query.statistic() != pb::STATISTIC_DIFFERENCE)
      return false;
    std::vector<std::string> listed;
    for (const FoundResult& result : finding.results) listed.push_back(fmt::to_string(result.prompt_id));
    if (in_order) return listed == ids;
    const std::set<std::string> wanted(ids.begin(), ids.end());
    const bool within =
        std::all_of(listed.begin(), listed.end(), [&](const std::string& id) { return wanted.count(id) > 0; });
    const bool whole =
        listed.size() == ids.size() || (finding.total == static_cast<int64_t>(ids.size()) && listed.size() >= 20);
    return within && whole;
  }

  static bool Near(const google::protobuf::Value& value, const std::string& text) {
    double wanted = 0;
    if (!absl::SimpleAtod(text, &wanted)) return text == "null" && !value.has_number_value();
    return value.has_number_value() && std::abs(value.number_value() - wanted) <= 0.002 + std::abs(wanted) * 1e-4;
  }

  static Verdict JudgeFigures(const pb::ToolResult& table, const std::string& kind, const Expected& expected) {
    if (kind == "groups") {
      if (table.rows_size() != static_cast<int>(expected.first.size())) return Verdict::kWrong;
      for (const auto& row : table.rows()) {
        const auto at = std::find(expected.first.begin(), expected.first.end(), row.values(0).string_value());
        if (at == expected.first.end()) return Verdict::kWrong;
        if (!Near(row.values(1), expected.second[static_cast<size_t>(at - expected.first.begin())]))
          return Verdict::kWrong;
      }
      return Verdict::kRight;
    }
    if (table.columns_size() < 2 || table.columns(0) != "metric" || table.rows_size() == 0) return Verdict::kWrong;
    const auto has = [&](const std::string& value) {
      return std::any_of(table.rows().begin(), table.rows().end(),
                         [&](const auto& row) { return Near(row.values(1), value); });
    };
    if (kind == "vs") return has(expected.first[0]) && has(expected.second[0]) ? Verdict::kRight : Verdict::kWrong;
    if (Near(table.rows(0).values(1), expected.first[0])) return Verdict::kRight;
    return has(expected.first[0]) ? Verdict::kBeside : Verdict::kWrong;
  }

  const std::string session_ = *SessionHash("demo-" + std::string(64, 'a'));
  TestDatabase database_owner_;
  asio::io_context io_;
  asio::executor_work_guard<asio::io_context::executor_type> work_{io_.get_executor()};
  Database database_{io_.get_executor(), database_owner_.As("ftl_analytics")};
  std::thread thread_{[this] { io_.run(); }};
};

TEST_F(GoldenTest, NeverAnswersAnotherQuestion) {
  std::map<std::string, std::array<int, 5>> table;
  std::vector<Entry> entries = WrittenEntries();
  for (Entry& entry : GeneratedEntries()) entries.push_back(std::move(entry));
  ASSERT_GE(entries.size(), 600);
  int good = 0;
  int wrong = 0;
  for (const Entry& entry : entries) {
    std::string words;
    const Verdict verdict = Judge(entry, words);
    ++table[entry.kind][static_cast<size_t>(verdict)];
    good += verdict == Verdict::kRight || verdict == Verdict::kRightlyDeclined;
    wrong += verdict == Verdict::kWrong;
    if (verdict >= Verdict::kDeclined) {
      std::cout << (verdict == Verdict::kWrong    ? "WRONG "
                    : verdict == Verdict::kBeside ? "BESIDE "
                                                  : "DECLINED ")
                << fmt::format("{}\n   got {}\n", fmt::join(entry.turns, " / "), words);
    }
  }
  std::cout << "| set | right | rightly declined | declined | beside the point | wrong |\n| --- | --- | --- | --- | "
               "--- | --- |\n";
  for (const auto& [kind, counts] : table) {
    std::cout << fmt::format("| {} | {} |\n", kind, fmt::join(counts, " | "));
  }
  EXPECT_EQ(wrong, 0);
  EXPECT_GE(good, static_cast<int>(entries.size() * 95 / 100)) << good << " of " << entries.size();
}

}  // namespace
}  // namespace ftl::analytics
