#include "services/session-vault/vault/key_lending.h"

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>

#include <absl/strings/ascii.h>

#include "common/endpoint/url/endpoint.h"
#include "common/error/refusal.h"
#include "common/error/try.h"
#include "common/observe/log.h"
#include "common/secret/sealed_box.h"
#include "common/time/proto_time.h"
#include "services/session-vault/vault/api_key_place.h"
#include "services/session-vault/vault/envelope.h"
#include "services/session-vault/vault/pace_key.h"

namespace ftl::vault {

namespace pb = finetunelab::session_vault::v1;

namespace {

// Who may borrow for this; empty for nobody.
std::string_view BorrowerFor(pb::LendPurpose purpose) {
  switch (purpose) {
    case pb::LEND_PURPOSE_CONNECTION_TEST:
    case pb::LEND_PURPOSE_LIST_MODELS:
    case pb::LEND_PURPOSE_RUN:
      return "batch-runner";
    case pb::LEND_PURPOSE_ATLAS:
      return "analytics";
    default:
      return "";
  }
}

std::string PurposeWord(pb::LendPurpose purpose) {
  return absl::AsciiStrToLower(pb::LendPurpose_Name(purpose).substr(std::string_view("LEND_PURPOSE_").size()));
}

absl::Status Forgotten(std::string_view sentence) { return Refuse(Reason::kKeyForgotten, sentence); }

}  // namespace

Task<pb::LendKeyResponse> KeyLending::Lend(const CallContext& call, pb::LendKeyRequest request) {
  const std::string_view borrower = BorrowerFor(request.purpose());
  if (borrower.empty() || call.caller != borrower) {
    co_return Refuse(Reason::kPermissionDenied,
                     "Keys are lent to the service that needs them for its own purpose only.");
  }
  const std::string& hash = request.demo_session_id();
  CO_TRY(SealedKey sealed, co_await sessions_.ReadKey(call.deadline, hash));
  if (!sealed.blob)
    co_return Forgotten("The API key has been forgotten, as was asked for. Open a new session to go on.");
  CO_TRY(const Endpoint endpoint, Endpoint::Parse(sealed.endpoint_url, policy_));
  const absl::StatusOr<Secret> key = OpenEnvelope(keys_, ApiKeyPlace(hash, endpoint.Origin()), *sealed.blob);
  const absl::StatusOr<Secret> headers =
      sealed.headers_blob ? OpenEnvelope(keys_, HeadersPlace(hash, endpoint.Origin()), *sealed.headers_blob) : Secret();
  if (!key.ok() || !headers.ok()) {
    const absl::Status& status = key.ok() ? headers.status() : key.status();
    log::Error("a stored key does not open", {{"demo_session_id", hash}, {"status", status}});
    co_return Forgotten("The API key can no longer be read. Open a new session to go on.");
  }
  std::optional<std::string> box = SealedBox::Seal(request.seal_to(), *key);
  std::optional<std::string> headers_box = SealedBox::Seal(request.seal_to(), *headers);
  if (!box || !headers_box) co_return Refuse(Reason::kInvalidField, "seal_to is no public key of 32 bytes.");
  const Loan loan{hash, call.caller, PurposeWord(request.purpose()), request.test_run_id()};
  if (!loans_.IsUnderWay(loan, sealed.now)) CO_TRY(co_await sessions_.RecordLoan(call.deadline, loan));
  loans_.Note(loan, sealed.now);
  pb::LendKeyResponse response = std::move(sealed.terms);
  response.set_sealed_api_key(*std::move(box));
  response.set_sealed_header_lines(*std::move(headers_box));
  response.set_pace_key(PaceKey(keys_.masters(), endpoint, *key, *headers));
  *response.mutable_good_until() = ToProto(std::min(sealed.now + kLoan, sealed.expires_at));
  co_return response;
}

}  // namespace ftl::vault
