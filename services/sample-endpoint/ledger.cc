#include "services/sample-endpoint/ledger.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>
#include <openssl/sha.h>

#include "services/sample-endpoint/script.h"

namespace ftl::sample_endpoint {
namespace {

constexpr size_t kPromptBytes = 200;

std::string Sha256(std::string_view text) {
  std::array<unsigned char, SHA256_DIGEST_LENGTH> digest;
  SHA256(reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest.data());
  std::string hex;
  for (const unsigned char byte : digest) fmt::format_to(std::back_inserter(hex), "{:02x}", byte);
  return hex;
}

std::string KeyOf(std::string_view model, std::string_view sha256) { return fmt::format("{} {}", model, sha256); }

std::string Beginning(std::string_view text) {
  size_t end = std::min(text.size(), kPromptBytes);
  while (end > 0 && end < text.size() && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;
  return std::string(text.substr(0, end));
}

std::string Stamp(absl::Time at) {
  return fmt::format("\"{}\"", absl::FormatTime("%Y-%m-%dT%H:%M:%E6SZ", at, absl::UTCTimeZone()));
}

std::string Ms(std::optional<absl::Duration> duration) {
  return duration ? fmt::format("{:.3f}", absl::ToDoubleMilliseconds(*duration)) : "null";
}

}  // namespace

int64_t Ledger::Began(std::string_view model, std::string_view prompt, absl::Time now) {
  std::string sha256 = Sha256(prompt);
  std::string key = KeyOf(model, sha256);
  auto [found, is_new] = prompts_.try_emplace(key);
  PromptEntry& entry = found->second;
  if (is_new) {
    entry.model = model;
    entry.prompt = Beginning(prompt);
    entry.sha256 = std::move(sha256);
    entry.first_at = now;
    prompt_order_.push_back(key);
  }
  ++entry.calls;
  entry.last_at = now;
  calls_.push_back({++total_, std::move(key), now});
  most_in_flight_ = std::max(most_in_flight_, ++in_flight_);
  if (prompts_.size() > most_prompts_) {
    prompts_.erase(prompt_order_.front());
    prompt_order_.pop_front();
  }
  if (calls_.size() > most_calls_) calls_.pop_front();
  return total_;
}

int64_t Ledger::CallsOf(std::string_view model, std::string_view prompt) const {
  const auto found = prompts_.find(KeyOf(model, Sha256(prompt)));
  return found == prompts_.end() ? 0 : found->second.calls;
}

Ledger::CallEntry* Ledger::Find(int64_t call) {
  if (calls_.empty() || call < calls_.front().number) return nullptr;
  return &calls_[static_cast<size_t>(call - calls_.front().number)];
}

void Ledger::AnsweredWith(int64_t call, int status) {
  if (CallEntry* entry = Find(call)) entry->status = status;
}

void Ledger::FirstToken(int64_t call, absl::Duration since_start) {
  if (CallEntry* entry = Find(call)) entry->first_token = since_start;
}

void Ledger::Ended(int64_t call, absl::Duration since_start, bool client_left) {
  --in_flight_;
  CallEntry* entry = Find(call);
  if (!entry) return;
  entry->end = since_start;
  entry->client_left = client_left;
}

std::string Ledger::Json(absl::Time now, bool with_calls) const {
  std::string json = fmt::format(R"({{"now":{},"calls_total":{},"in_flight":{},"most_in_flight":{},"prompts":[)",
                                 Stamp(now), total_, in_flight_, most_in_flight_);
  auto out = std::back_inserter(json);
  std::string_view comma = "";
  for (const std::string& key : prompt_order_) {
    const PromptEntry& entry = prompts_.at(key);
    fmt::format_to(out, R"({}{{"model":{},"prompt":{},"sha256":"{}","calls":{},"first_at":{},"last_at":{}}})", comma,
                   Quoted(entry.model), Quoted(entry.prompt), entry.sha256, entry.calls, Stamp(entry.first_at),
                   Stamp(entry.last_at));
    comma = ",";
  }
  json += "]";
  if (!with_calls) return json + "}";
  json += ",\"calls\":[";
  comma = "";
  for (const CallEntry& call : calls_) {
    const std::string_view key = call.key;
    const size_t space = key.rfind(' ');
    fmt::format_to(
        out,
        R"({}{{"call":{},"model":{},"sha256":"{}","at":{},"status":{},"first_token_ms":{},"end_ms":{},"client_left":{}}})",
        comma, call.number, Quoted(key.substr(0, space)), key.substr(space + 1), Stamp(call.at), call.status,
        Ms(call.first_token), Ms(call.end), call.client_left);
    comma = ",";
  }
  return json + "]}";
}

void Ledger::Clear() {
  prompts_.clear();
  prompt_order_.clear();
  calls_.clear();
  most_in_flight_ = in_flight_;
}

}  // namespace ftl::sample_endpoint
