#include "services/analytics/narrator/replies.h"

#include <fmt/format.h>

namespace ftl::analytics {
namespace {

std::string Bullets(const std::vector<std::string>& questions) {
  std::string text;
  for (const std::string& question : questions) text += fmt::format("\n- {}", question);
  return text;
}

}  // namespace

std::string TellRefusal(Topic topic) {
  switch (topic) {
    case Topic::kCost:
      return "I cannot say what this cost: the results hold tokens, but no price. With your provider's price per token "
             "you can "
             "work it out from the totals. Ask me: \"How many input and output tokens did it use in total?\"";
    case Topic::kQuality:
      return "I cannot judge how good an answer is: the results hold times, tokens, errors and checks, and nobody has "
             "rated the "
             "answers. What I can say is which prompts passed their checks and which did not. Ask me: \"Which prompts "
             "failed "
             "their expected answer?\"";
    case Topic::kOtherSession:
      return "I only see the results of this session, and nobody else's. Within it you can compare runs. Ask me: "
             "\"Compare my "
             "runs.\"";
    case Topic::kSecrets:
      return "I cannot tell you that: keys and other credentials are not among the results, and I have no way to read "
             "them. I "
             "answer questions about the results. Ask me: \"Any failed requests?\"";
    case Topic::kInstructions:
      return "I keep to what I am here for: answering questions about this session's results. I do not tell or change "
             "how I am "
             "set up. Ask me: \"Give me a summary.\"";
    case Topic::kActions:
      return "I only read the results: I cannot change, start or delete anything. Runs are started in the step *Batch "
             "test*; data "
             "is deleted in the step *Export and clean up*. Ask me: \"Give me a summary.\"";
    case Topic::kElsewhere:
      return "I cannot answer that from these results: I see this session's runs and nothing beyond them. Ask me: "
             "\"What's my "
             "average latency?\"";
  }
  return "";
}

std::string TellHelp(const std::vector<std::string>& questions) {
  return fmt::format(
      "I answer questions about the results of this session: times, tokens, lengths, errors, checks, and what the "
      "answers say. "
      "For instance:{}",
      Bullets(questions));
}

std::string TellNotUnderstood(const std::vector<std::string>& nearest) {
  return fmt::format("I did not understand that as a question about these results. I can answer, for instance:{}",
                     Bullets(nearest));
}

std::string TellNoRun() {
  return "There are no results in this session yet. Run a batch test first; then ask me about times, tokens, errors "
         "and answers.";
}

std::string TellExport(std::string_view format, bool filtered) {
  std::string text;
  if (format == "pdf") {
    text = "Here is the report of this run as PDF.";
  } else if (format == "json" || format == "jsonl") {
    text = fmt::format("Here are the raw results of this run as {}.", format == "json" ? "JSON" : "JSON Lines");
  } else {
    text = "Here are the results of this run as CSV.";
  }
  if (filtered) text += " It holds all results of the run; choosing some of them is up to your spreadsheet.";
  return text + " The link works once, within five minutes.";
}

}  // namespace ftl::analytics
