#include "services/session-vault/store/token_store.h"

#include "common/error/try.h"
#include "common/proto/enum_word.h"
#include "common/time/proto_time.h"

namespace ftl::vault {

namespace pb = finetunelab::session_vault::v1;

namespace {

constexpr Query kKnowOwner{"token.know_owner", "INSERT INTO owners (owner) VALUES ($1) ON CONFLICT DO NOTHING"};

#define FTL_COLUMNS "id::text AS id, name, scopes, created_at, expires_at, last_used_at "

constexpr Query kInsert{"token.insert",
                        "INSERT INTO api_tokens (owner, name, scopes, token_sha256, expires_at) "
                        "VALUES ($1, $2, $3, $4, $5) RETURNING " FTL_COLUMNS};

constexpr Query kList{"token.list", "SELECT " FTL_COLUMNS "FROM api_tokens WHERE owner = $1 ORDER BY created_at, id"};

constexpr Query kDelete{"token.delete", "DELETE FROM api_tokens WHERE owner = $1 AND id::text = $2"};

constexpr Query kUse{"token.use", "SELECT owner, scopes FROM use_token($1)"};

constexpr Query kRecord{"token.record", R"(
    INSERT INTO audit_log (event, details) VALUES ($1, jsonb_build_object('owner', $2::text)))"};

std::vector<std::string> WordsOf(const google::protobuf::RepeatedField<int>& scopes) {
  std::vector<std::string> words;
  for (const int scope : scopes) words.push_back(EnumWord(static_cast<pb::Scope>(scope)));
  return words;
}

template <typename Message>
void AddScopes(const std::vector<std::string>& words, Message& message) {
  for (const std::string& word : words) message.add_scopes(EnumOf<pb::Scope>(word));
}

pb::Token TokenFrom(const Row& row) {
  pb::Token token;
  token.set_id(row.Get<std::string>("id"));
  token.set_name(row.Get<std::string>("name"));
  AddScopes(row.Get<std::vector<std::string>>("scopes"), token);
  *token.mutable_created_at() = ToProto(row.Get<absl::Time>("created_at"));
  const auto expires_at = row.Get<std::optional<absl::Time>>("expires_at");
  if (expires_at) *token.mutable_expires_at() = ToProto(*expires_at);
  const auto last_used_at = row.Get<std::optional<absl::Time>>("last_used_at");
  if (last_used_at) *token.mutable_last_used_at() = ToProto(*last_used_at);
  return token;
}

}  // namespace

Task<pb::Token> TokenStore::Insert(Deadline deadline, pb::CreateTokenRequest request, std::string sha256) {
  std::optional<absl::Time> expires_at;
  if (request.has_expires_at()) expires_at = FromProto(request.expires_at());
  std::vector<Statement> statements;
  statements.push_back({kKnowOwner, Params(request.owner())});
  statements.push_back(
      {kInsert, Params(request.owner(), request.name(), WordsOf(request.scopes()), sha256, expires_at)});
  statements.push_back({kRecord, Params("token_created", request.owner())});
  CO_TRY(const std::vector<Rows> rows,
         co_await database_.RunAll(deadline, SessionScope(request.owner()), std::move(statements)));
  co_return TokenFrom(rows[1].Only());
}

Task<std::vector<pb::Token>> TokenStore::List(Deadline deadline, std::string owner) {
  CO_TRY(const Rows rows, co_await database_.Run(deadline, SessionScope(owner), kList, Params(owner)));
  std::vector<pb::Token> tokens;
  for (const Row row : rows) tokens.push_back(TokenFrom(row));
  co_return tokens;
}

Task<bool> TokenStore::Delete(Deadline deadline, std::string owner, std::string id) {
  std::vector<Statement> statements;
  statements.push_back({kDelete, Params(owner, id)});
  statements.push_back({kRecord, Params("token_deleted", owner)});
  CO_TRY(const std::vector<Rows> rows, co_await database_.RunAll(deadline, SessionScope(owner), std::move(statements)));
  co_return rows[0].affected() > 0;
}

Task<std::optional<pb::FindTokenResponse>> TokenStore::Use(Deadline deadline, std::string sha256) {
  CO_TRY(const Rows rows, co_await database_.Run(deadline, SessionScope::None(), kUse, Params(sha256)));
  if (rows.empty()) co_return std::optional<pb::FindTokenResponse>();
  pb::FindTokenResponse found;
  found.set_owner(rows[0].Get<std::string>("owner"));
  AddScopes(rows[0].Get<std::vector<std::string>>("scopes"), found);
  co_return std::optional<pb::FindTokenResponse>(std::move(found));
}

}  // namespace ftl::vault
