#pragma once

#include <string>

#include <fmt/format.h>

#include "common/db/query.h"
#include "common/db/session_scope.h"

namespace ftl {

// Names the sessions whose rows the rest of a transaction block may see, or up to the next such statement. SET LOCAL
// and not set_config(): a coordinator hands the one on to the servers that hold the rows, and cannot know of the other.
class SessionStatement {
 public:
  explicit SessionStatement(const SessionScope& scope)
      : text_(fmt::format("SET LOCAL ftl.sessions = '{}'", scope.setting())) {}

  // Valid as long as this stays where it is.
  Statement Get() const { return {{"", text_}, {}}; }

 private:
  const std::string text_;
};

}  // namespace ftl
