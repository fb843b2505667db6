#include "services/batch-runner/suite/field_names.h"

#include <algorithm>

#include <absl/strings/str_join.h>
#include <absl/strings/str_split.h>
#include <unicode/locid.h>
#include <unicode/unistr.h>

#include "common/endpoint/answer/clean_text.h"
#include "common/text/trim.h"
#include "services/batch-runner/suite/content_text.h"

namespace ftl::batch_runner {
namespace {

constexpr std::string_view kPrompt[] = {
    "prompt",     "prompts",   "user_prompt", "question",     "questions", "query",  "user_message",
    "user_input", "utterance", "instruction", "instructions", "input",     "user",   "message",
    "text",       "problem",   "frage",       "eingabe",      "invite",    "entrée", "pregunta",
    "entrada",    "pergunta",  "domanda",     "vraag",        "pytanie",   "вопрос", "질문",
    "问题",       "提示词",    "提示",        "質問",         "プロンプト"};
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
                                          "risposta_attesa",
                                          "risposta",
                                          "verwacht_antwoord",
                                          "antwoord",
                                          "odpowiedź",
                                          "ожидаемый_ответ",
                                          "ответ",
                                          "정답",
                                          "답변",
                                          "预期答案",
                                          "答案",
                                          "期待される回答",
                                          "回答"};
constexpr std::string_view kCategory[] = {"category", "categories", "topic", "tag"};
constexpr std::string_view kSystem[] = {"system", "system_prompt", "system_message"};
// What a run brought, in files that hold results.
constexpr std::string_view kCame[] = {"output", "response", "completion"};
// Words that change nothing about what a column holds.
constexpr std::string_view kIdle[] = {"test",   "sample",  "example", "text", "user",    "customer",
                                      "full",   "final",   "the",     "your", "english", "german",
                                      "french", "spanish", "en",      "de",   "fr",      "es"};
constexpr std::string_view kWished[] = {"expected", "ideal",  "gold",      "golden", "correct", "desired",
                                        "target",   "ground", "reference", "right",  "accepted"};
constexpr std::string_view kAnswers[] = {"answer", "answers", "output", "outputs",    "response",
                                         "result", "reply",   "value",  "completion", "text"};

template <size_t size>
bool Has(const std::string_view (&words)[size], std::string_view word) {
  return std::find(std::begin(words), std::end(words), word) != std::end(words);
}

template <size_t size>
std::optional<size_t> FirstOf(const std::string_view (&words)[size], const std::vector<std::string>& names) {
  for (const std::string_view word : words) {
    const auto found = std::find(names.begin(), names.end(), word);
    if (found != names.end()) return static_cast<size_t>(found - names.begin());
  }
  return std::nullopt;
}

// The name without idle words, and `expected_answer` for each way to say so.
std::string Essence(std::string_view name) {
  if (name.starts_with("__")) return std::string(name);  // promptfoo's own
  std::vector<std::string_view> words;
  for (const absl::string_view word : absl::StrSplit(absl::string_view(name.data(), name.size()), '_')) {
    words.emplace_back(word.data(), word.size());
  }
  if (words.size() > 1 && Has(kWished, words.front()) && Has(kAnswers, words.back())) return "expected_answer";
  const auto is_idle = [](std::string_view word) { return word.empty() || Has(kIdle, word); };
  words.erase(std::remove_if(words.begin(), words.end(), is_idle), words.end());
  return absl::StrJoin(words, "_", [](std::string* out, std::string_view word) { out->append(word); });
}

// `Question (English)` says no more than `Question`.
std::string_view WithoutBrackets(std::string_view name) {
  const size_t open = name.ends_with(')') ? name.rfind('(') : std::string_view::npos;
  return open == std::string_view::npos || open == 0 ? name : Trimmed(name.substr(0, open));
}

// In lower case, where the letters are others than ASCII's too.
std::string Lowered(std::string_view name) {
  const bool is_ascii =
      std::none_of(name.begin(), name.end(), [](char c) { return static_cast<unsigned char>(c) >= 0x80; });
  if (is_ascii) return std::string(name);
  std::string lower;
  icu::UnicodeString::fromUTF8(icu::StringPiece(name.data(), static_cast<int32_t>(name.size())))
      .toLower(icu::Locale::getRoot())
      .toUTF8String(lower);
  return lower;
}

}  // namespace

std::string PlainName(std::string_view name) {
  constexpr std::string_view kAround = "?:*\"'`#";
  std::string plain;
  bool was_lower = false;
  std::string spaced(WithoutBrackets(CutText(Trimmed(name), 256)));
  for (const std::string_view space : kWideSpaces) {
    for (size_t at; (at = spaced.find(space)) != std::string::npos;) spaced.replace(at, space.size(), " ");
  }
  for (const char c : spaced) {
    const bool is_upper = c >= 'A' && c <= 'Z';
    if (is_upper && was_lower) plain += '_';
    was_lower = c >= 'a' && c <= 'z';
    if (is_upper) {
      plain += static_cast<char>(c + ('a' - 'A'));
    } else if (c == ' ' || c == '-' || c == '.') {
      plain += '_';
    } else if (kAround.find(c) == std::string_view::npos) {
      plain += c;
    }
  }
  while (plain.ends_with('_')) plain.pop_back();
  return Lowered(plain);
}

std::optional<size_t> FieldFor(FieldRole role, const std::vector<std::string>& names) {
  if (role == FieldRole::kExpected && std::find(names.begin(), names.end(), "latency_ms") != names.end()) {
    std::vector<std::string> wished = names;
    for (std::string& name : wished) {
      if (Has(kCame, name)) name.clear();
    }
    return FirstOf(kExpected, wished);
  }
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

std::optional<size_t> FieldLike(FieldRole role, const std::vector<std::string>& names) {
  if (const std::optional<size_t> exact = FieldFor(role, names)) return exact;
  std::vector<std::string> essences;
  for (const std::string& name : names) essences.push_back(Essence(name));
  if (const std::optional<size_t> like = FieldFor(role, essences)) return like;
  const auto question = std::find(names.begin(), names.end(), "q");
  const auto answer = std::find(names.begin(), names.end(), "a");
  if (question == names.end() || answer == names.end()) return std::nullopt;
  if (role == FieldRole::kPrompt) return question - names.begin();
  if (role == FieldRole::kExpected) return answer - names.begin();
  return std::nullopt;
}

}  // namespace ftl::batch_runner
