#pragma once

#include <string>

#include "common/host/settings.h"
#include "gateway/http/limits.h"

namespace ftl::gateway {

// What the gateway is told at its start.
struct GatewaySettings {
  std::string http_address;
  std::string port_file;
  bool demo_enabled;
  bool has_workspace;
  int requests_per_minute;  // per client address; the limit itself is session-vault's
  size_t max_suite_bytes;
  std::string sample_endpoint_url;  // empty where there is none
  std::string sample_model_id;
  http::Limits limits;
};

// Reads them; faults stay in `settings`.
GatewaySettings ReadGatewaySettings(host::Settings& settings);

}  // namespace ftl::gateway
