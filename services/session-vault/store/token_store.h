#pragma once

#include <optional>
#include <string>
#include <vector>

#include "common/async/task.h"
#include "common/db/database.h"
#include "finetunelab/session_vault/v1/identity_service.pb.h"

namespace ftl::vault {

// The SQL of tokens. Every method but Use works for one owner and sees no other's.
class TokenStore {
 public:
  explicit TokenStore(Database& database) : database_(database) {}

  Task<finetunelab::session_vault::v1::Token> Insert(Deadline deadline,
                                                     finetunelab::session_vault::v1::CreateTokenRequest request,
                                                     std::string sha256);
  // The oldest first.
  Task<std::vector<finetunelab::session_vault::v1::Token>> List(Deadline deadline, std::string owner);
  // Whether there was one; `id` may be any text.
  Task<bool> Delete(Deadline deadline, std::string owner, std::string id);
  // Whose it is, and notes its use; nullopt for none whose time is not over.
  Task<std::optional<finetunelab::session_vault::v1::FindTokenResponse>> Use(Deadline deadline, std::string sha256);

 private:
  Database& database_;
};

}  // namespace ftl::vault
