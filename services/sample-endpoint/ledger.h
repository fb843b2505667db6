#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include <absl/time/time.h>

namespace ftl::sample_endpoint {

// What this endpoint did, so that a test can compare it with what a client says: calls of each prompt, and the times of
// each call as the server saw them. Memory is bounded: beyond the limits the oldest is forgotten.
class Ledger {
 public:
  explicit Ledger(size_t most_prompts = 150'000, size_t most_calls = 200'000)
      : most_prompts_(most_prompts), most_calls_(most_calls) {}

  // A call has come in whole. Gives its number, from 1.
  int64_t Began(std::string_view model, std::string_view prompt, absl::Time now);
  // How many calls of this prompt to this model there were, the last one included.
  int64_t CallsOf(std::string_view model, std::string_view prompt) const;

  void AnsweredWith(int64_t call, int status);
  // The first token, or the first byte of an answer that is not streamed, is handed to the system.
  void FirstToken(int64_t call, absl::Duration since_start);
  // The last byte is handed to the system, or the client has left before.
  void Ended(int64_t call, absl::Duration since_start, bool client_left);

  // {"now","calls_total","in_flight","most_in_flight","prompts":[…],"calls":[…]}; see README.md.
  std::string Json(absl::Time now, bool with_calls) const;
  // Forgets all but what is in flight.
  void Clear();

 private:
  struct PromptEntry {
    std::string model;
    std::string prompt;  // its first bytes
    std::string sha256;
    int64_t calls = 0;
    absl::Time first_at, last_at;
  };
  struct CallEntry {
    int64_t number = 0;
    std::string key;
    absl::Time at;
    int status = 0;
    std::optional<absl::Duration> first_token, end;
    bool client_left = false;
  };
  CallEntry* Find(int64_t call);

  size_t most_prompts_;
  size_t most_calls_;
  int64_t total_ = 0;
  int in_flight_ = 0;
  int most_in_flight_ = 0;
  std::unordered_map<std::string, PromptEntry> prompts_;  // by model and SHA-256 of the prompt
  std::deque<std::string> prompt_order_;
  std::deque<CallEntry> calls_;  // numbers without gaps
};

}  // namespace ftl::sample_endpoint
