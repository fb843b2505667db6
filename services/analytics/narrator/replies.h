#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "services/analytics/narrator/language.h"
#include "services/analytics/planner/planner.h"

namespace ftl::analytics {

// The question that has the reading of the choice alone, in the language.
std::string ChoiceText(const Language& language, const Choice& choice);

// What Atlas says when there is nothing to count: a refusal, help, a contradiction, two readings to choose from, or
// that it has not understood. nullopt where there is a query.
std::optional<std::string> TellPlainReply(const Language& language, const Understanding& understanding);

}  // namespace ftl::analytics
