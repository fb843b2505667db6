#pragma once

#include <string_view>

#include <absl/functional/function_ref.h>
#include <boost/json/fwd.hpp>

#include "common/endpoint/format/model_list.h"

namespace ftl {

// Understands a listing in every shape in use: a list under one of the usual names, bare, or within another object;
// lists by provider; models as keys of an object; entries that are objects or names, ids with `models/` before them.
// Pure. Entries without a usable id are left out, of the same id all but the first, and those that `is_wanted`, where
// given, says no to.
ModelList ReadModelList(std::string_view body, size_t most,
                        absl::FunctionRef<bool(const boost::json::object& entry)> is_wanted);
ModelList ReadModelList(std::string_view body, size_t most);

}  // namespace ftl
