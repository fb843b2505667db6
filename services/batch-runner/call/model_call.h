#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <vector>

#include <absl/time/time.h>
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/steady_timer.hpp>

#include "common/async/task.h"
#include "common/endpoint/chat_call.h"
#include "common/rpc/call_context.h"
#include "finetunelab/batch_runner/v1/model_choice.pb.h"
#include "finetunelab/batch_runner/v1/request.pb.h"
#include "services/batch-runner/call/call_budget.h"
#include "services/batch-runner/call/call_target.h"
#include "services/batch-runner/history/price_list.h"
#include "services/batch-runner/store/request_store.h"
#include "services/batch-runner/workspace/stored_keys.h"

namespace ftl::batch_runner {

namespace pb = finetunelab::batch_runner::v1;

// What is asked of a model of the workspace.
struct ModelCall {
  std::string owner;  // hash
  std::string project = "default";
  pb::RequestKind kind = pb::REQUEST_KIND_UNSPECIFIED;
  pb::ModelChoice model;
  std::vector<ChatMessage> messages;  // at least one
  pb::CallParameters parameters;      // what is unset is the service's choice, and `stream` is true
  std::optional<std::string> replay_of;
  absl::Duration limit = absl::Minutes(10);  // of one attempt
};

// What came of it, once that is in the log. An endpoint that fails is an answer too: `reply.failure` says how.
struct ModelAnswer {
  std::string id;  // of its row in the log
  absl::Time began;
  std::string service;
  std::string key_name;
  ChatReply reply;  // of the last attempt; as far as it came where it broke
  int attempts = 0;
  absl::Duration total;        // all attempts, with the waits between
  std::optional<double> cost;  // US dollars; nullopt where the model has no price
};

// Every call that the workspace makes to a model: with a stored key, tried again as a run's are, and written to the log
// before its first byte leaves and after its last has come. On the module's thread.
//
// It goes through no door (run/doors.h): where an endpoint asks all to wait, that call alone waits, for a few seconds
// at the most, and its answer says so where it would be longer.
//
// A process makes so many at a time, beside those of its runs: a call waits for others of its kind alone, in the order
// in which they came, and a run never for any of them. A benchmark counts its own.
class ModelCalls {
 public:
  struct Parts {
    asio::any_io_executor executor;
    StoredKeys& keys;
    Caller& caller;
    AddressPolicy policy;
    RequestStore& log;
    PriceList prices;
    bool keeps_content;
    size_t calls_at_a_time = 1024;
  };
  explicit ModelCalls(Parts parts) : parts_(std::move(parts)), budget_(parts_.calls_at_a_time) {}

  // `on_piece` hears the answer as it comes, and `on_begun` before that, once the call may be made and is written down;
  // neither is called once the caller is gone, and each may be null. Where the waiting coroutine is cancelled, the call
  // is broken off at once and its row says so. INVALID_FIELD, NOT_FOUND, KEY_FORGOTTEN, ENDPOINT_NOT_ALLOWED,
  // DATABASE_UNAVAILABLE: nothing was called, nor written.
  Task<ModelAnswer> Call(const CallContext& call, ModelCall asked, OnPiece on_piece = nullptr,
                         std::function<void()> on_begun = nullptr);
  // Breaks off all calls, so that the thread can end; their rows say that the process did.
  void Close();

 private:
  struct UnderWay;

  Task<std::shared_ptr<CallTarget>> Borrow(const CallContext& call, UnderWay& under_way);
  asio::awaitable<void> Run(std::shared_ptr<UnderWay> under_way);
  asio::awaitable<void> TakePlace(UnderWay& under_way);
  void GivePlaceBack(const UnderWay& under_way);
  void BreakOff(UnderWay& under_way);
  asio::awaitable<void> Ask(std::shared_ptr<UnderWay> under_way);
  asio::awaitable<void> Store(std::shared_ptr<UnderWay> under_way);
  void KeepLearned(const UnderWay& under_way);
  endpoint_pb::Capabilities& LearnedOf(const CallTarget& target);

  Parts parts_;
  CallBudget budget_;
  std::set<UnderWay*> all_;
  std::map<std::string, asio::steady_timer*> line_;  // whoever waits for a place, by the id of its row
  bool is_closed_ = false;
  std::map<std::string, endpoint_pb::Capabilities> learned_;
  std::mt19937_64 random_{std::random_device()()};
};

}  // namespace ftl::batch_runner
