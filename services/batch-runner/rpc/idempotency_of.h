#pragma once

#include <string>

#include <absl/strings/escaping.h>
#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>
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
  std::string content;
  {
    google::protobuf::io::StringOutputStream out(&content);
    google::protobuf::io::CodedOutputStream coded(&out);
    coded.SetSerializationDeterministic(true);  // maps have no order of their own
    request.SerializeToCodedStream(&coded);
  }
  unsigned char digest[SHA256_DIGEST_LENGTH];
  SHA256(reinterpret_cast<const unsigned char*>(content.data()), content.size(), digest);
  idempotency.digest = absl::BytesToHexString(std::string(reinterpret_cast<const char*>(digest), sizeof digest));
  return idempotency;
}

}  // namespace ftl::batch_runner
