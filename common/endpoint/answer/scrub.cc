#include "common/endpoint/answer/scrub.h"

#include <algorithm>
#include <utility>

#include <openssl/evp.h>

namespace ftl {
namespace {

constexpr size_t kShortestInAnswers = 8;

int HexDigit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

// The characters of base64 that `key` alone decides when `offset` bytes stand before it (mod 3).
Secret Base64Within(std::string_view key, size_t offset, bool is_url) {
  std::string padded(offset, '\0');
  padded += key;
  std::string coded(4 * ((padded.size() + 2) / 3) + 1, '\0');
  EVP_EncodeBlock(reinterpret_cast<unsigned char*>(coded.data()), reinterpret_cast<const unsigned char*>(padded.data()),
                  static_cast<int>(padded.size()));
  const size_t from = (offset * 8 + 5) / 6;
  const size_t to = padded.size() * 8 / 6;
  if (is_url) {
    std::replace(coded.begin(), coded.end(), '+', '-');
    std::replace(coded.begin(), coded.end(), '/', '_');
  }
  Secret within(std::string_view(coded).substr(from, to - from));
  Secret::Wipe(padded);
  Secret::Wipe(coded);
  return within;
}

Secret Hex(std::string_view key, std::string_view digits) {
  std::string coded;
  coded.reserve(2 * key.size());
  for (const char c : key) {
    coded += digits[static_cast<unsigned char>(c) >> 4];
    coded += digits[static_cast<unsigned char>(c) & 15];
  }
  return Secret::Take(std::move(coded));
}

// How many bytes at the front of `text` are `secret`, any of its characters in percent form; 0 for none.
size_t MatchPercent(std::string_view secret, std::string_view text, bool& is_cut) {
  size_t at = 0;
  for (const char expected : secret) {
    if (at == text.size()) {
      is_cut = true;
      return 0;
    }
    if (text[at] == expected) {
      ++at;
      continue;
    }
    if (text[at] != '%') return 0;
    if (text.size() - at < 3) {
      is_cut = true;
      return 0;
    }
    const int high = HexDigit(text[at + 1]);
    const int low = HexDigit(text[at + 2]);
    if (high < 0 || low < 0 || high * 16 + low != static_cast<unsigned char>(expected)) return 0;
    at += 3;
  }
  return at;
}

}  // namespace

KeyScrub::KeyScrub(const Secret& key) { Add(key.Reveal()); }

KeyScrub::KeyScrub(const Credential& credential) : KeyScrub(credential.key) {
  for (const std::string_view value : credential.HeaderValues()) Add(value);
}

void KeyScrub::Add(std::string_view secret) {
  if (secret.empty()) return;
  if (secret.size() < kShortestInAnswers) return short_.AddPlain(Secret(secret));
  long_.AddPlain(Secret(secret));
  for (const size_t offset : {0, 1, 2}) {
    for (const bool is_url : {false, true}) long_.AddForm(Base64Within(secret, offset, is_url));
  }
  for (const char* digits : {"0123456789abcdef", "0123456789ABCDEF"}) long_.AddForm(Hex(secret, digits));
}

void KeyScrub::Sought::AddPlain(Secret secret) {
  longest = std::max(longest, 3 * secret.size());
  starts[static_cast<unsigned char>(secret.Reveal()[0])] = true;
  starts[static_cast<unsigned char>('%')] = true;
  plain.push_back(std::move(secret));
}

void KeyScrub::Sought::AddForm(Secret form) {
  if (std::find(coded.begin(), coded.end(), form) != coded.end()) return;
  starts[static_cast<unsigned char>(form.Reveal()[0])] = true;
  coded.push_back(std::move(form));
}

size_t KeyScrub::Sought::MatchAt(std::string_view text, bool& is_cut) const {
  for (const Secret& secret : plain) {
    if (const size_t length = MatchPercent(secret.Reveal(), text, is_cut); length > 0) return length;
  }
  for (const Secret& form : coded) {
    const std::string_view bytes = form.Reveal();
    if (text.substr(0, bytes.size()) == bytes) return bytes.size();
    if (text.size() < bytes.size() && bytes.substr(0, text.size()) == text) is_cut = true;
  }
  return 0;
}

std::string KeyScrub::Sought::Clean(std::string text) const {
  if (plain.empty()) return text;
  std::string clean;
  size_t kept = 0;  // what stands before was passed on
  bool ignored = false;
  for (size_t at = 0; at < text.size();) {
    const bool may_start = starts[static_cast<unsigned char>(text[at])];
    const size_t length = may_start ? MatchAt(std::string_view(text).substr(at), ignored) : 0;
    if (length == 0) {
      ++at;
      continue;
    }
    clean.append(text, kept, at - kept);
    clean += kMark;
    at += length;
    kept = at;
  }
  if (kept == 0) return text;
  clean.append(text, kept);
  Secret::Wipe(text);
  return clean;
}

std::string KeyScrub::CleanAnswer(std::string text) const { return long_.Clean(std::move(text)); }
std::string KeyScrub::CleanError(std::string text) const { return short_.Clean(long_.Clean(std::move(text))); }

size_t KeyScrub::HeldBack(std::string_view text) const {
  for (size_t at = text.size() - std::min(text.size(), long_.longest); at < text.size(); ++at) {
    if (!long_.starts[static_cast<unsigned char>(text[at])]) continue;
    bool is_cut = false;
    if (long_.MatchAt(text.substr(at), is_cut) == 0 && is_cut) return text.size() - at;
  }
  return 0;
}

std::string PieceScrub::Push(std::string_view piece) {
  if (!scrub_.is_active()) return std::string(piece);
  held_ += piece;
  std::string text = scrub_.CleanAnswer(std::exchange(held_, {}));
  const size_t held_back = scrub_.HeldBack(text);
  held_ = text.substr(text.size() - held_back);
  text.resize(text.size() - held_back);
  return text;
}

std::string PieceScrub::Flush() { return std::exchange(held_, {}); }

}  // namespace ftl
