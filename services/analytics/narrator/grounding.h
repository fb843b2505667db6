#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "finetunelab/analytics/v1/answer.pb.h"
#include "services/analytics/narrator/fact.h"

namespace ftl::analytics {

// Whether sentences of a model say only what the facts of this answer bear out. Each figure, in digits or words, must
// be a fact's by value (under the rounding it is written with), unit and kind: the statistic, measure, outcome, prompt
// and group that the sentence names with it. A comparison must be of two figures of the sentence or of a bound of the
// question; no other is tested. Strict: what it cannot read it does not pass. Pure.
class Grounding {
 public:
  // `names` are texts whose digits are no figures: the model's name, the suite's.
  Grounding(std::vector<Fact> facts, const std::vector<std::string>& names);

  // Whether the sentence may be shown. Notes in `grounding` what was checked and what was not borne out.
  bool Bears(std::string_view sentence, finetunelab::analytics::v1::Grounding& grounding) const;

 private:
  std::vector<Fact> facts_;
  std::vector<std::string> names_;   // in plain form, the longest first
  std::vector<std::string> groups_;  // likewise, of the facts
};

}  // namespace ftl::analytics
