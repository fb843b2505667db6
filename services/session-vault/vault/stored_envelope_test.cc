#include "services/session-vault/vault/stored_envelope.h"

#include <set>

#include <gtest/gtest.h>

#include "services/session-vault/vault/scratch_keys.h"

namespace ftl::vault {
namespace {

const std::string kFirst(ScratchKeys::kMaster);
const std::string kOther(ScratchKeys::kOtherMaster);

MasterKeys Masters(const std::string& keys) { return *MasterKeys::Parse(Secret(keys)); }

Place Here() {
  return {"stored api key", "api_keys", "api_key_encrypted", "owner/openai/default", "https://api.openai.com"};
}

TEST(StoredEnvelopeTest, OpensWhatItSealedAndNeverSealsAlike) {
  const MasterKeys masters = Masters(kFirst);
  for (const std::string text : {"", "sk-0123456789abcdefghij", "x"}) {
    const std::string blob = *SealStored(masters, Here(), Secret(text));
    EXPECT_EQ(OpenStored(masters, Here(), blob)->Reveal(), text);
    EXPECT_NE(blob, *SealStored(masters, Here(), Secret(text)));
  }
}

TEST(StoredEnvelopeTest, OpensNowhereElseAndUnderNoOtherKey) {
  const MasterKeys masters = Masters(kFirst);
  const std::string blob = *SealStored(masters, Here(), Secret("sk-0123456789abcdefghij"));
  std::vector<Place> others(5, Here());
  others[0].purpose = "api_key";
  others[1].table = "demo_model_configs";
  others[2].column = "key";
  others[3].session_hash = "owner/openai/other";
  others[4].endpoint_origin = "https://api.openai.com:444";
  for (const Place& place : others) EXPECT_FALSE(OpenStored(masters, place, blob).ok());
  EXPECT_EQ(OpenStored(Masters(kOther), Here(), blob).status(), OpenStored(masters, others[0], blob).status());
}

TEST(StoredEnvelopeTest, RefusesEveryChangedCharacterAndEveryLength) {
  const MasterKeys masters = Masters(kFirst);
  const std::string blob = *SealStored(masters, Here(), Secret("sk-0123456789abcdefghij"));
  for (size_t at = 0; at < blob.size(); ++at) {
    std::string changed = blob;
    changed[at] = changed[at] == 'A' ? 'B' : 'A';
    EXPECT_FALSE(OpenStored(masters, Here(), changed).ok()) << at;
    EXPECT_FALSE(OpenStored(masters, Here(), blob.substr(0, at)).ok()) << at;
  }
}

TEST(StoredEnvelopeTest, IsWrappedAnewUnderTheFirstMasterKey) {
  const MasterKeys before = Masters(kFirst);
  const MasterKeys both = Masters(kOther + "," + kFirst);
  const MasterKeys after = Masters(kOther);
  const std::string blob = *SealStored(before, Here(), Secret("sk-0123456789abcdefghij"));
  EXPECT_EQ(*RewrapStored(before, Here(), blob), std::nullopt);
  const auto anew = *RewrapStored(both, Here(), blob);
  ASSERT_TRUE(anew.has_value());
  EXPECT_EQ(OpenStored(after, Here(), *anew)->Reveal(), "sk-0123456789abcdefghij");
  EXPECT_FALSE(OpenStored(before, Here(), *anew).ok());
  EXPECT_EQ(*RewrapStored(both, Here(), *anew), std::nullopt);
  EXPECT_FALSE(RewrapStored(after, Here(), blob).ok());
}

// A session's envelope and this one never open as each other, whatever the place.
TEST(StoredEnvelopeTest, IsNoSessionsEnvelope) {
  const ScratchKeys scratch;
  const EpochKeys epochs = scratch.Keys();
  const std::string blob = *SealEnvelope(*epochs.KeyAt(absl::Now()), Here(), Secret("k"));
  EXPECT_FALSE(OpenStored(Masters(kFirst), Here(), blob).ok());
  EXPECT_FALSE(OpenEnvelope(epochs, Here(), *SealStored(Masters(kFirst), Here(), Secret("k"))).ok());
}

}  // namespace
}  // namespace ftl::vault
