#pragma once

#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include <absl/status/status.h>

#include "common/host/module.h"
#include "common/host/settings.h"
#include "common/observe/trace/otlp_exporter.h"

namespace ftl::host {

class AdminServer;

// Runs modules in one process: each on a thread of its own, started by need, drained and stopped in reverse. One module
// serves on its own port and calls the others over the network; several call each other by in-process channels and
// share one port (FTL_GRPC_LISTEN) for everything but key lending.
class Host {
 public:
  // Reads the settings of the host and of every module; faults stay in `settings`. In production gRPC without TLS is
  // refused wherever another machine could reach it.
  Host(Settings& settings, std::vector<ModuleKind> kinds, bool production = false);
  ~Host();

  // Starts everything; on failure what has started is stopped again.
  absl::Status Start();
  // Not ready at once, then drained, then stopped; at most 20 s in all.
  void Stop();

 private:
  struct Part;
  absl::Status StartPart(Part& part);
  absl::Status Connect(Part& part);
  absl::Status OpenAdmin();
  absl::Status OpenTraces();
  absl::Status OpenPort();
  void WatchHealth();

  std::vector<std::unique_ptr<Part>> parts_;  // in order of need
  std::string process_token_;
  std::string shared_listen_;
  std::string admin_address_;
  std::string port_file_;
  rpc::TlsFiles tls_;
  std::string operator_token_;
  trace::OtlpSettings trace_settings_;
  std::unique_ptr<trace::OtlpExporter> traces_;
  std::unique_ptr<rpc::Server> shared_server_;
  struct Watch;
  std::unique_ptr<Watch> watch_;
  std::atomic<bool> ready_ = false;
  std::unique_ptr<AdminServer> admin_;
};

}  // namespace ftl::host
