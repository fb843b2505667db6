#include "services/analytics/store/download_tokens.h"

#include <utility>

#include <absl/strings/escaping.h>
#include <openssl/rand.h>
#include <openssl/sha.h>

#include "common/error/refusal.h"
#include "common/error/try.h"
#include "services/analytics/store/run_scope.h"

namespace ftl::analytics {
namespace {

constexpr Query kOffer{"download.offer", R"(
  INSERT INTO demo_download_tokens (token_hash, demo_session_id, test_run_id, format, prompt_ids)
  VALUES ($1, $2, $3::uuid, $4, $5::bigint[]::integer[]))"};

std::string Hex(const unsigned char* bytes, size_t size) {
  return absl::BytesToHexString(absl::string_view(reinterpret_cast<const char*>(bytes), size));
}

}  // namespace

Task<std::string> OfferDownload(Database& database, const CallContext& call, std::string session,
                                std::string test_run_id, std::string format,
                                std::optional<std::vector<int32_t>> prompt_ids) {
  unsigned char random[32];
  if (RAND_bytes(random, sizeof random) != 1) co_return Refuse(Reason::kInternal, "No random numbers could be had.");
  std::string token = Hex(random, sizeof random);
  unsigned char hash[SHA256_DIGEST_LENGTH];
  SHA256(reinterpret_cast<const unsigned char*>(token.data()), token.size(), hash);
  RunScope scope;
  scope.session = session;
  std::vector<Statement> statements = {
      {kOffer, Params(Hex(hash, sizeof hash), session, test_run_id, format, prompt_ids)}};
  CO_TRY(co_await RunScoped(database, call, std::move(scope), std::move(statements)));
  co_return token;
}

}  // namespace ftl::analytics
