#pragma once

#include <chrono>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "common/async/task.h"
#include "common/endpoint/chat_call.h"
#include "common/rpc/call_context.h"
#include "finetunelab/batch_runner/v1/workspace_service.pb.h"
#include "services/batch-runner/workspace/stored_keys.h"

namespace ftl::batch_runner {

namespace pb = finetunelab::batch_runner::v1;

// The models of all keys that an owner may use. Services are asked at once, each for ten seconds at most; one that
// fails hides no other. What a service listed is told again for a minute, and asked anew when its key changes; a
// failure is not kept.
class ModelCatalogue {
 public:
  static constexpr std::chrono::seconds kKept{60};

  ModelCatalogue(asio::any_io_executor executor, StoredKeys& keys, Caller& caller, AddressPolicy policy)
      : executor_(executor), keys_(keys), caller_(caller), policy_(std::move(policy)) {}

  Task<pb::ListAllModelsResponse> List(const CallContext& call, std::string owner);

 private:
  // One key's, or how its service failed.
  struct Listing {
    std::vector<pb::AvailableModel> models;
    std::optional<pb::ModelsFailure> failure;
  };
  struct Kept {
    Deadline until;
    std::shared_ptr<const Listing> listing;
  };
  struct Round;

  asio::awaitable<std::shared_ptr<const Listing>> Ask(CallContext call, std::string owner, vault_pb::StoredKey key);
  Task<Listing> AskService(const CallContext& call, const std::string& owner, const vault_pb::StoredKey& key);
  void ForgetOld();

  asio::any_io_executor executor_;
  StoredKeys& keys_;
  Caller& caller_;
  AddressPolicy policy_;
  std::map<std::string, Kept> kept_;  // by owner, key and when that was stored
};

}  // namespace ftl::batch_runner
