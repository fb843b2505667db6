#include "services/batch-runner/connection/connection_probe.h"

#include <absl/cleanup/cleanup.h>

#include "common/error/refusal.h"
#include "common/error/try.h"

namespace ftl::batch_runner {
namespace {

constexpr absl::Duration kLimit = absl::Seconds(10);
// What opens a connection has as long; its own failure says more.
constexpr absl::Duration kGrace = absl::Milliseconds(250);

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

pb::TestConnectionResponse NotYet() {
  constexpr const char* kSentence =
      "The endpoint took the request and has not answered in 10 s. A model that is still loading needs longer: the "
      "call "
      "is kept open for up to a minute, so test again in a moment.";
  pb::TestConnectionResponse response;
  response.set_message(kSentence);
  response.set_error(kSentence);
  response.set_error_type(endpoint_pb::ERROR_TYPE_TIMEOUT);
  return response;
}

pb::TestConnectionResponse DoorIsClosed(absl::Duration left) {
  const std::string sentence = ClosedDoorSentence(left);
  pb::TestConnectionResponse response;
  response.set_message(sentence);
  response.set_error(sentence);
  response.set_error_type(endpoint_pb::ERROR_TYPE_RATE_LIMIT);
  return response;
}

}  // namespace

Task<std::shared_ptr<Greeting>> ConnectionProbe::GreetingOf(const CallContext& call, std::string session,
                                                            absl::Duration& closed_for) {
  if (const auto known = under_way_.find(session); known != under_way_.end()) co_return known->second;
  CO_TRY(KeyLoans::Loan loan, co_await keys_.For(call, session, vault_pb::LEND_PURPOSE_CONNECTION_TEST));
  CO_TRY(Endpoint endpoint, Endpoint::Parse(loan.endpoint_url, policy_));
  closed_for = TimeLeft(doors_.ClosedUntil(loan.pace_key));
  if (closed_for > absl::ZeroDuration()) co_return nullptr;
  std::erase_if(under_way_, [](const auto& greeting) { return greeting.second->has_ended(); });
  // Another test may have begun it while this one borrowed.
  auto& greeting = under_way_[session];
  if (greeting != nullptr) co_return greeting;
  greeting = std::make_shared<Greeting>(executor_, caller_, std::move(endpoint), std::move(loan), std::move(session));
  greeting->Begin();
  co_return greeting;
}

Task<pb::TestConnectionResponse> ConnectionProbe::Test(const CallContext& call, std::string session) {
  if (const auto known = under_way_.find(session); known != under_way_.end() && known->second->has_ended()) {
    under_way_.erase(known);
  }
  absl::Duration closed_for;
  CO_TRY(const std::shared_ptr<Greeting> greeting, co_await GreetingOf(call, session, closed_for));
  if (!greeting) co_return DoorIsClosed(closed_for);
  absl::Cleanup break_off = [&] { greeting->BreakOff(); };
  const auto reply = co_await greeting->Heard(kLimit + kGrace);
  std::move(break_off).Cancel();
  if (reply) {
    under_way_.erase(session);
    CO_TRY(reply->status());
  }
  pb::TestConnectionResponse response = reply ? ResponseOf(**reply) : NotYet();
  vault_pb::RecordConnectionTestRequest record;
  record.set_demo_session_id(session);
  record.set_success(response.success());
  if (response.has_latency()) *record.mutable_latency() = response.latency();
  if (response.has_error()) record.set_error(response.error());
  if (response.has_capabilities()) *record.mutable_capabilities() = response.capabilities();
  CO_TRY(co_await keys_.RecordConnectionTest(call, std::move(record)));
  co_return response;
}

void ConnectionProbe::Drop(const std::string& session) {
  if (const auto known = under_way_.find(session); known != under_way_.end()) known->second->BreakOff();
}

void ConnectionProbe::Close() {
  for (auto& [session, greeting] : under_way_) greeting->BreakOff();
}

}  // namespace ftl::batch_runner
