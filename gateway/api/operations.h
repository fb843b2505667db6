#pragma once

#include <memory>
#include <string>

#include "common/async/task.h"
#include "common/performance/gpus.h"
#include "common/performance/last_minute.h"
#include "common/performance/machine.h"
#include "common/time/deadline.h"
#include "gateway/route.h"
#include "gateway/upstream/upstream.h"

namespace ftl::gateway {

// What operators and their tools ask of this process and of the services behind it. One per gateway.
class Operations {
 public:
  // `requests` are those that were answered, and outlive it.
  Operations(Upstream& upstream, const performance::LastMinute& requests);

  // All services and the machine; at most a second old. 503 where something is missing.
  Task<> Health(Incoming& incoming);
  // 200 while the process runs.
  Task<> Live(Incoming& incoming);
  // 200 while requests should be sent here.
  Task<> Ready(Incoming& incoming);
  Task<> Metrics(Incoming& incoming);
  Task<> Prometheus(Incoming& incoming);

  // Not ready from now on.
  void Drain() { draining_ = true; }
  // Whether every service behind answers and can work.
  Task<> Check(Deadline deadline);

 private:
  struct ServiceHealth {
    std::string_view name;
    bool serving = false;
    std::string version;
  };
  asio::awaitable<ServiceHealth> Ask(std::string_view service, Deadline deadline);
  asio::awaitable<void> Refresh();
  // The JSON of `GET /metrics`.
  std::string MachineJson();

  Upstream& upstream_;
  const performance::LastMinute& requests_;
  performance::Machine machine_;
  performance::Gpus gpus_;
  const Deadline started_;
  Deadline asked_at_;
  std::vector<ServiceHealth> services_;
  bool draining_ = false;
};

}  // namespace ftl::gateway
