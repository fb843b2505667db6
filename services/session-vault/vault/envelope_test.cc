#include "services/session-vault/vault/envelope.h"

#include <absl/strings/escaping.h>
#include <gtest/gtest.h>

#include "services/session-vault/vault/aead.h"
#include "services/session-vault/vault/scratch_keys.h"

namespace ftl::vault {
namespace {

constexpr std::string_view kApiKey = "sk-live-4242";
constexpr Place kPlace{"api_key", "demo_model_configs", "api_key_encrypted", "5f2a", "https://api.example.com:443"};
const absl::Time kNoon = absl::FromUnixSeconds(1732190400);

class EnvelopeTest : public testing::Test {
 protected:
  ScratchKeys scratch_;
  EpochKeys keys_ = scratch_.Keys();
  EpochKey key_ = *keys_.KeyAt(kNoon);
  std::string blob_ = *SealEnvelope(key_, kPlace, Secret(kApiKey));
};

TEST_F(EnvelopeTest, OpensWhatItSealedInTheSamePlace) {
  const auto opened = OpenEnvelope(keys_, kPlace, blob_);
  ASSERT_TRUE(opened.ok());
  EXPECT_EQ(opened->Reveal(), kApiKey);
  EXPECT_EQ(OpenEnvelope(keys_, kPlace, *SealEnvelope(key_, kPlace, Secret()))->Reveal(), "");
}

TEST_F(EnvelopeTest, NeverMakesTheSameBlobTwice) {
  const std::string again = *SealEnvelope(key_, kPlace, Secret(kApiKey));
  constexpr size_t kHead = 4 * (1 + KeyId::kBytes) / 3;
  EXPECT_EQ(blob_.substr(0, kHead), again.substr(0, kHead));
  EXPECT_NE(blob_.substr(kHead, 80), again.substr(kHead, 80)) << "another data key";
  EXPECT_NE(blob_.substr(kHead + 80), again.substr(kHead + 80)) << "another text";
}

TEST_F(EnvelopeTest, RefusesEveryChangedBitAndEveryChangedCharacter) {
  std::string bytes;
  ASSERT_TRUE(absl::Base64Unescape(blob_, &bytes));
  for (size_t bit = 0; bit < 8 * bytes.size(); ++bit) {
    std::string changed = bytes;
    changed[bit / 8] = static_cast<char>(changed[bit / 8] ^ (1 << bit % 8));
    EXPECT_EQ(OpenEnvelope(keys_, kPlace, absl::Base64Escape(changed)).status(), CannotOpen()) << "bit " << bit;
  }
  for (size_t bit = 0; bit < 8 * blob_.size(); ++bit) {
    std::string changed = blob_;
    changed[bit / 8] = static_cast<char>(changed[bit / 8] ^ (1 << bit % 8));
    EXPECT_EQ(OpenEnvelope(keys_, kPlace, changed).status(), CannotOpen()) << "character bit " << bit;
  }
}

TEST_F(EnvelopeTest, RefusesEveryShorterAndLongerBlob) {
  for (size_t size = 0; size < blob_.size(); ++size) {
    EXPECT_EQ(OpenEnvelope(keys_, kPlace, blob_.substr(0, size)).status(), CannotOpen()) << size;
  }
  for (const char* tail : {"A", "AAAA", "=", "\n", " "}) {
    EXPECT_EQ(OpenEnvelope(keys_, kPlace, blob_ + tail).status(), CannotOpen()) << tail;
  }
}

TEST_F(EnvelopeTest, RefusesABlobMovedToAnotherPlace) {
  for (std::string_view Place::*const part :
       {&Place::purpose, &Place::table, &Place::column, &Place::session_hash, &Place::endpoint_origin}) {
    Place other = kPlace;
    other.*part = "https://api.example.org:443";
    EXPECT_EQ(OpenEnvelope(keys_, other, blob_).status(), CannotOpen());
  }
  Place shifted = kPlace;
  shifted.table = "demo_model_configsa";
  shifted.column = "pi_key_encrypted";
  EXPECT_EQ(OpenEnvelope(keys_, shifted, blob_).status(), CannotOpen());
}

TEST_F(EnvelopeTest, RefusesEveryWrongKeyThatClaimsToBeTheRightOne) {
  for (size_t bit = 0; bit < 8 * kAeadKeyBytes; ++bit) {
    std::string wrong(key_.key.Reveal());
    wrong[bit / 8] = static_cast<char>(wrong[bit / 8] ^ (1 << bit % 8));
    const EpochKey imposter{key_.id, Secret(wrong)};
    EXPECT_EQ(OpenEnvelope(keys_, kPlace, *SealEnvelope(imposter, kPlace, Secret(kApiKey))).status(), CannotOpen());
  }
}

TEST_F(EnvelopeTest, AnOldBackupAndTheMasterKeyDoNotOpenADeletedSessionsKey) {
  const std::string backup = blob_;
  ASSERT_TRUE(OpenEnvelope(scratch_.Keys(), kPlace, backup).ok()) << "as long as the epoch key lives";
  ASSERT_TRUE(keys_.Destroy(key_.id).ok());
  EXPECT_EQ(OpenEnvelope(scratch_.Keys(), kPlace, backup).status(), CannotOpen());
  ASSERT_TRUE(keys_.KeyAt(kNoon).ok()) << "a new key of the same epoch";
  EXPECT_EQ(OpenEnvelope(scratch_.Keys(), kPlace, backup).status(), CannotOpen());
}

TEST_F(EnvelopeTest, LooksTheSameWhetherKeyOrMasterKeyIsMissing) {
  EXPECT_EQ(OpenEnvelope(scratch_.Keys(std::string(ScratchKeys::kOtherMaster)), kPlace, blob_).status(), CannotOpen());
  EXPECT_EQ(OpenEnvelope(ScratchKeys().Keys(), kPlace, blob_).status(), CannotOpen());
}

}  // namespace
}  // namespace ftl::vault
