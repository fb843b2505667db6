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
  bool cut = false;  // the endpoint lists more
  CallFailure failure;
  int http_status = 0;
};

// Understands a listing in every shape in use: `data` or `models` in an object, a bare array, entries that are objects
// or names, ids with `models/` before them. Pure. Entries without a usable id are left out.
ModelList ReadModelList(std::string_view body, size_t most);

}  // namespace ftl
