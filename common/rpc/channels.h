#pragma once

#include <functional>
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
  // Gives a channel with connections of its own each time.
  using Opener = std::function<std::shared_ptr<grpc::Channel>()>;
  // To another program. `address` is host:port; several addresses behind one name are used in turn.
  static absl::StatusOr<Opener> Remote(const std::string& address, std::string_view service, const TlsFiles& tls);

  void Set(std::string service, std::shared_ptr<grpc::Channel> channel) {
    channels_[std::move(service)] = std::move(channel);
  }
  void SetRemote(std::string service, Opener open) {
    channels_[service] = open();
    openers_[std::move(service)] = std::move(open);
  }
  // The channel to `service`, such as `session-vault`. The host has set one for every service that the module calls.
  std::shared_ptr<grpc::Channel> To(std::string_view service) const { return channels_.at(std::string(service)); }

  // For a call whose messages hold a key; drop it when the call has ended. What passed through a connection stays in
  // the buffers of gRPC and TLS at both ends for as long as it is open, so a connection to another program is opened
  // for the call, and wiped with it.
  std::shared_ptr<grpc::Channel> ForKeys(std::string_view service) const {
    const auto open = openers_.find(service);
    return open == openers_.end() ? To(service) : open->second();
  }

 private:
  std::map<std::string, std::shared_ptr<grpc::Channel>> channels_;
  std::map<std::string, Opener, std::less<>> openers_;  // of those in other programs
};

}  // namespace ftl::rpc
