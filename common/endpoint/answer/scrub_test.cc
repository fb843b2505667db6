#include "common/endpoint/answer/scrub.h"

#include <gtest/gtest.h>
#include <openssl/evp.h>

namespace ftl {
namespace {

constexpr std::string_view kKey = "sk-test/ABC+123~xyz";
const std::string kMark(KeyScrub::kMark);

std::string Base64(const std::string& text) {
  std::string coded(4 * ((text.size() + 2) / 3) + 1, '\0');
  EVP_EncodeBlock(reinterpret_cast<unsigned char*>(coded.data()), reinterpret_cast<const unsigned char*>(text.data()),
                  static_cast<int>(text.size()));
  coded.pop_back();
  return coded;
}

std::string InPieces(const KeyScrub& scrub, std::string_view text, size_t piece_bytes) {
  PieceScrub pieces(scrub);
  std::string out;
  for (size_t at = 0; at < text.size(); at += piece_bytes) out += pieces.Push(text.substr(at, piece_bytes));
  return out + pieces.Flush();
}

TEST(KeyScrubTest, TakesTheKeyOutWhereverAndHoweverOftenItStands) {
  const KeyScrub scrub{Secret(kKey)};
  const std::string key(kKey);
  EXPECT_EQ(scrub.CleanAnswer(key), kMark);
  EXPECT_EQ(scrub.CleanAnswer("a" + key + key + "b sk-test/ABC"), "a" + kMark + kMark + "b sk-test/ABC");
  EXPECT_EQ(scrub.CleanAnswer("sk-sk-test/ABC+123~xyz"), "sk-" + kMark);
  EXPECT_EQ(scrub.CleanAnswer("nothing of it"), "nothing of it");
}

TEST(KeyScrubTest, TakesPercentFormsOut) {
  const KeyScrub scrub{Secret(kKey)};
  EXPECT_EQ(scrub.CleanAnswer("?k=sk-test%2FABC%2B123%7Exyz&"), "?k=" + kMark + "&");
  EXPECT_EQ(scrub.CleanAnswer("?k=%73%6b-test%2fABC%2b123~xyz&"), "?k=" + kMark + "&");
}

TEST(KeyScrubTest, TakesHexOutInEitherCase) {
  const KeyScrub scrub{Secret("sk-hex/12")};
  EXPECT_EQ(scrub.CleanAnswer("a736b2d6865782f3132b"), "a" + kMark + "b");
  EXPECT_EQ(scrub.CleanAnswer("736B2D6865782F3132"), kMark);
}

TEST(KeyScrubTest, LeavesNothingOfTheKeyInBase64AtAnyPlace) {
  const KeyScrub scrub{Secret(kKey)};
  for (const std::string before : {"", "a", "ab", "abc", "user:", "Bearer "}) {
    for (const std::string after : {"", "x", "yz", ":tail"}) {
      const std::string coded = Base64(before + std::string(kKey) + after);
      const std::string clean = scrub.CleanAnswer("<" + coded + ">");
      EXPECT_NE(clean.find(kMark), std::string::npos) << before << "|" << after;
      // Of the key at most the bits that it shares with its neighbours are left.
      EXPECT_LE(clean.size() - kMark.size(), 2 + (before.size() + after.size()) * 4 / 3 + 8) << clean;
    }
  }
}

TEST(KeyScrubTest, TakesTheKeyOutAcrossPieceBorders) {
  const KeyScrub scrub{Secret(kKey)};
  const std::string text =
      "So sk-tes, sk-test/ABC+123~xyz and sk-test%2FABC%2B123%7Exyz" + Base64(std::string(kKey)) + " sk-te";
  const std::string clean = scrub.CleanAnswer(text);
  EXPECT_EQ(clean.find("ABC"), std::string::npos);
  for (size_t bytes = 1; bytes <= text.size(); ++bytes) EXPECT_EQ(InPieces(scrub, text, bytes), clean) << bytes;
}

TEST(KeyScrubTest, PassesOnAtOnceWhatCannotBeTheKey) {
  const KeyScrub scrub{Secret(kKey)};
  PieceScrub pieces(scrub);
  EXPECT_EQ(pieces.Push("Hello there"), "Hello there");
  EXPECT_EQ(pieces.Push(" sk-"), " ");
  EXPECT_EQ(pieces.Push("ip"), "sk-ip");
}

TEST(KeyScrubTest, TakesTheValuesOfFurtherHeadersOutToo) {
  const Credential credential{Secret(kKey), Secret("X-Pass: a-second-secret\r\nX-Team: blue\r\n")};
  const KeyScrub scrub{credential};
  const std::string text =
      "key " + std::string(kKey) + ", pass a%2Dsecond-secret, " + Base64("a-second-secret") + ", team blue";
  EXPECT_EQ(scrub.CleanAnswer(text), "key " + kMark + ", pass " + kMark + ", " + kMark + ", team blue");
  EXPECT_EQ(scrub.CleanError("team blue"), "team " + kMark);
  EXPECT_EQ(InPieces(scrub, "so a-second-secret it is", 3), "so " + kMark + " it is");
}

TEST(KeyScrubTest, TearsNoAnswerOverAShortKey) {
  const KeyScrub scrub{Secret("none")};
  EXPECT_EQ(scrub.CleanAnswer("There are none left."), "There are none left.");
  EXPECT_EQ(scrub.CleanError("The key none is wrong."), "The key " + kMark + " is wrong.");
  const KeyScrub without{Secret()};
  EXPECT_EQ(without.CleanError("anything"), "anything");
}

}  // namespace
}  // namespace ftl
