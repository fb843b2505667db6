#pragma once

#include <map>
#include <string>

#include "common/async/task.h"
#include "common/db/database.h"
#include "finetunelab/session_vault/v1/session_vault_service.pb.h"

namespace ftl::vault {

// Limits per minute that all replicas draw on, in slices: whoever asks for several units at once has them for itself.
// What is asked for in vain counts too, so a client that goes on knocking waits for the next minute.
class Quotas {
 public:
  // Units a minute for each subject, by the quota's name.
  using Limits = std::map<std::string, int32_t>;

  Quotas(Database& database, Limits limits) : database_(database), limits_(std::move(limits)) {}

  // INVALID_FIELD for a quota that is not known, no subject, or no units. A subject that is an address counts as
  // AddressSubject says.
  Task<finetunelab::session_vault::v1::DrawQuotaResponse> Draw(
      Deadline deadline, finetunelab::session_vault::v1::DrawQuotaRequest request);

 private:
  Database& database_;
  Limits limits_;
};

}  // namespace ftl::vault
