#include "common/rpc/server.h"

#include <algorithm>
#include <fstream>
#include <iterator>

#include <fmt/format.h>
#include <grpcpp/ext/proto_server_reflection_plugin.h>
#include <grpcpp/impl/server_builder_option.h>
#include <grpcpp/impl/server_builder_plugin.h>
#include <grpcpp/security/server_credentials.h>
#include <grpcpp/server_builder.h>
#include <grpcpp/support/client_interceptor.h>
#include <grpcpp/support/server_interceptor.h>

#include "common/error/refusal.h"
#include "common/error/try.h"

namespace ftl::rpc {
namespace {

constexpr int kMessageBytes = 40 << 20;  // own suites may have 32 MiB

// Stamps calls of an in-process channel with the caller's name and the token of the process.
class Stamp final : public grpc::experimental::Interceptor {
 public:
  Stamp(const std::string& caller, const std::string& token) : caller_(caller), token_(token) {}
  void Intercept(grpc::experimental::InterceptorBatchMethods* methods) override {
    if (methods->QueryInterceptionHookPoint(grpc::experimental::InterceptionHookPoints::PRE_SEND_INITIAL_METADATA)) {
      auto* metadata = methods->GetSendInitialMetadata();
      metadata->emplace(kCallerKey, caller_);
      metadata->emplace(kTokenKey, token_);
    }
    methods->Proceed();
  }

 private:
  const std::string& caller_;
  const std::string& token_;
};

class StampFactory final : public grpc::experimental::ClientInterceptorFactoryInterface {
 public:
  StampFactory(std::string caller, std::string token) : caller_(std::move(caller)), token_(std::move(token)) {}
  grpc::experimental::Interceptor* CreateClientInterceptor(grpc::experimental::ClientRpcInfo*) override {
    return new Stamp(caller_, token_);
  }

 private:
  std::string caller_;
  std::string token_;
};

// Ends calls of reflection that are not the operator's. The reflection service is gRPC's own, so it cannot ask itself.
class ReflectionGuard final : public grpc::experimental::Interceptor {
 public:
  ReflectionGuard(grpc::ServerContextBase* context, const std::string& operator_token)
      : context_(context), operator_token_(operator_token) {}
  void Intercept(grpc::experimental::InterceptorBatchMethods* methods) override {
    using Hook = grpc::experimental::InterceptionHookPoints;
    if (methods->QueryInterceptionHookPoint(Hook::POST_RECV_INITIAL_METADATA)) {
      const auto* metadata = methods->GetRecvInitialMetadata();
      const auto identity = context_->auth_context();
      const bool may = metadata != nullptr && IsOperator(*metadata, identity.get(), operator_token_);
      if (!may) context_->TryCancel();
    }
    methods->Proceed();
  }

 private:
  grpc::ServerContextBase* const context_;
  const std::string& operator_token_;
};

class ReflectionGuardFactory final : public grpc::experimental::ServerInterceptorFactoryInterface {
 public:
  explicit ReflectionGuardFactory(std::string operator_token) : operator_token_(std::move(operator_token)) {}
  grpc::experimental::Interceptor* CreateServerInterceptor(grpc::experimental::ServerRpcInfo* info) override {
    const bool is_reflection = std::string_view(info->method()).starts_with("/grpc.reflection.");
    return is_reflection ? new ReflectionGuard(info->server_context(), operator_token_) : nullptr;
  }

 private:
  const std::string operator_token_;
};

// Takes reflection out again: its library adds it to every server of the program.
class NoReflection final : public grpc::ServerBuilderOption {
 public:
  void UpdateArguments(grpc::ChannelArguments*) override {}
  void UpdatePlugins(std::vector<std::unique_ptr<grpc::ServerBuilderPlugin>>* plugins) override {
    const auto is_reflection = [](const auto& plugin) { return plugin->name() == "proto_server_reflection"; };
    plugins->erase(std::remove_if(plugins->begin(), plugins->end(), is_reflection), plugins->end());
  }
};

absl::StatusOr<std::shared_ptr<grpc::ServerCredentials>> Credentials(const TlsFiles& tls) {
  if (!tls.configured()) return grpc::InsecureServerCredentials();
  TRY(std::string ca, ReadFile(tls.ca));
  TRY(std::string cert, ReadFile(tls.cert));
  TRY(std::string key, ReadFile(tls.key));
  grpc::SslServerCredentialsOptions options(GRPC_SSL_REQUEST_AND_REQUIRE_CLIENT_CERTIFICATE_AND_VERIFY);
  options.pem_root_certs = std::move(ca);
  options.pem_key_cert_pairs.push_back({std::move(key), std::move(cert)});
  return grpc::SslServerCredentials(options);
}

}  // namespace

bool IsLoopback(std::string_view address) {
  if (address.starts_with("unix:")) return true;
  std::string_view host = address.substr(0, address.rfind(':'));
  if (host.starts_with("[") && host.ends_with("]")) host = host.substr(1, host.size() - 2);
  const bool is_number = host.find_first_not_of("0123456789.") == std::string_view::npos;
  return host == "localhost" || host == "::1" || (is_number && host.starts_with("127."));
}

absl::StatusOr<std::string> ReadFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::string text((std::istreambuf_iterator<char>(file)), {});
  if (!file.good() && text.empty()) {
    return Refuse(Reason::kInvalidField, fmt::format("The file {} cannot be read, or is empty.", path));
  }
  return text;
}

absl::StatusOr<std::unique_ptr<Server>> Server::Listen(const std::string& address, const TlsFiles& tls,
                                                       std::vector<std::unique_ptr<grpc::Service>> services,
                                                       std::string operator_token) {
  return Start(address, tls, std::move(services), std::move(operator_token));
}

absl::StatusOr<std::unique_ptr<Server>> Server::WithoutPort(std::vector<std::unique_ptr<grpc::Service>> services) {
  return Start("", {}, std::move(services), "");
}

absl::StatusOr<std::unique_ptr<Server>> Server::Start(const std::string& address, const TlsFiles& tls,
                                                      std::vector<std::unique_ptr<grpc::Service>> services,
                                                      std::string operator_token) {
  TRY(auto credentials, Credentials(tls));
  std::unique_ptr<Server> server(new Server);
  server->services_ = std::move(services);
  const bool is_open = !tls.configured() && IsLoopback(address);
  const bool reflects = !address.empty() && (is_open || tls.configured() || !operator_token.empty());
  if (reflects) grpc::reflection::InitProtoReflectionServerBuilderPlugin();
  grpc::ServerBuilder builder;
  if (!reflects) builder.SetOption(std::make_unique<NoReflection>());
  if (reflects && !is_open) {
    std::vector<std::unique_ptr<grpc::experimental::ServerInterceptorFactoryInterface>> guards;
    guards.push_back(std::make_unique<ReflectionGuardFactory>(std::move(operator_token)));
    builder.experimental().SetInterceptorCreators(std::move(guards));
  }
  builder.SetMaxReceiveMessageSize(kMessageBytes);
  builder.SetMaxSendMessageSize(kMessageBytes);
  builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
  builder.RegisterService(server->health_->service());
  for (const auto& service : server->services_) builder.RegisterService(service.get());
  if (!address.empty()) builder.AddListeningPort(address, credentials, &server->port_);
  server->server_ = builder.BuildAndStart();
  if (!server->server_ || (!address.empty() && server->port_ == 0)) {
    return Refuse(Reason::kServiceUnavailable,
                  fmt::format("Cannot listen on {}: the address is taken or not one of this machine.", address));
  }
  return server;
}

Server::~Server() {
  if (server_) Shutdown(absl::ZeroDuration());
}

std::shared_ptr<grpc::Channel> Server::InProcess(std::string caller, std::string process_token) {
  grpc::ChannelArguments arguments;
  arguments.SetMaxReceiveMessageSize(kMessageBytes);
  arguments.SetMaxSendMessageSize(kMessageBytes);
  std::vector<std::unique_ptr<grpc::experimental::ClientInterceptorFactoryInterface>> stamps;
  stamps.push_back(std::make_unique<StampFactory>(std::move(caller), std::move(process_token)));
  return server_->experimental().InProcessChannelWithInterceptors(arguments, std::move(stamps));
}

void Server::Shutdown(absl::Duration grace) {
  health_->SetAll(false);
  health_->EndWatches();
  server_->Shutdown(std::chrono::system_clock::now() + absl::ToChronoMilliseconds(grace));
  server_->Wait();
}

}  // namespace ftl::rpc
