#pragma once

#include <string>
#include <vector>

#include "gateway/api/operations.h"
#include "gateway/api/services.h"
#include "gateway/route.h"

namespace ftl::gateway {

// What the table depends on besides the contract.
struct RouteOptions {
  bool demo_enabled = true;
  bool has_workspace = false;
  size_t max_suite_bytes = 32 << 20;
  std::string sample_endpoint_url;  // empty where there is none
  std::string sample_model_id;
};

// The whole HTTP contract but the files of the page. `services` and `operations` outlive the routes.
std::vector<Route> Routes(const RouteOptions& options, Services& services, Operations& operations);

}  // namespace ftl::gateway
