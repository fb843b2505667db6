#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <absl/time/time.h>

#include "common/endpoint/answer/failure.h"

namespace ftl {

// What a listing says of a model; what it does not say is empty or absent.
struct ListedModel {
  std::string id;
  std::string owned_by;
  std::string name;  // for people, where it is not the id
  std::optional<absl::Time> created_at;
  std::optional<int64_t> context_length;  // in tokens
  // In US dollars for a million tokens.
  std::optional<double> input_price;
  std::optional<double> output_price;
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

}  // namespace ftl
