// What batch-runner's own store takes for the two times that a call of the workspace is written to the log, without any
// call: so many at a time, each begun and then completed.
//   log_speed DATABASE_URL OWNER CALLS AT_A_TIME  → {"calls":…,"per_call_us":…,"begin_p50_us":…,"complete_p50_us":…}
#include <algorithm>
#include <chrono>
#include <iostream>
#include <vector>

#include <absl/time/clock.h>
#include <fmt/format.h>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include "common/db/database.h"
#include "common/error/try.h"
#include "common/history/timed_id.h"
#include "common/time/proto_time.h"
#include "services/batch-runner/store/request_store.h"
#include "services/batch-runner/store/uuid.h"

namespace ftl::batch_runner {
namespace {

constexpr size_t kTextBytes = 1500;

pb::LoggedRequest Begun() {
  pb::LoggedRequest request;
  request.set_id(TimedId(absl::Now()));
  request.set_project("speed");
  request.set_kind(pb::REQUEST_KIND_CHAT);
  request.set_service("openai");
  request.set_key_name("default");
  request.set_model("gpt-4o");
  request.set_prompt_preview(std::string(200, 'p'));
  request.add_messages()->set_content(std::string(kTextBytes, 'p'));
  request.mutable_messages(0)->set_role("user");
  return request;
}

void End(pb::LoggedRequest& request) {
  request.set_status(pb::REQUEST_STATUS_SUCCESS);
  request.set_outcome(finetunelab::endpoint::v1::OUTCOME_OK);
  request.set_response(std::string(kTextBytes, 'r'));
  request.set_attempts(1);
  *request.mutable_response_time() = ToProto(absl::Milliseconds(700));
  *request.mutable_ttft() = ToProto(absl::Milliseconds(200));
  request.set_prompt_tokens(375);
  request.set_completion_tokens(375);
}

double P50(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

class Logging {
 public:
  Logging(std::string url, std::string owner)
      : settings_{.url = std::move(url),
                  .role = "ftl_batch_runner",
                  .server_settings = "-c plan_cache_mode=force_generic_plan"},
        owner_(std::move(owner)) {}

  absl::Status Run(int calls, int at_a_time) {
    absl::Status fault;
    left_ = calls;
    const auto began = std::chrono::steady_clock::now();
    for (int i = 0; i < at_a_time; ++i) {
      asio::co_spawn(io_, Work(), [&](std::exception_ptr failure, absl::Status status) {
        if (failure) std::rethrow_exception(failure);
        fault.Update(status);
      });
    }
    io_.run();
    const std::chrono::duration<double, std::micro> took = std::chrono::steady_clock::now() - began;
    if (fault.ok()) {
      fmt::print("{{\"calls\":{},\"per_call_us\":{:.1f},\"begin_p50_us\":{:.0f},\"complete_p50_us\":{:.0f}}}\n", calls,
                 took.count() / calls, P50(begins_), P50(ends_));
    }
    return fault;
  }

 private:
  Task<> Work() {
    while (left_-- > 0) {
      pb::LoggedRequest request = Begun();
      const auto start = std::chrono::steady_clock::now();
      CO_TRY(co_await store_.Begin(DeadlineIn(absl::Seconds(10)), owner_, request));
      const auto begun = std::chrono::steady_clock::now();
      End(request);
      CO_TRY(co_await store_.Complete(DeadlineIn(absl::Seconds(10)), owner_, request));
      begins_.push_back(std::chrono::duration<double, std::micro>(begun - start).count());
      ends_.push_back(std::chrono::duration<double, std::micro>(std::chrono::steady_clock::now() - begun).count());
    }
    co_return absl::OkStatus();
  }

  const DatabaseSettings settings_;
  const std::string owner_;
  asio::io_context io_;
  Database database_{io_.get_executor(), settings_};
  SharedCommits commits_{io_.get_executor(), settings_.ForLane("log", 2), database_};
  RequestStore store_{commits_, database_, NewUuid()};
  int left_ = 0;
  std::vector<double> begins_;
  std::vector<double> ends_;
};

}  // namespace
}  // namespace ftl::batch_runner

int main(int argc, char** argv) {
  if (argc != 5) {
    std::cerr << "usage: log_speed DATABASE_URL OWNER CALLS AT_A_TIME\n";
    return 64;
  }
  const absl::Status status = ftl::batch_runner::Logging(argv[1], argv[2]).Run(std::stoi(argv[3]), std::stoi(argv[4]));
  if (!status.ok()) std::cerr << status << '\n';
  return status.ok() ? 0 : 1;
}
