#pragma once

#include <span>
#include <string>
#include <string_view>

#include <absl/status/status.h>
#include <absl/time/time.h>

#include "finetunelab/exporter/v1/exporter_service.pb.h"

namespace ftl::exporter {

namespace pb = finetunelab::exporter::v1;

struct FormatFacts {
  pb::ExportFormat format;
  std::string_view name;       // for people
  std::string_view extension;  // without a dot
  std::string_view content_type;
};

// Every format that is written, those for people first.
std::span<const FormatFacts> Formats();

// INVALID_FIELD for what is no format, with those there are.
absl::Status RequireFormat(pb::ExportFormat format);

// For a format that RequireFormat lets pass.
const FormatFacts& FactsOf(pb::ExportFormat format);

// `finetunelab-batch-test-2025-11-21.csv`; the day is in UTC.
std::string FileNameOf(pb::ExportFormat format, absl::Time taken_at);

// Whether it is a report to read, of a bounded size, and not one row after the other.
bool IsDocument(pb::ExportFormat format);

}  // namespace ftl::exporter
