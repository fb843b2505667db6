#pragma once

#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "common/secret/secret.h"

namespace ftl {

// Takes a session's key out of what an endpoint returns: plain, percent-encoded (any characters, either case), in hex
// of either case and within base64 of either alphabet, at any place in it. Holds the key and its forms, wiped at its
// end; one for a call.
class KeyScrub {
 public:
  explicit KeyScrub(const Secret& key);

  // What stands where the key was.
  static constexpr std::string_view kMark = "[key removed]";

  // `text` without the key. Keys under 8 characters are left in answers, which would be torn, and taken out of errors
  // only.
  std::string CleanAnswer(std::string text) const;
  std::string CleanError(std::string text) const;

  // The end of `text` that may be the start of the key, and must not be passed on before more is known. 0 for none.
  size_t HeldBack(std::string_view text) const;
  // Whether answers are scrubbed at all.
  bool is_active() const { return is_long_; }

 private:
  // How many bytes at the front of `text` are one of the key's forms; 0 for none. `is_cut` is set where `text` ends
  // within what may become one.
  size_t MatchAt(std::string_view text, bool& is_cut) const;
  size_t MatchPercent(std::string_view text, bool& is_cut) const;
  void AddForm(Secret form);
  std::string Clean(std::string text) const;

  Secret key_;
  std::vector<Secret> coded_;       // in hex and base64
  std::array<bool, 256> starts_{};  // the characters with which a form can begin
  size_t longest_ = 0;
  bool is_long_;
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
