#pragma once

#include <google/protobuf/struct.pb.h>

#include "services/export/report/document.h"

namespace ftl::exporter {

// A run's manifest, a line for each value: `suite.sha256`.
Facts ManifestFacts(const google::protobuf::Struct& manifest);

}  // namespace ftl::exporter
