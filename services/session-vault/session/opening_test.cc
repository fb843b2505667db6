#include "services/session-vault/session/opening.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/error/refusal.h"
#include "common/session/session_id.h"
#include "services/session-vault/session/session_identity.h"

namespace ftl::vault {
namespace {

namespace pb = finetunelab::session_vault::v1;
using testing::UnorderedElementsAre;

constexpr std::string_view kMaster = "8f1c2ab04477de905b3e6a1127c9d3f6e20b5874a91fcd3308467be12d59f0ac";
constexpr std::string_view kOtherMaster = "0b77e2c19a5d403f86e1d2c4b7a8950f3c6e19d7284ba05f9361ce7d80f4a2b5";

pb::OpenSessionRequest Request() {
  pb::OpenSessionRequest request;
  request.set_endpoint_url("https://api.together.xyz/v1");
  request.set_api_key("sk-secret-1234567890");
  request.set_model_id("org/model");
  request.set_client_address("203.0.113.7");
  request.set_idempotency_key("once");
  return request;
}

MasterKeys Masters(std::string_view text) { return *MasterKeys::Parse(Secret(text)); }

TEST(OpeningTest, FillsInWhatWasNotSaid) {
  const auto opening = Understand(Request(), AddressPolicy());
  ASSERT_TRUE(opening.ok()) << opening.status();
  EXPECT_EQ(opening->provider, "together");
  EXPECT_EQ(opening->model_name, "org/model");
  EXPECT_FALSE(opening->forget_key_after_run);
  EXPECT_EQ(opening->address, "203.0.113.7");
}

TEST(OpeningTest, KeepsTheProviderThatWasSaid) {
  pb::OpenSessionRequest request = Request();
  request.set_provider(finetunelab::endpoint::v1::PROVIDER_AZURE_OPENAI);
  EXPECT_EQ(Understand(request, AddressPolicy())->provider, "azure_openai");
}

TEST(OpeningTest, TellsEveryWrongFieldAtOnce) {
  pb::OpenSessionRequest request = Request();
  request.set_endpoint_url("not a url");
  request.set_api_key("sk-\x01-secret");
  request.set_model_id(" ");
  request.set_model_name(std::string(257, 'n'));
  request.set_provider(static_cast<finetunelab::endpoint::v1::Provider>(99));
  request.set_client_address("nobody");
  (*request.mutable_headers())["Host"] = "sk-secret";
  const absl::Status status = Understand(request, AddressPolicy()).status();
  EXPECT_EQ(ReasonOf(status), Reason::kInvalidField);
  std::vector<std::string> fields;
  for (const FieldFault& fault : FieldFaultsOf(status)) fields.push_back(fault.field);
  EXPECT_THAT(fields, UnorderedElementsAre("endpoint_url", "api_key", "model_id", "model_name", "provider",
                                           "client_address", "headers.Host"));
  EXPECT_EQ(status.message().find("secret"), absl::string_view::npos);
}

TEST(OpeningTest, RefusesAForbiddenAddressByItsOwnReason) {
  pb::OpenSessionRequest request = Request();
  request.set_endpoint_url("http://169.254.169.254/v1");
  EXPECT_EQ(ReasonOf(Understand(request, AddressPolicy()).status()), Reason::kEndpointNotAllowed);
}

TEST(SessionIdentityTest, DrawsAnotherIdEachTime) {
  EXPECT_TRUE(IsSessionId(NewSessionId()->Reveal()));
  EXPECT_FALSE(*NewSessionId() == *NewSessionId());
}

TEST(SessionIdentityTest, DerivesTheSameIdOnlyForTheSameContentAddressAndSalt) {
  const MasterKeys masters = Masters(kMaster);
  const auto id = [&](const pb::OpenSessionRequest& request, std::string_view salt = "salt") {
    return std::move(DerivedSessionIds(masters, *Understand(request, AddressPolicy()), salt)[0]);
  };
  const Secret first = id(Request());
  EXPECT_TRUE(IsSessionId(first.Reveal()));
  EXPECT_TRUE(id(Request()) == first);
  EXPECT_FALSE(id(Request(), "pepper") == first);
  pb::OpenSessionRequest other = Request();
  other.set_api_key("sk-secret-1234567891");
  EXPECT_FALSE(id(other) == first);
  other = Request();
  other.set_client_address("203.0.113.8");
  EXPECT_FALSE(id(other) == first);
  other = Request();
  other.set_forget_key_after_run(true);
  EXPECT_FALSE(id(other) == first);
  other = Request();
  (*other.mutable_headers())["X-Team"] = "blue";
  EXPECT_FALSE(id(other) == first);
}

TEST(SessionIdentityTest, FindsARepeatAfterTheMasterKeyHasChanged) {
  const Opening opening = *Understand(Request(), AddressPolicy());
  const MasterKeys before = Masters(kMaster);
  const MasterKeys after = Masters(std::string(kOtherMaster) + "," + std::string(kMaster));
  EXPECT_EQ(IdempotencyDigests(after, opening)[1], IdempotencyDigests(before, opening)[0]);
  EXPECT_NE(IdempotencyDigests(after, opening)[0], IdempotencyDigests(before, opening)[0]);
  EXPECT_TRUE(DerivedSessionIds(after, opening, "salt")[1] == DerivedSessionIds(before, opening, "salt")[0]);
}

}  // namespace
}  // namespace ftl::vault
