#pragma once

#include <string>
#include <string_view>

#include "services/analytics/narrator/grounding.h"

namespace ftl::analytics {

// Lets a model's comment through sentence by sentence, each checked before it is shown; 1,500 characters at most. Pure.
class CommentGate {
 public:
  // `may_think`: the text may begin with reasoning that only a closing tag ends, so that nothing is let through before
  // that tag or the end.
  CommentGate(const Grounding& grounding, bool may_think) : grounding_(grounding), may_think_(may_think) {}

  // What of the comment may be shown after `piece` has come.
  std::string Push(std::string_view piece);
  // What is left at the end.
  std::string Finish();

  // No more is shown: the rest need not be waited for.
  bool is_full() const { return is_full_; }
  bool has_shown() const { return shown_ > 0; }
  // The comment had a closing tag without an opening one.
  bool has_thought() const { return has_thought_; }
  const finetunelab::analytics::v1::Grounding& verdict() const { return verdict_; }

 private:
  std::string LetThrough(bool is_end);
  void Check(std::string_view sentence, std::string& shown);

  const Grounding& grounding_;
  bool may_think_;
  bool has_thought_ = false;
  bool is_full_ = false;
  size_t shown_ = 0;  // characters
  std::string held_;
  finetunelab::analytics::v1::Grounding verdict_;
};

}  // namespace ftl::analytics
