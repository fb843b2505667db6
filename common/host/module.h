#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <boost/asio/any_io_executor.hpp>

#include "common/async/task.h"
#include "common/host/settings.h"
#include "common/rpc/channels.h"
#include "common/rpc/server.h"
#include "common/time/deadline.h"

namespace ftl::host {

// What a module is given when it starts. It never learns which binary it is in.
struct Environment {
  // The module's own thread: everything of the module runs there, so nothing in it needs a lock.
  asio::any_io_executor executor;
  // To the services it has said that it calls.
  const rpc::Channels& channels;
};

// A part of the product with five states: made, started, serving, draining, stopped. All methods are called on the
// module's thread, in this order; Serve and Check any number of times while it runs.
class Module {
 public:
  virtual ~Module() = default;
  // Opens what it stands on; fails with a reason that an operator can act on. The services it calls serve already.
  virtual Task<> Start(Environment& environment) = 0;
  // Adds its gRPC services to a server; once for each server.
  virtual void Serve(rpc::Registrar& registrar) { (void)registrar; }
  // Ok while it can do its work; asked every second, told to health checks.
  virtual Task<> Check(Deadline deadline) {
    (void)deadline;
    co_return absl::OkStatus();
  }
  // Finishes or hands over its work by the deadline. No new calls reach it.
  virtual Task<> Drain(Deadline deadline) {
    (void)deadline;
    co_return absl::OkStatus();
  }
  // Ends everything it started; afterwards its thread has nothing left to do.
  virtual Task<> Stop() { co_return absl::OkStatus(); }
};

// How a program knows a module before it runs.
struct ModuleKind {
  std::string_view name;                // `session-vault`: its DNS name, program name and name in certificates
  std::vector<std::string_view> calls;  // services it calls; they start before it
  std::string_view default_listen;  // where its gRPC services listen when it has a program of its own; empty for none
  // Reads its settings and makes the module; called a second time without effect when settings are only listed.
  std::function<std::unique_ptr<Module>(Settings&)> make;
  // Lends or borrows keys: in a program of its own it starts only with mutual TLS.
  bool passes_keys = false;
};

}  // namespace ftl::host
