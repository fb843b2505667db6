#include "services/export/writer/report_writer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <boost/json/parse.hpp>

#include "common/json/message_json.h"
#include "common/time/proto_time.h"

namespace ftl::exporter {
namespace {

namespace pb = finetunelab::exporter::v1;
namespace runner = finetunelab::batch_runner::v1;
using testing::EndsWith;
using testing::HasSubstr;

const absl::Time kNoon = absl::FromCivil(absl::CivilSecond(2025, 11, 21, 12, 0, 0), absl::UTCTimeZone());

constexpr char kHeaderRow[] =
    "prompt_id,prompt,response,latency_ms,success,error,error_type,input_tokens,output_tokens,ttft_ms,category,"
    "finish_reason,attempts,model_id,test_run_id,created_at\r\n";

Report TwoResults() {
  Report report;
  report.taken_at = kNoon;
  report.session = {"org/model", "My model", "custom", "https://host.example", kNoon - absl::Minutes(5)};
  runner::Run& run = report.runs.emplace_back();
  run.set_id("run");
  run.set_status(runner::RUN_STATUS_COMPLETED);
  run.set_total_prompts(2);
  run.set_completed_prompts(1);
  run.set_failed_prompts(1);
  report.metrics.set_total_prompts(2);
  report.metrics.set_completed_prompts(1);
  report.metrics.set_failed_prompts(1);
  report.metrics.set_success_rate(50);
  *report.metrics.mutable_avg_latency() = ToProto(absl::Microseconds(1'234'500));
  *report.metrics.mutable_p50_latency() = ToProto(absl::Microseconds(1'234'500));
  *report.metrics.mutable_p95_latency() = ToProto(absl::Milliseconds(1300));
  *report.metrics.mutable_p99_latency() = ToProto(absl::Milliseconds(1400));
  report.metrics.set_total_input_tokens(7);
  report.metrics.set_total_output_tokens(3'000'000'000);
  return report;
}

runner::Result Success() {
  runner::Result result;
  result.set_prompt_id(1);
  result.set_prompt("Hello, \"you\"");
  result.set_response("=2+2\nline two 🎉");
  *result.mutable_latency() = ToProto(absl::Microseconds(1'234'500));
  result.set_success(true);
  result.set_input_tokens(7);
  result.set_output_tokens(0);
  *result.mutable_ttft() = ToProto(absl::Milliseconds(80));
  result.set_category("small talk");
  result.set_finish_reason("stop");
  result.set_attempts(1);
  result.set_model_id("org/model");
  result.set_test_run_id("run");
  *result.mutable_created_at() = ToProto(kNoon);
  result.set_sequence(1);
  return result;
}

runner::Result Failure() {
  runner::Result result;
  result.set_prompt_id(2);
  result.set_prompt("Again");
  result.set_error("The key was refused");
  result.set_error_type(finetunelab::endpoint::v1::ERROR_TYPE_AUTH);
  result.set_attempts(1);
  result.set_model_id("org/model");
  result.set_test_run_id("run");
  *result.mutable_created_at() = ToProto(kNoon + absl::Microseconds(1500));
  result.set_sequence(2);
  return result;
}

std::string FileOf(pb::ExportFormat format, const Report& report, bool sections = true) {
  const auto writer = WriterOf(format, sections);
  std::string out;
  writer->Begin(report, out);
  writer->Add(Success(), out);
  writer->Add(Failure(), out);
  writer->End(out);
  return out;
}

constexpr char kRows[] =
    "1,\"Hello, \"\"you\"\"\",\"'=2+2\nline two 🎉\",1234.5,true,,,7,0,80,small talk,stop,1,org/model,run,"
    "2025-11-21T12:00:00Z\r\n"
    "2,Again,,,false,The key was refused,auth,,,,,,1,org/model,run,2025-11-21T12:00:00.001500Z\r\n";

TEST(CsvWriterTest, HasItsSectionsInOrder) {
  EXPECT_EQ(FileOf(pb::EXPORT_FORMAT_CSV, TwoResults()), std::string("\uFEFF# Demo Batch Test Export\r\n"
                                                                     "# Model: My model\r\n"
                                                                     "# Export Date: 2025-11-21T12:00:00Z\r\n"
                                                                     "\r\n"
                                                                     "# Summary Metrics\r\n"
                                                                     "Total Prompts,2\r\n"
                                                                     "Successful,1\r\n"
                                                                     "Failed,1\r\n"
                                                                     "Success Rate,50.0%\r\n"
                                                                     "Average Latency (ms),1234.5\r\n"
                                                                     "P50 Latency (ms),1234.5\r\n"
                                                                     "P95 Latency (ms),1300\r\n"
                                                                     "P99 Latency (ms),1400\r\n"
                                                                     "Total Input Tokens,7\r\n"
                                                                     "Total Output Tokens,3000000000\r\n"
                                                                     "\r\n"
                                                                     "# Individual Results\r\n") +
                                                             kHeaderRow + kRows);
}

TEST(CsvWriterTest, LeavesTheSectionsOutForPrograms) {
  EXPECT_EQ(FileOf(pb::EXPORT_FORMAT_CSV, TwoResults(), /*sections=*/false), std::string(kHeaderRow) + kRows);
}

TEST(CsvWriterTest, KeepsAModelsNameInItsComment) {
  Report report = TwoResults();
  report.session.model_name = "a\r\n=cmd(),=b";
  EXPECT_THAT(FileOf(pb::EXPORT_FORMAT_CSV, report), HasSubstr("\r\n\"# Model: a  =cmd(),=b\"\r\n# Export Date"));
}

TEST(CsvWriterTest, SaysThatTheRunIsStillGoing) {
  Report report = TwoResults();
  report.runs[0].set_status(runner::RUN_STATUS_RUNNING);
  EXPECT_THAT(FileOf(pb::EXPORT_FORMAT_CSV, report),
              HasSubstr("\r\n# Note: A run is still going. Results so far: 2\r\n\r\n# Summary"));
  EXPECT_THAT(FileOf(pb::EXPORT_FORMAT_JSON, report), HasSubstr("\"complete\":false"));
}

TEST(CsvWriterTest, LeavesEmptyWhatWasNotMeasured) {
  Report report = TwoResults();
  report.metrics.Clear();
  EXPECT_THAT(FileOf(pb::EXPORT_FORMAT_CSV, report),
              HasSubstr("Success Rate,\r\nAverage Latency (ms),\r\nP50 Latency (ms),\r\n"));
}

TEST(JsonWriterTest, IsOneObjectThatSaysWhatTheRoutesSay) {
  const Report report = TwoResults();
  const boost::json::object file = boost::json::parse(FileOf(pb::EXPORT_FORMAT_JSON, report)).as_object();
  EXPECT_EQ(file.at("export_date"), "2025-11-21T12:00:00Z");
  EXPECT_EQ(file.at("complete"), true);
  EXPECT_EQ(file.at("session"),
            boost::json::parse(R"({"model_id":"org/model","model_name":"My model","provider":"custom",
      "endpoint_origin":"https://host.example","created_at":"2025-11-21T11:55:00Z"})"));
  EXPECT_EQ(file.at("runs"), boost::json::parse("[" + ToJson(report.runs[0]) + "]"));
  EXPECT_EQ(file.at("metrics"), boost::json::parse(ToJson(report.metrics)));
  EXPECT_EQ(file.at("results"), boost::json::parse("[" + ToJson(Success()) + "," + ToJson(Failure()) + "]"));
}

TEST(JsonWriterTest, IsWholeWithoutAnyResult) {
  const auto writer = WriterOf(pb::EXPORT_FORMAT_JSON, true);
  std::string out;
  writer->Begin(Report(), out);
  writer->End(out);
  EXPECT_EQ(boost::json::parse(out).as_object().at("results"), boost::json::array());
}

TEST(JsonlWriterTest, IsAResultALine) {
  EXPECT_EQ(FileOf(pb::EXPORT_FORMAT_JSONL, TwoResults()), ToJson(Success()) + "\n" + ToJson(Failure()) + "\n");
}

}  // namespace
}  // namespace ftl::exporter
