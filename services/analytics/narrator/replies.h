#pragma once

#include <string>
#include <vector>

#include "services/analytics/planner/planner.h"

namespace ftl::analytics {

// What Atlas says when there is nothing to count.
std::string TellRefusal(Topic topic);
std::string TellHelp(const std::vector<std::string>& questions);
std::string TellNotUnderstood(const std::vector<std::string>& nearest);
std::string TellNoRun();
std::string TellExport(std::string_view format, bool filtered);

}  // namespace ftl::analytics
