#include "services/session-vault/vault/master_keys.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace ftl::vault {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr std::string_view kOne = "8f1c2ab04477de905b3e6a1127c9d3f6e20b5874a91fcd3308467be12d59f0ac";
constexpr std::string_view kTwo = "0B77E2C19A5D403F86E1D2C4B7A8950F3C6E19D7284BA05F9361CE7D80F4A2B5";

TEST(MasterKeysTest, TakesSeveralKeysInOrder) {
  const auto keys = MasterKeys::Parse(Secret(std::string(kOne) + " , " + std::string(kTwo) + "\n"));
  ASSERT_TRUE(keys.ok()) << keys.status();
  ASSERT_EQ(keys->All().size(), 2u);
  EXPECT_TRUE(keys->First() == MasterKeys::Parse(Secret(kOne))->First());
  EXPECT_EQ(keys->Find(MasterKeys::Fingerprint(keys->All()[1])), &keys->All()[1]);
  EXPECT_EQ(keys->Find("anything"), nullptr);
}

TEST(MasterKeysTest, RefusesEveryKeyThatIsMissingShortLongOrNotHex) {
  for (const std::string& text :
       {std::string(), std::string("  "), std::string(kOne.substr(2)), std::string(kOne) + "00",
        std::string(kOne.substr(1)) + "g", std::string(kOne) + ","}) {
    EXPECT_FALSE(MasterKeys::Parse(Secret(text)).ok()) << text;
  }
}

TEST(MasterKeysTest, RefusesKeysThatSomebodyMadeUp) {
  std::string halves(kOne.substr(0, 32));
  halves += halves;
  std::string words;
  for (int i = 0; i < 8; ++i) words += "DeadBeef";
  for (const std::string& text :
       {std::string(MasterKeys::kSample), std::string(64, '0'), std::string(64, 'f'), halves, words,
        std::string("fffefdfcfbfaf9f8f7f6f5f4f3f2f1f0efeeedecebeae9e8e7e6e5e4e3e2e1e0")}) {
    EXPECT_FALSE(MasterKeys::Parse(Secret(text)).ok()) << text;
  }
}

TEST(MasterKeysTest, NamesTheFaultyKeyByPositionAndNeverShowsIt) {
  const auto keys = MasterKeys::Parse(Secret(std::string(kOne) + "," + std::string(kTwo.substr(0, 40))));
  EXPECT_THAT(std::string(keys.status().message()), HasSubstr("key 2"));
  EXPECT_THAT(std::string(keys.status().message()), Not(HasSubstr(std::string(kTwo.substr(0, 8)))));
}

TEST(MasterKeysTest, DerivesAnotherValueForEveryPurposeAndText) {
  const MasterKeys keys = *MasterKeys::Parse(Secret(kOne));
  EXPECT_EQ(MasterKeys::Derive(keys.First(), "a", "b"), MasterKeys::Derive(keys.First(), "a", "b"));
  EXPECT_NE(MasterKeys::Derive(keys.First(), "a", "b"), MasterKeys::Derive(keys.First(), "ab", ""));
}

}  // namespace
}  // namespace ftl::vault
