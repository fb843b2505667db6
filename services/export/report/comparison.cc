#include "services/export/report/comparison.h"

#include <algorithm>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "common/proto/enum_word.h"
#include "common/time/proto_time.h"
#include "services/export/report/readable.h"
#include "services/export/report/shown_result.h"
#include "services/export/report/wording.h"

namespace ftl::exporter {
namespace {

namespace runner = finetunelab::batch_runner::v1;

constexpr size_t kLongestName = 80;
constexpr size_t kLongestError = 300;
constexpr size_t kLongestMessage = 4000;
constexpr int kCostDecimals = 6;

std::string CostText(double dollars) { return "$" + NumberText(dollars, kCostDecimals); }

std::string ModelText(const runner::ModelChoice& model) {
  return OneLine(model.id(), kLongestName) + " (" + OneLine(model.service(), kLongestName) +
         (model.has_name() ? ", " + OneLine(model.name(), kLongestName) : "") + ")";
}

class Composition {
 public:
  explicit Composition(const ComparisonReport& report) : report_(report), comparison_(report.comparison) {}

  Document Make() const {
    Document document{.title = "Comparison of " + Names(),
                      .subject = "Answers of several models to the same: figures, verdict and marks",
                      .made_at = report_.taken_at,
                      .cover = {.kind = "Comparison of models",
                                .title = Names(),
                                .details = MomentText(FromProto(comparison_.created_at())),
                                .verdict = Told(Verdict())},
                      .footer = "Powered by FineTuneLab"};
    if (comparison_.has_verdict()) {
      document.sections.push_back(
          {.title = "Figures",
           .blocks = {Figures(), Told("Figures are the medians of a model's whole answers.", Voice::kNote)}});
    }
    document.sections.push_back(Asked());
    document.sections.push_back(Answers());
    if (report_.standings.marks() > 0) document.sections.push_back(Standings());
    document.sections.push_back({.title = "How it was asked", .blocks = {Configuration()}});
    return document;
  }

 private:
  std::string Names() const {
    std::string names;
    for (int index = 0; index < comparison_.columns(); ++index) {
      names += index == 0 ? "" : index + 1 == comparison_.columns() ? " and " : ", ";
      names += report_.NameOf(index);
    }
    return names;
  }

  std::string Bold(int index) const { return "**" + EscapedMarkdown(report_.NameOf(index)) + "**"; }

  std::string Standing() const {
    switch (comparison_.status()) {
      case runner::COMPARISON_STATUS_RUNNING:
        return "**This comparison is still going.** It is told as far as it has come.";
      case runner::COMPARISON_STATUS_STOPPED:
        return "**A person ended this comparison.** What had come is kept.";
      case runner::COMPARISON_STATUS_INCOMPLETE:
        return "**This comparison broke off**, since the program that received it ended. What had come is kept.";
      default:
        return "";
    }
  }

  std::string Marked() const {
    if (!comparison_.has_mark()) {
      return comparison_.blind() ? "Nobody has marked the better answer yet, so the models are hidden."
                                 : "Nobody has marked the better answer yet.";
    }
    const runner::ComparisonMark& mark = comparison_.mark();
    const std::string better =
        mark.tie() ? std::string("None is better") : fmt::format("{} is better", Bold(mark.index()));
    return fmt::format("{}, says a person{} ({}).", better, comparison_.blind() ? " who did not know the models" : "",
                       MomentText(FromProto(mark.marked_at())));
  }

  // `2.1 s`: the column's own figure by a measure.
  std::string FigureOf(runner::ComparisonMeasure measure, int index) const {
    const runner::ComparisonColumn& column = comparison_.verdict().columns(index);
    switch (measure) {
      case runner::COMPARISON_MEASURE_LATENCY:
        return DurationText(column.latency());
      case runner::COMPARISON_MEASURE_TTFT:
        return DurationText(column.ttft());
      case runner::COMPARISON_MEASURE_COST:
        return CostText(column.cost());
      default:
        return NumberText(column.length(), 1) + " characters";
    }
  }

  static std::string_view SuperlativeOf(runner::ComparisonMeasure measure) {
    switch (measure) {
      case runner::COMPARISON_MEASURE_LATENCY:
        return "Fastest";
      case runner::COMPARISON_MEASURE_TTFT:
        return "First to begin";
      case runner::COMPARISON_MEASURE_COST:
        return "Cheapest";
      default:
        return "Longest";
    }
  }

  static std::string_view CertaintyOf(const runner::ComparisonFinding& finding) {
    switch (finding.certainty()) {
      case runner::COMPARISON_CERTAINTY_CLEAR:
        return "a clear lead";
      case runner::COMPARISON_CERTAINTY_NOT_CLEAR:
        return "which may be chance";
      default:
        return "too few repetitions to tell whether that is chance";
    }
  }

  std::string Found(const runner::ComparisonFinding& finding) const {
    const bool is_shared = finding.leaders_size() > 1;
    std::string leaders;
    for (const int32_t leader : finding.leaders()) leaders += (leaders.empty() ? "" : " and ") + Bold(leader);
    return fmt::format("- {}: {} with {}{}; {}.\n", SuperlativeOf(finding.measure()), leaders,
                       FigureOf(finding.measure(), finding.leaders(0)), is_shared ? " each" : "", CertaintyOf(finding));
  }

  std::string Verdict() const {
    std::string text = Standing();
    if (!text.empty()) text += "\n\n";
    text += Marked() + "\n\n";
    for (const runner::ComparisonFinding& finding : comparison_.verdict().findings()) text += Found(finding);
    for (const int32_t failed : comparison_.verdict().failed()) {
      text += fmt::format("- {} has no whole answer.\n", Bold(failed));
    }
    return text;
  }

  Table Figures() const {
    Table table{.columns = {{"Answer of", 2.4},
                            {"Whole", 0.7, true},
                            {"Failed", 0.7, true},
                            {"Latency", 1.1, true},
                            {"First token", 1.1, true},
                            {"Output tokens", 1, true},
                            {"Characters", 1, true},
                            {"Cost", 1.1, true},
                            {"Marked", 0.9}}};
    for (const runner::ComparisonColumn& column : comparison_.verdict().columns()) {
      const bool is_better =
          comparison_.has_mark() && comparison_.mark().has_index() && comparison_.mark().index() == column.index();
      table.rows.push_back({{report_.NameOf(column.index())},
                            {CountText(column.answered())},
                            {CountText(column.failed()), {}, column.failed() > 0},
                            {column.has_latency() ? DurationText(column.latency()) : ""},
                            {column.has_ttft() ? DurationText(column.ttft()) : ""},
                            {column.has_output_tokens() ? NumberText(column.output_tokens(), 1) : ""},
                            {column.has_length() ? NumberText(column.length(), 1) : ""},
                            {column.has_cost() ? CostText(column.cost()) : ""},
                            {is_better ? "better" : ""}});
    }
    return table;
  }

  Section Asked() const {
    Section section{.title = "What was asked"};
    for (const runner::ChatMessage& message : comparison_.messages()) {
      const std::string_view shown = Beginning(message.content(), kLongestMessage);
      Sample sample{.title = EnumWord(message.role()), .prompt = Readable(shown)};
      if (shown.size() < message.content().size()) sample.note = "The message is cut. JSON holds all of it.";
      section.blocks.push_back(std::move(sample));
    }
    return section;
  }

  std::string FactsOf(const runner::ComparedAnswer& answer) const {
    std::string facts;
    const auto add = [&facts](const std::string& text) { facts += (facts.empty() ? "" : "  \u00B7  ") + text; };
    if (answer.status() == runner::MESSAGE_STATUS_GENERATING) add("still coming");
    if (answer.status() == runner::MESSAGE_STATUS_INCOMPLETE) add("unfinished");
    if (answer.has_latency()) add(DurationText(answer.latency()));
    if (answer.has_ttft()) add("first token after " + DurationText(answer.ttft()));
    if (answer.has_output_tokens()) {
      add(Counted(answer.output_tokens(), "output token") + (answer.tokens_estimated() ? " (estimated)" : ""));
    }
    if (answer.has_cost()) add(CostText(answer.cost()));
    if (answer.has_finish_reason()) add("ended by " + OneLine(answer.finish_reason(), kLongestName));
    for (const runner::MessageToolCall& tool : answer.tool_calls()) {
      add("asks for the tool " + OneLine(tool.name(), kLongestName));
    }
    if (answer.has_error()) add(OneLine(answer.error(), kLongestError));
    return facts;
  }

  Section Answers() const {
    Section section{.title = "Answers"};
    for (const runner::ComparedAnswer& answer : comparison_.answers()) {
      const std::string repetition =
          comparison_.repeat() > 1 ? fmt::format(", repetition {}", answer.repetition()) : "";
      Sample sample{
          .title = report_.NameOf(answer.index()) + repetition, .facts = FactsOf(answer), .whole = answer.content()};
      SetAnswer(answer.content(), CharactersOf(answer.content()), sample);
      if (!sample.note.empty()) sample.note += "CSV, JSON and Markdown hold all of it.";
      section.blocks.push_back(std::move(sample));
    }
    return section;
  }

  Section Standings() const {
    const auto& told = report_.standings;
    Table table{.columns = {{"Model", 2.6},
                            {"Comparisons", 1, true},
                            {"Won", 0.7, true},
                            {"Lost", 0.7, true},
                            {"Even", 0.7, true},
                            {"Strength", 0.9, true},
                            {"95 % interval", 1.4, true}}};
    for (const auto& standing : told.standings()) {
      const auto& interval = standing.strength_interval();
      table.rows.push_back({{ModelText(standing.model())},
                            {CountText(standing.comparisons())},
                            {CountText(standing.wins())},
                            {CountText(standing.losses())},
                            {CountText(standing.ties())},
                            {NumberText(standing.strength(), 2)},
                            {standing.has_strength_interval() ? fmt::format("{} to {}", NumberText(interval.low(), 2),
                                                                            NumberText(interval.high(), 2))
                                                              : ""}});
    }
    std::string note = fmt::format(
        "{} of the project {}, {} of them given before the models were told. ", Counted(told.marks(), "mark"),
        EscapedMarkdown(OneLine(comparison_.project(), kLongestName)), CountText(told.blind_marks()));
    if (told.too_few_to_tell()) note += "That is too few to tell models apart. ";
    note +=
        "Strengths are those of Bradley and Terry: a model wins against another with the chance of its own over the "
        "sum of "
        "both, and the geometric mean of all is 1. Intervals are bootstrap percentiles.";
    return {.title = "How models stand by people's marks", .blocks = {std::move(table), Told(note, Voice::kNote)}};
  }

  Facts Configuration() const {
    Facts facts;
    const auto add = [&facts](std::string name, std::string value) {
      facts.facts.emplace_back(std::move(name), std::move(value));
    };
    const runner::CallParameters& parameters = comparison_.parameters();
    for (const runner::ModelChoice& model : comparison_.models()) add("Model", ModelText(model));
    if (parameters.has_temperature()) add("Temperature", NumberText(parameters.temperature(), 3));
    if (parameters.has_max_tokens()) add("Output tokens at most", CountText(parameters.max_tokens()));
    if (parameters.has_top_p()) add("Top p", NumberText(parameters.top_p(), 3));
    add("Each model asked", Counted(comparison_.repeat(), "time"));
    add("Models hidden until marked", comparison_.blind() ? "yes" : "no");
    add("Asked", MomentText(FromProto(comparison_.created_at())));
    if (comparison_.has_completed_at()) add("Ended", MomentText(FromProto(comparison_.completed_at())));
    add("Comparison", comparison_.id());
    return facts;
  }

  const ComparisonReport& report_;
  const runner::Comparison& comparison_;
};

}  // namespace

bool ComparisonReport::is_going() const { return comparison.status() == runner::COMPARISON_STATUS_RUNNING; }

std::string ComparisonReport::NameOf(int index) const {
  if (index >= comparison.models_size()) return fmt::format("model {}", index + 1);
  const std::string& id = comparison.models(index).id();
  const auto same = std::count_if(comparison.models().begin(), comparison.models().end(),
                                  [&id](const runner::ModelChoice& model) { return model.id() == id; });
  return OneLine(id, kLongestName) + (same > 1 ? fmt::format(" ({})", index + 1) : "");
}

Document Compose(const ComparisonReport& report) { return Composition(report).Make(); }

}  // namespace ftl::exporter
