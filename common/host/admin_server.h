#pragma once

#include <functional>
#include <memory>
#include <string>

#include <absl/status/statusor.h>

namespace ftl::host {

// What an orchestrator and Prometheus ask of a program: GET /livez (200 while the process answers, whatever the
// database does), /readyz (200 or 503) and /metrics. HTTP/1.1, one answer a connection, at most 32 connections at a
// time, 5 s for each. On a thread of its own, so that a busy module delays no probe.
class AdminServer {
 public:
  // `address` as listen_address.h reads it. `is_ready` is asked on the server's thread.
  // INVALID_ARGUMENT where the address does not read, UNAVAILABLE where it cannot be listened on; both say the address.
  static absl::StatusOr<std::unique_ptr<AdminServer>> Listen(const std::string& address,
                                                             std::function<bool()> is_ready);
  ~AdminServer();
  int port() const;

 private:
  struct Listener;
  explicit AdminServer(std::unique_ptr<Listener> listener);
  std::unique_ptr<Listener> listener_;
};

}  // namespace ftl::host
