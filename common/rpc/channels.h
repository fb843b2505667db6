#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>

#include <absl/status/statusor.h>
#include <grpcpp/channel.h>

#include "common/rpc/tls_files.h"

namespace ftl::rpc {

// Service name to channel. A module asks by name and never learns whether the other one is in this binary or far away.
class Channels {
 public:
  // `address` is host:port; several addresses behind one name are used in turn.
  static absl::StatusOr<std::shared_ptr<grpc::Channel>> Remote(const std::string& address, std::string_view service,
                                                               const TlsFiles& tls);

  void Set(std::string service, std::shared_ptr<grpc::Channel> channel) {
    channels_[std::move(service)] = std::move(channel);
  }
  // The channel to `service`, such as `session-vault`. The host has set one for every service that the module calls.
  std::shared_ptr<grpc::Channel> To(std::string_view service) const { return channels_.at(std::string(service)); }

 private:
  std::map<std::string, std::shared_ptr<grpc::Channel>> channels_;
};

}  // namespace ftl::rpc
