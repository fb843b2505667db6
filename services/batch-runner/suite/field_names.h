#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ftl::batch_runner {

// What a column or a field of a person's file holds.
enum class FieldRole { kPrompt, kExpected, kCategory, kSystem };

// `Expected Answer`, `expected-answer`, `expectedAnswer` and `Expected answer* (English)` as `expected_answer`.
std::string PlainName(std::string_view name);

// Which of `names` (plain) holds this, by the words that the field uses for it, the clearest first; nullopt for none.
// Where a file holds results of a run (`latency_ms`), what came is not what is expected.
std::optional<size_t> FieldFor(FieldRole role, const std::vector<std::string>& names);

// The same also by names that say no more than such a word: `test_prompt`, `question_text`, `ideal_response`, and `q`
// beside `a`. For tables of several columns; one line by itself may as well be a prompt.
std::optional<size_t> FieldLike(FieldRole role, const std::vector<std::string>& names);

}  // namespace ftl::batch_runner
