#include "services/session-vault/session/admission.h"

#include <string>
#include <utility>
#include <vector>

#include <absl/strings/escaping.h>

#include "common/error/refusal.h"
#include "common/error/try.h"
#include "common/session/session_id.h"
#include "common/text/view.h"
#include "common/time/proto_time.h"
#include "services/session-vault/session/session_identity.h"
#include "services/session-vault/session/session_metrics.h"
#include "services/session-vault/vault/aead.h"
#include "services/session-vault/vault/api_key_place.h"

namespace ftl::vault {

namespace pb = finetunelab::session_vault::v1;

namespace {

constexpr size_t kSaltBytes = 16;

bool MayHaveLostToItsTwin(const absl::Status& status) {
  return IsUniqueViolation(status) || ReasonOf(status) == Reason::kActiveSessionExists;
}

NewSession SessionOf(const Opening& opening, absl::Duration life) {
  NewSession session;
  session.endpoint_url = opening.endpoint.Text();
  session.endpoint_origin = opening.endpoint.Origin();
  session.model_id = opening.model_id;
  session.model_name = opening.model_name;
  session.provider = opening.provider;
  session.forget_key_after_run = opening.forget_key_after_run;
  session.address = opening.address;
  session.life = life;
  return session;
}

}  // namespace

Task<pb::OpenSessionResponse> Admission::Open(Deadline deadline, Opening opening) {
  const bool repeatable = !opening.idempotency_key.empty();
  if (repeatable) {
    CO_TRY(std::optional<Response> repeat, co_await FindRepeat(deadline, opening));
    if (repeat) co_return *std::move(repeat);
  }
  absl::StatusOr<Response> opened = co_await OpenNew(deadline, opening);
  if (repeatable && MayHaveLostToItsTwin(opened.status())) {
    CO_TRY(std::optional<Response> repeat, co_await FindRepeat(deadline, opening));
    if (repeat) co_return *std::move(repeat);
  }
  co_return opened;
}

Task<std::optional<pb::OpenSessionResponse>> Admission::FindRepeat(Deadline deadline, const Opening& opening) {
  CO_TRY(const std::optional<OpenedBefore> before,
         co_await sessions_.FindOpenedBefore(deadline, IdempotencyDigests(keys_.masters(), opening)));
  if (!before) co_return std::optional<Response>();
  for (const Secret& id : DerivedSessionIds(keys_.masters(), opening, before->salt)) {
    if (SessionHash(id.Reveal()) != before->hash) continue;
    CO_TRY(const pb::GetSessionResponse session, co_await sessions_.Use(deadline, before->hash));
    Response response;
    response.set_session_id(std::string(id.Reveal()));
    *response.mutable_expires_at() = session.expires_at();
    response.set_model_id(session.model_id());
    response.set_model_name(session.model_name());
    co_return std::optional<Response>(std::move(response));
  }
  co_return Refuse(Reason::kIdempotencyKeyReused,
                   "This Idempotency-Key has opened another session; take a new key for another request.");
}

Task<pb::OpenSessionResponse> Admission::OpenNew(Deadline deadline, const Opening& opening) {
  NewSession session = SessionOf(opening, limits_.session_life);
  CO_TRY(Secret id, NewSessionId());
  if (!opening.idempotency_key.empty()) {
    CO_TRY(const Secret salt, RandomSecret(kSaltBytes));
    session.idempotency_salt = absl::BytesToHexString(ToAbsl(salt.Reveal()));
    session.idempotency_digest = IdempotencyDigests(keys_.masters(), opening).front();
    id = std::move(DerivedSessionIds(keys_.masters(), opening, *session.idempotency_salt).front());
  }
  session.hash = *SessionHash(id.Reveal());

  auto work = [&](Transaction& transaction) -> Task<absl::Time> {
    CO_TRY(const absl::Time now,
           co_await sessions_.TakePlace(transaction, session.address, limits_.sessions_per_address,
                                        session.idempotency_digest));
    CO_TRY(co_await sessions_.HoldEpochKey(transaction, keys_.EpochAt(now)));
    CO_TRY(const EpochKey key, keys_.KeyAt(now));
    const Place place = ApiKeyPlace(session.hash, session.endpoint_origin);
    CO_TRY(session.api_key_encrypted, SealEnvelope(key, place, opening.api_key));
    if (!opening.header_lines.empty()) {
      const Place headers_place = HeadersPlace(session.hash, session.endpoint_origin);
      CO_TRY(session.headers_encrypted, SealEnvelope(key, headers_place, opening.header_lines));
    }
    session.key_id = key.id.Text();
    co_return co_await sessions_.Insert(transaction, session);
  };
  CO_TRY(const absl::Time expires_at, co_await database_.Transact(deadline, SessionScope(session.hash), work));
  session_metrics::Opened();

  Response response;
  response.set_session_id(std::string(id.Reveal()));
  *response.mutable_expires_at() = ToProto(expires_at);
  response.set_model_id(opening.model_id);
  response.set_model_name(opening.model_name);
  co_return response;
}

}  // namespace ftl::vault
