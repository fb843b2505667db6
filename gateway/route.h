#pragma once

#include <functional>
#include <memory>
#include <string_view>
#include <vector>

#include <absl/time/time.h>
#include <google/protobuf/message.h>

#include "common/async/task.h"
#include "common/error/reason.h"
#include "common/rpc/call_context.h"
#include "gateway/http/exchange.h"

namespace ftl::gateway {

struct Route;

// A request that has been understood: its fields stand in the message of its RPC.
struct Incoming {
  http::Exchange& exchange;
  const Route& route;
  CallContext call;
  std::shared_ptr<google::protobuf::Message> request;  // null where the route has no RPC
  std::string owner = {};                              // of the workspace; empty for other routes
};

// Answers by `incoming.exchange`, or fails before that; the failure becomes the problem document. A stream that fails
// after it has begun is cut off.
using Handler = std::function<Task<>(Incoming& incoming)>;

// What a route does with a session.
enum class SessionUse {
  kNone,
  kOptional,  // taken where it is given
  kRequired,
  kOrRun,  // a run's id does as well
};

// Whose a route is.
enum class Tier {
  kDemo,       // absent with DEMO_ENABLED=false, and counted by requests_per_minute
  kWorkspace,  // absent without a workspace; its owner alone comes in
  kOperations,
};

// Whether a method's fields stand in a body.
inline bool HasBody(std::string_view method) { return method == "POST" || method == "PUT" || method == "PATCH"; }

// One line of the HTTP contract. What is no data here is the handler's.
struct Route {
  std::string_view method;
  std::string_view path;
  std::string_view rpc;  // full name of the method whose request is filled from the input; empty for none
  int status = 200;
  SessionUse session = SessionUse::kNone;
  std::vector<std::string_view> required;  // fields told as missing together with a missing session
  bool creates = false;                    // takes Idempotency-Key
  bool body_optional = false;              // everything can be said in path, query and headers
  bool takes_query = false;                // of a POST: its fields may stand in the query
  bool unknown_session_is_fine = false;    // a session that never was is nothing to complain of
  std::string_view raw_field;              // takes a body of application/octet-stream, with the rest in the query
  std::string_view json_field = {};        // takes the whole body, any JSON, as it was written
  bool words_are_judged_behind = false;    // the service names unknown words together with all else that is wrong
  size_t max_body_bytes = 64 * 1024;
  absl::Duration limit = absl::Seconds(30);  // of the call behind
  Tier tier = Tier::kDemo;
  std::string_view scope = {};        // of the workspace: what a token must be for, `keys`
  std::string_view summary;           // for people, in the API's description
  std::string_view variant = {};      // follows the RPC's name where several routes carry one: `Status`
  std::string_view example = {};      // a body, as JSON
  std::vector<Reason> problems = {};  // what it refuses besides what its other fields say
  Handler handler;                    // empty: the RPC's answer is the route's answer
};

}  // namespace ftl::gateway
