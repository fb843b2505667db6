#pragma once

#include <optional>
#include <string>

#include "finetunelab/analytics/v1/query.pb.h"
#include "services/analytics/narrator/language.h"
#include "services/analytics/query/finding.h"

namespace ftl::analytics {

// How the things of the question language are called.

// `latency`, `output tokens`.
std::string MeasureName(const Language& language, pb::Measure measure);
// `average latency`, `95th percentile of latency`.
std::string FigureName(const Language& language, const pb::Figure& figure);
// `95th`.
std::string RankText(const Language& language, double number);
// `category`.
std::string GroupName(const Language& language, pb::Grouping grouping);
// A group as it is shown: `billing`, `run 2`, `first half`.
std::string GroupValue(const Language& language, pb::Grouping grouping, const std::string& name);
// The bound on a query's groups: `above 3`, `below the 1.2 s of all together`. `worked` is what the latter is, where it
// is known.
std::string GroupBoundText(const Language& language, const pb::Query& query, std::optional<double> worked);
// `slowest first`.
std::string OrderName(const Language& language, const pb::Query& query);
// `the slowest`.
std::string MostName(const Language& language, const pb::Query& query);
// `rate limit` for `rate_limit`.
std::string Spoken(std::string word);

// One condition: `latency above 2 s`, `category billing`.
std::string FilterText(const Language& language, const pb::Filter& filter);
// All conditions of a query, those it is counted among and its parts by rank included: `category billing; latency above
// 2 s`. Empty where there is none.
std::string FiltersText(const Language& language, const pb::Query& query);
// The query without what says of which run it is.
pb::Query WithoutRun(pb::Query query);
// The conditions of those that a count is counted among.
std::string AmongText(const Language& language, const pb::Query& query);
// The conditions that are counted.
std::string CountedText(const Language& language, const pb::Query& query);
// What `count` results did, where a query has one condition for which there is a verb: `failed`, `took more than 2 s`.
std::optional<std::string> DidText(const Language& language, const pb::Query& query, double count);

// `#7 'How do I reset…'`.
std::string PromptText(const Language& language, const FoundResult& result);

// The whole query on one line, as what was understood: `Average latency · category programming · run 2`.
std::string QueryText(const Language& language, const pb::Query& query);

}  // namespace ftl::analytics
