#include "common/rpc/channels.h"

#include <grpcpp/create_channel.h>
#include <grpcpp/security/credentials.h>

#include "common/error/try.h"
#include "common/rpc/server.h"

namespace ftl::rpc {

absl::StatusOr<Channels::Opener> Channels::Remote(const std::string& address, std::string_view service,
                                                  const TlsFiles& tls) {
  grpc::ChannelArguments arguments;
  arguments.SetMaxReceiveMessageSize(40 << 20);
  arguments.SetMaxSendMessageSize(40 << 20);
  // A refusal may list a hundred faults.
  arguments.SetInt(GRPC_ARG_MAX_METADATA_SIZE, 256 << 10);
  arguments.SetLoadBalancingPolicyName("round_robin");
  arguments.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, 200);
  arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, 3000);
  std::shared_ptr<grpc::ChannelCredentials> credentials = grpc::InsecureChannelCredentials();
  if (tls.configured()) {
    grpc::SslCredentialsOptions options;
    TRY(options.pem_root_certs, ReadFile(tls.ca));
    TRY(options.pem_cert_chain, ReadFile(tls.cert));
    TRY(options.pem_private_key, ReadFile(tls.key));
    credentials = grpc::SslCredentials(options);
    arguments.SetSslTargetNameOverride(std::string(service));
  }
  // The environment's proxies are for those who go out; what is said here stays within.
  arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
  // Channels of equal settings would share their connections.
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  return [=] { return grpc::CreateCustomChannel(address, credentials, arguments); };
}

}  // namespace ftl::rpc
