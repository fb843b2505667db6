#pragma once

#include <string>
#include <string_view>

#include "common/async/task.h"
#include "common/db/database.h"
#include "common/time/deadline.h"
#include "finetunelab/analytics/v1/analytics_service.pb.h"
#include "finetunelab/exporter/v1/exporter_service.pb.h"

namespace ftl::exporter {

// What a download token stands for.
struct Download {
  std::string session;  // the hash
  std::string test_run_id;
  finetunelab::exporter::v1::ExportFormat format{};
  finetunelab::analytics::v1::ListResultsRequest filter{};  // which results
};

// Takes the tokens that analytics hands out.
class DownloadTokens {
 public:
  explicit DownloadTokens(Database& database) : database_(database) {}

  // Uses the token up, whatever comes of the download. NOT_FOUND for one that was used, has expired or never was.
  Task<Download> Redeem(Deadline deadline, std::string token);
  // The same, and leaves it as it is.
  Task<Download> Look(Deadline deadline, std::string token);

 private:
  Task<Download> Find(Deadline deadline, Query query, std::string token);

  Database& database_;
};

// SHA-256 in lower-case hex, as the table holds it.
std::string TokenHash(std::string_view token);

}  // namespace ftl::exporter
