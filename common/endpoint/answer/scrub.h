#pragma once

#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "common/endpoint/credential.h"
#include "common/secret/secret.h"

namespace ftl {

// Takes what a session keeps secret, its key and the values of its headers, out of what an endpoint returns: plain,
// percent-encoded (any characters, either case), in hex of either case and within base64 of either alphabet, at any
// place in it. Holds the secrets and their forms, wiped at its end; one for a call.
class KeyScrub {
 public:
  explicit KeyScrub(const Secret& key);
  explicit KeyScrub(const Credential& credential);

  // What stands where a secret was.
  static constexpr std::string_view kMark = "[key removed]";

  // `text` without the secrets. Those under 8 characters are left in answers, which would be torn, and taken out of
  // errors only.
  std::string CleanAnswer(std::string text) const;
  std::string CleanError(std::string text) const;

  // The end of `text` that may be the start of a secret, and must not be passed on before more is known. 0 for none.
  size_t HeldBack(std::string_view text) const;
  // Whether answers are scrubbed at all.
  bool is_active() const { return !long_.plain.empty(); }

 private:
  // Secrets that are looked for together.
  struct Sought {
    std::vector<Secret> plain;
    std::vector<Secret> coded;       // in hex and base64
    std::array<bool, 256> starts{};  // the characters with which a form can begin
    size_t longest = 0;

    // How many bytes at the front of `text` are one of the forms; 0 for none. `is_cut` is set where `text` ends within
    // what may become one.
    size_t MatchAt(std::string_view text, bool& is_cut) const;
    void AddPlain(Secret secret);
    void AddForm(Secret form);
    std::string Clean(std::string text) const;
  };
  void Add(std::string_view secret);

  Sought long_;
  Sought short_;
};

// Passes pieces of an answer on without the key, also where it stands across their borders. Give `Flush` at the end.
class PieceScrub {
 public:
  explicit PieceScrub(const KeyScrub& scrub) : scrub_(scrub) {}
  std::string Push(std::string_view piece);
  std::string Flush();

 private:
  const KeyScrub& scrub_;
  std::string held_;
};

}  // namespace ftl
