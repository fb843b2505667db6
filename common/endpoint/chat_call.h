#pragma once

#include <memory>
#include <string>
#include <string_view>

#include <absl/time/time.h>
#include <boost/asio/any_io_executor.hpp>

#include "common/async/task.h"
#include "common/endpoint/answer/chat_reply.h"
#include "common/endpoint/credential.h"
#include "common/endpoint/format/chat_request.h"
#include "common/endpoint/format/dialect.h"
#include "common/endpoint/format/model_list.h"
#include "common/endpoint/http/caller_limits.h"
#include "common/endpoint/http/resolver.h"
#include "common/endpoint/http/wire_fault.h"
#include "common/endpoint/url/address_policy.h"
#include "common/endpoint/url/endpoint.h"
#include "common/time/deadline.h"

namespace ftl {

class KeptConnections;
class Dialer;
class Heartbeat;
class KeyScrub;
struct CallMarks;

// What a service said to a key.
struct KeyTest {
  bool ok() const { return failure.error_type == endpoint_pb::ERROR_TYPE_UNSPECIFIED; }

  CallFailure failure;
  int http_status = 0;     // 0 where no answer's head came
  absl::Duration latency;  // from the first byte sent to the answer's end
};

// Calls people's endpoints. One for each module, on the module's thread, which all methods keep to. It outlives the
// calls under way.
//
// However an endpoint fails is an answer: a ChatReply, ModelList or KeyTest with its `failure`. An absl error is ours:
// CANCELLED when the waiting coroutine was cancelled (total, partial or terminal). The connection is closed at once
// then, as it is at the deadline, so that the endpoint can stop too.
//
// Memory of a call is bounded whatever the endpoint does (caller_limits.h). The key and the values of further headers
// are taken out of everything that is returned, and wiped from the request once that is sent.
class Caller {
 public:
  Caller(asio::any_io_executor executor, AddressPolicy policy, CallerLimits limits = {});
  // With names looked up by `resolver`; for tests.
  Caller(asio::any_io_executor executor, AddressPolicy policy, CallerLimits limits, std::unique_ptr<Resolver> resolver);
  ~Caller();

  // One chat completion, and a second request only where the first was refused (400, 422) over a parameter that can be
  // left out, before any of the answer, and the request allows it. Ends by `deadline`. Kept connections are
  // shared by calls with the same `pool_key` (the session's hash) and origin, and by nobody else. `on_piece` may be
  // null. `endpoint`, `credential` and `request` must outlive the call.
  Task<ChatReply> Chat(Deadline deadline, const Endpoint& endpoint, const Credential& credential, std::string pool_key,
                       const ChatRequest& request, OnPiece on_piece = nullptr,
                       const Dialect& dialect = OpenAiDialect());

  // The models that the endpoint lists, page after page where it has several.
  Task<ModelList> ListModels(Deadline deadline, const Endpoint& endpoint, const Credential& credential,
                             std::string pool_key, const Dialect& dialect = OpenAiDialect());

  // Whether the service takes the key, by the dialect's cheapest call. ENDPOINT_NOT_ALLOWED where that call's address
  // may not be called.
  Task<KeyTest> TestKey(Deadline deadline, const Endpoint& endpoint, const Credential& credential, std::string pool_key,
                        const Dialect& dialect);

  // Closes the kept connections of a session that has ended.
  void DropConnections(std::string_view pool_key);
  // Closes all kept connections and ends what waits for them, so that the thread can end.
  void Close();

 private:
  struct Call;
  struct Begun;
  struct Page;

  // Sends `request` over a kept or a new connection and reads the head of its answer.
  Wire<Begun> Begin(Deadline deadline, const Endpoint& endpoint, const std::string& pool_key, std::string_view request,
                    CallMarks& marks);
  Wire<Page> Get(Deadline deadline, const Endpoint& endpoint, std::string target, const Credential& credential,
                 const std::string& pool_key, const Dialect& dialect);
  // One request of `call` and its answer. False when the coroutine was cancelled.
  asio::awaitable<bool> ChatOnce(Call& call);
  // One page of a listing.
  Wire<ModelList> ListPage(Deadline deadline, const Endpoint& endpoint, const Credential& credential,
                           const KeyScrub& scrub, const std::string& pool_key, std::string target,
                           const Dialect& dialect);

  asio::any_io_executor executor_;
  AddressPolicy policy_;
  CallerLimits limits_;
  std::unique_ptr<Dialer> dialer_;
  std::shared_ptr<KeptConnections> pool_;
  std::shared_ptr<Heartbeat> heartbeat_;
};

}  // namespace ftl
