#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fmt/format.h>

#include "common/endpoint/url/egress_allow.h"
#include "common/error/refusal.h"
#include "common/secret/sealed_box.h"
#include "common/time/proto_time.h"
#include "common/workspace/token.h"
#include "services/session-vault/identity/tokens.h"
#include "services/session-vault/keys/stored_keys.h"
#include "services/session-vault/vault/scratch_keys.h"
#include "tests/support/await.h"
#include "tests/support/postgres.h"

namespace ftl::vault {
namespace {

namespace pb = finetunelab::session_vault::v1;

using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::StartsWith;

constexpr std::string_view kKey = "sk-proj-0123456789abcdefghij";

class WorkspaceTest : public testing::Test {
 protected:
  CallContext Call() { return {"request", "", DeadlineIn(absl::Seconds(5)), "batch-runner"}; }

  pb::PutStoredKeyRequest Key(std::string_view service = "openai") {
    pb::PutStoredKeyRequest request;
    request.set_owner(owner_);
    request.set_service_name(std::string(service));
    request.set_api_key(std::string(kKey));
    return request;
  }
  absl::StatusOr<pb::PutStoredKeyResponse> Put(const pb::PutStoredKeyRequest& request) {
    return Await(io_, keys_.Put(Call(), request));
  }
  pb::ListStoredKeysResponse List(const std::string& owner) { return *Await(io_, keys_.List(Call(), owner)); }
  // The key as its borrower reads it.
  absl::StatusOr<std::string> Lend(const std::string& owner, std::string_view service, std::string_view name = "",
                                   StoredKeys* keys = nullptr) {
    const SealedBox box;
    pb::LendStoredKeyRequest request;
    request.set_owner(owner);
    request.set_service_name(std::string(service));
    if (!name.empty()) request.set_name(std::string(name));
    request.set_seal_to(std::string(box.public_key()));
    auto lent = Await(io_, (keys == nullptr ? keys_ : *keys).Lend(Call(), request));
    if (!lent.ok()) return lent.status();
    return std::string(box.Open(lent->sealed_api_key())->Reveal());
  }
  std::string Text(std::string_view sql) {
    Database superuser(io_.get_executor(), {.url = test_database_.url()});
    return Await(io_, superuser.Run(DeadlineIn(absl::Seconds(5)), SessionScope::None(), Query{"", sql}))
        ->Only()
        .Get<std::string>("text");
  }

  asio::io_context io_;
  TestDatabase test_database_;
  Database database_{io_.get_executor(), test_database_.As("ftl_session_vault")};
  MasterKeys masters_ = *MasterKeys::Parse(Secret(ScratchKeys::kMaster));
  StoredKeyStore store_{database_};
  StoredKeys keys_{store_, masters_, AddressPolicy()};
  TokenStore token_store_{database_};
  Tokens tokens_{token_store_};
  const std::string owner_ = LocalOwner();
  const std::string other_ = TokenSha256("somebody else");
};

TEST_F(WorkspaceTest, KeepsAKeyThatOnlyABorrowerReads) {
  const auto put = Put(Key());
  ASSERT_TRUE(put.ok()) << put.status();
  EXPECT_EQ(put->name(), "default");
  EXPECT_EQ(put->key_hint(), "ghij");
  const pb::ListStoredKeysResponse listed = List(owner_);
  ASSERT_EQ(listed.configured_services_size(), 1);
  EXPECT_EQ(listed.configured_services(0).base_url(), "https://api.openai.com/v1");
  EXPECT_FALSE(listed.configured_services(0).needs_reentry());
  EXPECT_FALSE(listed.configured_services(0).has_last_used_at());
  EXPECT_EQ(listed.supported_services_size(), 8);
  EXPECT_THAT(listed.ShortDebugString(), Not(HasSubstr(std::string(kKey))));
  EXPECT_EQ(*Lend(owner_, "openai"), kKey);
  EXPECT_TRUE(List(owner_).configured_services(0).has_last_used_at());
  EXPECT_THAT(Text("SELECT string_agg(k::text, ' ') || string_agg(a::text, ' ') AS text FROM api_keys k, audit_log a"),
              testing::AllOf(Not(HasSubstr("0123456789abcdefghij")), HasSubstr("stored_key_lent")));
}

TEST_F(WorkspaceTest, ReplacesAKeyOfTheSameServiceAndName) {
  ASSERT_TRUE(Put(Key()).ok());
  pb::PutStoredKeyRequest again = Key();
  again.set_api_key("sk-proj-another-0123456789abc");
  ASSERT_TRUE(Put(again).ok());
  EXPECT_EQ(List(owner_).configured_services_size(), 1);
  EXPECT_EQ(*Lend(owner_, "openai"), "sk-proj-another-0123456789abc");
}

TEST_F(WorkspaceTest, KeepsSeveralCompatibleEndpointsByName) {
  pb::PutStoredKeyRequest request = Key("openai_compatible");
  request.set_base_url("https://one.acme.com/v1");
  EXPECT_EQ(FieldFaultsOf(Put(request).status()).at(0).field, "name");
  request.set_name("one");
  request.set_api_key("");
  ASSERT_TRUE(Put(request).ok());
  EXPECT_EQ(*Lend(owner_, "openai_compatible"), "");
  request.set_name("two");
  request.set_api_key("k2");
  ASSERT_TRUE(Put(request).ok());
  EXPECT_EQ(ReasonOf(Lend(owner_, "openai_compatible").status()), Reason::kInvalidField) << "which one?";
  EXPECT_EQ(*Lend(owner_, "openai_compatible", "two"), "k2");
  pb::DeleteStoredKeyRequest gone;
  gone.set_owner(owner_);
  gone.set_service_name("openai_compatible");
  EXPECT_EQ(ReasonOf(Await(io_, keys_.Delete(Call(), gone)).status()), Reason::kInvalidField);
  gone.set_name("one");
  EXPECT_TRUE(*Await(io_, keys_.Delete(Call(), gone)));
  EXPECT_FALSE(*Await(io_, keys_.Delete(Call(), gone)));
}

TEST_F(WorkspaceTest, RefusesWhatIsWrongAndStoresNothing) {
  pb::PutStoredKeyRequest request = Key("opnai");
  EXPECT_EQ(ReasonOf(Put(request).status()), Reason::kInvalidField);
  request = Key();
  request.set_api_key("short");
  EXPECT_EQ(ReasonOf(Put(request).status()), Reason::kKeyFormat);
  request.set_name(std::string(65, 'n'));
  request.set_base_url("ftp://x");
  EXPECT_EQ(FieldFaultsOf(Put(request).status()).size(), 3u);
  request = Key("openai");
  request.set_base_url("http://10.1.2.3:8000/v1");
  EXPECT_EQ(ReasonOf(Put(request).status()), Reason::kEndpointNotAllowed);
  EXPECT_THAT(List(owner_).configured_services(), IsEmpty());
}

TEST_F(WorkspaceTest, CallsPrivateAddressesWhereTheyAreOpenedOnPurpose) {
  const AddressPolicy open({.allow = std::make_shared<const EgressAllow>(*EgressAllow::Parse("10.1.0.0/16"))});
  StoredKeys keys(store_, masters_, open);
  pb::PutStoredKeyRequest request = Key("openai_compatible");
  request.set_name("vllm");
  request.set_base_url("http://10.1.2.3:8000/v1");
  ASSERT_TRUE(Await(io_, keys.Put(Call(), request)).ok());
  EXPECT_EQ(*Lend(owner_, "openai_compatible", "", &keys), kKey);
  EXPECT_EQ(ReasonOf(Lend(owner_, "openai_compatible").status()), Reason::kEndpointNotAllowed) << "shut again";
}

TEST_F(WorkspaceTest, ShowsNobodyElseAKeyThatIsNotShared) {
  ASSERT_TRUE(Put(Key()).ok());
  pb::PutStoredKeyRequest shared = Key("cohere");
  shared.set_api_key(std::string(40, 'c'));
  shared.set_shared(true);
  ASSERT_TRUE(Put(shared).ok());
  EXPECT_THAT(List(other_).configured_services(), IsEmpty()) << "shared among owners, of whom they are none yet";
  pb::PutStoredKeyRequest theirs = Key("anthropic");
  theirs.set_owner(other_);
  theirs.set_api_key("sk-ant-0123456789abcdefghij");
  ASSERT_TRUE(Put(theirs).ok());
  EXPECT_EQ(List(other_).configured_services_size(), 2);
  EXPECT_EQ(List(owner_).configured_services_size(), 2);
  EXPECT_EQ(*Lend(other_, "cohere"), std::string(40, 'c'));
  EXPECT_EQ(ReasonOf(Lend(other_, "openai").status()), Reason::kNotFound);
  pb::DeleteStoredKeyRequest request;
  request.set_owner(other_);
  request.set_service_name("cohere");
  EXPECT_FALSE(*Await(io_, keys_.Delete(Call(), request))) << "all may use, none may delete";
  // A session of the demo tier names its hash where an owner would stand.
  const std::string session = test_database_.AddSession('a');
  EXPECT_THAT(List(session).configured_services(), IsEmpty());
  EXPECT_EQ(ReasonOf(Lend(session, "cohere").status()), Reason::kNotFound);
}

TEST_F(WorkspaceTest, SaysWhichKeyMustBeStoredAgainAndWrapsTheOthersAnew) {
  ASSERT_TRUE(Put(Key()).ok());
  const std::string first(ScratchKeys::kMaster);
  const std::string second(ScratchKeys::kOtherMaster);
  const MasterKeys both = *MasterKeys::Parse(Secret(second + "," + first));
  const MasterKeys after = *MasterKeys::Parse(Secret(second));
  StoredKeys lost(store_, after, AddressPolicy());
  EXPECT_TRUE(Await(io_, lost.List(Call(), owner_))->configured_services(0).needs_reentry());
  EXPECT_EQ(ReasonOf(Lend(owner_, "openai", "", &lost).status()), Reason::kKeyForgotten);
  EXPECT_EQ(*Await(io_, lost.Rewrap(Call())), 0) << "what does not open stays as it is";
  StoredKeys turning(store_, both, AddressPolicy());
  EXPECT_EQ(*Await(io_, turning.Rewrap(Call())), 1);
  EXPECT_EQ(*Await(io_, turning.Rewrap(Call())), 0);
  EXPECT_FALSE(Await(io_, lost.List(Call(), owner_))->configured_services(0).needs_reentry());
  EXPECT_EQ(*Lend(owner_, "openai", "", &lost), kKey);
}

TEST_F(WorkspaceTest, OpensNoKeyBesideAnotherAddressOrInAnotherRow) {
  ASSERT_TRUE(Put(Key()).ok());
  test_database_.Execute("UPDATE api_keys SET endpoint_url = 'https://evil.acme.com/v1'");
  EXPECT_EQ(ReasonOf(Lend(owner_, "openai").status()), Reason::kKeyForgotten);
  test_database_.Execute("UPDATE api_keys SET endpoint_url = 'https://api.openai.com/v1', name = 'other'");
  EXPECT_EQ(ReasonOf(Lend(owner_, "openai").status()), Reason::kKeyForgotten);
  test_database_.Execute("UPDATE api_keys SET name = 'default'");
  EXPECT_EQ(*Lend(owner_, "openai"), kKey);
}

TEST_F(WorkspaceTest, WritesDownHowAKeyFared) {
  ASSERT_TRUE(Put(Key()).ok());
  pb::RecordStoredKeyTestRequest record;
  record.set_owner(owner_);
  record.set_service_name("openai");
  record.set_name("default");
  record.set_message("The endpoint refused the key.");
  ASSERT_TRUE(Await(io_, keys_.RecordTest(Call(), record)).ok());
  EXPECT_FALSE(List(owner_).configured_services(0).last_test().success());
  EXPECT_EQ(List(owner_).configured_services(0).last_test().message(), "The endpoint refused the key.");
  record.set_name("other");
  EXPECT_EQ(ReasonOf(Await(io_, keys_.RecordTest(Call(), record))), Reason::kNotFound);
}

TEST_F(WorkspaceTest, TellsATokenOnceAndKnowsItByItsHash) {
  pb::CreateTokenRequest request;
  request.set_owner(owner_);
  request.set_name("nightly");
  request.add_scopes(pb::SCOPE_CHAT);
  request.add_scopes(pb::SCOPE_RUNS);
  const auto made = Await(io_, tokens_.Create(Call(), request));
  ASSERT_TRUE(made.ok()) << made.status();
  EXPECT_THAT(made->token(), StartsWith("ftl_"));
  EXPECT_EQ(made->token().size(), 47u);
  EXPECT_THAT(Text("SELECT t::text AS text FROM api_tokens t"), Not(HasSubstr(made->token().substr(4))));
  const auto found = Await(io_, tokens_.Find(Call(), TokenSha256(made->token())));
  ASSERT_TRUE(found.ok()) << found.status();
  EXPECT_EQ(found->owner(), owner_);
  EXPECT_EQ(found->scopes_size(), 2);
  const auto listed = *Await(io_, tokens_.List(Call(), owner_));
  EXPECT_EQ(listed.tokens(0).id(), made->id());
  EXPECT_TRUE(listed.tokens(0).has_last_used_at());
  EXPECT_THAT(Await(io_, tokens_.List(Call(), other_))->tokens(), IsEmpty());
  pb::DeleteTokenRequest gone;
  gone.set_owner(other_);
  gone.set_id(made->id());
  EXPECT_FALSE(*Await(io_, tokens_.Delete(Call(), gone)));
  gone.set_owner(owner_);
  EXPECT_TRUE(*Await(io_, tokens_.Delete(Call(), gone)));
  gone.set_id("no uuid");
  EXPECT_FALSE(*Await(io_, tokens_.Delete(Call(), gone)));
  EXPECT_EQ(ReasonOf(Await(io_, tokens_.Find(Call(), TokenSha256(made->token()))).status()), Reason::kUnauthenticated);
}

TEST_F(WorkspaceTest, TakesNoTokenWhoseTimeIsOver) {
  pb::CreateTokenRequest request;
  request.set_owner(owner_);
  request.set_name("short");
  request.add_scopes(pb::SCOPE_ADMIN);
  *request.mutable_expires_at() = ToProto(absl::Now() + absl::Hours(1));
  const auto made = *Await(io_, tokens_.Create(Call(), request));
  EXPECT_TRUE(Await(io_, tokens_.Find(Call(), TokenSha256(made.token()))).ok());
  test_database_.Execute("UPDATE api_tokens SET expires_at = now() - interval '1 second'");
  EXPECT_EQ(ReasonOf(Await(io_, tokens_.Find(Call(), TokenSha256(made.token()))).status()), Reason::kUnauthenticated);
  *request.mutable_expires_at() = ToProto(absl::Now() - absl::Hours(1));
  request.clear_scopes();
  request.set_name("");
  EXPECT_EQ(FieldFaultsOf(Await(io_, tokens_.Create(Call(), request)).status()).size(), 3u);
}

}  // namespace
}  // namespace ftl::vault
