#include "services/analytics/narrator/wording.h"

#include <cmath>

#include <absl/strings/str_replace.h>
#include <fmt/format.h>

#include "common/text/view.h"
#include "services/analytics/query/sql_compiler.h"

namespace ftl::analytics {
namespace {

std::string Ordinal(double number) {
  const std::string text = NumberText(number, 3);
  const int whole = static_cast<int>(number);
  if (number != whole || (whole % 100 >= 11 && whole % 100 <= 13)) return text + "th";
  switch (whole % 10) {
    case 1:
      return text + "st";
    case 2:
      return text + "nd";
    case 3:
      return text + "rd";
    default:
      return text + "th";
  }
}

pb::Measure MeasureOf(pb::FilterField field) {
  switch (field) {
    case pb::FILTER_FIELD_LATENCY:
      return pb::MEASURE_LATENCY;
    case pb::FILTER_FIELD_TTFT:
      return pb::MEASURE_TTFT;
    case pb::FILTER_FIELD_OUTPUT_TOKENS:
      return pb::MEASURE_OUTPUT_TOKENS;
    case pb::FILTER_FIELD_INPUT_TOKENS:
      return pb::MEASURE_INPUT_TOKENS;
    case pb::FILTER_FIELD_TOTAL_TOKENS:
      return pb::MEASURE_TOTAL_TOKENS;
    case pb::FILTER_FIELD_RESPONSE_CHARACTERS:
      return pb::MEASURE_RESPONSE_CHARACTERS;
    case pb::FILTER_FIELD_RESPONSE_WORDS:
      return pb::MEASURE_RESPONSE_WORDS;
    case pb::FILTER_FIELD_TOKENS_PER_SECOND:
      return pb::MEASURE_TOKENS_PER_SECOND;
    case pb::FILTER_FIELD_ATTEMPTS:
      return pb::MEASURE_ATTEMPTS;
    default:
      return pb::MEASURE_UNSPECIFIED;
  }
}

std::string_view Beginning(pb::FilterField field) {
  switch (field) {
    case pb::FILTER_FIELD_LATENCY:
      return "took";
    case pb::FILTER_FIELD_TTFT:
      return "waited for the first token";
    case pb::FILTER_FIELD_ATTEMPTS:
      return "needed";
    default:
      return "had";
  }
}

std::string CompareText(const pb::Filter& filter) {
  const pb::Measure measure = MeasureOf(filter.field());
  std::string quantity = QuantityText(measure, filter.number());
  if (filter.has_than()) {
    quantity = filter.than() == pb::STATISTIC_MEAN     ? "the average"
               : filter.than() == pb::STATISTIC_MEDIAN ? "the median"
                                                       : fmt::format("the {} percentile", Ordinal(filter.number()));
    quantity += " " + MeasureName(measure);
  }
  const std::string_view begin = Beginning(filter.field());
  const bool counts = filter.field() != pb::FILTER_FIELD_LATENCY && filter.field() != pb::FILTER_FIELD_TTFT;
  switch (filter.comparison()) {
    case pb::COMPARISON_LESS:
      return fmt::format("{} {} than {}", begin, counts ? "fewer" : "less", quantity);
    case pb::COMPARISON_LESS_OR_EQUAL:
      return filter.number() == 0 ? "had an empty response" : fmt::format("{} at most {}", begin, quantity);
    case pb::COMPARISON_GREATER:
      return fmt::format("{} more than {}", begin, quantity);
    case pb::COMPARISON_GREATER_OR_EQUAL:
      return fmt::format("{} at least {}", begin, quantity);
    case pb::COMPARISON_BETWEEN:
      return fmt::format("{} between {} and {}", begin, QuantityText(measure, filter.number()),
                         QuantityText(measure, filter.number_to()));
    case pb::COMPARISON_NOT_EQUAL:
      return fmt::format("{} other than {}", begin, quantity);
    default:
      return fmt::format("{} exactly {}", begin, quantity);
  }
}

std::string ErrorPredicate(std::string_view type, bool negated) {
  if (type == "timeout") return negated ? "did not time out" : "timed out";
  const std::string words = absl::StrReplaceAll(ToAbsl(type), {{"_", " "}});
  return fmt::format("{} with the error type {}", negated ? "did not fail" : "failed", words);
}

std::string Spoken(const pb::Filter& filter) {
  if (filter.texts().empty()) return Quoted(filter.text(), 60);
  std::vector<std::string> parts;
  for (const std::string& text : filter.texts()) parts.push_back(Quoted(text, 60));
  return Listed(parts);
}

std::string AttributeOf(const pb::Filter& filter) {
  switch (filter.field()) {
    case pb::FILTER_FIELD_CATEGORY: {
      const bool several = filter.comparison() == pb::COMPARISON_IN;
      return fmt::format("{} {} {}", filter.comparison() == pb::COMPARISON_NOT_EQUAL ? "outside" : "in",
                         several ? "the categories" : "category", Spoken(filter));
    }
    case pb::FILTER_FIELD_DIFFICULTY:
      return fmt::format("of difficulty {}{}", filter.comparison() == pb::COMPARISON_NOT_EQUAL ? "other than " : "",
                         Spoken(filter));
    case pb::FILTER_FIELD_HALF:
      return fmt::format("in the {} half of the run", filter.number() == 1 ? "first" : "second");
    case pb::FILTER_FIELD_PROMPT_TEXT:
      return fmt::format("whose prompt {} '{}'",
                         filter.comparison() == pb::COMPARISON_NOT_CONTAINS ? "does not mention" : "mentions",
                         Spoken(filter));
    case pb::FILTER_FIELD_PROMPT_ID: {
      if (filter.comparison() == pb::COMPARISON_LESS_OR_EQUAL) return fmt::format("up to #{}", filter.number());
      if (filter.comparison() != pb::COMPARISON_IN) return fmt::format("#{}", filter.number());
      std::vector<std::string> ids;
      for (const double number : filter.numbers()) ids.push_back(fmt::format("#{}", number));
      return Listed(ids);
    }
    default:
      return "";
  }
}

std::string PredicateOf(const pb::Filter& filter, int64_t count) {
  const std::string_view were = count == 1 ? "was" : "were";
  const bool negated =
      filter.comparison() == pb::COMPARISON_NOT_EQUAL || filter.comparison() == pb::COMPARISON_NOT_CONTAINS;
  const bool wanted = (filter.text() != "false") != negated;
  switch (filter.field()) {
    case pb::FILTER_FIELD_SUCCESS:
      return wanted ? "succeeded" : "failed";
    case pb::FILTER_FIELD_ERROR_TYPE: {
      if (filter.texts().empty()) return ErrorPredicate(filter.text(), negated);
      return fmt::format("failed with one of the error types {}", Spoken(filter));
    }
    case pb::FILTER_FIELD_RESPONSE_TEXT:
      return fmt::format("{} '{}' in the response", negated ? "did not mention" : "mentioned", Spoken(filter));
    case pb::FILTER_FIELD_ANY_TEXT:
      return fmt::format("{} '{}' in prompt or response", negated ? "did not mention" : "mentioned", Spoken(filter));
    case pb::FILTER_FIELD_FINISH_REASON:
      if (filter.text() == "length") {
        return fmt::format("{}{} cut off by the token limit", were, negated ? " not" : "");
      }
      return fmt::format("{} with the finish reason {}", negated ? "did not end" : "ended", Spoken(filter));
    case pb::FILTER_FIELD_CHECKS_PASSED:
      return wanted ? "passed all checks" : "failed their expected answer or another check";
    case pb::FILTER_FIELD_INCOMPLETE:
      return wanted ? "seemed incomplete (cut off, or without an end)" : "seemed complete";
    case pb::FILTER_FIELD_ASKS_BACK:
      return wanted ? "ended with a question back" : "did not end with a question";
    case pb::FILTER_FIELD_DUPLICATE:
      return wanted ? "got the same response as another" : "got a response of their own";
    case pb::FILTER_FIELD_OUTCOME:
      return fmt::format("ended as {}", Spoken(filter));
    default:
      return MeasureOf(filter.field()) == pb::MEASURE_UNSPECIFIED ? "" : CompareText(filter);
  }
}

}  // namespace

std::string CountText(int64_t count) {
  std::string digits = fmt::to_string(std::abs(count));
  for (int at = static_cast<int>(digits.size()) - 3; at > 0; at -= 3) digits.insert(static_cast<size_t>(at), ",");
  return count < 0 ? "-" + digits : digits;
}

std::string NumberText(double value, int decimals) {
  std::string text = fmt::format("{:.{}f}", value, decimals);
  std::string fraction;
  if (const size_t point = text.find('.'); point != std::string::npos) {
    fraction = text.substr(point);
    while (fraction.ends_with('0')) fraction.pop_back();
    if (fraction == ".") fraction.clear();
    text.resize(point);
  }
  if (std::abs(value) < 1000 || std::abs(value) > 1e15) return text + fraction;
  return CountText(std::stoll(text)) + fraction;
}

std::string DurationText(double milliseconds) {
  if (milliseconds < 999.95) return NumberText(milliseconds, milliseconds < 10 ? 2 : 1) + " ms";
  if (milliseconds < 120'000) return NumberText(milliseconds / 1000, 3) + " s";
  const auto seconds = static_cast<int64_t>(std::lround(milliseconds / 1000));
  return fmt::format("{} min {} s", seconds / 60, seconds % 60);
}

std::string Plural(int64_t count, std::string_view singular) {
  if (count == 1) return std::string(singular);
  if (singular.ends_with("y")) return fmt::format("{}ies", singular.substr(0, singular.size() - 1));
  return fmt::format("{}s", singular);
}

std::string QuantityText(pb::Measure measure, double value) {
  const int64_t plural = value == 1 ? 1 : 2;
  switch (measure) {
    case pb::MEASURE_LATENCY:
    case pb::MEASURE_TTFT:
    case pb::MEASURE_ITL:
      return DurationText(value);
    case pb::MEASURE_INPUT_TOKENS:
      return NumberText(value, 1) + " input " + Plural(plural, "token");
    case pb::MEASURE_OUTPUT_TOKENS:
    case pb::MEASURE_TOTAL_TOKENS:
      return NumberText(value, 1) + " " + Plural(plural, "token");
    case pb::MEASURE_RESPONSE_CHARACTERS:
    case pb::MEASURE_RESPONSE_LENGTH:
      return NumberText(value, 1) + " " + Plural(plural, "character");
    case pb::MEASURE_RESPONSE_WORDS:
      return NumberText(value, 1) + " " + Plural(plural, "word");
    case pb::MEASURE_TOKENS_PER_SECOND:
      return NumberText(value, 1) + " tokens per second";
    case pb::MEASURE_ATTEMPTS:
      return NumberText(value, 2) + " " + Plural(plural, "attempt");
    case pb::MEASURE_SUCCESS:
    case pb::MEASURE_CHECKS:
      return NumberText(value * 100, 1) + " %";
    default:
      return NumberText(value, 1);
  }
}

std::string Listed(const std::vector<std::string>& parts) {
  std::string text;
  for (size_t i = 0; i < parts.size(); ++i) {
    if (i > 0) text += i + 1 == parts.size() ? " and " : ", ";
    text += parts[i];
  }
  return text;
}

std::string MeasureName(pb::Measure measure) {
  switch (measure) {
    case pb::MEASURE_LATENCY:
      return "latency";
    case pb::MEASURE_TTFT:
      return "time to first token";
    case pb::MEASURE_ITL:
      return "inter-token latency";
    case pb::MEASURE_INPUT_TOKENS:
      return "input tokens";
    case pb::MEASURE_OUTPUT_TOKENS:
      return "output tokens";
    case pb::MEASURE_TOTAL_TOKENS:
      return "tokens in all";
    case pb::MEASURE_RESPONSE_CHARACTERS:
      return "response length in characters";
    case pb::MEASURE_RESPONSE_LENGTH:
      return "response length";
    case pb::MEASURE_RESPONSE_WORDS:
      return "response length in words";
    case pb::MEASURE_TOKENS_PER_SECOND:
      return "output tokens per second";
    case pb::MEASURE_SUCCESS:
      return "success rate";
    case pb::MEASURE_ATTEMPTS:
      return "attempts";
    case pb::MEASURE_CHECKS:
      return "share of prompts that passed their checks";
    default:
      return "prompts";
  }
}

std::string FigureName(const pb::Figure& figure) {
  const std::string measure = MeasureName(figure.measure());
  switch (figure.statistic()) {
    case pb::STATISTIC_MEAN:
      return "average " + measure;
    case pb::STATISTIC_MEDIAN:
      return "median " + measure;
    case pb::STATISTIC_PERCENTILE:
      return fmt::format("{} percentile of {}", Ordinal(figure.percentile()), measure);
    case pb::STATISTIC_MIN:
      return "minimum " + measure;
    case pb::STATISTIC_MAX:
      return "maximum " + measure;
    case pb::STATISTIC_SUM:
      return "total " + measure;
    case pb::STATISTIC_STDDEV:
      return "standard deviation of " + measure;
    case pb::STATISTIC_COUNT:
      return figure.measure() == pb::MEASURE_RESULTS ? "prompts" : "number of " + measure;
    case pb::STATISTIC_SHARE:
      return figure.measure() == pb::MEASURE_RESULTS ? "share of prompts" : measure;
    default:
      return measure;
  }
}

std::string MeasureColumn(pb::Measure measure) {
  switch (measure) {
    case pb::MEASURE_LATENCY:
      return "latency_ms";
    case pb::MEASURE_TTFT:
      return "ttft_ms";
    case pb::MEASURE_ITL:
      return "itl_ms";
    case pb::MEASURE_INPUT_TOKENS:
      return "input_tokens";
    case pb::MEASURE_OUTPUT_TOKENS:
      return "output_tokens";
    case pb::MEASURE_TOTAL_TOKENS:
      return "total_tokens";
    case pb::MEASURE_RESPONSE_CHARACTERS:
    case pb::MEASURE_RESPONSE_LENGTH:
      return "response_length";
    case pb::MEASURE_RESPONSE_WORDS:
      return "response_words";
    case pb::MEASURE_TOKENS_PER_SECOND:
      return "output_tokens_per_second";
    case pb::MEASURE_ATTEMPTS:
      return "attempts";
    case pb::MEASURE_SUCCESS:
      return "success_rate";
    case pb::MEASURE_CHECKS:
      return "checks_passed_rate";
    default:
      return "prompts";
  }
}

std::string FigureColumn(const pb::Figure& figure) {
  const std::string measure = MeasureColumn(figure.measure());
  switch (figure.statistic()) {
    case pb::STATISTIC_MEAN:
      return figure.measure() == pb::MEASURE_TOKENS_PER_SECOND ? measure : "avg_" + measure;
    case pb::STATISTIC_MEDIAN:
      return "p50_" + measure;
    case pb::STATISTIC_PERCENTILE:
      return fmt::format("p{}_{}", NumberText(figure.percentile(), 3), measure);
    case pb::STATISTIC_MIN:
      return "min_" + measure;
    case pb::STATISTIC_MAX:
      return "max_" + measure;
    case pb::STATISTIC_SUM:
      return figure.measure() == pb::MEASURE_TOTAL_TOKENS ? measure : "total_" + measure;
    case pb::STATISTIC_STDDEV:
      return "stddev_" + measure;
    case pb::STATISTIC_SHARE:
      return figure.measure() == pb::MEASURE_RESULTS ? "share_percent" : measure;
    default:
      return figure.measure() == pb::MEASURE_RESULTS ? "count" : "count_" + measure;
  }
}

std::string Quoted(std::string_view text, size_t most) {
  std::string quoted;
  size_t characters = 0;
  bool space = false;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    const bool continues = (static_cast<unsigned char>(c) & 0xC0) == 0x80;
    if (!continues && characters >= most) {
      while (quoted.ends_with(' ')) quoted.pop_back();
      return quoted + "…";
    }
    if (c == '\n' || c == '\r' || c == '\t' || c == ' ') {
      space = !quoted.empty();
      continue;
    }
    if (space) {
      quoted += ' ';
      ++characters;
      space = false;
    }
    if (std::string_view("\\`*_{}[]<>#|~!").find(c) != std::string_view::npos) quoted += '\\';
    quoted += c;
    if (!continues) ++characters;
  }
  return quoted;
}

std::string PromptText(const FoundResult& result) {
  return fmt::format("#{} '{}'", result.prompt_id, Quoted(result.prompt, 32));
}

FilterWords WordsOf(const pb::Query& query, int64_t count) {
  std::vector<std::string> attributes;
  std::vector<std::string> predicates;
  for (const pb::Filter& filter : query.filters()) {
    if (std::string text = AttributeOf(filter); !text.empty()) {
      attributes.push_back(std::move(text));
    } else if (std::string predicate = PredicateOf(filter, count); !predicate.empty()) {
      predicates.push_back(std::move(predicate));
    }
  }
  return {Listed(attributes), Listed(predicates)};
}

std::string QueryText(const pb::Query& query) {
  std::string text;
  switch (query.statistic()) {
    case pb::STATISTIC_LIST:
      text = query.order() == pb::ORDER_UNSPECIFIED
                 ? "prompts"
                 : fmt::format("prompts by {}, {} first", MeasureName(query.measure()),
                               query.order() == pb::ORDER_ASCENDING ? "least" : "most");
      break;
    case pb::STATISTIC_DISTRIBUTION:
      text = "distribution of " + MeasureName(query.measure());
      break;
    case pb::STATISTIC_SUMMARY:
      text = "metrics of the run";
      break;
    default: {
      std::vector<std::string> names;
      for (const pb::Figure& figure : FiguresOf(query)) names.push_back(FigureName(figure));
      text = Listed(names);
    }
  }
  const FilterWords words = WordsOf(query, 2);
  if (!words.attributes.empty()) text += ", " + words.attributes;
  if (!words.predicate.empty()) text += ", that " + words.predicate;
  switch (query.group_by()) {
    case pb::GROUPING_CATEGORY:
      text += ", by category";
      break;
    case pb::GROUPING_DIFFICULTY:
      text += ", by difficulty";
      break;
    case pb::GROUPING_ERROR_TYPE:
      text += ", by error type";
      break;
    case pb::GROUPING_FINISH_REASON:
      text += ", by finish reason";
      break;
    case pb::GROUPING_RUN:
      text += ", by run";
      break;
    case pb::GROUPING_HALF:
      text += ", by half of the run";
      break;
    default:
      break;
  }
  if (query.has_limit()) text += fmt::format(", at most {}", query.limit());
  return text;
}

}  // namespace ftl::analytics
