#include "gateway/routes.h"

#include "gateway/api/atlas.h"
#include "gateway/api/batch_test.h"
#include "gateway/api/configure.h"
#include "gateway/api/export.h"
#include "gateway/workspace_routes.h"

namespace ftl::gateway {
namespace {

#define FTL_VAULT "finetunelab.session_vault.v1.SessionVaultService."
#define FTL_RUNNER "finetunelab.batch_runner.v1.BatchRunnerService."
#define FTL_ANALYTICS "finetunelab.analytics.v1.AnalyticsService."
#define FTL_EXPORTER "finetunelab.exporter.v1.ExporterService."
#define FTL_DEMO "/api/demo/v2"

constexpr size_t kAtlasBytes = 1 << 20;
constexpr absl::Duration kEndpointLimit = absl::Seconds(30);  // a call to the person's endpoint and what goes with it
constexpr absl::Duration kAnswerLimit = absl::Minutes(5);
constexpr absl::Duration kReportLimit = absl::Minutes(10);

std::vector<Route> DemoRoutes(const RouteOptions& options, Services& services) {
  return {
      {.method = "POST",
       .path = FTL_DEMO "/configure",
       .rpc = FTL_VAULT "OpenSession",
       .status = 201,
       .required = {"endpoint_url", "model_id"},
       .creates = true,
       .words_are_judged_behind = true,
       .summary = "Open a session",
       .example =
           R"({"endpoint_url":"https://api.together.xyz/v1","api_key":"YOUR_KEY","model_id":"meta-llama/Llama-3.3-70B-Instruct-Turbo","forget_key_after_run":true})",
       .problems = {Reason::kEndpointNotAllowed, Reason::kActiveSessionExists}},
      {.method = "GET",
       .path = FTL_DEMO "/configure",
       .rpc = FTL_VAULT "GetSession",
       .session = SessionUse::kRequired,
       .summary = "A session's state",
       .handler = GetConfiguration(services)},
      {.method = "DELETE",
       .path = FTL_DEMO "/configure",
       .rpc = FTL_VAULT "CloseSession",
       .session = SessionUse::kRequired,
       .body_optional = true,
       .unknown_session_is_fine = true,
       .words_are_judged_behind = true,
       .summary = "Delete everything",
       .handler = CleanUp(services)},
      {.method = "POST",
       .path = FTL_DEMO "/configure/test",
       .rpc = FTL_RUNNER "TestConnection",
       .session = SessionUse::kRequired,
       .body_optional = true,
       .limit = kEndpointLimit,
       .summary = "Make one real call",
       .example = R"({"session_id":"demo-0000000000000000000000000000000000000000000000000000000000000000"})",
       .problems = {Reason::kKeyForgotten}},
      {.method = "POST",
       .path = FTL_DEMO "/configure/models",
       .rpc = FTL_RUNNER "ListModels",
       .session = SessionUse::kOptional,
       .limit = kEndpointLimit,
       .summary = "The models an endpoint has",
       .example = R"({"endpoint_url":"https://api.together.xyz/v1","api_key":"YOUR_KEY"})",
       .problems = {Reason::kEndpointNotAllowed, Reason::kEndpointFailed, Reason::kEndpointTimeout},
       .handler = ListModels(services)},
      {.method = "GET",
       .path = FTL_DEMO "/providers",
       .summary = "The presets of the wizard",
       .handler = ListProviders(options.sample_endpoint_url, options.sample_model_id, options.has_workspace)},
      {.method = "GET",
       .path = FTL_DEMO "/test-suites",
       .rpc = FTL_RUNNER "ListSuites",
       .session = SessionUse::kOptional,
       .summary = "The suites"},
      {.method = "GET",
       .path = FTL_DEMO "/test-suites/{id}",
       .rpc = FTL_RUNNER "GetSuite",
       .session = SessionUse::kOptional,
       .summary = "A suite with its prompts",
       .problems = {Reason::kSuiteNotFound}},
      {.method = "POST",
       .path = FTL_DEMO "/test-suites",
       .rpc = FTL_RUNNER "CreateSuite",
       .status = 201,
       .session = SessionUse::kRequired,
       .required = {"name"},
       .creates = true,
       .words_are_judged_behind = true,
       .max_body_bytes = options.max_suite_bytes,
       .limit = absl::Minutes(1),
       .summary = "Store own prompts",
       .example =
           R"({"session_id":"demo-0000000000000000000000000000000000000000000000000000000000000000","name":"Capitals","prompts":["What is the capital of France?",{"prompt":"What is 6 times 7?","checks":[{"kind":"numeric","value":42}]}]})"},
      {.method = "POST",
       .path = FTL_DEMO "/test-suites/preview",
       .rpc = FTL_RUNNER "PreviewSuite",
       .raw_field = "raw_content",
       .max_body_bytes = options.max_suite_bytes,
       .limit = absl::Minutes(1),
       .summary = "Look at own prompts without storing them",
       .example = R"({"content":"prompt;expected_answer\nWhat is 6 times 7?;42\n"})"},
      {.method = "POST",
       .path = FTL_DEMO "/batch-test",
       .rpc = FTL_RUNNER "StartRun",
       .status = 202,
       .session = SessionUse::kRequired,
       .required = {"test_suite_id"},
       .creates = true,
       .summary = "Start a run",
       .example =
           R"({"session_id":"demo-0000000000000000000000000000000000000000000000000000000000000000","test_suite_id":"f8fdd9ab-053e-43af-a1c6-6c44a2ffedfd","prompt_limit":10,"concurrency":4})",
       .problems = {Reason::kConnectionNotTested, Reason::kRunInProgress, Reason::kPromptLimitExceeded,
                    Reason::kSuiteNotFound, Reason::kKeyForgotten}},
      {.method = "GET",
       .path = FTL_DEMO "/batch-test",
       .rpc = FTL_RUNNER "GetRun",
       .session = SessionUse::kOrRun,
       .summary = "A run, by its id or the latest of a session",
       .problems = {Reason::kNoRun},
       .handler = GetRun(services)},
      {.method = "GET",
       .path = FTL_DEMO "/batch-test/{test_run_id}/status",
       .rpc = FTL_RUNNER "GetRun",
       .session = SessionUse::kOrRun,
       .summary = "A run and its results",
       .variant = "Status",
       .handler = GetRun(services)},
      {.method = "GET",
       .path = FTL_DEMO "/batch-test/{test_run_id}/events",
       .rpc = FTL_RUNNER "WatchRun",
       .session = SessionUse::kOrRun,
       .summary = "A run as it happens (server-sent events)",
       .handler = WatchRun(services)},
      {.method = "POST",
       .path = FTL_DEMO "/batch-test/{test_run_id}/cancel",
       .rpc = FTL_RUNNER "CancelRun",
       .session = SessionUse::kOrRun,
       .body_optional = true,
       .summary = "Stop a run",
       .example = R"({"session_id":"demo-0000000000000000000000000000000000000000000000000000000000000000"})"},
      {.method = "GET",
       .path = FTL_DEMO "/analytics/metrics",
       .rpc = FTL_ANALYTICS "GetMetrics",
       .session = SessionUse::kOrRun,
       .summary = "The numbers of a session or a run"},
      {.method = "GET",
       .path = FTL_DEMO "/analytics/results",
       .rpc = FTL_ANALYTICS "ListResults",
       .session = SessionUse::kRequired,
       .summary = "Results, filtered and ordered"},
      {.method = "GET",
       .path = FTL_DEMO "/analytics/search",
       .rpc = FTL_ANALYTICS "SearchResponses",
       .session = SessionUse::kRequired,
       .required = {"keyword"},
       .summary = "Results that contain a keyword"},
      {.method = "GET",
       .path = FTL_DEMO "/analytics/latency-distribution",
       .rpc = FTL_ANALYTICS "GetLatencyDistribution",
       .session = SessionUse::kRequired,
       .summary = "A histogram of latency"},
      {.method = "GET",
       .path = FTL_DEMO "/analytics/compare",
       .rpc = FTL_ANALYTICS "CompareRuns",
       .session = SessionUse::kRequired,
       .required = {"base", "other"},
       .summary = "Two runs of a session, prompt by prompt",
       .problems = {Reason::kRunNotFound}},
      {.method = "GET",
       .path = FTL_DEMO "/analytics/by-group",
       .rpc = FTL_ANALYTICS "GroupResults",
       .session = SessionUse::kRequired,
       .required = {"group_by"},
       .summary = "The numbers of each group of results",
       .problems = {Reason::kRunNotFound}},
      {.method = "POST",
       .path = FTL_DEMO "/analytics/query",
       .rpc = FTL_ANALYTICS "RunQuery",
       .session = SessionUse::kRequired,
       .required = {"query"},
       .summary = "One query of the question language",
       .example =
           R"({"session_id":"demo-0000000000000000000000000000000000000000000000000000000000000000","query":{"measure":"latency","statistic":"mean","group_by":"category"}})",
       .problems = {Reason::kNoRun, Reason::kRunNotFound}},
      {.method = "GET",
       .path = FTL_DEMO "/analytics/suggestions",
       .rpc = FTL_ANALYTICS "ListSuggestions",
       .session = SessionUse::kRequired,
       .summary = "Questions that fit the results"},
      {.method = "POST",
       .path = FTL_DEMO "/atlas",
       .rpc = FTL_ANALYTICS "Ask",
       .session = SessionUse::kRequired,
       .words_are_judged_behind = true,
       .max_body_bytes = kAtlasBytes,
       .limit = kAnswerLimit,
       .summary = "Ask Atlas (server-sent events)",
       .example =
           R"({"session_id":"demo-0000000000000000000000000000000000000000000000000000000000000000","messages":[{"role":"user","content":"Which prompts were slowest?"}]})",
       .problems = {Reason::kChatLimitReached, Reason::kNoRun},
       .handler = AskAtlas(services)},
      {.method = "GET",
       .path = FTL_DEMO "/export",
       .rpc = FTL_EXPORTER "Export",
       .session = SessionUse::kOptional,
       .limit = kReportLimit,
       .summary = "Download a report",
       .problems = {Reason::kFormatNotAvailable, Reason::kNoRun},
       .handler = Download(services)},
      {.method = "GET",
       .path = FTL_DEMO "/export/formats",
       .rpc = FTL_EXPORTER "ListFormats",
       .summary = "The formats of reports"},
      {.method = "POST",
       .path = FTL_DEMO "/cleanup",
       .rpc = FTL_VAULT "CloseSession",
       .session = SessionUse::kRequired,
       .body_optional = true,
       .unknown_session_is_fine = true,
       .words_are_judged_behind = true,
       .summary = "Delete everything",
       .variant = "Cleanup",
       .example = R"({"session_id":"demo-0000000000000000000000000000000000000000000000000000000000000000"})",
       .handler = CleanUp(services)},
  };
}

std::vector<Route> OperationsRoutes(Operations& operations) {
  const auto route = [&operations](std::string_view path, std::string_view summary,
                                   Task<> (Operations::*answer)(Incoming&)) {
    Route made;
    made.method = "GET";
    made.path = path;
    made.tier = Tier::kOperations;
    made.summary = summary;
    made.handler = [&operations, answer](Incoming& incoming) { return (operations.*answer)(incoming); };
    return made;
  };
  return {route("/health", "The gateway and each service behind it", &Operations::Health),
          route("/livez", "Whether the process runs", &Operations::Live),
          route("/readyz", "Whether requests should be sent here", &Operations::Ready),
          route("/metrics", "How the machine and the process fare", &Operations::Metrics),
          route("/metrics/prometheus", "Counters and histograms for Prometheus", &Operations::Prometheus)};
}

}  // namespace

std::vector<Route> Routes(const RouteOptions& options, Services& services, Operations& operations) {
  std::vector<Route> routes = OperationsRoutes(operations);
  if (options.demo_enabled) {
    for (Route& route : DemoRoutes(options, services)) routes.push_back(std::move(route));
  }
  if (options.has_workspace) {
    for (Route& route : WorkspaceRoutes(services)) routes.push_back(std::move(route));
  }
  return routes;
}

}  // namespace ftl::gateway
