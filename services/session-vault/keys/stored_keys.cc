#include "services/session-vault/keys/stored_keys.h"

#include <algorithm>
#include <optional>
#include <utility>

#include <absl/strings/ascii.h>
#include <fmt/format.h>

#include "common/endpoint/url/endpoint.h"
#include "common/endpoint/url/key_service.h"
#include "common/error/refusal.h"
#include "common/error/try.h"
#include "common/observe/log.h"
#include "common/secret/sealed_box.h"
#include "common/time/proto_time.h"
#include "services/session-vault/vault/length_prefixed.h"
#include "services/session-vault/vault/pace_key.h"
#include "services/session-vault/vault/stored_envelope.h"

namespace ftl::vault {

namespace pb = finetunelab::session_vault::v1;

namespace {

constexpr size_t kLongestName = 64;
constexpr std::string_view kDefault = "default";

void JudgeName(std::string_view field, std::string_view name, FieldFaults& faults) {
  const bool has_controls =
      std::any_of(name.begin(), name.end(), [](unsigned char c) { return absl::ascii_iscntrl(c); });
  if (name.empty() || name.size() > kLongestName) faults.Add(field, fmt::format("must be 1 to {} bytes", kLongestName));
  if (has_controls) faults.Add(field, "has control characters");
}

// What a blob is bound to besides its column: whose key it is, of what, and where it may go.
struct StoredPlace {
  StoredPlace(const StoredKeyRow& row, const Endpoint& endpoint)
      : row_name(LengthPrefixed({row.owner, row.service_name, row.name})), origin(endpoint.Origin()) {}

  Place place() const { return {"stored api key", "api_keys", "api_key_encrypted", row_name, origin}; }

  std::string row_name;
  std::string origin;
};

absl::StatusOr<Secret> OpenRow(const MasterKeys& masters, const Endpoint& endpoint, const StoredKeyRow& row) {
  return OpenStored(masters, StoredPlace(row, endpoint).place(), row.blob);
}

absl::Status MustBeStoredAgain(const StoredKeyRow& row) {
  return Refuse(Reason::kKeyForgotten,
                fmt::format("The key of {} can no longer be opened. Store it again.", row.service_name))
      .With("service_name", row.service_name);
}

pb::StoredKey StoredKeyFrom(const StoredKeyRow& row, bool opens) {
  pb::StoredKey key;
  key.set_service_name(row.service_name);
  key.set_name(row.name);
  key.set_base_url(row.endpoint_url);
  if (row.key_hint) key.set_key_hint(*row.key_hint);
  *key.mutable_created_at() = ToProto(row.created_at);
  if (row.last_used_at) *key.mutable_last_used_at() = ToProto(*row.last_used_at);
  if (row.last_test_at) {
    key.mutable_last_test()->set_success(row.last_test_success);
    *key.mutable_last_test()->mutable_at() = ToProto(*row.last_test_at);
    key.mutable_last_test()->set_message(row.last_test_message);
  }
  key.set_needs_reentry(!opens);
  key.set_shared(row.shared);
  key.set_project(row.project);
  return key;
}

void AddSupported(pb::ListStoredKeysResponse& response) {
  for (const KeyService& service : KeyServices()) {
    pb::SupportedService* supported = response.add_supported_services();
    supported->set_service_name(std::string(service.service_name));
    supported->set_name(std::string(service.name));
    supported->set_key_format(std::string(service.key_format));
    supported->set_docs_url(std::string(service.docs_url));
    supported->set_needs_base_url(service.needs_base_url);
  }
}

// The row that is meant: by its name, or the service's only one.
absl::StatusOr<StoredKeyRow> TheOne(std::vector<StoredKeyRow> rows, std::string_view service_name) {
  if (rows.empty()) {
    return Refuse(Reason::kNotFound, fmt::format("No key of {} is stored here.", service_name));
  }
  if (rows.size() == 1) return std::move(rows.front());
  return Refuse(Reason::kInvalidField,
                fmt::format("Several keys of {} are stored here; say which by its name.", service_name))
      .Field("name", "is missing");
}

}  // namespace

Task<pb::PutStoredKeyResponse> StoredKeys::Put(const CallContext& call, pb::PutStoredKeyRequest request) {
  const KeyService* service = KeyServiceNamed(request.service_name());
  FieldFaults faults;
  if (service == nullptr) {
    faults.Add("service_name", fmt::format("must be one of {}", KeyServiceNames()));
    co_return faults.Verdict();
  }
  StoredKeyRow row;
  row.owner = request.owner();
  row.service_name = service->service_name;
  row.name = request.has_name() || service->has_several ? request.name() : std::string(kDefault);
  row.project = request.has_project() ? request.project() : std::string(kDefault);
  row.shared = request.shared();
  JudgeName("name", row.name, faults);
  JudgeName("project", row.project, faults);
  const absl::StatusOr<Endpoint> endpoint = KeyAddress(*service, request.base_url(), request.api_version(), policy_);
  const absl::StatusOr<std::string_view> api_key = JudgeKey(*service, request.api_key());
  if (faults.empty()) {
    CO_TRY(api_key.status());
    CO_TRY(endpoint.status());
  }
  for (const absl::Status& status : {api_key.status(), endpoint.status()}) {
    for (const FieldFault& fault : FieldFaultsOf(status)) faults.Add(fault.field, fault.message);
  }
  CO_TRY(faults.Verdict());
  row.endpoint_url = endpoint->Text();
  const Secret key(*api_key);
  if (std::string hint = KeyHint(*api_key); !hint.empty()) row.key_hint = std::move(hint);
  CO_TRY(row.blob, SealStored(masters_, StoredPlace(row, *endpoint).place(), key));
  CO_TRY(const absl::Time created_at, co_await store_.Put(call.deadline, row));
  pb::PutStoredKeyResponse response;
  response.set_service_name(row.service_name);
  response.set_name(row.name);
  if (row.key_hint) response.set_key_hint(*row.key_hint);
  *response.mutable_created_at() = ToProto(created_at);
  co_return response;
}

Task<pb::ListStoredKeysResponse> StoredKeys::List(const CallContext& call, std::string owner) {
  CO_TRY(const std::vector<StoredKeyRow> rows, co_await store_.List(call.deadline, owner));
  pb::ListStoredKeysResponse response;
  for (const StoredKeyRow& row : rows) {
    const auto endpoint = Endpoint::Parse(row.endpoint_url, policy_);
    const bool opens = endpoint.ok() && OpenRow(masters_, *endpoint, row).ok();
    *response.add_configured_services() = StoredKeyFrom(row, opens);
  }
  AddSupported(response);
  co_return response;
}

Task<bool> StoredKeys::Delete(const CallContext& call, pb::DeleteStoredKeyRequest request) {
  CO_TRY(std::vector<StoredKeyRow> rows,
         co_await store_.Find(call.deadline, request.owner(), request.service_name(), request.name()));
  std::erase_if(rows, [&](const StoredKeyRow& row) { return row.owner != request.owner(); });
  if (rows.empty()) co_return false;
  CO_TRY(const StoredKeyRow row, TheOne(std::move(rows), request.service_name()));
  co_return co_await store_.Delete(call.deadline, row);
}

Task<> StoredKeys::RecordTest(const CallContext& call, pb::RecordStoredKeyTestRequest request) {
  co_return co_await store_.RecordTest(call.deadline, std::move(request));
}

Task<pb::LendStoredKeyResponse> StoredKeys::Lend(const CallContext& call, pb::LendStoredKeyRequest request) {
  CO_TRY(std::vector<StoredKeyRow> rows,
         co_await store_.Find(call.deadline, request.owner(), request.service_name(), request.name()));
  CO_TRY(const StoredKeyRow row, TheOne(std::move(rows), request.service_name()));
  CO_TRY(const Endpoint endpoint, Endpoint::Parse(row.endpoint_url, policy_));
  const absl::StatusOr<Secret> key = OpenRow(masters_, endpoint, row);
  if (!key.ok()) {
    log::Error("a stored key of the workspace does not open",
               {{"service", row.service_name}, {"status", key.status()}});
    co_return MustBeStoredAgain(row);
  }
  std::optional<std::string> box = SealedBox::Seal(request.seal_to(), *key);
  if (!box) co_return Refuse(Reason::kInvalidField, "seal_to is no public key of 32 bytes.");
  CO_TRY(co_await store_.RecordLoan(call.deadline, row, request.owner(), call.caller));
  pb::LendStoredKeyResponse response;
  response.set_sealed_api_key(*std::move(box));
  response.set_service_name(row.service_name);
  response.set_name(row.name);
  response.set_endpoint_url(row.endpoint_url);
  response.set_dialect(std::string(KeyServiceNamed(row.service_name)->dialect));
  response.set_pace_key(PaceKey(masters_, endpoint, *key, /*headers=*/Secret()));
  co_return response;
}

Task<int> StoredKeys::Rewrap(const CallContext& call) {
  CO_TRY(const std::vector<std::string> owners, co_await store_.Owners(call.deadline));
  int rewrapped = 0;
  for (const std::string& owner : owners) {
    CO_TRY(const std::vector<StoredKeyRow> rows, co_await store_.List(call.deadline, owner));
    for (const StoredKeyRow& row : rows) {
      const auto endpoint = Endpoint::Parse(row.endpoint_url, policy_);
      if (row.owner != owner || !endpoint.ok()) continue;
      const auto anew = RewrapStored(masters_, StoredPlace(row, *endpoint).place(), row.blob);
      if (!anew.ok()) {
        log::Error("a stored key of the workspace does not open and stays as it is", {{"service", row.service_name}});
        continue;
      }
      if (!*anew) continue;
      CO_TRY(const bool replaced, co_await store_.Replace(call.deadline, row, **anew));
      rewrapped += replaced ? 1 : 0;
    }
  }
  co_return rewrapped;
}

}  // namespace ftl::vault
