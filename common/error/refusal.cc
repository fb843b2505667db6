#include "common/error/refusal.h"

#include <utility>

#include <fmt/format.h>
#include <google/protobuf/util/time_util.h>

#include "common/text/view.h"
#include "google/rpc/error_details.pb.h"

namespace ftl {
namespace {

constexpr std::string_view kDomain = "finetunelab";

template <typename Detail>
std::string TypeUrl() {
  return "type.googleapis.com/" + Detail::descriptor()->full_name();
}

template <typename Detail>
void Attach(absl::Status& status, const Detail& detail) {
  status.SetPayload(TypeUrl<Detail>(), absl::Cord(detail.SerializeAsString()));
}

template <typename Detail>
std::optional<Detail> Attached(const absl::Status& status) {
  const auto payload = status.GetPayload(TypeUrl<Detail>());
  Detail detail;
  if (!payload || !detail.ParseFromString(std::string(*payload))) return std::nullopt;
  return detail;
}

constexpr size_t kMostFieldBytes = 256;

// At a character's border.
std::string Cut(std::string_view field) {
  if (field.size() <= kMostFieldBytes) return std::string(field);
  size_t end = kMostFieldBytes;
  while (end > 0 && (field[end] & 0xC0) == 0x80) --end;
  return std::string(field.substr(0, end)) + "…";
}

Reason NearestReason(absl::StatusCode code) {
  switch (code) {
    case absl::StatusCode::kInvalidArgument:
    case absl::StatusCode::kOutOfRange:
      return Reason::kInvalidField;
    case absl::StatusCode::kNotFound:
      return Reason::kNotFound;
    case absl::StatusCode::kDeadlineExceeded:
      return Reason::kDeadlineExceeded;
    case absl::StatusCode::kUnavailable:
      return Reason::kServiceUnavailable;
    case absl::StatusCode::kResourceExhausted:
      return Reason::kRateLimited;
    case absl::StatusCode::kPermissionDenied:
      return Reason::kPermissionDenied;
    case absl::StatusCode::kUnauthenticated:
      return Reason::kUnauthenticated;
    case absl::StatusCode::kCancelled:
      return Reason::kCancelled;
    case absl::StatusCode::kAborted:
    case absl::StatusCode::kAlreadyExists:
    case absl::StatusCode::kFailedPrecondition:
      return Reason::kConflict;
    default:
      return Reason::kInternal;
  }
}

}  // namespace

Refusal&& Refusal::With(std::string_view fact, std::string_view value) && {
  facts_.insert_or_assign(std::string(fact), std::string(value));
  return std::move(*this);
}

Refusal&& Refusal::Field(std::string_view field, std::string_view message) && {
  faults_.push_back({std::string(field), std::string(message)});
  return std::move(*this);
}

Refusal&& Refusal::Fields(const std::vector<FieldFault>& faults) && {
  faults_.insert(faults_.end(), faults.begin(), faults.end());
  return std::move(*this);
}

Refusal&& Refusal::RetryAfter(absl::Duration wait) && {
  retry_after_ = wait;
  return std::move(*this);
}

Refusal::operator absl::Status() const {
  const ReasonFacts& facts = FactsOf(reason_);
  absl::Status status(facts.code, message_);
  google::rpc::ErrorInfo info;
  info.set_reason(std::string(facts.name));
  info.set_domain(std::string(kDomain));
  for (const auto& [name, value] : facts_) (*info.mutable_metadata())[name] = value;
  Attach(status, info);
  if (!faults_.empty()) {
    google::rpc::BadRequest bad_request;
    for (const FieldFault& fault : faults_) {
      auto* violation = bad_request.add_field_violations();
      violation->set_field(fault.field);
      violation->set_description(fault.message);
    }
    Attach(status, bad_request);
  }
  if (retry_after_) {
    google::rpc::RetryInfo retry;
    *retry.mutable_retry_delay() =
        google::protobuf::util::TimeUtil::NanosecondsToDuration(absl::ToInt64Nanoseconds(*retry_after_));
    Attach(status, retry);
  }
  return status;
}

void FieldFaults::Add(std::string_view field, std::string_view message) {
  if (++count_ <= kMostListed) faults_.push_back({Cut(field), std::string(message)});
}

absl::Status FieldFaults::Verdict(Reason reason) const {
  if (faults_.empty()) return absl::OkStatus();
  const FieldFault& first = faults_.front();
  std::string message = fmt::format("{} {}", first.field, first.message);
  if (count_ > 1) message += fmt::format(" (and {} more)", count_ - 1);
  Refusal refusal = Refuse(reason, message + ".").Fields(faults_);
  if (count_ == faults_.size()) return refusal;
  return std::move(refusal).With("more_errors", static_cast<int64_t>(count_ - faults_.size()));
}

Reason ReasonOf(const absl::Status& status) {
  if (const auto info = Attached<google::rpc::ErrorInfo>(status); info && info->domain() == kDomain) {
    if (const auto reason = ReasonNamed(info->reason())) return *reason;
  }
  return NearestReason(status.code());
}

std::vector<FieldFault> FieldFaultsOf(const absl::Status& status) {
  std::vector<FieldFault> faults;
  if (const auto bad_request = Attached<google::rpc::BadRequest>(status)) {
    for (const auto& violation : bad_request->field_violations()) {
      faults.push_back({violation.field(), violation.description()});
    }
  }
  return faults;
}

std::optional<absl::Duration> RetryAfterOf(const absl::Status& status) {
  const auto retry = Attached<google::rpc::RetryInfo>(status);
  if (!retry) return std::nullopt;
  return absl::Seconds(retry->retry_delay().seconds()) + absl::Nanoseconds(retry->retry_delay().nanos());
}

std::map<std::string, std::string> FactsOf(const absl::Status& status) {
  std::map<std::string, std::string> facts;
  if (const auto info = Attached<google::rpc::ErrorInfo>(status)) {
    facts.insert(info->metadata().begin(), info->metadata().end());
  }
  return facts;
}

}  // namespace ftl
