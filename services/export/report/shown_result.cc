#include "services/export/report/shown_result.h"

#include <algorithm>

#include <fmt/format.h>

#include "common/proto/enum_word.h"
#include "services/export/report/readable.h"
#include "services/export/report/wording.h"

namespace ftl::exporter {
namespace {

namespace runner = finetunelab::batch_runner::v1;

constexpr size_t kLongestBeginning = 160;
constexpr size_t kLongestPrompt = 900;
constexpr size_t kLongestAnswer = 2800;
// An answer of very many lines is cut by lines too.
constexpr int kMostLines = 60;

std::string EndOf(const runner::Result& result) {
  if (!result.success()) return EnumWord(result.error_type());
  return result.finish_reason() == "length" ? "cut by its limit" : "ok";
}

int Passed(const runner::Result& result) {
  return static_cast<int>(std::count_if(result.checks().begin(), result.checks().end(),
                                        [](const runner::CheckOutcome& check) { return check.passed(); }));
}

std::string ChecksOf(const runner::Result& result) {
  return result.checks().empty() ? "" : fmt::format("{} of {}", Passed(result), result.checks_size());
}

bool HasFailedCheck(const runner::Result& result) {
  return std::any_of(result.checks().begin(), result.checks().end(), [](const auto& check) { return !check.passed(); });
}

Cell NumberCell(std::string text, double value) { return {.text = std::move(text), .value = value}; }

Cell TimeCell(bool has, const google::protobuf::Duration& span) {
  return has ? NumberCell(DurationText(span), Milliseconds(span)) : Cell{};
}

Cell ChecksCell(const runner::Result& result) {
  Cell cell{.text = ChecksOf(result), .fault = HasFailedCheck(result)};
  if (!result.checks().empty()) cell.value = static_cast<double>(Passed(result)) / result.checks_size();
  return cell;
}

std::string FactsOf(const runner::Result& result) {
  std::string facts = result.has_latency() ? DurationText(result.latency()) : "";
  const auto add = [&facts](const std::string& text) { facts += (facts.empty() ? "" : "  \u00B7  ") + text; };
  if (result.has_ttft()) add("first token after " + DurationText(result.ttft()));
  if (result.has_output_tokens()) {
    add(Counted(result.output_tokens(), "output token") + (result.tokens_estimated() ? " (estimated)" : ""));
  }
  if (result.has_finish_reason()) add("ended by " + OneLine(result.finish_reason(), 40));
  if (const std::string checks = ChecksOf(result); !checks.empty()) add(checks + " checks passed");
  return facts;
}

// As many lines as are shown.
std::string_view FirstLines(std::string_view text) {
  size_t at = 0;
  for (int lines = 0; lines < kMostLines; ++lines) {
    at = text.find('\n', at);
    if (at == std::string_view::npos) return text;
    ++at;
  }
  return text.substr(0, at);
}

}  // namespace

std::string PromptBeginning(const ShownResult& shown) { return OneLine(shown.result.prompt(), kLongestBeginning); }

Table ResultTable(const std::vector<ShownResult>& results) {
  Table table{.columns = {{"#", 0.6, true},
                          {"Prompt", 5},
                          {"Category", 1.7},
                          {"Ended", 1.3},
                          {"Latency", 1.2, true},
                          {"First token", 1.2, true},
                          {"Tokens", 0.9, true},
                          {"Checks", 0.9, true}},
              .most_lines = 2};
  for (const ShownResult& shown : results) {
    const runner::Result& result = shown.result;
    table.rows.push_back(
        {NumberCell(CountText(result.prompt_id()), result.prompt_id()),
         {PromptBeginning(shown)},
         {OneLine(result.category(), 60)},
         {EndOf(result), {}, !result.success()},
         TimeCell(result.has_latency(), result.latency()),
         TimeCell(result.has_ttft(), result.ttft()),
         result.has_output_tokens() ? NumberCell(CountText(result.output_tokens()), result.output_tokens()) : Cell{},
         ChecksCell(result)});
  }
  return table;
}

void SetAnswer(std::string_view text, int64_t characters, Sample& sample) {
  const std::string answer = Readable(Beginning(text, kLongestAnswer));
  const std::string_view set = FirstLines(answer);
  sample.answer = ReadMarkdown(set);
  if (set.size() < answer.size() || static_cast<size_t>(characters) > kLongestAnswer) {
    sample.note += fmt::format("The answer is cut; it has {}. ", Counted(characters, "character"));
  }
}

Sample SampleOf(const ShownResult& shown) {
  const runner::Result& result = shown.result;
  const std::string_view prompt = Beginning(result.prompt(), kLongestPrompt);
  Sample sample{.title = fmt::format("#{}{}", result.prompt_id(),
                                     result.has_category() ? "  \u00B7  " + OneLine(result.category(), 60) : ""),
                .facts = FactsOf(result),
                .prompt = Readable(prompt)};
  const bool prompt_cut =
      prompt.size() < result.prompt().size() || static_cast<size_t>(shown.prompt_characters) > kLongestPrompt;
  if (prompt_cut)
    sample.note = fmt::format("The prompt is cut; it has {}. ", Counted(shown.prompt_characters, "character"));
  SetAnswer(result.response(), shown.response_characters, sample);
  if (!sample.note.empty()) sample.note += "CSV and JSON hold all of it.";
  return sample;
}

}  // namespace ftl::exporter
