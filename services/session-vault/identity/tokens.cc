#include "services/session-vault/identity/tokens.h"

#include <algorithm>
#include <optional>

#include <absl/strings/ascii.h>
#include <absl/strings/escaping.h>
#include <absl/time/clock.h>
#include <fmt/format.h>

#include "common/error/refusal.h"
#include "common/error/try.h"
#include "common/proto/enum_word.h"
#include "common/secret/secret.h"
#include "common/text/view.h"
#include "common/time/proto_time.h"
#include "common/workspace/token.h"
#include "services/session-vault/vault/aead.h"

namespace ftl::vault {

namespace pb = finetunelab::session_vault::v1;

namespace {

constexpr size_t kTokenBytes = 32;
constexpr size_t kLongestName = 64;

absl::StatusOr<Secret> NewToken() {
  TRY(const Secret bits, RandomSecret(kTokenBytes));
  std::string text = absl::WebSafeBase64Escape(ToAbsl(bits.Reveal()));
  text.erase(text.find_last_not_of('=') + 1);
  text.insert(0, kTokenPrefix);
  return Secret::Take(std::move(text));
}

absl::Status Judge(const pb::CreateTokenRequest& request) {
  FieldFaults faults;
  const std::string& name = request.name();
  if (name.empty() || name.size() > kLongestName)
    faults.Add("name", fmt::format("must be 1 to {} bytes", kLongestName));
  if (std::any_of(name.begin(), name.end(), [](unsigned char c) { return absl::ascii_iscntrl(c); })) {
    faults.Add("name", "has control characters");
  }
  if (request.scopes().empty()) faults.Add("scopes", "is missing");
  for (const int scope : request.scopes()) {
    if (scope == pb::SCOPE_UNSPECIFIED || !pb::Scope_IsValid(scope)) {
      faults.Add("scopes", "must be " + EnumWords<pb::Scope>());
      break;
    }
  }
  if (request.has_expires_at() && FromProto(request.expires_at()) <= absl::Now()) {
    faults.Add("expires_at", "must be in the future");
  }
  return faults.Verdict();
}

}  // namespace

Task<pb::CreateTokenResponse> Tokens::Create(const CallContext& call, pb::CreateTokenRequest request) {
  CO_TRY(Judge(request));
  CO_TRY(const Secret token, NewToken());
  CO_TRY(const pb::Token stored, co_await store_.Insert(call.deadline, request, TokenSha256(token.Reveal())));
  pb::CreateTokenResponse response;
  response.set_id(stored.id());
  response.set_token(std::string(token.Reveal()));
  response.set_name(stored.name());
  *response.mutable_scopes() = stored.scopes();
  *response.mutable_created_at() = stored.created_at();
  if (stored.has_expires_at()) *response.mutable_expires_at() = stored.expires_at();
  co_return response;
}

Task<pb::ListTokensResponse> Tokens::List(const CallContext& call, std::string owner) {
  CO_TRY(const std::vector<pb::Token> tokens, co_await store_.List(call.deadline, std::move(owner)));
  pb::ListTokensResponse response;
  for (const pb::Token& token : tokens) *response.add_tokens() = token;
  co_return response;
}

Task<bool> Tokens::Delete(const CallContext& call, pb::DeleteTokenRequest request) {
  co_return co_await store_.Delete(call.deadline, request.owner(), request.id());
}

Task<pb::FindTokenResponse> Tokens::Find(const CallContext& call, std::string token_sha256) {
  CO_TRY(std::optional<pb::FindTokenResponse> found, co_await store_.Use(call.deadline, std::move(token_sha256)));
  if (found) co_return *std::move(found);
  co_return Refuse(Reason::kUnauthenticated,
                   "This token opens nothing here: it is none, was deleted, or its time is over.");
}

}  // namespace ftl::vault
