#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <absl/status/statusor.h>
#include <absl/time/time.h>

#include "common/observe/trace/span.h"
#include "common/secret/secret.h"

namespace ftl::trace {

// Where spans go; what the variables of OpenTelemetry's specification say (OTEL_EXPORTER_OTLP_…, OTEL_BSP_…).
struct OtlpSettings {
  std::string target;  // HOST:PORT; empty: spans are not recorded
  bool has_tls = false;
  std::string ca_file;  // PEM; empty for the system's
  Secret headers;       // `name=value,…`, percent-encoded: sent with each export
  absl::Duration timeout = absl::Seconds(10);
  absl::Duration delay = absl::Seconds(5);  // between exports
  size_t queue = 2048;                      // spans that wait at the most; more are dropped, and counted
  size_t batch = 512;                       // spans of one export
  Sampler sampler;
  std::vector<std::pair<std::string, std::string>> resource;  // `service.name` and the like
};

// Sends spans to a collector, from a thread of its own, by OTLP over gRPC. A collector that is away costs its callers
// nothing: spans wait for it as long as there is room, then the newest are dropped. One per process.
class OtlpExporter {
 public:
  // Spans are recorded from here on. Fails where the certificates cannot be read, or the headers understood.
  static absl::StatusOr<std::unique_ptr<OtlpExporter>> Start(OtlpSettings settings);
  // Sends what is left, for two seconds at the most; spans are not recorded any more.
  ~OtlpExporter();
  OtlpExporter(const OtlpExporter&) = delete;
  OtlpExporter& operator=(const OtlpExporter&) = delete;

 private:
  class Queue;
  explicit OtlpExporter(std::shared_ptr<Queue> queue);

  std::shared_ptr<Queue> queue_;
};

}  // namespace ftl::trace
