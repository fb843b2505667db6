#include "services/analytics/query/query_rules.h"

#include <cmath>
#include <string>

#include <fmt/format.h>

#include "common/proto/enum_word.h"
#include "services/analytics/semantics/catalogue.h"

namespace ftl::analytics {
namespace {

namespace pb = finetunelab::analytics::v1;

constexpr int kMostRows = 1000;
constexpr int kMostPerGroup = 100;
constexpr int kMostFigures = 10;
constexpr int kMostFilters = 50;
constexpr int kMostAlternatives = 20;
constexpr int kMostSlices = 5;
constexpr int kMostValues = 1000;
constexpr int kMostTexts = 100;
constexpr size_t kLongestText = 1024;
constexpr double kMostRuns = 1e6;

bool IsOfFigures(pb::Statistic statistic) {
  switch (statistic) {
    case pb::STATISTIC_LIST:
    case pb::STATISTIC_DIFFERENCE:
    case pb::STATISTIC_DISTRIBUTION:
    case pb::STATISTIC_SUMMARY:
      return false;
    default:
      return true;
  }
}

bool IsMeasured(pb::Measure measure) {
  const MeasureUnit unit = RowOf(measure).unit;
  return unit != MeasureUnit::kNone && unit != MeasureUnit::kVerdict;
}

// Whether something can be made of it.
bool Fits(pb::Measure measure, pb::Statistic statistic) {
  switch (statistic) {
    case pb::STATISTIC_COUNT:
    case pb::STATISTIC_SHARE:
      return measure == pb::MEASURE_RESULTS || RowOf(measure).unit == MeasureUnit::kVerdict;
    case pb::STATISTIC_LIST:
    case pb::STATISTIC_SUMMARY:
      return measure != pb::MEASURE_RUN;
    default:
      return IsMeasured(measure);
  }
}

bool IsSign(pb::Comparison comparison) {
  return comparison >= pb::COMPARISON_EQUAL && comparison <= pb::COMPARISON_GREATER_OR_EQUAL;
}

bool IsKnown(pb::Measure measure) { return measure != pb::MEASURE_UNSPECIFIED && RowOf(measure).measure == measure; }

class Judge {
 public:
  explicit Judge(FieldFaults& faults) : faults_(faults) {}

  void Query(const pb::Query& query) {
    if (query.presentation() == pb::PRESENTATION_EXPORT || query.has_export_format()) {
      Fault("presentation", "must not be an export; ask GET /api/demo/v2/export for one");
    }
    if (query.measure() == pb::MEASURE_RUN) return OfRun(query);
    if (query.run_facts_size() > 0) Fault("run_facts", "goes with the measure run alone");
    if (query.statistic() != pb::STATISTIC_SUMMARY || query.measure() != pb::MEASURE_UNSPECIFIED) {
      Figure(query, "", query.statistic() == pb::STATISTIC_SUMMARY);
    }
    for (int i = 0; i < query.also_size(); ++i) Figure(query.also(i), fmt::format("also[{}].", i), false);
    Most("also", query.also_size(), kMostFigures);
    Parts(query);
    Shape(query);
    Conditions(query);
  }

 private:
  void Fault(const std::string& field, std::string_view message) { faults_.Add("query." + field, message); }
  void Most(const std::string& field, int count, int most) {
    if (count > most) Fault(field, fmt::format("must not have more than {}", most));
  }

  // A measure and what is made of it.
  template <typename Asked>
  void Figure(const Asked& asked, const std::string& place, bool is_summary) {
    if (!IsKnown(asked.measure())) return Fault(place + "measure", "is missing");
    if (!pb::Statistic_IsValid(asked.statistic()) || asked.statistic() == pb::STATISTIC_UNSPECIFIED) {
      return Fault(place + "statistic", "is missing");
    }
    if (!place.empty() && !IsOfFigures(asked.statistic())) {
      return Fault(place + "statistic", "must give one figure");
    }
    if (!is_summary && !Fits(asked.measure(), asked.statistic())) {
      return Fault(place + "statistic",
                   fmt::format("{} cannot be made of {}", EnumWord(asked.statistic()), EnumWord(asked.measure())));
    }
    const bool in_range = asked.percentile() >= 0 && asked.percentile() <= 100;
    if (asked.statistic() == pb::STATISTIC_PERCENTILE && !asked.has_percentile()) {
      Fault(place + "percentile", "is missing");
    } else if (asked.has_percentile() && !in_range) {
      Fault(place + "percentile", "must be 0 to 100");
    }
  }

  void OfRun(const pb::Query& query) {
    if (query.run_facts_size() == 0) Fault("run_facts", "is missing");
    for (const int fact : query.run_facts()) {
      if (fact == pb::RUN_FACT_UNSPECIFIED || !pb::RunFact_IsValid(fact)) {
        Fault("run_facts", fmt::format("must be {}", EnumWords<pb::RunFact>()));
      }
    }
    if (query.statistic() != pb::STATISTIC_UNSPECIFIED) Fault("statistic", "does not go with the measure run");
    if (query.slices_size() > 0) Fault("slices", "does not go with the measure run");
    if (query.group_by() != pb::GROUPING_UNSPECIFIED) Fault("group_by", "does not go with the measure run");
    if (query.has_limit()) Fault("limit", "does not go with the measure run");
    OnlyTheRun(query, "the measure run");
    Conditions(query);
  }

  // Facts of a run and summaries know no condition but which run.
  void OnlyTheRun(const pb::Query& query, std::string_view what) {
    for (const auto* filters : {&query.among(), &query.filters()}) {
      for (const pb::Filter& filter : *filters) {
        if (filter.field() != pb::FILTER_FIELD_RUN) {
          return Fault(filters == &query.among() ? "among" : "filters",
                       fmt::format("may name nothing but the run with {}", what));
        }
      }
    }
  }

  // What goes with some statistics alone.
  void Parts(const pb::Query& query) {
    const pb::Statistic statistic = query.statistic();
    if (statistic == pb::STATISTIC_CORRELATION && !IsMeasured(query.against())) {
      Fault("against", "must be a measure with a unit, such as latency");
    }
    if (statistic != pb::STATISTIC_CORRELATION && query.has_against()) Fault("against", "goes with correlation alone");
    for (const pb::Figure& figure : query.also()) {
      if (figure.statistic() == pb::STATISTIC_CORRELATION) Fault("also", "cannot have a correlation");
    }
    if (query.compares()) Comparison(query);
    if (query.has_having()) Having(query);
    if (query.ratio()) Ratio(query);
    if (query.has_base_run()) {
      const bool of_runs = query.compares() && query.group_by() == pb::GROUPING_RUN;
      if (statistic != pb::STATISTIC_DIFFERENCE && !of_runs) {
        Fault("base_run", "goes with difference, or with compares by run");
      }
      if (query.base_run() != std::floor(query.base_run())) Fault("base_run", "must be a whole number");
    }
    if (query.also_size() > 0 && !IsOfFigures(statistic)) Fault("also", "goes with figures alone");
    if (query.has_per_group()) {
      if (statistic != pb::STATISTIC_LIST || query.group_by() == pb::GROUPING_UNSPECIFIED) {
        Fault("per_group", "goes with a list and group_by");
      }
      Range("per_group", query.per_group(), kMostPerGroup);
    }
    if (query.has_limit()) Range("limit", query.limit(), kMostRows);
    if (query.whole() && statistic != pb::STATISTIC_LIST) Fault("whole", "goes with a list alone");
    if (query.explain() && statistic != pb::STATISTIC_LIST) Fault("explain", "goes with a list alone");
  }

  void Comparison(const pb::Query& query) {
    if (!IsOfFigures(query.statistic()) || query.group_by() == pb::GROUPING_UNSPECIFIED) {
      Fault("compares", "goes with figures and group_by");
    } else if (query.group_by() == pb::GROUPING_RUN && query.slices_size() > 0) {
      Fault("slices", "does not go with compares by run");
    }
  }

  void Having(const pb::Query& query) {
    if (!IsOfFigures(query.statistic()) || query.group_by() == pb::GROUPING_UNSPECIFIED) {
      return Fault("having", "goes with figures and group_by");
    }
    const pb::GroupBound& bound = query.having();
    if (!IsSign(bound.comparison())) Fault("having.comparison", "must be equal, not_equal, less or greater");
    if (bound.has_number() == bound.than_all()) Fault("having.number", "must be given, or than_all, and not both");
    if (query.measure() == pb::MEASURE_RESPONSE_LENGTH || query.statistic() == pb::STATISTIC_CORRELATION) {
      Fault("having", "goes with one figure in one unit, such as the mean of response_characters");
    }
    const bool adds_up = query.statistic() == pb::STATISTIC_COUNT || query.statistic() == pb::STATISTIC_SUM;
    if (bound.than_all() && adds_up) Fault("having.than_all", "does not go with what adds up");
  }

  void Ratio(const pb::Query& query) {
    const bool of_groups = query.group_by() != pb::GROUPING_UNSPECIFIED && query.also_size() == 0;
    const bool of_two = query.group_by() == pb::GROUPING_UNSPECIFIED && query.also_size() == 1;
    if (!IsOfFigures(query.statistic()) || !(of_groups || of_two)) {
      Fault("ratio", "goes with two figures, or with one and group_by");
    }
  }

  void Range(const std::string& field, int value, int most) {
    if (value < 1 || value > most) Fault(field, fmt::format("must be 1 to {}", most));
  }

  void Shape(const pb::Query& query) {
    if (!pb::Grouping_IsValid(query.group_by()))
      Fault("group_by", fmt::format("must be {}", EnumWords<pb::Grouping>()));
    if (!pb::Order_IsValid(query.order())) Fault("order", fmt::format("must be {}", EnumWords<pb::Order>()));
    const bool groups = IsOfFigures(query.statistic()) || query.statistic() == pb::STATISTIC_LIST;
    if (!groups && query.group_by() != pb::GROUPING_UNSPECIFIED) {
      Fault("group_by", "goes with figures and lists alone");
    }
    if (query.statistic() == pb::STATISTIC_SUMMARY) {
      OnlyTheRun(query, "a summary");
      if (query.slices_size() > 0) Fault("slices", "does not go with a summary");
    }
  }

  void Conditions(const pb::Query& query) {
    int runs = 0;
    Most("filters", query.filters_size() + query.among_size(), kMostFilters);
    for (int i = 0; i < query.among_size() && i < kMostFilters; ++i) {
      runs += query.among(i).field() == pb::FILTER_FIELD_RUN;
      Filter(query.among(i), fmt::format("among[{}]", i), true);
    }
    for (int i = 0; i < query.filters_size() && i < kMostFilters; ++i) {
      runs += query.filters(i).field() == pb::FILTER_FIELD_RUN;
      Filter(query.filters(i), fmt::format("filters[{}]", i), true);
    }
    if (runs > 1) Fault("filters", "must not name more than one run");
    Most("slices", query.slices_size(), kMostSlices);
    for (int i = 0; i < query.slices_size() && i < kMostSlices; ++i) {
      Slice(query.slices(i), fmt::format("slices[{}].", i));
    }
  }

  void Slice(const pb::Slice& slice, const std::string& place) {
    if (slice.measure() != pb::MEASURE_UNSPECIFIED && !IsMeasured(slice.measure())) {
      Fault(place + "measure", "must be a measure with a unit, such as latency");
    }
    if (slice.order() != pb::ORDER_ASCENDING && slice.order() != pb::ORDER_DESCENDING) {
      Fault(place + "order", "must be ascending or descending");
    }
    if (slice.has_share() == slice.has_count()) {
      Fault(place + "share", "must be given, or count, and not both");
    } else if (slice.has_share() && !(slice.share() > 0 && slice.share() <= 1)) {
      Fault(place + "share", "must be above 0 and at most 1");
    } else if (slice.has_count() && slice.count() < 1) {
      Fault(place + "count", "must be at least 1");
    }
    if (slice.skip() < 0) Fault(place + "skip", "must not be negative");
  }

  void Filter(const pb::Filter& filter, const std::string& place, bool may_branch) {
    if (filter.has_in_run()) InRun(filter, place, may_branch);
    if (!filter.any_of().empty()) {
      if (!may_branch) return Fault(place + ".any_of", "must not stand within another");
      Most(place + ".any_of", filter.any_of_size(), kMostAlternatives);
      for (int i = 0; i < filter.any_of_size() && i < kMostAlternatives; ++i) {
        Filter(filter.any_of(i), fmt::format("{}.any_of[{}]", place, i), false);
      }
      return;
    }
    const FieldRow& row = RowOf(filter.field());
    if (filter.than_of_size() > 0 && !filter.has_than()) Fault(place + ".than_of", "goes with than alone");
    if (filter.field() == pb::FILTER_FIELD_UNSPECIFIED || row.field != filter.field()) {
      return Fault(place + ".field", "is missing");
    }
    if (filter.comparison() == pb::COMPARISON_UNSPECIFIED || !pb::Comparison_IsValid(filter.comparison())) {
      return Fault(place + ".comparison", "is missing");
    }
    if (row.kind == FieldKind::kNumber) return Number(filter, place);
    if (filter.has_than()) return Fault(place + ".than", "goes with numbers alone");
    if (row.kind == FieldKind::kText) return Text(filter, place);
    if (row.kind == FieldKind::kFlag) return Flag(filter, place);
    Run(filter, place, may_branch);
  }

  void InRun(const pb::Filter& filter, const std::string& place, bool may_branch) {
    if (!may_branch || !filter.any_of().empty()) return Fault(place + ".in_run", "does not go with any_of");
    const FieldRow& row = RowOf(filter.field());
    if (filter.in_run() != std::floor(filter.in_run()) || std::abs(filter.in_run()) > kMostRuns) {
      Fault(place + ".in_run", "must be a whole number of at most 1,000,000 either way");
    }
    if (row.needs_run || row.kind == FieldKind::kRun || filter.has_than()) {
      Fault(place + ".in_run", "goes with what a result by itself comes to");
    }
  }

  void Number(const pb::Filter& filter, const std::string& place) {
    const bool several = filter.comparison() == pb::COMPARISON_IN || filter.comparison() == pb::COMPARISON_NOT_IN;
    Most(place + ".numbers", filter.numbers_size(), kMostValues);
    if (filter.has_text() || filter.texts_size() > 0) Fault(place + ".text", "does not go with a number");
    switch (filter.comparison()) {
      case pb::COMPARISON_EQUAL:
      case pb::COMPARISON_NOT_EQUAL:
      case pb::COMPARISON_LESS:
      case pb::COMPARISON_LESS_OR_EQUAL:
      case pb::COMPARISON_GREATER:
      case pb::COMPARISON_GREATER_OR_EQUAL:
      case pb::COMPARISON_BETWEEN:
      case pb::COMPARISON_IN:
      case pb::COMPARISON_NOT_IN:
        break;
      default:
        return Fault(place + ".comparison", "does not go with a number");
    }
    if (filter.has_than()) return Than(filter, place);
    if (several && filter.numbers_size() == 0) Fault(place + ".numbers", "is missing");
    if (!several && !filter.has_number()) Fault(place + ".number", "is missing");
    if (filter.comparison() == pb::COMPARISON_BETWEEN && !filter.has_number_to()) {
      Fault(place + ".number_to", "is missing");
    }
  }

  void Than(const pb::Filter& filter, const std::string& place) {
    switch (filter.comparison()) {
      case pb::COMPARISON_NOT_EQUAL:
      case pb::COMPARISON_BETWEEN:
      case pb::COMPARISON_IN:
      case pb::COMPARISON_NOT_IN:
        return Fault(place + ".comparison", "must be equal, less or greater with than");
      default:
        break;
    }
    if (filter.than() == pb::STATISTIC_PERCENTILE) {
      if (!filter.has_number() || filter.number() < 0 || filter.number() > 100) {
        Fault(place + ".number", "must say which percentile, 0 to 100");
      }
    } else if (filter.than() != pb::STATISTIC_MEAN && filter.than() != pb::STATISTIC_MEDIAN) {
      Fault(place + ".than", "must be mean, median or percentile");
    }
    Most(place + ".than_of", filter.than_of_size(), kMostAlternatives);
    for (int i = 0; i < filter.than_of_size() && i < kMostAlternatives; ++i) {
      const std::string of = fmt::format("{}.than_of[{}]", place, i);
      const FieldRow& row = RowOf(filter.than_of(i).field());
      if (row.kind != FieldKind::kText || row.chooses_outcome || row.needs_run || filter.than_of(i).has_in_run()) {
        Fault(of + ".field", "must be a text of successful results, such as the category");
      } else {
        Filter(filter.than_of(i), of, false);
      }
    }
    // What is compared with is worked out of a column of results.
    if (RowOf(filter.field()).needs_run) Fault(place + ".than", "does not go with this field");
  }

  void Text(const pb::Filter& filter, const std::string& place) {
    if (filter.has_number() || filter.numbers_size() > 0) Fault(place + ".number", "does not go with a text");
    Most(place + ".texts", filter.texts_size(), kMostTexts);
    bool too_long = filter.text().size() > kLongestText;
    for (const std::string& text : filter.texts()) too_long = too_long || text.size() > kLongestText;
    if (too_long) Fault(place + ".text", "must not be longer than 1,024 bytes");
    switch (filter.comparison()) {
      case pb::COMPARISON_LESS:
      case pb::COMPARISON_LESS_OR_EQUAL:
      case pb::COMPARISON_GREATER:
      case pb::COMPARISON_GREATER_OR_EQUAL:
      case pb::COMPARISON_BETWEEN:
        return Fault(place + ".comparison", "does not go with a text");
      case pb::COMPARISON_EQUAL:
      case pb::COMPARISON_NOT_EQUAL:
        if (!filter.has_text()) Fault(place + ".text", "is missing");
        if (filter.texts_size() > 0) Fault(place + ".texts", "goes with in, contains and the like");
        return;
      default:
        if (!filter.has_text() && filter.texts_size() == 0) Fault(place + ".text", "is missing");
    }
  }

  void Flag(const pb::Filter& filter, const std::string& place) {
    if (filter.comparison() != pb::COMPARISON_EQUAL && filter.comparison() != pb::COMPARISON_NOT_EQUAL) {
      Fault(place + ".comparison", "must be equal or not_equal");
    }
    if (filter.text() != "true" && filter.text() != "false") Fault(place + ".text", "must be true or false");
  }

  void Run(const pb::Filter& filter, const std::string& place, bool may_branch) {
    if (!may_branch) return Fault(place + ".field", "must not be the run within any_of");
    if (filter.comparison() != pb::COMPARISON_EQUAL) Fault(place + ".comparison", "must be equal");
    if (!filter.has_number() || filter.number() != std::floor(filter.number())) {
      Fault(place + ".number", "must be the run's number: 1 for the first, 0 for the latest, -1 for the one before");
    }
  }

  FieldFaults& faults_;
};

}  // namespace

void JudgeQuery(const pb::Query& query, FieldFaults& faults) { Judge(faults).Query(query); }

}  // namespace ftl::analytics
