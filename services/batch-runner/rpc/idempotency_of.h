#pragma once

#include <string>

#include <absl/strings/escaping.h>
#include <openssl/sha.h>

#include "services/batch-runner/store/idempotency.h"

namespace ftl::batch_runner {

// What a repeat with the same key must have in common with the first call: everything but the key.
template <typename Request>
Idempotency IdempotencyOf(Request request) {
  if (request.idempotency_key().empty()) return {};
  Idempotency idempotency;
  idempotency.key = request.idempotency_key();
  request.clear_idempotency_key();
  const std::string content = request.SerializeAsString();
  unsigned char digest[SHA256_DIGEST_LENGTH];
  SHA256(reinterpret_cast<const unsigned char*>(content.data()), content.size(), digest);
  idempotency.digest = absl::BytesToHexString(std::string(reinterpret_cast<const char*>(digest), sizeof digest));
  return idempotency;
}

}  // namespace ftl::batch_runner
