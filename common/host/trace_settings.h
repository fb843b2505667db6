#pragma once

#include <string>

#include "common/host/settings.h"
#include "common/observe/trace/otlp_exporter.h"

namespace ftl::host {

// Where traces go, by the variables of OpenTelemetry's specification, as far as they concern traces over gRPC. An empty
// target where nobody asks for traces. `program` names the service where OTEL_SERVICE_NAME does not.
trace::OtlpSettings ReadTraceSettings(Settings& settings, const std::string& program);

}  // namespace ftl::host
