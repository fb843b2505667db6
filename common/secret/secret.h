#pragma once

#include <string>
#include <string_view>
#include <utility>

#include <openssl/crypto.h>

namespace ftl {

// A string that must not leak: wiped when it goes or moves on, compared in constant time, and without any way to be
// printed, logged or copied by accident. Not for threads to share while one of them writes.
class Secret {
 public:
  Secret() = default;
  explicit Secret(std::string_view text) : bytes_(text) {}
  // Takes the text over and wipes what the source's small buffer kept.
  static Secret Take(std::string&& text) {
    Secret secret(text);
    Wipe(text);
    return secret;
  }
  Secret(Secret&& other) noexcept : bytes_(other.bytes_) { Wipe(other.bytes_); }
  Secret& operator=(Secret&& other) noexcept {
    if (this != &other) {
      Wipe(bytes_);
      bytes_ = other.bytes_;
      Wipe(other.bytes_);
    }
    return *this;
  }
  Secret(const Secret&) = delete;
  Secret& operator=(const Secret&) = delete;
  ~Secret() { Wipe(bytes_); }

  // A second secret of the same bytes, asked for by name.
  Secret Clone() const { return Secret(bytes_); }

  // The plain bytes, for the one place that must write them to a socket or a cipher. The view dies with the secret.
  std::string_view Reveal() const { return bytes_; }
  bool empty() const { return bytes_.empty(); }
  size_t size() const { return bytes_.size(); }

  friend bool operator==(const Secret& a, const Secret& b) {
    return a.size() == b.size() && CRYPTO_memcmp(a.bytes_.data(), b.bytes_.data(), a.size()) == 0;
  }

  // Overwrites and empties a plain string that held a secret.
  static void Wipe(std::string& text) {
    if (!text.empty()) OPENSSL_cleanse(text.data(), text.size());
    text.clear();
  }

 private:
  std::string bytes_;
};

}  // namespace ftl
