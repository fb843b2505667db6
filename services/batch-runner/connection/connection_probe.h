#pragma once

#include <map>
#include <memory>
#include <string>

#include "common/async/task.h"
#include "common/endpoint/chat_call.h"
#include "common/rpc/call_context.h"
#include "finetunelab/batch_runner/v1/batch_runner_service.pb.h"
#include "services/batch-runner/call/key_loans.h"
#include "services/batch-runner/connection/greeting.h"
#include "services/batch-runner/run/doors.h"

namespace ftl::batch_runner {

namespace pb = finetunelab::batch_runner::v1;

// Tests a session's connection by one real call: "Hello, are you there?", streaming, at most 256 tokens and 10 s,
// broken off soon after the first token. Any token, or an empty answer that its limit cut short, means connected. What
// the endpoint was found to need is learned by it. session-vault is told how it went.
//
// While the endpoint asks all who call it with the key to wait, no test is made: the answer says when to try again, and
// what is known of the connection stays.
//
// An endpoint that has not answered in 10 s may be loading its model. Its call stands for up to a minute, and the next
// test of the session waits for that one in place of making another.
class ConnectionProbe {
 public:
  ConnectionProbe(asio::any_io_executor executor, KeyLoans& keys, const Doors& doors, Caller& caller,
                  AddressPolicy policy)
      : executor_(std::move(executor)), keys_(keys), doors_(doors), caller_(caller), policy_(policy) {}

  // A caller that leaves ends its call.
  Task<pb::TestConnectionResponse> Test(const CallContext& call, std::string session);

  // The session is over: its call is broken off.
  void Drop(const std::string& session);
  // Breaks all calls off, so that the thread can end.
  void Close();

 private:
  // Null while the door is closed for `closed_for`.
  Task<std::shared_ptr<Greeting>> GreetingOf(const CallContext& call, std::string session, absl::Duration& closed_for);

  asio::any_io_executor executor_;
  KeyLoans& keys_;
  const Doors& doors_;
  Caller& caller_;
  AddressPolicy policy_;
  std::map<std::string, std::shared_ptr<Greeting>> under_way_;  // by session
};

}  // namespace ftl::batch_runner
