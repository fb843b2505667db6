#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "finetunelab/analytics/v1/answer.pb.h"

namespace ftl::analytics {

// Which figures of a model's comment the facts bear out. A figure is borne out when one of the facts has it, by value
// and under the rounding that it is written with, whatever the unit of time: 1.7 s is borne out by 1690.3 ms. `rows`
// are the figures found; `told` are texts whose figures hold too: the facts in words, and the person's own question.
// Pure.
finetunelab::analytics::v1::Grounding CheckFigures(std::string_view comment,
                                                   const finetunelab::analytics::v1::ToolResult& rows,
                                                   const std::vector<std::string>& told);

}  // namespace ftl::analytics
