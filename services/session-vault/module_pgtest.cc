#include "services/session-vault/module.h"

#include <fstream>
#include <map>
#include <optional>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <grpcpp/create_channel.h>
#include <gtest/gtest.h>

#include "common/error/grpc_status.h"
#include "common/error/refusal.h"
#include "common/host/host.h"
#include "common/rpc/channels.h"
#include "common/rpc/server.h"
#include "common/rpc/serving.h"
#include "common/secret/sealed_box.h"
#include "common/session/session_id.h"
#include "finetunelab/session_vault/v1/key_lending_service.grpc.pb.h"
#include "finetunelab/session_vault/v1/session_vault_service.grpc.pb.h"
#include "services/session-vault/vault/scratch_keys.h"
#include "tests/support/certificates.h"
#include "tests/support/postgres.h"

namespace ftl::vault {
namespace {

namespace pb = finetunelab::session_vault::v1;
using testing::Contains;
using testing::Field;

class ModuleTest : public testing::Test {
 protected:
  host::Settings Settings() {
    return host::Settings([this](const std::string& name) -> std::optional<std::string> {
      const auto found = environment_.find(name);
      return found == environment_.end() ? std::nullopt : std::optional(found->second);
    });
  }

  ScratchKeys scratch_;
  TestDatabase test_database_;
  std::map<std::string, std::string> environment_ = {{"DATABASE_URL", test_database_.url()},
                                                     {"DEMO_ENCRYPTION_KEY", std::string(ScratchKeys::kMaster)},
                                                     {"FTL_KEY_DIR", scratch_.path() + "/keys"},
                                                     {"FTL_SESSION_VAULT_LISTEN", "127.0.0.1:0"},
                                                     {"FTL_PORT_FILE", scratch_.path() + "/port"}};
};

TEST_F(ModuleTest, IsRefusedWithoutCertificatesAndWouldLendNoKeyToStrangers) {
  host::Settings settings = Settings();
  host::Host host(settings, {SessionVaultModule()});
  EXPECT_EQ(settings.faults().count(), 1u);
  EXPECT_THAT(std::string(settings.faults().Verdict().message()), ::testing::HasSubstr("FTL_TLS_CA_FILE"));
  ASSERT_TRUE(host.Start().ok());
  std::string port;
  std::ifstream(environment_["FTL_PORT_FILE"]) >> port;
  const auto channel = grpc::CreateChannel("127.0.0.1:" + port, grpc::InsecureChannelCredentials());

  pb::OpenSessionRequest open;
  open.set_endpoint_url("https://api.openai.com/v1");
  open.set_api_key("sk-1234567890");
  open.set_model_id("model");
  open.set_client_address("203.0.113.7");
  pb::OpenSessionResponse opened;
  {
    grpc::ClientContext context;
    const grpc::Status status = pb::SessionVaultService::NewStub(channel)->OpenSession(&context, open, &opened);
    EXPECT_TRUE(status.ok()) << status.error_message();
  }
  {
    grpc::ClientContext context;
    open.set_client_address("203.0.113.8");
    const grpc::Status status = pb::SessionVaultService::NewStub(channel)->OpenSession(&context, open, &opened);
    EXPECT_EQ(ReasonOf(FromGrpcStatus(status)), Reason::kActiveSessionExists) << "its own address counts";
  }
  {
    grpc::ClientContext context;
    pb::LendKeyResponse lent;
    const grpc::Status status = pb::KeyLendingService::NewStub(channel)->LendKey(&context, pb::LendKeyRequest(), &lent);
    EXPECT_EQ(status.error_code(), grpc::StatusCode::UNIMPLEMENTED);
  }
  {
    grpc::ClientContext context;
    context.AddMetadata(rpc::kCallerKey, "batch-runner");
    pb::ForgetKeyResponse forgotten;
    const grpc::Status status =
        pb::SessionVaultService::NewStub(channel)->ForgetKey(&context, pb::ForgetKeyRequest(), &forgotten);
    EXPECT_EQ(ReasonOf(FromGrpcStatus(status)), Reason::kPermissionDenied);
  }
  host.Stop();
}

absl::Status Sweep(const std::shared_ptr<grpc::Channel>& channel, const std::string& authorization = "") {
  grpc::ClientContext context;
  if (!authorization.empty()) context.AddMetadata("authorization", authorization);
  pb::SweepSessionsResponse swept;
  return FromGrpcStatus(
      pb::SessionVaultService::NewStub(channel)->SweepSessions(&context, pb::SweepSessionsRequest(), &swept));
}

TEST_F(ModuleTest, SweepsForTheOperatorAlone) {
  const std::string token(32, 't');
  environment_["FTL_GRPC_OPERATOR_TOKEN"] = token;
  host::Settings settings = Settings();
  host::Host host(settings, {SessionVaultModule()});
  ASSERT_TRUE(host.Start().ok());
  std::string port;
  std::ifstream(environment_["FTL_PORT_FILE"]) >> port;
  const auto channel = grpc::CreateChannel("127.0.0.1:" + port, grpc::InsecureChannelCredentials());
  EXPECT_EQ(ReasonOf(Sweep(channel)), Reason::kPermissionDenied);
  EXPECT_EQ(ReasonOf(Sweep(channel, "Bearer " + std::string(32, 'u'))), Reason::kPermissionDenied);
  EXPECT_EQ(ReasonOf(Sweep(channel, token)), Reason::kPermissionDenied);
  EXPECT_TRUE(Sweep(channel, "Bearer " + token).ok());
  host.Stop();
}

TEST_F(ModuleTest, StartsBesideNoReplicaWithAnotherKeyFolder) {
  const auto start = [&](const std::string& folder) {
    environment_["FTL_KEY_DIR"] = scratch_.path() + "/" + folder;
    host::Settings settings = Settings();
    host::Host host(settings, {SessionVaultModule()});
    const absl::Status started = host.Start();
    if (started.ok()) host.Stop();
    return std::string(started.message());
  };
  EXPECT_EQ(start("keys"), "");
  EXPECT_EQ(start("keys"), "");
  EXPECT_THAT(start("other"), ::testing::HasSubstr("FTL_KEY_DIR"));
}

TEST_F(ModuleTest, TakesNoShortOperatorToken) {
  environment_["FTL_GRPC_OPERATOR_TOKEN"] = std::string(31, 't');
  host::Settings settings = Settings();
  host::Host host(settings, {SessionVaultModule()});
  EXPECT_THAT(settings.faults().listed(), ::testing::Contains(Field(&FieldFault::field, "FTL_GRPC_OPERATOR_TOKEN")));
}

TEST_F(ModuleTest, InProductionIsReachedFromOtherMachinesByTlsAlone) {
  const auto faults = [&](const std::string& address, bool production) {
    environment_["FTL_SESSION_VAULT_LISTEN"] = address;
    host::Settings settings = Settings();
    const host::Host host(settings, {SessionVaultModule()}, production);
    int listen = 0;
    for (const FieldFault& fault : settings.faults().listed()) listen += fault.field == "FTL_SESSION_VAULT_LISTEN";
    return listen;
  };
  for (const char* address : {"0.0.0.0:50051", "[::]:50051", "192.0.2.1:50051", "vault.example:50051"}) {
    EXPECT_EQ(faults(address, true), 1) << address;
    EXPECT_EQ(faults(address, false), 0) << address;
  }
  for (const char* address : {"127.0.0.1:50051", "[::1]:50051", "localhost:50051", "unix:/run/vault.sock"}) {
    EXPECT_EQ(faults(address, true), 0) << address;
  }
}

// The port of session-vault with mutual TLS, and a session to borrow the key of.
class LendingTest : public ModuleTest {
 protected:
  LendingTest() {
    const auto own = authority_.Certify("session-vault");
    environment_["FTL_TLS_CA_FILE"] = authority_.ca();
    environment_["FTL_TLS_CERT_FILE"] = own.cert;
    environment_["FTL_TLS_KEY_FILE"] = own.key;
    EXPECT_TRUE(host_.emplace(settings_.emplace(Settings()), std::vector{SessionVaultModule()}).Start().ok());
    std::ifstream(environment_["FTL_PORT_FILE"]) >> port_;
    pb::OpenSessionRequest open;
    open.set_endpoint_url("https://api.openai.com/v1");
    open.set_api_key("sk-1234567890");
    open.set_model_id("model");
    open.set_client_address("203.0.113.7");
    grpc::ClientContext context;
    pb::OpenSessionResponse opened;
    const auto gateway = pb::SessionVaultService::NewStub(As(authority_.Certify("gateway")));
    const grpc::Status status = gateway->OpenSession(&context, open, &opened);
    EXPECT_TRUE(status.ok()) << status.error_message();
    session_ = SessionHash(opened.session_id()).value_or("");
  }
  ~LendingTest() override { host_->Stop(); }

  // As the service that the certificate names reaches session-vault.
  std::shared_ptr<grpc::Channel> As(const TestAuthority::Certificate& certificate,
                                    std::string_view asked = "session-vault") {
    return (
        *rpc::Channels::Remote("127.0.0.1:" + port_, asked, {authority_.ca(), certificate.cert, certificate.key}))();
  }

  absl::StatusOr<std::string> Borrow(const std::shared_ptr<grpc::Channel>& channel, pb::LendPurpose purpose) {
    pb::LendKeyRequest request;
    request.set_demo_session_id(session_);
    request.set_purpose(purpose);
    const SealedBox box;
    request.set_seal_to(std::string(box.public_key()));
    grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(10));
    pb::LendKeyResponse lent;
    const grpc::Status status = pb::KeyLendingService::NewStub(channel)->LendKey(&context, request, &lent);
    if (!status.ok()) return FromGrpcStatus(status);
    return std::string(box.Open(lent.sealed_api_key())->Reveal());
  }

  TestAuthority authority_{scratch_.path()};
  std::optional<host::Settings> settings_;
  std::optional<host::Host> host_;
  std::string port_;
  std::string session_;
};

TEST_F(LendingTest, LendsToTheServiceThatItsCertificateNames) {
  EXPECT_EQ(*Borrow(As(authority_.Certify("batch-runner")), pb::LEND_PURPOSE_RUN), "sk-1234567890");
  EXPECT_EQ(*Borrow(As(authority_.Certify("analytics")), pb::LEND_PURPOSE_ATLAS), "sk-1234567890");
}

TEST_F(LendingTest, RefusesEveryOtherServiceAndPurpose) {
  for (const char* name : {"gateway", "export", "session-vault", "analytics", "batch-runner.evil", "stranger"}) {
    EXPECT_EQ(ReasonOf(Borrow(As(authority_.Certify(name)), pb::LEND_PURPOSE_RUN).status()), Reason::kPermissionDenied)
        << name;
  }
}

TEST_F(LendingTest, TalksToNobodyWithoutACertificateOfItsAuthority) {
  const TestAuthority another(scratch_.path(), "another");
  EXPECT_TRUE(absl::IsUnavailable(Borrow(As(another.Certify("batch-runner")), pb::LEND_PURPOSE_RUN).status()));
  EXPECT_TRUE(absl::IsUnavailable(
      Borrow(grpc::CreateChannel("127.0.0.1:" + port_, grpc::InsecureChannelCredentials()), pb::LEND_PURPOSE_RUN)
          .status()));
  grpc::SslCredentialsOptions nameless;
  nameless.pem_root_certs = *rpc::ReadFile(authority_.ca());
  grpc::ChannelArguments arguments;
  arguments.SetSslTargetNameOverride("session-vault");
  const auto channel = grpc::CreateCustomChannel("127.0.0.1:" + port_, grpc::SslCredentials(nameless), arguments);
  EXPECT_TRUE(absl::IsUnavailable(Borrow(channel, pb::LEND_PURPOSE_RUN).status()));
}

TEST_F(LendingTest, IsTrustedUnderItsOwnNameOnly) {
  EXPECT_TRUE(
      absl::IsUnavailable(Borrow(As(authority_.Certify("batch-runner"), "analytics"), pb::LEND_PURPOSE_RUN).status()));
}

TEST_F(ModuleTest, NamesEverySettingThatIsWrong) {
  environment_ = {{"DEMO_ENCRYPTION_KEY", std::string(MasterKeys::kSample)},
                  {"DEMO_ALLOW_LOCALHOST", "true"},
                  {"FTL_PRODUCTION", "true"},
                  {"DEMO_SESSION_TTL_SECONDS", "soon"}};
  host::Settings settings = Settings();
  SessionVaultModule().make(settings);
  for (const char* name :
       {"DATABASE_URL", "DEMO_ENCRYPTION_KEY", "FTL_KEY_DIR", "DEMO_ALLOW_LOCALHOST", "DEMO_SESSION_TTL_SECONDS"}) {
    EXPECT_THAT(settings.faults().listed(), Contains(Field(&FieldFault::field, name)));
  }
}

TEST_F(ModuleTest, DoesNotStartWithAKeyFolderThatOthersMayRead) {
  std::filesystem::create_directory(environment_["FTL_KEY_DIR"]);
  std::filesystem::permissions(environment_["FTL_KEY_DIR"], std::filesystem::perms(0755));
  host::Settings settings = Settings();
  host::Host host(settings, {SessionVaultModule()});
  EXPECT_TRUE(absl::IsFailedPrecondition(host.Start()));
}

TEST_F(LendingTest, GoesByTheNameInTheCertificate) {
  EXPECT_TRUE(Sweep(As(authority_.Certify("operator"))).ok());
  for (const char* name : {"gateway", "session-vault", "batch-runner", "analytics", "export", "stranger"}) {
    EXPECT_EQ(ReasonOf(Sweep(As(authority_.Certify(name)))), Reason::kPermissionDenied) << name;
  }
}

}  // namespace
}  // namespace ftl::vault
