#include "services/analytics/comparisons/verdict.h"

#include <algorithm>
#include <map>
#include <optional>
#include <vector>

#include "common/time/proto_time.h"
#include "services/analytics/compare/paired.h"

namespace ftl::analytics {
namespace {

namespace pb = finetunelab::batch_runner::v1;

constexpr int64_t kFewestPairs = 6;
constexpr double kChance = 0.05;

// What is measured of each repetition that has it, by its number.
using Column = std::map<int, double>;

// Columns by a measure, the better ones lower.
struct Figures {
  pb::ComparisonMeasure measure;
  std::vector<Column> columns;
};

double LengthOf(std::string_view text) {
  return static_cast<double>(
      std::count_if(text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; }));
}

std::optional<double> Take(pb::ComparisonMeasure measure, const pb::ComparedAnswer& answer) {
  switch (measure) {
    case pb::COMPARISON_MEASURE_LATENCY:
      return answer.has_latency() ? std::optional(absl::ToDoubleSeconds(FromProto(answer.latency()))) : std::nullopt;
    case pb::COMPARISON_MEASURE_TTFT:
      return answer.has_ttft() ? std::optional(absl::ToDoubleSeconds(FromProto(answer.ttft()))) : std::nullopt;
    case pb::COMPARISON_MEASURE_COST:
      return answer.has_cost() ? std::optional(answer.cost()) : std::nullopt;
    default:
      return -LengthOf(answer.content());
  }
}

double MedianOf(const Column& column) {
  std::vector<double> values;
  for (const auto& [repetition, value] : column) values.push_back(value);
  return Median(values);
}

pb::ComparisonCertainty CertaintyOf(const std::vector<Column>& columns, size_t leader) {
  std::vector<double> chances;
  for (size_t other = 0; other < columns.size(); ++other) {
    if (other == leader || columns[other].empty()) continue;
    int64_t pairs = 0;
    int64_t better = 0;
    int64_t worse = 0;
    for (const auto& [repetition, value] : columns[other]) {
      const auto own = columns[leader].find(repetition);
      if (own == columns[leader].end()) continue;
      ++pairs;
      better += own->second < value;
      worse += own->second > value;
    }
    if (pairs < kFewestPairs) return pb::COMPARISON_CERTAINTY_TOO_FEW_TO_TELL;
    chances.push_back(better > worse ? SignTest(better, worse) : 1);
  }
  const std::vector<double> adjusted = HolmAdjusted(chances);
  const bool is_clear = std::all_of(adjusted.begin(), adjusted.end(), [](double chance) { return chance < kChance; });
  return is_clear ? pb::COMPARISON_CERTAINTY_CLEAR : pb::COMPARISON_CERTAINTY_NOT_CLEAR;
}

// nullopt where fewer than two columns have a figure.
std::optional<pb::ComparisonFinding> FindingOf(pb::ComparisonMeasure measure, const std::vector<Column>& columns) {
  std::optional<double> best;
  int with_figures = 0;
  for (const Column& column : columns) {
    if (column.empty()) continue;
    ++with_figures;
    best = std::min(best.value_or(MedianOf(column)), MedianOf(column));
  }
  if (with_figures < 2) return std::nullopt;
  pb::ComparisonFinding finding;
  finding.set_measure(measure);
  for (size_t index = 0; index < columns.size(); ++index) {
    if (!columns[index].empty() && MedianOf(columns[index]) == *best) finding.add_leaders(static_cast<int>(index));
  }
  finding.set_certainty(CertaintyOf(columns, finding.leaders(0)));
  return finding;
}

void FillColumns(const pb::Comparison& comparison, pb::ComparisonVerdict& verdict) {
  for (int index = 0; index < comparison.columns(); ++index) verdict.add_columns()->set_index(index);
  for (const pb::ComparedAnswer& answer : comparison.answers()) {
    pb::ComparisonColumn& column = *verdict.mutable_columns(answer.index());
    const bool is_whole = answer.status() == pb::MESSAGE_STATUS_COMPLETE;
    is_whole ? column.set_answered(column.answered() + 1) : column.set_failed(column.failed() + 1);
  }
  for (const pb::ComparisonColumn& column : verdict.columns()) {
    if (column.answered() == 0) verdict.add_failed(column.index());
  }
}

void SetFigure(pb::ComparisonMeasure measure, double median, pb::ComparisonColumn& column) {
  if (measure == pb::COMPARISON_MEASURE_LATENCY) *column.mutable_latency() = ToProto(absl::Seconds(median));
  if (measure == pb::COMPARISON_MEASURE_TTFT) *column.mutable_ttft() = ToProto(absl::Seconds(median));
  if (measure == pb::COMPARISON_MEASURE_COST) column.set_cost(median);
  if (measure == pb::COMPARISON_MEASURE_LENGTH) column.set_length(-median);
}

void SetLeader(pb::ComparisonMeasure measure, int leader, pb::ComparisonVerdict& verdict) {
  if (measure == pb::COMPARISON_MEASURE_LATENCY) verdict.set_fastest(leader);
  if (measure == pb::COMPARISON_MEASURE_TTFT) verdict.set_first_to_begin(leader);
  if (measure == pb::COMPARISON_MEASURE_COST) verdict.set_cheapest(leader);
  if (measure == pb::COMPARISON_MEASURE_LENGTH) verdict.set_longest(leader);
}

}  // namespace

pb::ComparisonVerdict VerdictOf(const pb::Comparison& comparison) {
  pb::ComparisonVerdict verdict;
  FillColumns(comparison, verdict);
  std::vector<std::vector<double>> tokens(comparison.columns());
  for (const pb::ComparisonMeasure measure : {pb::COMPARISON_MEASURE_LATENCY, pb::COMPARISON_MEASURE_TTFT,
                                              pb::COMPARISON_MEASURE_COST, pb::COMPARISON_MEASURE_LENGTH}) {
    std::vector<Column> columns(comparison.columns());
    bool is_known_of_all = true;
    for (const pb::ComparedAnswer& answer : comparison.answers()) {
      if (answer.status() != pb::MESSAGE_STATUS_COMPLETE) continue;
      const std::optional<double> taken = Take(measure, answer);
      is_known_of_all = is_known_of_all && taken.has_value();
      if (taken) columns[answer.index()][answer.repetition()] = *taken;
    }
    for (int index = 0; index < comparison.columns(); ++index) {
      if (!columns[index].empty()) SetFigure(measure, MedianOf(columns[index]), *verdict.mutable_columns(index));
    }
    // An unknown price may be the lowest.
    if (measure == pb::COMPARISON_MEASURE_COST && !is_known_of_all) continue;
    const auto finding = FindingOf(measure, columns);
    if (!finding) continue;
    if (finding->leaders_size() == 1) SetLeader(measure, finding->leaders(0), verdict);
    *verdict.add_findings() = *finding;
  }
  for (const pb::ComparedAnswer& answer : comparison.answers()) {
    if (answer.status() == pb::MESSAGE_STATUS_COMPLETE) tokens[answer.index()].push_back(answer.output_tokens());
  }
  for (int index = 0; index < comparison.columns(); ++index) {
    if (!tokens[index].empty()) verdict.mutable_columns(index)->set_output_tokens(Median(tokens[index]));
  }
  return verdict;
}

}  // namespace ftl::analytics
