#pragma once

#include <string>

namespace ftl::batch_runner {

// Finds a prompt that a model counts as exactly so many tokens, by asking it: a stretch of a shipped text, a little
// short, and then one-token words behind it. Gives up after a few questions with what came nearest. Pure.
class PromptFitter {
 public:
  static constexpr int kMostQuestions = 8;

  explicit PromptFitter(int wanted);

  // The prompt that is to be counted next, or, once settled, the one to use.
  const std::string& prompt() const { return prompt_; }
  bool is_settled() const { return is_settled_; }
  // The model counts prompt() as so many.
  void Counted(int tokens);

 private:
  void Make();

  const int wanted_;
  int words_;
  int pads_ = 0;
  int questions_ = 0;
  int least_off_;
  std::string nearest_;
  std::string prompt_;
  bool is_settled_ = false;
};

}  // namespace ftl::batch_runner
