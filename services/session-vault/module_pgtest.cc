#include "services/session-vault/module.h"

#include <fstream>
#include <map>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <grpcpp/create_channel.h>
#include <gtest/gtest.h>

#include "common/error/grpc_status.h"
#include "common/error/refusal.h"
#include "common/host/host.h"
#include "common/rpc/serving.h"
#include "finetunelab/session_vault/v1/key_lending_service.grpc.pb.h"
#include "finetunelab/session_vault/v1/session_vault_service.grpc.pb.h"
#include "services/session-vault/vault/scratch_keys.h"
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

TEST_F(ModuleTest, ServesSessionsOnItsPortAndLendsNoKeyToStrangers) {
  host::Settings settings = Settings();
  host::Host host(settings, {SessionVaultModule()});
  ASSERT_TRUE(settings.faults().empty()) << settings.faults().Verdict();
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

TEST_F(ModuleTest, NamesEverySettingThatIsWrong) {
  environment_ = {{"DEMO_ENCRYPTION_KEY", std::string(MasterKeys::kSample)},
                  {"DEMO_ALLOW_LOCALHOST", "true"},
                  {"FTL_PRODUCTION", "true"},
                  {"DEMO_SESSION_TTL_SECONDS", "soon"}};
  host::Settings settings = Settings();
  SessionVaultModule().make(settings);
  for (const char* name :
       {"DATABASE_URL", "DEMO_ENCRYPTION_KEY", "FTL_KEY_DIR", "DEMO_ALLOW_LOCALHOST", "DEMO_SESSION_TTL_SECONDS"}) {
    EXPECT_THAT(settings.faults().all(), Contains(Field(&FieldFault::field, name)));
  }
}

TEST_F(ModuleTest, DoesNotStartWithAKeyFolderThatOthersMayRead) {
  std::filesystem::create_directory(environment_["FTL_KEY_DIR"]);
  std::filesystem::permissions(environment_["FTL_KEY_DIR"], std::filesystem::perms(0755));
  host::Settings settings = Settings();
  host::Host host(settings, {SessionVaultModule()});
  EXPECT_TRUE(absl::IsFailedPrecondition(host.Start()));
}

}  // namespace
}  // namespace ftl::vault
