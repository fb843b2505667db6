#include "services/session-vault/session/opening.h"

#include <algorithm>
#include <optional>
#include <utility>

#include <absl/strings/ascii.h>
#include <fmt/format.h>

#include "common/endpoint/credential.h"
#include "common/endpoint/url/provider.h"
#include "common/error/refusal.h"
#include "common/error/try.h"
#include "common/proto/enum_word.h"
#include "common/text/view.h"
#include "services/session-vault/session/client_address.h"
#include "services/session-vault/store/provider_word.h"

namespace ftl::vault {

namespace pb = finetunelab::session_vault::v1;
namespace endpoint_pb = finetunelab::endpoint::v1;

namespace {

constexpr size_t kLongestNameBytes = 256;
constexpr size_t kLongestIdempotencyKeyBytes = 256;

bool HasControls(std::string_view text) {
  return std::any_of(text.begin(), text.end(),
                     [](char c) { return absl::ascii_iscntrl(static_cast<unsigned char>(c)); });
}

void JudgeName(std::string_view field, std::string_view name, FieldFaults& faults) {
  if (name.size() > kLongestNameBytes) {
    faults.Add(field, fmt::format("is longer than {} bytes", kLongestNameBytes));
  } else if (HasControls(name)) {
    faults.Add(field, "has control characters");
  }
}

}  // namespace

absl::StatusOr<Opening> Understand(const pb::OpenSessionRequest& request, const AddressPolicy& policy) {
  FieldFaults faults;
  absl::StatusOr<Endpoint> endpoint = Endpoint::ParsePasted(request.endpoint_url(), policy);
  const absl::StatusOr<std::string_view> api_key = CleanKey(request.api_key());
  absl::StatusOr<Secret> header_lines = HeaderLines(request.headers());
  const absl::StatusOr<std::string> address = AddressSubject(request.client_address());
  const std::string_view model_id = ToStd(absl::StripAsciiWhitespace(request.model_id()));
  if (model_id.empty()) faults.Add("model_id", "is missing");
  JudgeName("model_id", model_id, faults);
  JudgeName("model_name", request.model_name(), faults);
  if (!endpoint_pb::Provider_IsValid(request.provider())) {
    faults.Add("provider", fmt::format("must be {}", EnumWords<endpoint_pb::Provider>()));
  }
  if (request.idempotency_key().size() > kLongestIdempotencyKeyBytes) {
    faults.Add("idempotency_key", fmt::format("is longer than {} bytes", kLongestIdempotencyKeyBytes));
  }
  for (const absl::Status& status : {api_key.status(), header_lines.status(), address.status()}) {
    for (const FieldFault& fault : FieldFaultsOf(status)) faults.Add(fault.field, fault.message);
  }
  if (faults.empty()) TRY(endpoint.status());
  for (const FieldFault& fault : FieldFaultsOf(endpoint.status())) faults.Add(fault.field, fault.message);
  TRY(faults.Verdict());
  TRY(endpoint.status());

  Opening opening{*std::move(endpoint),
                  Secret(*api_key),
                  *std::move(header_lines),
                  std::string(model_id),
                  request.model_name(),
                  "",
                  request.forget_key_after_run(),
                  *address,
                  Secret(request.idempotency_key())};
  if (opening.model_name.empty()) opening.model_name = opening.model_id;
  opening.provider = request.provider() == endpoint_pb::PROVIDER_UNSPECIFIED ? ProviderOf(opening.endpoint).provider
                                                                             : ProviderWord(request.provider());
  return opening;
}

}  // namespace ftl::vault
