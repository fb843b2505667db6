#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <absl/time/time.h>

#include "common/endpoint/answer/failure.h"

namespace ftl {

struct ListedModel {
  std::string id;
  std::string owned_by;                  // empty where not said
  std::optional<absl::Time> created_at;  // absent where not said
};

// The models of an endpoint in its order, at most CallerLimits::models; or how it failed.
struct ModelList {
  bool ok() const { return failure.error_type == endpoint_pb::ERROR_TYPE_UNSPECIFIED; }

  std::vector<ListedModel> models;
  bool cut = false;       // the endpoint lists more
  std::string next_page;  // the query that asks for the next page of the same listing; empty for none
  CallFailure failure;
  int http_status = 0;
};

// Understands a listing in every shape in use: a list under one of the usual names, bare, or within another object;
// lists by provider; models as keys of an object; entries that are objects or names, ids with `models/` before them.
// Pure. Entries without a usable id are left out, and of the same id all but the first.
ModelList ReadModelList(std::string_view body, size_t most);

}  // namespace ftl
