#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ftl::batch_runner {

// What a column or a field of a person's file holds.
enum class FieldRole { kPrompt, kExpected, kCategory, kSystem };

// `Expected Answer`, `expected-answer` and `expectedAnswer` as `expected_answer`.
std::string PlainName(std::string_view name);

// Which of `names` (plain) holds this, by the words that the field uses for it, the clearest first; nullopt for none.
std::optional<size_t> FieldFor(FieldRole role, const std::vector<std::string>& names);

}  // namespace ftl::batch_runner
