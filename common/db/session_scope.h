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

  bool empty() const { return statement_.size() == kNone.size(); }
  // What tells the server, for the rest of a transaction or up to the next such statement: the setting ftl.sessions holds
  // hashes with commas between.
  std::string_view statement() const { return statement_; }

 private:
  static constexpr std::string_view kNone = "SET LOCAL ftl.sessions = ''";

  SessionScope() = default;

  void Add(std::string_view session) {
    // A comma would let one name open a second session, and a quote do anything.
    if (session.empty() || session.find_first_not_of("0123456789abcdef") != std::string_view::npos) return;
    const bool first = empty();
    statement_.pop_back();
    if (!first) statement_ += ',';
    statement_.append(session) += '\'';
  }

  std::string statement_{kNone};
};

}  // namespace ftl
