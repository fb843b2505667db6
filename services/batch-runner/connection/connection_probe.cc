#include "services/batch-runner/connection/connection_probe.h"

#include "common/error/refusal.h"
#include "common/error/try.h"

namespace ftl::batch_runner {
namespace {

constexpr absl::Duration kLimit = absl::Seconds(10);
constexpr int kMaxTokens = 256;
// A token says that it is connected; what comes right after it, whether usage does.
constexpr absl::Duration kEnough = absl::Milliseconds(500);
constexpr const char* kPrompt = "Hello, are you there?";

pb::TestConnectionResponse ResponseOf(const ChatReply& reply) {
  pb::TestConnectionResponse response;
  const bool connected = reply.ok() || reply.has_any_token();
  response.set_success(connected);
  if (reply.timing.has_latency()) *response.mutable_latency() = reply.timing.latency();
  if (reply.timing.has_ttft()) *response.mutable_ttft() = reply.timing.ttft();
  if (connected) {
    response.set_message("Connection successful");
  } else {
    response.set_message(reply.failure.sentence);
    response.set_error(reply.failure.sentence);
    response.set_error_type(reply.failure.error_type);
  }
  *response.mutable_capabilities() = reply.learned;
  return response;
}

}  // namespace

Task<pb::TestConnectionResponse> ConnectionProbe::Test(const CallContext& call, std::string session) {
  CO_TRY(const KeyLoans::Loan loan, co_await keys_.For(call, session, vault_pb::LEND_PURPOSE_CONNECTION_TEST));
  CO_TRY(const Endpoint endpoint, Endpoint::Parse(loan.endpoint_url, policy_));
  const ChatRequest request{.model = loan.model_id,
                            .messages = {{"user", kPrompt}},
                            .temperature = 0.7,
                            .max_tokens = kMaxTokens,
                            .stream = true,
                            .enough_after_token = kEnough,
                            .capabilities = loan.capabilities};
  CO_TRY(const ChatReply reply, co_await caller_.Chat(DeadlineIn(kLimit), endpoint, loan.key, session, request));
  pb::TestConnectionResponse response = ResponseOf(reply);
  vault_pb::RecordConnectionTestRequest record;
  record.set_demo_session_id(session);
  record.set_success(response.success());
  if (response.has_latency()) *record.mutable_latency() = response.latency();
  if (response.has_error()) record.set_error(response.error());
  *record.mutable_capabilities() = response.capabilities();
  CO_TRY(co_await keys_.RecordConnectionTest(call, std::move(record)));
  co_return response;
}

}  // namespace ftl::batch_runner
