#include "common/secret/sealed_box.h"

#include <string>

#include <gtest/gtest.h>

namespace ftl {
namespace {

TEST(SealedBoxTest, OpensWhatWasSealedForIt) {
  const SealedBox box;
  for (const std::string text : {std::string(), std::string("sk-1234567890"), std::string(4096, '\0')}) {
    const auto sealed = SealedBox::Seal(box.public_key(), Secret(text));
    ASSERT_TRUE(sealed.has_value());
    EXPECT_EQ(sealed->size(), text.size() + 48);
    const auto opened = box.Open(*sealed);
    ASSERT_TRUE(opened.has_value());
    EXPECT_EQ(opened->Reveal(), text);
  }
}

TEST(SealedBoxTest, ShowsNoPlainByteAndNeverTheSameText) {
  const SealedBox box;
  const Secret secret("sk-1234567890");
  const auto once = SealedBox::Seal(box.public_key(), secret);
  EXPECT_EQ(once->find("1234"), std::string::npos);
  EXPECT_NE(once, SealedBox::Seal(box.public_key(), secret));
}

TEST(SealedBoxTest, OpensNothingElse) {
  const SealedBox box;
  const SealedBox another;
  const std::string sealed = *SealedBox::Seal(box.public_key(), Secret("sk-1234567890"));
  EXPECT_FALSE(another.Open(sealed).has_value());
  EXPECT_FALSE(box.Open("").has_value());
  EXPECT_FALSE(box.Open(sealed.substr(1)).has_value());
  for (size_t i = 0; i < sealed.size(); ++i) {
    std::string flipped = sealed;
    flipped[i] ^= 1;
    EXPECT_FALSE(box.Open(flipped).has_value()) << i;
  }
}

TEST(SealedBoxTest, SealsForPublicKeysAlone) {
  const Secret secret("sk-1234567890");
  for (const std::string& key : {std::string(), std::string(31, 'k'), std::string(33, 'k'), std::string(32, '\0')}) {
    EXPECT_FALSE(SealedBox::Seal(key, secret).has_value()) << key.size();
  }
}

}  // namespace
}  // namespace ftl
