#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace ftl {

// The sessions whose rows the work may see. Row-level security compares every row with it, so that a forgotten WHERE
// gives nothing. A session is named by the SHA-256 (hex) of its id; anything else names none.
class SessionScope {
 public:
  // For tables that hold no session's text (queue, expiry, suites), whose policies let their service see all. Rows of
  // sessions are invisible.
  static SessionScope None() { return SessionScope(); }

  explicit SessionScope(std::string_view session) { Add(session); }
  explicit SessionScope(const std::vector<std::string>& sessions) {
    for (const std::string& session : sessions) Add(session);
  }

  // The value of the setting ftl.sessions: hashes with commas between; empty for none.
  const std::string& setting() const { return setting_; }

 private:
  SessionScope() = default;

  void Add(std::string_view session) {
    // A comma would let one name open a second session.
    if (session.empty() || session.find_first_not_of("0123456789abcdef") != std::string_view::npos) return;
    if (!setting_.empty()) setting_ += ',';
    setting_ += session;
  }

  std::string setting_;
};

}  // namespace ftl
