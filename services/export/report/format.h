#pragma once

#include <string>
#include <string_view>

#include <absl/status/status.h>
#include <absl/time/time.h>

#include "finetunelab/exporter/v1/exporter_service.pb.h"

namespace ftl::exporter {

// Ok for a format that can be written. INVALID_FIELD on `format` where none was chosen, FORMAT_NOT_AVAILABLE for one
// that this installation does not write.
absl::Status RequireFormat(finetunelab::exporter::v1::ExportFormat format);

// `finetunelab-batch-test-2025-11-21.csv`, the day in UTC. Only for formats that can be written, as below.
std::string FileNameOf(finetunelab::exporter::v1::ExportFormat format, absl::Time taken_at);
std::string_view ContentTypeOf(finetunelab::exporter::v1::ExportFormat format);

}  // namespace ftl::exporter
