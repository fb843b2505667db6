#include "services/export/store/download_tokens.h"

#include <array>
#include <optional>
#include <utility>
#include <vector>

#include <absl/strings/escaping.h>
#include <absl/strings/numbers.h>
#include <absl/strings/str_split.h>
#include <openssl/sha.h>

#include "common/error/refusal.h"
#include "common/error/try.h"
#include "common/proto/enum_word.h"
#include "common/text/view.h"

namespace ftl::exporter {
namespace {

constexpr Query kRedeem{"export.redeem", R"(
  DELETE FROM demo_download_tokens WHERE token_hash = $1
  RETURNING demo_session_id, test_run_id::text AS test_run_id, format, prompt_ids, expires_at)"};

constexpr Query kLook{"export.look", R"(
  SELECT demo_session_id, test_run_id::text AS test_run_id, format, prompt_ids, expires_at
  FROM demo_download_tokens WHERE token_hash = $1)"};

constexpr Query kNow{"export.now", "SELECT now() AS now"};

}  // namespace

Task<Download> DownloadTokens::Redeem(Deadline deadline, std::string token) {
  return Find(deadline, kRedeem, std::move(token));
}

Task<Download> DownloadTokens::Look(Deadline deadline, std::string token) {
  return Find(deadline, kLook, std::move(token));
}

Task<Download> DownloadTokens::Find(Deadline deadline, Query query, std::string token) {
  std::vector<Statement> statements = {{query, Params(TokenHash(token))}, {kNow, {}}};
  CO_TRY(const std::vector<Rows> rows,
         co_await database_.RunAll(deadline, SessionScope::None(), std::move(statements)));
  const absl::Time now = rows[1].Only().Get<absl::Time>("now");
  if (rows[0].empty() || rows[0].Only().Get<absl::Time>("expires_at") <= now) {
    co_return Refuse(Reason::kNotFound,
                     "This download link has been used or is older than five minutes. Ask for the export once more.");
  }
  const Row row = rows[0].Only();
  Download download{
      .session = row.Get<std::string>("demo_session_id"),
      .test_run_id = row.Get<std::string>("test_run_id"),
      .format = EnumOf<finetunelab::exporter::v1::ExportFormat>(row.Get<std::string_view>("format")),
  };
  const std::string ids = row.Get<std::optional<std::string>>("prompt_ids").value_or("");
  for (const absl::string_view id : absl::StrSplit(ids, absl::ByAnyChar("{,}"), absl::SkipEmpty())) {
    int32_t prompt_id = 0;
    if (absl::SimpleAtoi(id, &prompt_id)) download.filter.add_prompt_id(prompt_id);
  }
  co_return download;
}

std::string TokenHash(std::string_view token) {
  std::array<unsigned char, SHA256_DIGEST_LENGTH> digest;
  SHA256(reinterpret_cast<const unsigned char*>(token.data()), token.size(), digest.data());
  return absl::BytesToHexString(ToAbsl(std::string_view(reinterpret_cast<const char*>(digest.data()), digest.size())));
}

}  // namespace ftl::exporter
