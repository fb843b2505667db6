#include "common/comparison/hidden_models.h"

#include <fmt/format.h>

namespace ftl {

namespace pb = finetunelab::batch_runner::v1;

bool HidesModels(const pb::Comparison& comparison) { return comparison.blind() && !comparison.has_mark(); }

void HideModels(pb::Comparison& comparison) {
  if (!HidesModels(comparison)) return;
  comparison.clear_models();
  for (pb::ComparedAnswer& answer : *comparison.mutable_answers()) HideModel(answer);
}

void HideModel(pb::ComparedAnswer& answer) {
  answer.clear_cost();
  if (answer.has_error()) answer.set_error("This model's call failed. Once the comparison is marked, it says why.");
  for (int i = 0; i < answer.tool_calls_size(); ++i)
    answer.mutable_tool_calls(i)->set_id(fmt::format("call_{}", i + 1));
}

}  // namespace ftl
