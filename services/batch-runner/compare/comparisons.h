#pragma once

#include <functional>
#include <map>
#include <memory>
#include <random>
#include <string>

#include <boost/asio/any_io_executor.hpp>

#include "common/async/task.h"
#include "common/rpc/call_context.h"
#include "services/batch-runner/call/model_call.h"
#include "services/batch-runner/compare/compare_events.h"
#include "services/batch-runner/store/chat_store.h"
#include "services/batch-runner/store/comparison_store.h"

namespace ftl::batch_runner {

// The comparisons under way in this process. All columns are called at once, a column's repetitions one after the
// other; each is received, stored and ended here, whoever listens and whoever leaves, and what has come is stored each
// second. On the module's thread.
class Comparisons {
 public:
  static constexpr size_t kMostUnderWay = 64;

  struct Parts {
    asio::any_io_executor executor;
    ComparisonStore& store;
    ChatStore& scenes;  // where conversations, agents and templates are
    ModelCalls& calls;
    int window;  // messages that a model is shown
  };
  explicit Comparisons(Parts parts) : parts_(std::move(parts)) {}

  // Calls the models. Gives the comparison's id, or that of the one which the same key and content met before.
  // INVALID_FIELD, NOT_FOUND, IDEMPOTENCY_KEY_REUSED, OVERLOADED, DRAINING.
  Task<std::string> Begin(const CallContext& call, pb::CompareRequest request, Idempotency idempotency);

  // Tells a comparison from `places` on, also one that has ended or that another process receives, to its end.
  // NOT_FOUND.
  using Write = std::function<Task<>(const pb::CompareEvent& event)>;
  Task<> Tell(const CallContext& call, std::string owner, std::string id, ComparePlaces places, Write write);

  // Ends a comparison, and gives how it stands then. NOT_FOUND.
  Task<pb::StopCompareResponse> Stop(const CallContext& call, std::string owner, std::string id);

  // Ends it where it is under way, and forgets it. Gives whether there was one.
  Task<bool> Delete(const CallContext& call, std::string owner, std::string id);

  // Begins none more, and waits for those under way and until their listeners are told; those that are not there by the
  // deadline are kept as far as they came.
  Task<> Drain(Deadline deadline);

 private:
  struct UnderWay;
  using Ongoing = std::shared_ptr<UnderWay>;

  asio::awaitable<void> AskColumn(Ongoing ongoing, int index);
  asio::awaitable<void> AskOnce(Ongoing ongoing, int index, int slot);
  asio::awaitable<void> Keep(Ongoing ongoing);
  Task<> TellLive(Ongoing ongoing, ComparePlaces places, const Write& write);
  Task<> TellStored(const CallContext& call, std::string owner, std::string id, ComparePlaces places,
                    const Write& write);
  Ongoing Find(const std::string& owner, const std::string& id) const;

  Parts parts_;
  std::map<std::string, Ongoing> under_way_;  // by id
  const std::shared_ptr<int> telling_ = std::make_shared<int>(0);
  std::mt19937_64 random_{std::random_device()()};
  bool draining_ = false;
};

}  // namespace ftl::batch_runner
