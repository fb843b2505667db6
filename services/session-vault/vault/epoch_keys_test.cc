#include "services/session-vault/vault/epoch_keys.h"

#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include "services/session-vault/vault/aead.h"
#include "services/session-vault/vault/scratch_keys.h"

namespace ftl::vault {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

const absl::Time kNoon = absl::FromUnixSeconds(1732190400);

std::string Contents(const std::string& path) {
  std::stringstream text;
  text << std::ifstream(path, std::ios::binary).rdbuf();
  return text.str();
}

TEST(EpochKeysTest, GivesOneKeyPerEpochThatDiesWithItsLastPossibleSession) {
  const ScratchKeys scratch;
  const EpochKeys keys = scratch.Keys();
  const EpochKey first = *keys.KeyAt(kNoon);
  EXPECT_EQ(first.id.starts_at, kNoon);
  EXPECT_EQ(first.id.dies_at, kNoon + absl::Minutes(75));
  EXPECT_EQ(keys.KeyAt(kNoon + absl::Minutes(15) - absl::Seconds(1))->id, first.id);
  EXPECT_FALSE(keys.KeyAt(kNoon + absl::Minutes(15))->id == first.id);
  EXPECT_EQ(keys.List()->size(), 2u);
  EXPECT_EQ(keys.List()->front(), first.id);
}

TEST(KeyIdTest, IsReadBackFromItsTextAndFromNothingElse) {
  const KeyId id{kNoon, kNoon + absl::Minutes(75), "12345678"};
  EXPECT_EQ(id.Text(), "1732190400-1732194900-3132333435363738");
  EXPECT_EQ(KeyId::FromText(id.Text()), id);
  for (const char* text : {"", "1732190400-1732194900", "1732190400-1732194900-31", "x-1732194900-3132333435363738",
                           "01732190400-1732194900-3132333435363738"}) {
    EXPECT_EQ(KeyId::FromText(text), std::nullopt) << text;
  }
}

TEST(EpochKeysTest, KeepsTheKeyInAFileForItsOwnerAloneAndNeverInPlain) {
  const ScratchKeys scratch;
  const EpochKey key = *scratch.Keys().KeyAt(kNoon);
  const std::string path = scratch.path() + "/" + key.id.Epoch();
  struct stat facts;
  ASSERT_EQ(stat(path.c_str(), &facts), 0);
  EXPECT_EQ(facts.st_mode & 07777, 0600u);
  EXPECT_EQ(facts.st_nlink, 1u);
  EXPECT_EQ(Contents(path).find(key.key.Reveal()), std::string::npos);
  EXPECT_EQ(key.key.size(), kAeadKeyBytes);
}

TEST(EpochKeysTest, IsTheSameAfterARestartAndForEveryReplica) {
  const ScratchKeys scratch;
  const EpochKey made = *scratch.Keys().KeyAt(kNoon);
  const auto found = scratch.Keys().Find(made.id);
  ASSERT_TRUE(found.ok());
  EXPECT_TRUE(found->key == made.key);
}

TEST(EpochKeysTest, GivesAllReplicasThatRaceTheWinnersKey) {
  const ScratchKeys scratch;
  for (int round = 0; round < 20; ++round) {
    const absl::Time now = kNoon + round * absl::Minutes(15);
    std::vector<std::string> seen(8);
    std::vector<std::thread> replicas;
    for (std::string& mine : seen) {
      replicas.emplace_back([&scratch, &mine, now] { mine = scratch.Keys().KeyAt(now)->key.Reveal(); });
    }
    for (std::thread& replica : replicas) replica.join();
    EXPECT_EQ(std::set<std::string>(seen.begin(), seen.end()).size(), 1u);
  }
  EXPECT_EQ(scratch.Keys().List()->size(), 20u);
}

TEST(EpochKeysTest, OverwritesADestroyedKeyOnTheDiskAndForgetsItAtOnce) {
  const ScratchKeys scratch;
  const EpochKeys keys = scratch.Keys();
  const EpochKeys other_replica = scratch.Keys();
  const EpochKey key = *keys.KeyAt(kNoon);
  const std::string path = scratch.path() + "/" + key.id.Epoch();
  const std::string before = Contents(path);
  std::ifstream still_open(path, std::ios::binary);

  ASSERT_TRUE(keys.Destroy(key.id).ok());

  std::stringstream after;
  after << still_open.rdbuf();
  EXPECT_EQ(after.str().size(), before.size());
  EXPECT_NE(after.str().substr(0, 9), before.substr(0, 9));
  EXPECT_FALSE(fs::exists(path));
  EXPECT_TRUE(absl::IsNotFound(other_replica.Find(key.id).status()));
  EXPECT_TRUE(keys.Destroy(key.id).ok());
}

TEST(EpochKeysTest, DestroysAKeyAtTheEndOfItsLastPossibleSessionAndNotBefore) {
  const ScratchKeys scratch;
  const EpochKeys keys = scratch.Keys();
  const EpochKey old = *keys.KeyAt(kNoon);
  const EpochKey young = *keys.KeyAt(kNoon + absl::Minutes(15));
  ASSERT_TRUE(keys.DestroyOverdue(old.id.dies_at - absl::Seconds(1)).ok());
  EXPECT_TRUE(keys.Find(old.id).ok());
  ASSERT_TRUE(keys.DestroyOverdue(old.id.dies_at).ok());
  EXPECT_FALSE(keys.Find(old.id).ok());
  EXPECT_TRUE(keys.Find(young.id).ok());
}

TEST(EpochKeysTest, MakesAnotherKeyInAnEpochWhoseFirstWasDestroyed) {
  const ScratchKeys scratch;
  const EpochKeys keys = scratch.Keys();
  const EpochKey first = *keys.KeyAt(kNoon);
  ASSERT_TRUE(keys.Destroy(first.id).ok());
  const EpochKey second = *keys.KeyAt(kNoon);
  EXPECT_FALSE(first.id == second.id);
  EXPECT_FALSE(first.key == second.key);
  EXPECT_TRUE(absl::IsNotFound(keys.Find(first.id).status()));
  ASSERT_TRUE(keys.Destroy(first.id).ok());
  EXPECT_TRUE(keys.Find(second.id).ok());
}

TEST(EpochKeysTest, OpensAfterTheMasterKeyHasChangedAndRewrapsWhileInUse) {
  const ScratchKeys scratch;
  const std::string old_master(ScratchKeys::kMaster);
  const std::string new_master(ScratchKeys::kOtherMaster);
  const EpochKey key = *scratch.Keys(old_master).KeyAt(kNoon);
  const std::string path = scratch.path() + "/" + key.id.Epoch();
  std::ifstream old_file(path, std::ios::binary);
  const std::string wrapped_by_old = Contents(path);

  const EpochKeys both = scratch.Keys(new_master + "," + old_master);
  EXPECT_TRUE(both.Find(key.id)->key == key.key);
  EXPECT_EQ(*both.Rewrap(), 1);
  EXPECT_EQ(*both.Rewrap(), 0);

  EXPECT_TRUE(scratch.Keys(new_master).Find(key.id)->key == key.key);
  EXPECT_EQ(scratch.Keys(old_master).Find(key.id).status(), CannotOpen());
  std::stringstream left_on_disk;
  left_on_disk << old_file.rdbuf();
  EXPECT_NE(left_on_disk.str(), wrapped_by_old);
}

TEST(EpochKeysTest, RefusesAFileWithAnyBitChanged) {
  const ScratchKeys scratch;
  const EpochKeys keys = scratch.Keys();
  const EpochKey key = *keys.KeyAt(kNoon);
  const std::string path = scratch.path() + "/" + key.id.Epoch();
  const std::string genuine = Contents(path);
  for (size_t i = 0; i < genuine.size(); ++i) {
    std::string changed = genuine;
    changed[i] = static_cast<char>(changed[i] ^ 1);
    std::ofstream(path, std::ios::binary) << changed;
    EXPECT_FALSE(keys.Find(key.id).ok()) << "byte " << i;
  }
}

TEST(EpochKeysTest, RefusesAFileOrDirectoryThatOthersMayRead) {
  const ScratchKeys scratch;
  const EpochKeys keys = scratch.Keys();
  const EpochKey key = *keys.KeyAt(kNoon);
  fs::permissions(scratch.path() + "/" + key.id.Epoch(), fs::perms(0640));
  EXPECT_TRUE(absl::IsFailedPrecondition(keys.Find(key.id).status()));
  fs::permissions(scratch.path(), fs::perms(0755));
  const absl::Status open = KeyDirectory::Open(scratch.path()).status();
  EXPECT_TRUE(absl::IsFailedPrecondition(open));
  EXPECT_THAT(std::string(open.message()), HasSubstr("chmod 700"));
}

TEST(EpochKeysTest, MakesTheDirectoryWhereItIsMissingAndFollowsNoLink) {
  const ScratchKeys scratch;
  ASSERT_TRUE(KeyDirectory::Open(scratch.path() + "/keys").ok());
  EXPECT_EQ(fs::status(scratch.path() + "/keys").permissions(), fs::perms(0700));
  fs::create_directory_symlink(scratch.path() + "/keys", scratch.path() + "/link");
  EXPECT_FALSE(KeyDirectory::Open(scratch.path() + "/link").ok());
}

TEST(EpochKeysTest, ClearsAwayWhatAKilledReplicaLeftHalfWay) {
  const ScratchKeys scratch;
  const EpochKeys keys = scratch.Keys();
  const EpochKey key = *keys.KeyAt(kNoon);
  const std::string path = scratch.path() + "/" + key.id.Epoch();
  const auto put = [&](const std::string& name, const std::string& bytes) {
    std::ofstream(scratch.path() + "/" + name, std::ios::binary) << bytes;
    fs::permissions(scratch.path() + "/" + name, fs::perms(0600));
  };
  put(".new-abandoned", "half a key");
  fs::create_hard_link(path, scratch.path() + "/.new-linked");
  put("1732190400-1", std::string(Contents(path).size(), 'x'));  // overwritten, not yet unlinked

  ASSERT_TRUE(keys.DestroyLeftovers(absl::Now() + absl::Minutes(2)).ok());

  EXPECT_TRUE(keys.Find(key.id).ok());
  EXPECT_THAT(*KeyDirectory::Open(scratch.path())->Names(), testing::ElementsAre(key.id.Epoch()));
}

TEST(EpochKeysTest, ReplacesTheRuinOfADestroyedKeyInTheSameEpoch) {
  const ScratchKeys scratch;
  const EpochKeys keys = scratch.Keys();
  const EpochKey key = *keys.KeyAt(kNoon);
  std::ofstream(scratch.path() + "/" + key.id.Epoch(), std::ios::binary) << "noise";
  const auto next = keys.KeyAt(kNoon);
  ASSERT_TRUE(next.ok()) << next.status();
  EXPECT_FALSE(next->id == key.id);
}

TEST(EpochKeysTest, DestroysNothingWhileAnotherReplicaHoldsTheLock) {
  const ScratchKeys scratch;
  const EpochKeys keys = scratch.Keys();
  const EpochKey key = *keys.KeyAt(kNoon);
  const Descriptor held = *KeyDirectory::Open(scratch.path())->Lock();
  EXPECT_TRUE(absl::IsUnavailable(keys.Destroy(key.id)));
  EXPECT_TRUE(absl::IsUnavailable(keys.Rewrap().status()));
  EXPECT_TRUE(keys.Find(key.id).ok());
}

}  // namespace
}  // namespace ftl::vault
