#include "services/batch-runner/check/check.h"

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>

#include <fmt/format.h>

#include "common/text/trim.h"
#include "services/batch-runner/check/json_schema.h"
#include "services/batch-runner/check/json_value.h"
#include "services/batch-runner/check/numbers.h"
#include "services/batch-runner/check/pattern.h"
#include "services/batch-runner/check/similarity.h"

namespace ftl::batch_runner {
namespace {

constexpr size_t kShownBytes = 80;
constexpr size_t kShownNumbers = 5;
// What a byte costs that is parsed, or parted into words; and one of a text that is sought in every case.
constexpr int64_t kWorkOfByte = 5;
constexpr int64_t kWorkOfEveryCase = 16;
constexpr std::string_view kSpace = " \t\r\n\f\v";

// What the checks of one answer share.
struct Answer {
  const pb::Prompt& prompt;
  std::string_view whole;
  std::string_view text;  // without white space around it
  absl::Duration latency;
  MatchWork& work;

  bool TakeReading(size_t more_bytes = 0) {
    return work.Take(kWorkOfByte * static_cast<int64_t>(whole.size() + more_bytes));
  }
};

struct Verdict {
  bool passed;
  std::string detail;
};

Verdict NotJudged() {
  return {false, "This was not judged: it would take more work than the checks of an answer, or of a run, may take."};
}

std::string_view Trimmed(std::string_view text) { return Trim(text, kSpace, kWideSpaces); }

std::string Shown(std::string_view text, size_t most = kShownBytes) {
  if (text.size() <= most) return fmt::format("“{}”", text);
  size_t end = most;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;
  return fmt::format("“{}…”", text.substr(0, end));
}

Verdict ByPattern(const Pattern& pattern, Pattern::Where where, std::string_view yes, std::string_view no,
                  Answer& answer, bool is_wanted = true) {
  switch (pattern.Find(where == Pattern::Where::kAnywhere ? answer.whole : answer.text, where, answer.work)) {
    case Pattern::Found::kYes:
      return {is_wanted, std::string(yes)};
    case Pattern::Found::kNo:
      return {!is_wanted, std::string(no)};
    case Pattern::Found::kTooMuchWork:
      break;
  }
  return NotJudged();
}

Verdict ByText(const pb::Check& check, Pattern::Where where, std::string_view verb_yes, std::string_view verb_no,
               Answer& answer, bool is_wanted = true) {
  const std::string& wanted = check.value().string_value();
  const auto work_of_making = check.ignore_case() ? kWorkOfEveryCase * static_cast<int64_t>(wanted.size()) : 0;
  if (!answer.work.Take(work_of_making)) return NotJudged();
  const auto letters = check.ignore_case() ? Pattern::Case::kIgnored : Pattern::Case::kExact;
  const std::string_view how = check.ignore_case() ? ", ignoring case" : "";
  const std::string_view compared = where == Pattern::Where::kWhole ? Trimmed(wanted) : std::string_view(wanted);
  return ByPattern(Pattern::Text(compared, letters), where,
                   fmt::format("The answer {} {}{}.", verb_yes, Shown(wanted), how),
                   fmt::format("The answer {} {}{}.", verb_no, Shown(wanted), how), answer, is_wanted);
}

Verdict ByRegex(const pb::Check& check, Answer& answer) {
  const std::string& expression = check.value().string_value();
  if (!answer.work.Take(Pattern::WorkOfMaking(expression))) return NotJudged();
  const auto pattern =
      Pattern::Regex(expression, check.ignore_case() ? Pattern::Case::kIgnored : Pattern::Case::kExact);
  if (!pattern.ok()) return {false, fmt::format("{} is no regular expression.", Shown(expression))};
  return ByPattern(*pattern, Pattern::Where::kAnywhere, fmt::format("The answer matches {}.", Shown(expression)),
                   fmt::format("The answer does not match {}.", Shown(expression)), answer);
}

std::string WhyNoJson(std::string_view text) {
  if (text.empty()) return "The answer is empty, not JSON.";
  if (text.starts_with("```")) return "The answer is not JSON: it stands in a code fence.";
  return fmt::format("The answer is not JSON; it begins with {}.", Shown(text, 40));
}

Verdict ByJson(Answer& answer) {
  if (!answer.TakeReading()) return NotJudged();
  if (!ParsedJson(answer.text)) return {false, WhyNoJson(answer.text)};
  return {true, "The answer is JSON."};
}

Verdict BySchema(const pb::Check& check, Answer& answer) {
  if (!answer.TakeReading(check.value().ByteSizeLong())) return NotJudged();
  const auto value = ParsedJson(answer.text);
  if (!value) return {false, WhyNoJson(answer.text)};
  auto fault = SchemaFault(JsonOf(check.value()), *value, answer.work);
  if (!fault.ok()) return NotJudged();
  if (*fault) return {false, **std::move(fault)};
  return {true, "The answer is JSON that the schema accepts."};
}

Verdict ByNumber(const pb::Check& check, Answer& answer) {
  if (!answer.TakeReading()) return NotJudged();
  const double wanted = check.value().number_value();
  const std::string goal =
      check.tolerance() > 0 ? fmt::format("{} ± {}", wanted, check.tolerance()) : fmt::format("{}", wanted);
  const double slack = check.tolerance() + 1e-9 * std::max(1.0, std::abs(wanted));  // for 0.1 + 0.2
  const std::vector<double> numbers = NumbersIn(answer.text);
  for (const double number : numbers) {
    if (std::abs(number - wanted) <= slack) return {true, fmt::format("The answer holds {}; wanted {}.", number, goal)};
  }
  if (numbers.empty()) return {false, fmt::format("The answer holds no number; wanted {}.", goal)};
  const size_t shown = std::min(numbers.size(), kShownNumbers);
  return {false,
          fmt::format("The answer holds {}{}, but not {}.", fmt::join(numbers.begin(), numbers.begin() + shown, ", "),
                      numbers.size() > shown ? ", …" : "", goal)};
}

int64_t Words(std::string_view text) {
  int64_t words = 0;
  bool in_word = false;
  for (const char byte : text) {
    const bool is_space = kSpace.find(byte) != std::string_view::npos;
    words += !is_space && !in_word;
    in_word = !is_space;
  }
  return words;
}

int64_t Characters(std::string_view text) {
  return std::count_if(text.begin(), text.end(),
                       [](char byte) { return (static_cast<unsigned char>(byte) & 0xC0) != 0x80; });
}

Verdict ByLength(const pb::Check& check, Answer& answer) {
  if (!answer.TakeReading()) return NotJudged();
  const std::string unit = check.unit().empty() ? "characters" : check.unit();
  const int64_t length = unit == "words" ? Words(answer.text) : Characters(answer.text);
  std::string wanted;
  if (check.has_min() && check.has_max()) {
    wanted = fmt::format("{} to {}", check.min(), check.max());
  } else {
    wanted = check.has_min() ? fmt::format("at least {}", check.min()) : fmt::format("at most {}", check.max());
  }
  const bool passed = (!check.has_min() || length >= check.min()) && (!check.has_max() || length <= check.max());
  return {passed, fmt::format("The answer has {} {}; wanted {}.", length, unit, wanted)};
}

Verdict ByLatency(const pb::Check& check, const Answer& answer) {
  const double latency_ms = absl::ToDoubleMilliseconds(answer.latency);
  return {latency_ms <= check.max_ms(),
          fmt::format("The answer took {:.0f} ms; wanted at most {} ms.", latency_ms, check.max_ms())};
}

Verdict BySimilarity(const pb::Check& check, Answer& answer) {
  if (!answer.TakeReading()) return NotJudged();
  const std::string& reference = check.has_value() ? check.value().string_value() : answer.prompt.expected_answer();
  const double similarity = TokenF1(answer.text, reference);
  return {similarity >= check.min(),
          fmt::format("The token F1 with the expected answer is {:.2f}; wanted at least {}.", similarity, check.min())};
}

Verdict ByKind(const pb::Check& check, Answer& answer) {
  switch (check.kind()) {
    case pb::CHECK_KIND_CONTAINS:
      return ByText(check, Pattern::Where::kAnywhere, "contains", "does not contain", answer);
    case pb::CHECK_KIND_NOT_CONTAINS:
      return ByText(check, Pattern::Where::kAnywhere, "contains", "does not contain", answer, /*is_wanted=*/false);
    case pb::CHECK_KIND_EQUALS:
      return ByText(check, Pattern::Where::kWhole, "is", "is not", answer);
    case pb::CHECK_KIND_STARTS_WITH:
      return ByText(check, Pattern::Where::kAtStart, "starts with", "does not start with", answer);
    case pb::CHECK_KIND_REGEX:
      return ByRegex(check, answer);
    case pb::CHECK_KIND_IS_JSON:
      return ByJson(answer);
    case pb::CHECK_KIND_JSON_SCHEMA:
      return BySchema(check, answer);
    case pb::CHECK_KIND_NUMERIC:
      return ByNumber(check, answer);
    case pb::CHECK_KIND_LENGTH:
      return ByLength(check, answer);
    case pb::CHECK_KIND_LATENCY:
      return ByLatency(check, answer);
    case pb::CHECK_KIND_SIMILARITY:
      return BySimilarity(check, answer);
    default:
      return {false, "This check is not known here."};
  }
}

std::string KindOf(const pb::Check& check) {
  if (check.any_size() > 0) return "any";
  if (check.all_size() > 0) return "all";
  std::string kind = pb::CheckKind_Name(check.kind()).substr(std::string_view("CHECK_KIND_").size());
  for (char& letter : kind) {
    if (letter >= 'A' && letter <= 'Z') letter = static_cast<char>(letter + ('a' - 'A'));
  }
  return kind;
}

Verdict Judge(const pb::Check& check, Answer& answer) {
  if (check.any_size() > 0) {
    std::string details;
    for (const pb::Check& part : check.any()) {
      Verdict verdict = Judge(part, answer);
      if (verdict.passed) return verdict;
      details += (details.empty() ? "" : " ") + verdict.detail;
    }
    return {false, check.any_size() == 1 ? details : fmt::format("None of {} holds. {}", check.any_size(), details)};
  }
  if (check.all_size() > 0) {
    for (const pb::Check& part : check.all()) {
      Verdict verdict = Judge(part, answer);
      if (!verdict.passed) return verdict;
    }
    return {true, check.all_size() == 1 ? "It holds." : fmt::format("All {} hold.", check.all_size())};
  }
  return ByKind(check, answer);
}

pb::Check ExpectedAnswer(const std::string& expected) {
  pb::Check check;
  check.set_kind(pb::CHECK_KIND_CONTAINS);
  check.mutable_value()->set_string_value(std::string(Trimmed(expected)));
  check.set_ignore_case(true);
  return check;
}

}  // namespace

std::vector<pb::CheckOutcome> RunChecks(const pb::Prompt& prompt, std::string_view response, absl::Duration latency,
                                        MatchWork& work) {
  Answer answer{prompt, response, Trimmed(response), latency, work};
  std::vector<pb::CheckOutcome> outcomes;
  const auto add = [&](const pb::Check& check) {
    Verdict verdict = Judge(check, answer);
    pb::CheckOutcome& outcome = outcomes.emplace_back();
    outcome.set_kind(KindOf(check));
    outcome.set_passed(verdict.passed);
    outcome.set_detail(std::move(verdict.detail));
  };
  for (const pb::Check& check : prompt.checks()) add(check);
  if (prompt.checks().empty() && prompt.has_expected_answer()) add(ExpectedAnswer(prompt.expected_answer()));
  return outcomes;
}

}  // namespace ftl::batch_runner
