// Reads questions, one a line (turns parted by " / "), and prints what each was understood as. For those who work on
// the lexicons: `finetunelab-ask-words [RUNS PROMPTS CATEGORY…] < questions`.
#include <chrono>
#include <iostream>

#include <absl/strings/numbers.h>
#include <absl/strings/str_split.h>

#include "services/analytics/planner/builtin_planner.h"
#include "services/analytics/planner/query_words.h"

int main(int count, char** arguments) {
  using namespace ftl::analytics;
  Vocabulary vocabulary;
  vocabulary.categories = {"billing", "returns", "technical", "code"};
  vocabulary.suite = "Customer Support - Easy";
  vocabulary.model = "Sample model";
  vocabulary.runs = 2;
  vocabulary.prompts = 40;
  if (count > 3) {
    if (!absl::SimpleAtoi(arguments[1], &vocabulary.runs) || !absl::SimpleAtoi(arguments[2], &vocabulary.prompts))
      return 2;
    vocabulary.categories.assign(arguments + 3, arguments + count);
  }
  std::string line;
  while (std::getline(std::cin, line)) {
    const auto start = std::chrono::steady_clock::now();
    const Understanding understanding = PlanBuiltin(absl::StrSplit(line, " / "), vocabulary);
    const double ms = std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start).count();
    std::cout << line << "\n   [" << understanding.language << " " << static_cast<int>(ms) << " ms] ";
    if (understanding.refusal) std::cout << "refusal " << static_cast<int>(*understanding.refusal) << " ";
    if (understanding.contradiction) std::cout << "contradiction " << understanding.contradiction->named << " ";
    if (understanding.wants_help) std::cout << "help ";
    for (const Choice& choice : understanding.choices) std::cout << "choice(" << QueryWords(choice.query) << ") ";
    for (const auto& query : understanding.queries) std::cout << QueryWords(query) << "  ++  ";
    if (!understanding.left_over.empty()) std::cout << "LEFT:";
    for (const std::string& word : understanding.left_over) std::cout << " " << word;
    std::cout << "\n";
  }
}
