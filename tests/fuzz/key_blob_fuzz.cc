// A sealed key opens as it was sealed and in no other form. The input says what to change: triples of a place, an
// action and a byte; it is also taken for a blob, a key's name and a master key by itself.
#include <optional>

#include <absl/time/time.h>

#include "services/session-vault/vault/envelope.h"
#include "services/session-vault/vault/master_keys.h"
#include "services/session-vault/vault/scratch_keys.h"
#include "tests/fuzz/fuzz.h"

namespace ftl::fuzz {
namespace {

using namespace vault;

constexpr Place kPlace{"api_key", "demo_model_configs", "api_key_encrypted", "5f2a", "https://api.example.com:443"};

// Drawn anew in each process, so an input alone tells nothing of it.
struct Sealed {
  ScratchKeys scratch;
  EpochKeys keys = scratch.Keys();
  std::string blob =
      *SealEnvelope(*keys.KeyAt(absl::FromUnixSeconds(1732190400)), kPlace, Secret("sk-live-0123456789abcdef"));
};

const Sealed& Given() {
  static const Sealed sealed;
  return sealed;
}

std::string Changed(std::string blob, std::string_view changes) {
  constexpr std::string_view kAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=";
  for (; changes.size() >= 3 && !blob.empty(); changes.remove_prefix(3)) {
    const size_t at = static_cast<unsigned char>(changes[0]) * blob.size() / 256;
    const char byte = changes[2];
    switch (static_cast<unsigned char>(changes[1]) % 6) {
      case 0:
        blob[at] = static_cast<char>(blob[at] ^ byte);
        break;
      case 1:
        blob[at] = kAlphabet[static_cast<unsigned char>(byte) % kAlphabet.size()];
        break;
      case 2:
        blob.insert(at, 1, byte);
        break;
      case 3:
        blob.erase(at, 1 + static_cast<unsigned char>(byte) % 4);
        break;
      case 4:
        blob.resize(at);
        break;
      case 5:
        blob += byte;
    }
  }
  return blob;
}

void CheckOpening(const std::string& blob) {
  const auto opened = OpenEnvelope(Given().keys, kPlace, blob);
  Require(opened.ok() == (blob == Given().blob), "a sealed key opens as it was sealed and in no other form");
}

}  // namespace

void FuzzOne(std::string_view input) {
  CheckOpening(Changed(Given().blob, input));
  CheckOpening(std::string(input));
  if (const auto id = KeyId::FromText(input)) Require(id->Text() == input, "a key's name has one spelling");
  if (const auto id = KeyId::Decoded(input)) Require(id->Encoded() == input, "a key's id has one encoding");
  (void)MasterKeys::Parse(Secret(input));
}

}  // namespace ftl::fuzz
