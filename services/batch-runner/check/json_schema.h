#pragma once

#include <optional>
#include <string>

#include <absl/status/status.h>
#include <absl/status/statusor.h>
#include <boost/json/value.hpp>

#include "services/batch-runner/check/pattern.h"

namespace ftl::batch_runner {

// JSON Schema, drafts 7 to 2020-12, as far as one document goes. `$ref` leads to a place in the schema itself (`#`,
// `#/…`); `format` and other annotations are ignored. Our own and not a library's: those at hand match `pattern` with
// std::regex, which a stranger can make run for ever or overflow the stack, and follow `$ref` in circles.

// Ok, or what is wrong with a schema and where. Refuses what SchemaFault could not honour, so that nothing is ignored
// silently: other references, `unevaluatedProperties`, `unevaluatedItems`, `$dynamicRef`, expressions that are none.
absl::Status ValidateSchema(const boost::json::value& schema);

// Why `value` does not satisfy `schema`, in words with the place: "`/findings/0/fix` is missing"; nullopt where it
// does. RESOURCE_EXHAUSTED where too little of `work` is left to tell. The schema is one that ValidateSchema let pass.
absl::StatusOr<std::optional<std::string>> SchemaFault(const boost::json::value& schema,
                                                       const boost::json::value& value, MatchWork& work);

// The place in a schema that a reference `#/…` leads to, or null.
const boost::json::value* ReferredIn(const boost::json::value& schema, std::string_view reference);

}  // namespace ftl::batch_runner
