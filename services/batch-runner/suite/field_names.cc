#include "services/batch-runner/suite/field_names.h"

#include <algorithm>

#include "common/endpoint/answer/clean_text.h"
#include "services/batch-runner/suite/content_text.h"

namespace ftl::batch_runner {
namespace {

constexpr std::string_view kPrompt[] = {
    "prompt",     "prompts",     "user_prompt",  "question", "questions", "query",     "user_message",
    "user_input", "instruction", "instructions", "input",    "user",      "message",   "text",
    "problem",    "frage",       "eingabe",      "invite",   "entrée",    "pregunta",  "entrada",
    "pergunta",   "问题",        "提示词",       "提示",     "質問",      "プロンプト"};
constexpr std::string_view kExpected[] = {"expected_answer",
                                          "expected",
                                          "expected_output",
                                          "expected_response",
                                          "ideal",
                                          "ideal_answer",
                                          "reference_answer",
                                          "reference",
                                          "ground_truth",
                                          "gold",
                                          "answer",
                                          "answers",
                                          "target",
                                          "completion",
                                          "output",
                                          "response",
                                          "best_answer",
                                          "correct_answer",
                                          "correct_answers",
                                          "gold_answer",
                                          "reference_output",
                                          "reference_answers",
                                          "expected_result",
                                          "solution",
                                          "label",
                                          "erwartete_antwort",
                                          "antwort",
                                          "ausgabe",
                                          "réponse_attendue",
                                          "réponse",
                                          "sortie",
                                          "respuesta_esperada",
                                          "respuesta",
                                          "salida",
                                          "resposta_esperada",
                                          "resposta",
                                          "saída",
                                          "预期答案",
                                          "答案",
                                          "期待される回答",
                                          "回答"};
constexpr std::string_view kCategory[] = {"category", "categories", "topic", "tag"};
constexpr std::string_view kSystem[] = {"system", "system_prompt", "system_message"};

template <size_t size>
std::optional<size_t> FirstOf(const std::string_view (&words)[size], const std::vector<std::string>& names) {
  for (const std::string_view word : words) {
    const auto found = std::find(names.begin(), names.end(), word);
    if (found != names.end()) return static_cast<size_t>(found - names.begin());
  }
  return std::nullopt;
}

}  // namespace

std::string PlainName(std::string_view name) {
  std::string plain;
  bool was_lower = false;
  for (const char c : CutText(Trimmed(name), 256)) {
    const bool is_upper = c >= 'A' && c <= 'Z';
    if (is_upper && was_lower) plain += '_';
    was_lower = c >= 'a' && c <= 'z';
    if (is_upper) {
      plain += static_cast<char>(c + ('a' - 'A'));
    } else if (c == ' ' || c == '-' || c == '.') {
      plain += '_';
    } else if (c != '?' && c != ':') {
      plain += c;
    }
  }
  return plain;
}

std::optional<size_t> FieldFor(FieldRole role, const std::vector<std::string>& names) {
  switch (role) {
    case FieldRole::kPrompt:
      return FirstOf(kPrompt, names);
    case FieldRole::kExpected:
      return FirstOf(kExpected, names);
    case FieldRole::kCategory:
      return FirstOf(kCategory, names);
    case FieldRole::kSystem:
      return FirstOf(kSystem, names);
  }
  return std::nullopt;
}

}  // namespace ftl::batch_runner
