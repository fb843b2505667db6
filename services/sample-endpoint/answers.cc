#include "services/sample-endpoint/answers.h"

#include <boost/json/parse.hpp>
#include <boost/json/value_to.hpp>

#include "services/sample-endpoint/prompt_hash.h"

namespace ftl::sample_endpoint {
namespace {

namespace json = boost::json;

// ASCII and the capitals of Latin-1, Greek and Cyrillic that UTF-8 keeps in two bytes are left as they are: the pieces
// to match are chosen so that this is enough.
std::string LowerCase(std::string_view text) {
  std::string lower(text);
  for (char& byte : lower) {
    if (byte >= 'A' && byte <= 'Z') byte = static_cast<char>(byte + ('a' - 'A'));
  }
  return lower;
}

std::string TextOf(const json::value& value) { return json::value_to<std::string>(value); }

}  // namespace

absl::StatusOr<Answers> Answers::Read(std::string_view text) {
  boost::system::error_code fault;
  const json::value root = json::parse(json::string_view(text.data(), text.size()), fault);
  if (fault) return absl::InvalidArgumentError("The answers are not JSON.");
  Answers answers;
  try {
    for (const json::value& entry : root.at("answers").as_array()) {
      const json::object& fields = entry.as_object();
      const json::value* reasoning = fields.if_contains("reasoning");
      answers.matched_.push_back(
          {TextOf(fields.at("match")), {TextOf(fields.at("answer")), reasoning ? TextOf(*reasoning) : ""}});
    }
    for (const json::value& entry : root.at("fallback").as_array()) {
      answers.fallback_.push_back({TextOf(entry), ""});
      answers.at_length_ += "\n\n" + answers.fallback_.back().text;
    }
  } catch (const std::exception& wrong) {
    return absl::InvalidArgumentError(std::string("The answers are not shaped as their README says: ") + wrong.what());
  }
  if (answers.fallback_.empty()) return absl::InvalidArgumentError("The answers have no fallback.");
  return answers;
}

Answers Answers::Embedded() { return Read(EmbeddedAnswers()).value(); }

const Answer& Answers::To(std::string_view prompt) const {
  const std::string lower = LowerCase(prompt);
  for (const Matched& candidate : matched_) {
    if (lower.find(candidate.match) != std::string::npos) return candidate.answer;
  }
  return fallback_[PromptHash(prompt, /*salt=*/1) % fallback_.size()];
}

}  // namespace ftl::sample_endpoint
