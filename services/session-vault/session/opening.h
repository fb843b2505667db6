#pragma once

#include <string>

#include <absl/status/statusor.h>

#include "common/endpoint/url/address_policy.h"
#include "common/endpoint/url/endpoint.h"
#include "common/secret/secret.h"
#include "finetunelab/session_vault/v1/session_vault_service.pb.h"

namespace ftl::vault {

// What a person asks for when they open a session, understood and found acceptable.
struct Opening {
  Endpoint endpoint;
  Secret api_key;       // as it is sent; empty for endpoints without keys
  Secret header_lines;  // further headers as they are sent; empty for none
  std::string model_id;
  std::string model_name;
  std::string provider;  // the stable name, `together` say
  bool forget_key_after_run;
  std::string address;  // AddressSubject of the client
  Secret idempotency_key;
};

// ENDPOINT_NOT_ALLOWED where only the address is at fault, else INVALID_FIELD with every wrong field. No name is looked
// up.
absl::StatusOr<Opening> Understand(const finetunelab::session_vault::v1::OpenSessionRequest& request,
                                   const AddressPolicy& policy);

}  // namespace ftl::vault
