#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <absl/status/status.h>
#include <absl/status/statusor.h>
#include <absl/time/time.h>

#include "common/error/reason.h"

namespace ftl {

// One field of the input and what is wrong with it. `field` is the name in the contract: `prompts[3].checks[0].kind`.
struct FieldFault {
  std::string field;
  std::string message;
};

// A failure that is born complete: the reason, a sentence that tells the person what to do, the facts it mentions,
// every wrong field, and how long to wait where waiting helps. It becomes an absl::Status, whose payloads are the
// google.rpc details that go over the wire (common/error/grpc_status) and into a problem document
// (gateway/http/problem).
//   return Refuse(Reason::kPromptLimitExceeded, "This session may run 20 prompts; choose at most 20.").With("limit",
//   20);
class [[nodiscard]] Refusal {
 public:
  Refusal(Reason reason, std::string_view message) : reason_(reason), message_(message) {}

  Refusal&& With(std::string_view fact, std::string_view value) &&;
  Refusal&& With(std::string_view fact, int64_t value) && { return std::move(*this).With(fact, std::to_string(value)); }
  Refusal&& Field(std::string_view field, std::string_view message) &&;
  Refusal&& Fields(const std::vector<FieldFault>& faults) &&;
  Refusal&& RetryAfter(absl::Duration wait) &&;

  operator absl::Status() const;  // NOLINT(google-explicit-constructor): a refusal is returned as a status
  template <typename T>
  operator absl::StatusOr<T>() const {  // NOLINT(google-explicit-constructor)
    return absl::Status(*this);
  }

 private:
  Reason reason_;
  std::string message_;
  std::map<std::string, std::string> facts_;
  std::vector<FieldFault> faults_;
  std::optional<absl::Duration> retry_after_;
};

inline Refusal Refuse(Reason reason, std::string_view message) { return Refusal(reason, message); }

// Collects every wrong field of one input, so that all are told at once. It keeps the first hundred and counts the
// rest, and cuts a field's name after 256 bytes: an answer stays small, whatever a body has.
//   FieldFaults faults;
//   if (request.name().empty()) faults.Add("name", "is missing");
//   TRY(faults.Verdict());
class FieldFaults {
 public:
  void Add(std::string_view field, std::string_view message);
  static constexpr size_t kMostListed = 100;

  bool empty() const { return faults_.empty(); }
  // How many were added, listed or not.
  size_t count() const { return count_; }
  const std::vector<FieldFault>& listed() const { return faults_; }
  // Ok, or a refusal for `reason` that lists the faults, with the fact `more_errors` where there are more.
  absl::Status Verdict(Reason reason = Reason::kInvalidField) const;

 private:
  std::vector<FieldFault> faults_;
  size_t count_ = 0;
};

// What a status says, wherever it was born. A status that is no refusal of ours gives the nearest reason for its code.
Reason ReasonOf(const absl::Status& status);
std::vector<FieldFault> FieldFaultsOf(const absl::Status& status);
std::optional<absl::Duration> RetryAfterOf(const absl::Status& status);
std::map<std::string, std::string> FactsOf(const absl::Status& status);

}  // namespace ftl
