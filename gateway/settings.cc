#include "gateway/settings.h"

#include <limits>

#include "common/host/listen_address.h"
#include "common/workspace/workspace.h"

namespace ftl::gateway {
namespace {

constexpr int32_t kMost = std::numeric_limits<int32_t>::max();

bool ListensOnLoopback(std::string_view address) {
  const auto endpoint = host::ParseListenAddress(address);
  return endpoint.ok() && endpoint->address().is_loopback();
}

}  // namespace

GatewaySettings ReadGatewaySettings(host::Settings& settings) {
  GatewaySettings read;
  read.http_address = settings.ListenAddress("FTL_HTTP_ADDRESS", "0.0.0.0:8080", "Where the gateway serves HTTP.");
  read.port_file = settings.Text("FTL_PORT_FILE", "", "A file that gets the bound port, once it is listened on.");
  read.demo_enabled = settings.Flag("DEMO_ENABLED", true, "Whether the demo tier and its page are there.");
  read.has_workspace = ReadWorkspaceMode(settings) != WorkspaceMode::kOff;
  if (read.has_workspace && !ListensOnLoopback(read.http_address)) {
    settings.Fault(
        "FTL_WORKSPACE",
        "is local, where everybody who reaches the gateway is the owner, but FTL_HTTP_ADDRESS is not an address "
        "of loopback; listen on 127.0.0.1, or set FTL_WORKSPACE=off");
  }
  read.requests_per_minute =
      settings.Number("DEMO_MAX_REQUESTS_PER_MINUTE", 600, 1, kMost, "Requests of a client address in a minute.");
  read.max_suite_bytes = static_cast<size_t>(
      settings.Number("FTL_MAX_SUITE_BYTES", 32 << 20, 1024, 1 << 30, "Largest body that brings own prompts."));
  read.sample_endpoint_url = settings.Text("FTL_SAMPLE_ENDPOINT_URL", "",
                                           "An endpoint that needs no key, which the page offers to try it with.");
  read.sample_model_id = settings.Text("FTL_SAMPLE_MODEL_ID", "sample-steady", "The model to ask for there.");
  http::Limits& limits = read.limits;
  limits.max_connections =
      settings.Number("FTL_MAX_CONNECTIONS", limits.max_connections, 1, kMost, "Connections at a time.");
  limits.max_connections_per_address =
      settings.Number("FTL_MAX_CONNECTIONS_PER_ADDRESS", limits.max_connections_per_address, 1, kMost,
                      "Connections of a client address at a time; IPv6 counts by its /64.");
  limits.trusted_hops =
      settings.Number("FTL_TRUSTED_PROXY_HOPS", 0, 0, 16, "Proxies in front whose X-Forwarded-For is believed.");
  limits.https = settings.Flag("FTL_PUBLIC_HTTPS", false, "A TLS proxy stands in front; turns HSTS on.");
  return read;
}

}  // namespace ftl::gateway
