#pragma once

#include <optional>
#include <string>
#include <vector>

#include <absl/time/time.h>

#include "common/async/task.h"
#include "common/db/database.h"
#include "finetunelab/session_vault/v1/stored_keys_service.pb.h"

namespace ftl::vault {

// A row of api_keys, its key still sealed.
struct StoredKeyRow {
  std::string owner;
  std::string project;
  std::string service_name;
  std::string name;
  std::string endpoint_url;
  std::string blob;
  std::optional<std::string> key_hint;
  bool shared = false;
  absl::Time created_at;
  std::optional<absl::Time> last_used_at;
  std::optional<absl::Time> last_test_at;
  bool last_test_success = false;
  std::string last_test_message;
};

// The SQL of stored keys. Every method but Owners works for one owner and sees no other's, but for what is shared.
class StoredKeyStore {
 public:
  explicit StoredKeyStore(Database& database) : database_(database) {}

  // Takes the place of one of the same owner, service and name. Gives the moment.
  Task<absl::Time> Put(Deadline deadline, StoredKeyRow row);
  // The owner's, then those that others share; by service and name.
  Task<std::vector<StoredKeyRow>> List(Deadline deadline, std::string owner);
  // Those of a service, by their name where that is not empty. An owner's own hide what others share.
  Task<std::vector<StoredKeyRow>> Find(Deadline deadline, std::string owner, std::string service_name,
                                       std::string name);
  // False where it is gone already.
  Task<bool> Delete(Deadline deadline, StoredKeyRow row);
  // NOT_FOUND where it is gone. That of a key which another shares is not noted.
  Task<> RecordTest(Deadline deadline, finetunelab::session_vault::v1::RecordStoredKeyTestRequest request);
  // In the audit log, and as the key's last use.
  Task<> RecordLoan(Deadline deadline, StoredKeyRow row, std::string owner, std::string borrower);
  // False where the row is no longer what it was.
  Task<bool> Replace(Deadline deadline, StoredKeyRow row, std::string blob);
  Task<std::vector<std::string>> Owners(Deadline deadline);

 private:
  Database& database_;
};

}  // namespace ftl::vault
