#include "services/analytics/narrator/naming.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include <absl/strings/str_join.h>
#include <fmt/format.h>

#include "common/proto/enum_word.h"
#include "services/analytics/narrator/quantity.h"
#include "services/analytics/narrator/telling.h"
#include "services/analytics/query/sql_compiler.h"
#include "services/analytics/semantics/catalogue.h"

namespace ftl::analytics {
namespace {

constexpr size_t kLongestText = 60;

bool IsNegated(const pb::Filter& filter) {
  switch (filter.comparison()) {
    case pb::COMPARISON_NOT_EQUAL:
    case pb::COMPARISON_NOT_CONTAINS:
    case pb::COMPARISON_NOT_STARTS_WITH:
    case pb::COMPARISON_NOT_ENDS_WITH:
    case pb::COMPARISON_NOT_IN:
      return true;
    default:
      return false;
  }
}

std::string QuotedIn(const Language& language, const std::string& text) {
  return language.Say("quote", {{"text", Quoted(text, kLongestText)}});
}

std::string TextsOf(const Language& language, const pb::Filter& filter, bool in_quotes) {
  std::vector<std::string> parts;
  for (const std::string& text : filter.texts()) {
    parts.push_back(in_quotes ? QuotedIn(language, text) : Quoted(Spoken(text), kLongestText));
  }
  if (parts.empty()) {
    return in_quotes ? QuotedIn(language, filter.text()) : Quoted(Spoken(filter.text()), kLongestText);
  }
  return language.Or(parts);
}

// The measure's name says tokens or characters; of a time it does not say the unit.
std::string BoundNumber(const Language& language, pb::Measure measure, double number) {
  if (RowOf(measure).unit == MeasureUnit::kMilliseconds) return DurationText(language, number);
  return language.Number(number, 3);
}

std::string WorkedText(const Language& language, const pb::Filter& filter) {
  if (filter.than() == pb::STATISTIC_MEAN) return language.Say("filter.mean");
  if (filter.than() == pb::STATISTIC_MEDIAN) return language.Say("filter.median");
  return language.Say("filter.percentile", {{"rank", RankText(language, filter.number())}});
}

std::string BoundText(const Language& language, pb::Measure measure, const pb::Filter& filter) {
  if (!filter.has_than()) return BoundNumber(language, measure, filter.number());
  std::vector<std::string> of;
  for (const pb::Filter& one : filter.than_of()) of.push_back(FilterText(language, one));
  const std::string worked = WorkedText(language, filter);
  return of.empty() ? worked : language.Say("filter.than_of", {{"x", worked}, {"filters", absl::StrJoin(of, "; ")}});
}

std::string NumberFilterText(const Language& language, pb::Measure measure, const pb::Filter& filter) {
  return language.Say("filter." + EnumWord(filter.comparison()),
                      {{"what", MeasureName(language, measure)},
                       {"x", BoundText(language, measure, filter)},
                       {"y", BoundNumber(language, measure, filter.number_to())}});
}

std::string PromptsFilterText(const Language& language, const pb::Filter& filter) {
  std::vector<std::string> ids;
  for (const double number : filter.numbers()) ids.push_back(fmt::format("#{}", number));
  if (ids.empty()) ids.push_back(fmt::format("#{}", filter.number()));
  if (filter.has_number_to()) ids = {fmt::format("#{}–#{}", filter.number(), filter.number_to())};
  if (ids.size() > 8) {
    ids.resize(8);
    ids.emplace_back("…");
  }
  const bool up_to = filter.comparison() == pb::COMPARISON_LESS_OR_EQUAL;
  return language.Say(up_to ? "filter.prompt_id.up_to" : "filter.prompt_id", {{"x", absl::StrJoin(ids, ", ")}});
}

std::string RunFilterText(const Language& language, const pb::Filter& filter) {
  if (filter.number() > 0) return language.Say("filter.run", {{"x", language.Number(filter.number())}});
  return language.Say(filter.number() < 0 ? "filter.run.before" : "filter.run.latest");
}

std::string FlagKey(const pb::Filter& filter) {
  const bool wanted = (filter.text() != "false") != IsNegated(filter);
  return EnumWord(filter.field()) + (wanted ? ".true" : ".false");
}

std::string SliceText(const Language& language, const pb::Slice& slice) {
  const bool ascending = slice.order() == pb::ORDER_ASCENDING;
  const bool by_number = slice.measure() == pb::MEASURE_UNSPECIFIED;
  const bool one_of_many = slice.count() == 1 && slice.skip() > 0;  // the second slowest
  const std::string measure = by_number ? "" : MeasureName(language, slice.measure());
  const std::string order = language.Say(ascending ? "filter.slice.ascending" : "filter.slice.descending");
  const double number = one_of_many ? slice.skip() + 1 : slice.count();
  std::string key = one_of_many ? "filter.slice.nth" : slice.has_share() ? "filter.slice.share" : "filter.slice.count";
  if (by_number && !slice.has_share()) {
    key = one_of_many && ascending ? "filter.slice.nth_of_them"
          : ascending              ? "filter.slice.first"
                                   : "filter.slice.last";
  }
  std::string text = language.Say(key, {{"n", language.Number(number), number},
                                        {"share", ShareText(language, slice.share())},
                                        {"order", order},
                                        {"measure", measure}});
  return slice.exclude() ? language.Say("filter.slice.without", {{"slice", text}}) : text;
}

// The key of the verb of a condition: `did.latency.greater`.
std::string DidKey(const pb::Filter& filter) {
  if (!filter.any_of().empty() || filter.has_than() || filter.has_in_run() || filter.texts_size() > 0) return "";
  if (filter.field() == pb::FILTER_FIELD_ERROR_TYPE) {
    return filter.text() == "timeout" && !IsNegated(filter) ? "did.timeout" : "";
  }
  if (filter.field() == pb::FILTER_FIELD_FINISH_REASON) {
    return filter.text() == "length" && !IsNegated(filter) ? "did.finish_reason.length" : "";
  }
  if (RowOf(filter.field()).kind == FieldKind::kFlag) return "did." + FlagKey(filter);
  return fmt::format("did.{}.{}", EnumWord(filter.field()), EnumWord(filter.comparison()));
}

std::string WithCapital(std::string text) {
  if (!text.empty() && text[0] >= 'a' && text[0] <= 'z') text[0] = static_cast<char>(text[0] - 'a' + 'A');
  return text;
}

// What is asked for, without its conditions.
std::string SubjectText(const Language& language, const pb::Query& query) {
  if (query.presentation() == pb::PRESENTATION_EXPORT) {
    return language.Say("query.export", {{"format", query.export_format()}});
  }
  if (query.measure() == pb::MEASURE_RUN) return language.Say("query.run_facts");
  switch (query.statistic()) {
    case pb::STATISTIC_LIST:
      return IsRanked(query) ? language.Say("query.ranked", {{"order", OrderName(language, query)}})
                             : language.Say("query.list");
    case pb::STATISTIC_DISTRIBUTION:
    case pb::STATISTIC_DIFFERENCE:
      return language.Say("statistic." + EnumWord(query.statistic()),
                          {{"measure", MeasureName(language, query.measure())}});
    case pb::STATISTIC_SUMMARY:
      return language.Say("statistic.summary");
    default: {
      std::vector<std::string> names;
      for (const pb::Figure& figure : FiguresOf(query)) names.push_back(FigureName(language, figure));
      return language.And(names);
    }
  }
}

std::string BoundOfFigure(const Language& language, const pb::Figure& figure, double number) {
  switch (figure.statistic()) {
    case pb::STATISTIC_COUNT:
      return CountText(language, number);
    case pb::STATISTIC_SHARE:
      return ShareText(language, number);
    case pb::STATISTIC_VARIANCE:
      return language.Number(number, 1);
    default:
      return QuantityText(language, figure.measure(), number);
  }
}

}  // namespace

std::string Spoken(std::string word) {
  std::replace(word.begin(), word.end(), '_', ' ');
  return word;
}

std::string MeasureName(const Language& language, pb::Measure measure) {
  return language.Say("measure." + EnumWord(measure));
}

std::string RankText(const Language& language, double number) {
  return language.Say("rank", {{"n", language.Number(number, 3), number}});
}

std::string FigureName(const Language& language, const pb::Figure& figure) {
  if (figure.measure() == pb::MEASURE_RESULTS && figure.statistic() == pb::STATISTIC_COUNT) {
    return language.Say("statistic.prompts");
  }
  if (figure.measure() == pb::MEASURE_RESULTS && figure.statistic() == pb::STATISTIC_SHARE) {
    return language.Say("statistic.share_of_prompts");
  }
  return language.Say(
      "statistic." + EnumWord(figure.statistic()),
      {{"measure", MeasureName(language, figure.measure())}, {"rank", RankText(language, figure.percentile())}});
}

std::string GroupName(const Language& language, pb::Grouping grouping) {
  return language.Say("group." + EnumWord(grouping));
}

std::string GroupValue(const Language& language, pb::Grouping grouping, const std::string& name) {
  if (grouping == pb::GROUPING_HALF) {
    return language.Say(name == "first half" ? "group.value.first_half" : "group.value.second_half");
  }
  if (grouping == pb::GROUPING_RUN) {
    return language.Say("group.value.run", {{"n", name.substr(name.find_first_of("0123456789"))}});
  }
  if (grouping == pb::GROUPING_SUCCESS) {
    return language.Say(name == "succeeded" ? "filter.success.true" : "filter.success.false");
  }
  if (grouping == pb::GROUPING_CHECKS_PASSED) {
    return language.Say(name == "checks passed" ? "filter.checks_passed.true" : "filter.checks_passed.false");
  }
  return Quoted(Spoken(name), kLongestText);
}

std::string GroupBoundText(const Language& language, const pb::Query& query, std::optional<double> worked) {
  const pb::GroupBound& bound = query.having();
  std::string x = language.Say("bound.of_all");
  if (const std::optional<double> number = bound.than_all() ? worked : bound.number()) {
    x = BoundOfFigure(language, FiguresOf(query)[0], *number);
    if (bound.than_all()) x = language.Say("bound.all", {{"x", x}});
  }
  return language.Say("bound." + EnumWord(bound.comparison()), {{"x", x}});
}

std::string OrderName(const Language& language, const pb::Query& query) {
  const std::string direction = query.order() == pb::ORDER_ASCENDING ? ".ascending" : ".descending";
  const std::string own = "order." + EnumWord(query.measure()) + direction;
  if (language.Has(own)) return language.Say(own);
  if (EnumWord(query.measure()).starts_with("response")) return language.Say("order.response" + direction);
  return language.Say("order" + direction, {{"measure", MeasureName(language, query.measure())}});
}

std::string MostName(const Language& language, const pb::Query& query) {
  const std::string direction = query.order() == pb::ORDER_ASCENDING ? ".ascending" : ".descending";
  const std::string own = "most." + EnumWord(query.measure()) + direction;
  if (language.Has(own)) return language.Say(own);
  if (EnumWord(query.measure()).starts_with("response")) return language.Say("most.response" + direction);
  return language.Say("most" + direction, {{"measure", MeasureName(language, query.measure())}});
}

std::string FilterText(const Language& language, const pb::Filter& filter) {
  if (filter.has_in_run()) {
    pb::Filter there = filter;
    there.clear_in_run();
    pb::Filter run;
    run.set_number(filter.in_run());
    return language.Say("filter.in_run",
                        {{"filter", FilterText(language, there)}, {"run", RunFilterText(language, run)}});
  }
  if (!filter.any_of().empty()) {
    std::vector<std::string> parts;
    for (const pb::Filter& inner : filter.any_of()) parts.push_back(FilterText(language, inner));
    return language.Or(parts);
  }
  const std::string field = EnumWord(filter.field());
  if (filter.field() == pb::FILTER_FIELD_PROMPT_ID) return PromptsFilterText(language, filter);
  if (filter.field() == pb::FILTER_FIELD_HALF) {
    return language.Say(filter.number() == 1 ? "filter.half.1" : "filter.half.2");
  }
  switch (RowOf(filter.field()).kind) {
    case FieldKind::kRun:
      return RunFilterText(language, filter);
    case FieldKind::kFlag:
      return language.Say("filter." + FlagKey(filter));
    case FieldKind::kText: {
      const bool whole = filter.comparison() == pb::COMPARISON_EQUAL || filter.comparison() == pb::COMPARISON_IN ||
                         filter.comparison() == pb::COMPARISON_NOT_EQUAL ||
                         filter.comparison() == pb::COMPARISON_NOT_IN;
      const std::string key = !whole              ? "filter." + EnumWord(filter.comparison())
                              : IsNegated(filter) ? "filter.not_text"
                                                  : "filter.text";
      return language.Say(key, {{"what", language.Say("what." + field)}, {"x", TextsOf(language, filter, !whole)}});
    }
    case FieldKind::kNumber:
      break;
  }
  const std::optional<pb::Measure> measure = MeasureOf(filter.field());
  if (measure) return NumberFilterText(language, *measure, filter);
  return language.Say("filter.text", {{"what", language.Say("what." + field)}, {"x", fmt::to_string(filter.number())}});
}

pb::Query WithoutRun(pb::Query query) {
  for (auto* filters : {query.mutable_among(), query.mutable_filters()}) {
    filters->erase(std::remove_if(filters->begin(), filters->end(),
                                  [](const pb::Filter& filter) { return filter.field() == pb::FILTER_FIELD_RUN; }),
                   filters->end());
  }
  return query;
}

std::string AmongText(const Language& language, const pb::Query& query) {
  pb::Query rest = query;
  if (rest.among().empty() && !rest.filters().empty()) {
    rest.mutable_filters()->RemoveLast();
  } else {
    rest.clear_filters();
  }
  return FiltersText(language, rest);
}

std::string CountedText(const Language& language, const pb::Query& query) {
  pb::Query own = query;
  own.clear_slices();
  if (query.among().empty() && query.filters_size() > 1) {
    own.mutable_filters()->DeleteSubrange(0, query.filters_size() - 1);
  }
  own.clear_among();
  return FiltersText(language, own);
}

std::string FiltersText(const Language& language, const pb::Query& query) {
  std::vector<std::string> parts;
  for (const auto* filters : {&query.among(), &query.filters()}) {
    for (const pb::Filter& filter : *filters) {
      std::string text = FilterText(language, filter);
      if (std::find(parts.begin(), parts.end(), text) == parts.end()) parts.push_back(std::move(text));
    }
  }
  for (const pb::Slice& slice : query.slices()) parts.push_back(SliceText(language, slice));
  return absl::StrJoin(parts, "; ");
}

std::optional<std::string> DidText(const Language& language, const pb::Query& query, double count) {
  const bool counts = query.statistic() == pb::STATISTIC_COUNT || query.statistic() == pb::STATISTIC_SHARE;
  if (query.filters_size() != 1 || query.slices_size() > 0 || (query.among_size() > 0 && !counts)) return std::nullopt;
  const pb::Filter& filter = query.filters(0);
  const std::string key = DidKey(filter);
  if (key.empty() || !language.Has(key)) return std::nullopt;
  const std::optional<pb::Measure> measure = MeasureOf(filter.field());
  const std::string x = measure ? QuantityText(language, *measure, filter.number()) : QuotedIn(language, filter.text());
  return language.Say(key, {{"k", language.Number(count), count}, {"x", x}});
}

std::string PromptText(const Language& language, const FoundResult& result) {
  return language.Say("prompt", {{"number", fmt::to_string(result.prompt_id)},
                                 {"text", language.Say("quote", {{"text", Quoted(result.prompt, 32)}})}});
}

std::string QueryText(const Language& language, const pb::Query& query) {
  std::vector<std::string> parts = {WithCapital(SubjectText(language, query))};
  if (query.compares()) parts.push_back(language.Say("query.compares"));
  if (query.group_by() != pb::GROUPING_UNSPECIFIED) {
    parts.push_back(language.Say("query.by", {{"group", GroupName(language, query.group_by())}}));
  }
  if (query.has_having()) {
    parts.push_back(language.Say("query.having", {{"bound", GroupBoundText(language, query, std::nullopt)}}));
  }
  if (query.ratio()) parts.push_back(language.Say("query.ratio"));
  if (const std::string filters = FiltersText(language, query); !filters.empty()) parts.push_back(filters);
  if (query.all_runs()) parts.push_back(language.Say("query.all_runs"));
  const bool of_two_runs = query.compares() || query.statistic() == pb::STATISTIC_DIFFERENCE;
  if (of_two_runs && query.has_base_run()) {
    pb::Filter base;
    base.set_number(query.base_run());
    parts.push_back(language.Say("query.against", {{"run", RunFilterText(language, base)}}));
  }
  if (query.has_per_group()) {
    parts.push_back(language.Say("query.limit", {{"n", language.Number(query.per_group())}}));
  } else if (query.has_limit()) {
    parts.push_back(language.Say("query.limit", {{"n", language.Number(query.limit())}}));
  }
  return absl::StrJoin(parts, " · ");
}

}  // namespace ftl::analytics
