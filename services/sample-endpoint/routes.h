#pragma once

#include <string>
#include <string_view>

#include <absl/time/time.h>

#include "services/sample-endpoint/answers.h"
#include "services/sample-endpoint/dialect.h"
#include "services/sample-endpoint/ledger.h"
#include "services/sample-endpoint/script.h"

namespace ftl::sample_endpoint {

// What is to be written, and for a chat completion the ledger's number of the call.
struct Play {
  Script script;
  int64_t call = 0;  // 0 for what is no chat completion
};

// From a request to what is written. Knows no socket. One thread.
class Routes {
 public:
  // `required_key` empty: every key is accepted but `wrong-key`.
  Routes(Answers answers, std::string required_key);

  Play Answer(const HttpRequest& request, absl::Time now);

  Ledger& ledger() { return ledger_; }

 private:
  bool IsKeyGood(std::string_view key) const;
  // `path` is below the dialect's base.
  Play Speak(const Dialect& dialect, std::string_view path, const HttpRequest& request, absl::Time now);
  Play Complete(const Dialect& dialect, std::string_view path, const HttpRequest& request, absl::Time now);
  Script AnswerChat(const Dialect& dialect, const HttpRequest& http, const ChatRequest& request, absl::Time now) const;

  Answers answers_;
  std::string required_key_;
  Ledger ledger_;
};

}  // namespace ftl::sample_endpoint
