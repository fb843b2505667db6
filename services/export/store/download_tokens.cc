#include "services/export/store/download_tokens.h"

#include <array>
#include <optional>

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
  DELETE FROM demo_download_tokens WHERE token_hash = $1 AND expires_at > now()
  RETURNING demo_session_id, test_run_id::text AS test_run_id, format, array_to_string(prompt_ids, ',') AS prompt_ids)"};

constexpr Query kLook{"export.look", R"(
  SELECT demo_session_id, test_run_id::text AS test_run_id, format, array_to_string(prompt_ids, ',') AS prompt_ids
  FROM demo_download_tokens WHERE token_hash = $1 AND expires_at > now())"};

}  // namespace

Task<Download> DownloadTokens::Redeem(Deadline deadline, std::string token) {
  return Find(deadline, kRedeem, std::move(token));
}

Task<Download> DownloadTokens::Look(Deadline deadline, std::string token) {
  return Find(deadline, kLook, std::move(token));
}

Task<Download> DownloadTokens::Find(Deadline deadline, Query query, std::string token) {
  CO_TRY(const Rows rows, co_await database_.Run(deadline, SessionScope::None(), query, Params(TokenHash(token))));
  if (rows.empty()) {
    co_return Refuse(Reason::kNotFound,
                     "This download link has been used or is older than five minutes. Ask for the export once more.");
  }
  const Row row = rows.Only();
  Download download{
      .session = row.Get<std::string>("demo_session_id"),
      .test_run_id = row.Get<std::string>("test_run_id"),
      .format = EnumOf<finetunelab::exporter::v1::ExportFormat>(row.Get<std::string_view>("format")),
  };
  const std::string ids = row.Get<std::optional<std::string>>("prompt_ids").value_or("");
  for (const absl::string_view id : absl::StrSplit(ids, ',', absl::SkipEmpty())) {
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
