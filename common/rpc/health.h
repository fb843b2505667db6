#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>

#include <grpcpp/server_builder.h>

namespace ftl::rpc {

// grpc.health.v1 for one server: `` for the whole server and one entry for each service's full name. The answer's
// initial metadata carries `x-ftl-version`. Any thread.
class Health {
 public:
  Health();
  ~Health();
  void Set(const std::string& service, bool serving);
  // All at once, as when the server drains.
  void SetAll(bool serving);
  // Ends every watching stream; call before the server shuts down.
  void EndWatches();
  grpc::Service* service();

 private:
  class Implementation;
  std::unique_ptr<Implementation> implementation_;
};

}  // namespace ftl::rpc
