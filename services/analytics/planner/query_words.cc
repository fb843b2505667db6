#include "services/analytics/planner/query_words.h"

#include <absl/strings/str_join.h>
#include <fmt/format.h>

#include "common/proto/enum_word.h"

namespace ftl::analytics {
namespace {

namespace pb = finetunelab::analytics::v1;

std::string FigureWords(pb::Statistic statistic, pb::Measure measure, double percentile) {
  const std::string word = statistic == pb::STATISTIC_PERCENTILE ? fmt::format("p{}", percentile) : EnumWord(statistic);
  return measure ? fmt::format("{} {}", word, EnumWord(measure)) : word;
}

constexpr const char* kSigns[] = {"?", "=",  "!=",   "<",  "<=", ">",   ">=",  " between ",
                                  "~", "!~", " in ", "^~", "~$", "!^~", "!~$", " not in "};

std::string FilterWords(const pb::Filter& filter) {
  if (filter.has_in_run()) {
    pb::Filter there = filter;
    there.clear_in_run();
    return fmt::format("{} in run {}", FilterWords(there), filter.in_run());
  }
  if (!filter.any_of().empty()) {
    std::vector<std::string> words;
    for (const pb::Filter& one : filter.any_of()) words.push_back(FilterWords(one));
    return absl::StrJoin(words, " or ");
  }
  std::string value = filter.text();
  if (filter.has_than()) {
    std::string of;
    for (const pb::Filter& one : filter.than_of()) of += " of " + FilterWords(one);
    return fmt::format("{}{}{}{}", EnumWord(filter.field()), kSigns[filter.comparison()],
                       FigureWords(filter.than(), pb::MEASURE_UNSPECIFIED, filter.number()), of);
  }
  if (filter.has_number()) value = fmt::format("{}", filter.number());
  if (filter.has_number_to()) value += fmt::format("..{}", filter.number_to());
  if (filter.numbers_size() > 0) value = absl::StrJoin(filter.numbers(), "/");
  if (filter.texts_size() > 0) value = absl::StrJoin(filter.texts(), "/");
  return fmt::format("{}{}{}", EnumWord(filter.field()), kSigns[filter.comparison()], value);
}

}  // namespace

std::string SliceWords(const pb::Slice& slice) {
  std::string words = slice.exclude() ? "without " : "of ";
  words += slice.has_share() ? fmt::format("{}%", slice.share() * 100) : fmt::format("{}", slice.count());
  if (slice.skip() > 0) words += fmt::format(" after {}", slice.skip());
  const std::string by = slice.measure() ? EnumWord(slice.measure()) : "number";
  return fmt::format("{} by {} {}", words, by, slice.order() == pb::ORDER_DESCENDING ? "desc" : "asc");
}

std::string Joined(const google::protobuf::RepeatedPtrField<pb::Filter>& filters) {
  std::vector<std::string> words;
  for (const pb::Filter& filter : filters) words.push_back(FilterWords(filter));
  return absl::StrJoin(words, ", ");
}

std::string QueryWords(const pb::Query& query) {
  if (query.measure() == pb::MEASURE_RUN) {
    std::vector<std::string> facts;
    for (const int fact : query.run_facts()) facts.push_back(EnumWord(static_cast<pb::RunFact>(fact)));
    return "run " + absl::StrJoin(facts, ", ") + (query.filters().empty() ? "" : " | " + Joined(query.filters()));
  }
  std::string words = FigureWords(query.statistic(), query.measure(), query.percentile());
  for (const pb::Figure& figure : query.also()) {
    words += " + " + FigureWords(figure.statistic(), figure.measure(), figure.percentile());
  }
  if (query.against()) words += " with " + EnumWord(query.against());
  if (query.has_base_run()) words += fmt::format(" from run {}", query.base_run());
  if (!query.among().empty()) words += " | among " + Joined(query.among());
  for (const pb::Slice& slice : query.slices()) words += " | " + SliceWords(slice);
  if (!query.filters().empty()) words += " | " + Joined(query.filters());
  if (query.group_by()) words += " | by " + EnumWord(query.group_by());
  if (query.has_having()) {
    const std::string bound = query.having().than_all() ? "all" : fmt::format("{}", query.having().number());
    words += fmt::format(" | having {}{}", kSigns[query.having().comparison()], bound);
  }
  if (query.ratio()) words += " | ratio";
  if (query.order()) words += query.order() == pb::ORDER_DESCENDING ? " | desc" : " | asc";
  if (query.has_limit()) words += fmt::format(" | {}", query.limit());
  if (query.per_group() > 0) words += fmt::format(" | {} each", query.per_group());
  if (query.presentation() == pb::PRESENTATION_EXPORT) {
    words += " | export " + query.export_format();
  } else if (query.presentation())
    words += " | " + EnumWord(query.presentation());
  if (query.whole()) words += " | whole";
  if (query.has_presumed()) words += fmt::format(" | presumed {}", query.presumed());
  if (query.all_runs()) words += " | all runs";
  if (query.compares()) words += " | compared";
  if (query.explain()) words += " | why";
  return words;
}

}  // namespace ftl::analytics
