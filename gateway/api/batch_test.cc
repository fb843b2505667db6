#include "gateway/api/batch_test.h"

#include <charconv>

#include "common/error/refusal.h"
#include "common/error/try.h"
#include "common/json/message_json.h"
#include "common/proto/copy_fields.h"
#include "finetunelab/batch_runner/v1/batch_runner_service.pb.h"
#include "gateway/http/sse_writer.h"

namespace ftl::gateway {

namespace pb = finetunelab::batch_runner::v1;

namespace {

constexpr std::string_view kGetRun = "finetunelab.batch_runner.v1.BatchRunnerService.GetRun";

Task<> SendRun(Services& services, Incoming& incoming) {
  const bool by_id = !static_cast<const pb::GetRunRequest&>(*incoming.request).test_run_id().empty();
  CO_TRY(const auto response,
         co_await services.upstream.Call(incoming.call, Upstream::MethodNamed(incoming.route.rpc), incoming.request));
  std::string json;
  if (by_id) {
    json = ToJson(*response);
  } else {
    pb::Run run;
    CopyFields(*response, run);
    json = ToJson(run);
  }
  co_return co_await incoming.exchange.Send(http::JsonResponse(incoming.route.status, std::move(json)));
}

// The event to go on after: from the query, else from the header that browsers send when they come back.
absl::StatusOr<int64_t> CursorOf(const Incoming& incoming) {
  const auto& request = static_cast<const pb::WatchRunRequest&>(*incoming.request);
  int64_t cursor = request.after_sequence();
  if (const auto header = incoming.exchange.head().Find("last-event-id"); header && !header->empty() && cursor == 0) {
    const auto [end, error] = std::from_chars(header->data(), header->data() + header->size(), cursor);
    if (error != std::errc() || end != header->data() + header->size()) cursor = -1;
  }
  if (cursor < 0) return Refuse(Reason::kBadRequest, "The Last-Event-ID must be the id of an event of this run.");
  return cursor;
}

Task<> SendEvents(Services& services, Incoming& incoming) {
  CO_TRY(const int64_t cursor, CursorOf(incoming));
  const auto& request = static_cast<const pb::WatchRunRequest&>(*incoming.request);
  std::string test_run_id = request.test_run_id();
  int64_t last_sequence = 0;
  size_t told = 0;
  // A run's id is a capability, so whoever names no session is let in with those who watch already.
  std::string first = request.session_id().empty() ? services.runs.FirstEventsOf(test_run_id) : "";
  if (first.empty()) {
    pb::GetRunRequest asked;
    asked.set_test_run_id(test_run_id);
    asked.set_session_id(request.session_id());
    asked.set_page_size(1);
    CO_TRY(const auto response,
           co_await services.upstream.Call<pb::GetRunResponse>(incoming.call, kGetRun, std::move(asked)));
    pb::Run run;
    CopyFields(response, run);
    first = RunHub::FirstEvents(run);
    test_run_id = run.id();
    last_sequence = run.last_sequence();
    told = RunFeed::GistOf(std::move(run));
  }
  CO_TRY(co_await incoming.exchange.Begin(http::EventStreamHead()));
  if (incoming.exchange.head().method == "HEAD") co_return co_await incoming.exchange.End();
  CO_TRY(co_await incoming.exchange.Write(first));
  auto watch = [&runs = services.runs, test_run_id, last_sequence, cursor, told](http::BodyStream& body) {
    return runs.Watch(body, test_run_id, last_sequence, cursor, told);
  };
  incoming.exchange.ContinueWith(std::move(watch));
  co_return absl::OkStatus();
}

}  // namespace

Handler GetRun(Services& services) {
  return [&services](Incoming& incoming) { return SendRun(services, incoming); };
}

Handler WatchRun(Services& services) {
  return [&services](Incoming& incoming) { return SendEvents(services, incoming); };
}

}  // namespace ftl::gateway
