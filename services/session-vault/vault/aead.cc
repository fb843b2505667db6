#include "services/session-vault/vault/aead.h"

#include <memory>

#include <openssl/evp.h>
#include <openssl/rand.h>

#include "common/error/try.h"

namespace ftl::vault {
namespace {

struct FreeContext {
  void operator()(EVP_CIPHER_CTX* context) const { EVP_CIPHER_CTX_free(context); }
};
using Context = std::unique_ptr<EVP_CIPHER_CTX, FreeContext>;

// GCM itself allows 64 GiB; nothing sealed here comes near this, and EVP counts in int.
constexpr size_t kMostBytes = 1 << 20;

unsigned char* Bytes(std::string& text) { return reinterpret_cast<unsigned char*>(text.data()); }
const unsigned char* Bytes(std::string_view text) { return reinterpret_cast<const unsigned char*>(text.data()); }

absl::Status DrawInto(unsigned char* bytes, size_t count) {
  if (RAND_bytes(bytes, static_cast<int>(count)) == 1) return absl::OkStatus();
  return absl::InternalError("the system gives no random numbers");
}

}  // namespace

absl::StatusOr<Secret> RandomSecret(size_t count) {
  std::string bytes(count, '\0');
  TRY(DrawInto(Bytes(bytes), count));
  return Secret::Take(std::move(bytes));
}

absl::StatusOr<std::string> AeadSeal(const Secret& key, std::string_view associated_data, std::string_view plaintext) {
  if (key.size() != kAeadKeyBytes || plaintext.size() > kMostBytes || associated_data.size() > kMostBytes) {
    return absl::InternalError("not to be sealed: a key or text of the wrong length");
  }
  std::string sealed(kAeadOverheadBytes + plaintext.size(), '\0');
  unsigned char* const nonce = Bytes(sealed);
  unsigned char* const ciphertext = nonce + kAeadNonceBytes;
  unsigned char* const tag = ciphertext + plaintext.size();
  TRY(DrawInto(nonce, kAeadNonceBytes));

  const Context context(EVP_CIPHER_CTX_new());
  int written = 0;
  const bool done =
      context && EVP_EncryptInit_ex(context.get(), EVP_aes_256_gcm(), nullptr, Bytes(key.Reveal()), nonce) == 1 &&
      EVP_EncryptUpdate(context.get(), nullptr, &written, Bytes(associated_data), associated_data.size()) == 1 &&
      EVP_EncryptUpdate(context.get(), ciphertext, &written, Bytes(plaintext), plaintext.size()) == 1 &&
      EVP_EncryptFinal_ex(context.get(), tag, &written) == 1 &&
      EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_AEAD_GET_TAG, kAeadTagBytes, tag) == 1;
  if (!done) return absl::InternalError("AES-256-GCM is not available");
  return sealed;
}

absl::StatusOr<Secret> AeadOpen(const Secret& key, std::string_view associated_data, std::string_view sealed) {
  if (key.size() != kAeadKeyBytes || sealed.size() < kAeadOverheadBytes ||
      sealed.size() > kMostBytes + kAeadOverheadBytes || associated_data.size() > kMostBytes) {
    return CannotOpen();
  }
  const size_t size = sealed.size() - kAeadOverheadBytes;
  const std::string_view nonce = sealed.substr(0, kAeadNonceBytes);
  const std::string_view ciphertext = sealed.substr(kAeadNonceBytes, size);
  std::string tag(sealed.substr(kAeadNonceBytes + size));
  // One byte more than needed, so that there is a place to write to when there is nothing to write.
  std::string plaintext(size + 1, '\0');

  const Context context(EVP_CIPHER_CTX_new());
  int written = 0;
  const bool genuine =
      context &&
      EVP_DecryptInit_ex(context.get(), EVP_aes_256_gcm(), nullptr, Bytes(key.Reveal()), Bytes(nonce)) == 1 &&
      EVP_DecryptUpdate(context.get(), nullptr, &written, Bytes(associated_data), associated_data.size()) == 1 &&
      EVP_DecryptUpdate(context.get(), Bytes(plaintext), &written, Bytes(ciphertext), ciphertext.size()) == 1 &&
      EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_AEAD_SET_TAG, kAeadTagBytes, Bytes(tag)) == 1 &&
      EVP_DecryptFinal_ex(context.get(), Bytes(plaintext) + size, &written) == 1;
  if (!genuine) {
    Secret::Wipe(plaintext);
    return CannotOpen();
  }
  plaintext.resize(size);
  return Secret::Take(std::move(plaintext));
}

absl::Status CannotOpen() { return absl::DataLossError("the stored key cannot be opened"); }

}  // namespace ftl::vault
