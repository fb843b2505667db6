#include "services/session-vault/vault/aead.h"

#include <fstream>
#include <sstream>

#include <absl/strings/escaping.h>
#include <gtest/gtest.h>
#include <openssl/rand.h>
#include <boost/json.hpp>

namespace ftl::vault {
namespace {

namespace json = boost::json;

json::value WycheproofVectors() {
  std::ifstream file(FTL_WYCHEPROOF_DIR "/aes_gcm_test.json");
  std::stringstream text;
  text << file.rdbuf();
  return json::parse(text.str());
}

std::string Hex(const json::value& vector, const char* field) {
  return absl::HexStringToBytes(std::string(vector.at(field).as_string()));
}

TEST(AeadTest, AgreesWithEveryWycheproofVectorAndRefusesAllOtherSizes) {
  const json::value vectors = WycheproofVectors();
  int opened = 0;
  int refused = 0;
  for (const json::value& group : vectors.at("testGroups").as_array()) {
    const bool our_shape = group.at("keySize").as_int64() == 256 && group.at("ivSize").as_int64() == 96 &&
                           group.at("tagSize").as_int64() == 128;
    for (const json::value& vector : group.at("tests").as_array()) {
      const auto text = AeadOpen(Secret(Hex(vector, "key")), Hex(vector, "aad"),
                                 Hex(vector, "iv") + Hex(vector, "ct") + Hex(vector, "tag"));
      const bool valid = our_shape && vector.at("result").as_string() == "valid";
      ASSERT_EQ(text.ok(), valid) << json::serialize(vector);
      if (valid) {
        ++opened;
        EXPECT_EQ(text->Reveal(), Hex(vector, "msg"));
      } else {
        ++refused;
        EXPECT_EQ(text.status(), CannotOpen());
      }
    }
  }
  EXPECT_EQ(opened, 39);
  EXPECT_EQ(opened + refused, 316);
}

TEST(AeadTest, OpensWhatItSealedAlsoWhenThatIsNothing) {
  const Secret key(std::string(kAeadKeyBytes, 'k'));
  for (const std::string& text : {std::string(), std::string("x"), std::string(5000, 'y')}) {
    const auto opened = AeadOpen(key, "place", *AeadSeal(key, "place", text));
    ASSERT_TRUE(opened.ok());
    EXPECT_EQ(opened->Reveal(), text);
  }
}

TEST(AeadTest, RefusesToSealUnderAKeyOfAnotherLength) {
  EXPECT_FALSE(AeadSeal(Secret(std::string(16, 'k')), "", "text").ok());
  EXPECT_FALSE(AeadSeal(Secret(), "", "text").ok());
}

TEST(AeadTest, RefusesToSealWithoutRandomNumbers) {
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"
  RAND_METHOD none{};
  none.bytes = [](unsigned char*, int) { return 0; };
  const RAND_METHOD* const usual = RAND_get_rand_method();
  ASSERT_EQ(RAND_set_rand_method(&none), 1);
  const auto sealed = AeadSeal(Secret(std::string(kAeadKeyBytes, 'k')), "", "text");
  const auto secret = RandomSecret(32);
  RAND_set_rand_method(usual);
#pragma GCC diagnostic pop
  EXPECT_FALSE(sealed.ok());
  EXPECT_FALSE(secret.ok());
}

}  // namespace
}  // namespace ftl::vault
