#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <absl/status/statusor.h>

namespace ftl::sample_endpoint {

// What is said to a prompt. Nothing in it comes from a model.
struct Answer {
  std::string text;
  std::string reasoning;  // often empty
};

// The canned answers of answers/answers.json.
class Answers {
 public:
  static absl::StatusOr<Answers> Read(std::string_view json);
  // Those that were built in.
  static Answers Embedded();

  // The answer whose piece of a shipped prompt occurs in `prompt`; else one of the fallbacks. The same for the same
  // prompt.
  const Answer& To(std::string_view prompt) const;
  // All fallbacks, one after the other: what a chatty model adds.
  const std::string& AtLength() const { return at_length_; }

 private:
  struct Matched {
    std::string match;  // lower case
    Answer answer;
  };
  std::vector<Matched> matched_;
  std::vector<Answer> fallback_;
  std::string at_length_;
};

// answers.json as it was when this program was built.
std::string_view EmbeddedAnswers();

}  // namespace ftl::sample_endpoint
