#pragma once

#include <functional>
#include <optional>
#include <vector>

#include <boost/asio/awaitable.hpp>

#include "common/performance/last_minute.h"
#include "gateway/http/exchange.h"
#include "gateway/http/router.h"
#include "gateway/http/target.h"
#include "gateway/large_bodies.h"
#include "gateway/quota_slices.h"
#include "gateway/route.h"
#include "gateway/upstream/upstream.h"
#include "gateway/workspace_door.h"

namespace ftl::gateway {

// What happens to every request: found in the table, judged, counted against its address, understood, handed to its
// handler, recorded.
class FrontDoor {
 public:
  // Each request is counted in `answered`, which outlives this.
  FrontDoor(std::vector<Route> routes, Upstream& upstream, QuotaSlices& quotas, performance::LastMinute& answered);

  asio::awaitable<void> Answer(http::Exchange& exchange);

  // From now on everything that changes something is answered 503 `draining`.
  void Drain() { draining_ = true; }

 private:
  Task<> Serve(Incoming& incoming);
  Task<> Handle(http::Exchange& exchange, const Route** found);
  Task<> Carry(Incoming& incoming);
  // Reads and understands the body. A large one only for a session that is there, and on another thread.
  Task<> Understand(Incoming& incoming, const http::Parameters& path_fields, std::optional<LargeBodies::Place>& place);
  Task<std::shared_ptr<google::protobuf::Message>> UnderstandLarge(Incoming& incoming,
                                                                   const http::Parameters& path_fields);
  Task<> FindSession(const Incoming& incoming, const std::string& session);

  const std::vector<Route> routes_;
  http::Router router_;
  Upstream& upstream_;
  QuotaSlices& quotas_;
  performance::LastMinute& answered_;
  WorkspaceDoor workspace_;
  LargeBodies large_bodies_;
  bool draining_ = false;
  int under_way_ = 0;  // calls behind, streams not counted
};

}  // namespace ftl::gateway
