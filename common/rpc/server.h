#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <absl/status/statusor.h>
#include <absl/time/time.h>
#include <grpcpp/impl/service_type.h>
#include <grpcpp/server.h>

#include "common/rpc/health.h"
#include "common/rpc/serving.h"
#include "common/rpc/tls_files.h"

namespace ftl::rpc {

// Collects the gRPC services of one server while it is built. A module is asked once for each server, so that the same
// module can be served in-process and on a port.
class Registrar {
 public:
  explicit Registrar(Serving serving, bool authenticated)
      : serving_(std::move(serving)), authenticated_(authenticated) {}
  // What the services serve by; to be copied into each.
  const Serving& serving() const { return serving_; }
  // Whether callers prove who they are: by certificate, or by being in this process.
  bool authenticated() const { return authenticated_; }
  void Add(std::unique_ptr<grpc::Service> service) { services_.push_back(std::move(service)); }
  std::vector<std::unique_ptr<grpc::Service>> Take() { return std::move(services_); }

 private:
  Serving serving_;
  bool authenticated_;
  std::vector<std::unique_ptr<grpc::Service>> services_;
};

// One gRPC server: the modules' services, health and, with a port, reflection. Messages up to 40 MiB.
class Server {
 public:
  // A server on `address` (host:port, port 0 for any). With TLS files every client must show a certificate. Reflection
  // is the operator's, by certificate or `operator_token`, but for a server on loopback without TLS, where it is
  // anybody's.
  static absl::StatusOr<std::unique_ptr<Server>> Listen(const std::string& address, const TlsFiles& tls,
                                                        std::vector<std::unique_ptr<grpc::Service>> services,
                                                        std::string operator_token = "");
  // A server without a port, reached by `InProcess`.
  static absl::StatusOr<std::unique_ptr<Server>> WithoutPort(std::vector<std::unique_ptr<grpc::Service>> services);
  ~Server();

  // A channel to this server for a caller in this binary, stamped with its name and the token of this process.
  std::shared_ptr<grpc::Channel> InProcess(std::string caller, std::string process_token);
  // The port that is listened on; 0 without one.
  int port() const { return port_; }
  Health& health() { return *health_; }
  // Takes no more calls, waits for those under way until `grace` has passed, then cancels them.
  void Shutdown(absl::Duration grace);

 private:
  Server() = default;
  static absl::StatusOr<std::unique_ptr<Server>> Start(const std::string& address, const TlsFiles& tls,
                                                       std::vector<std::unique_ptr<grpc::Service>> services,
                                                       std::string operator_token);

  std::vector<std::unique_ptr<grpc::Service>> services_;
  std::unique_ptr<Health> health_ = std::make_unique<Health>();
  std::unique_ptr<grpc::Server> server_;
  int port_ = 0;
};

// Whether a server on `address` can be reached from this machine alone: `127.0.0.1:…`, `[::1]:…`, `localhost:…` or
// `unix:…`.
bool IsLoopback(std::string_view address);

// Reads a small file, such as a certificate; says which file and why where that fails.
absl::StatusOr<std::string> ReadFile(const std::string& path);

}  // namespace ftl::rpc
