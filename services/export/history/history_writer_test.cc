#include "services/export/history/history_writer.h"

#include <algorithm>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace ftl::exporter {
namespace {

namespace pb = finetunelab::exporter::v1;
using finetunelab::batch_runner::v1::LoggedRequest;

LoggedRequest Call() {
  LoggedRequest request;
  request.set_id("019ac52f-427b-7000-8000-000000000000");
  request.mutable_timestamp()->set_seconds(1'764'244'800);
  request.set_project("default");
  request.set_kind(finetunelab::batch_runner::v1::REQUEST_KIND_CHAT);
  request.set_service("openai");
  request.set_key_name("default");
  request.set_model("gpt-4o");
  request.set_status(finetunelab::batch_runner::v1::REQUEST_STATUS_SUCCESS);
  request.mutable_response_time()->set_nanos(12'345'000);
  request.set_prompt_tokens(3);
  request.set_completion_tokens(4);
  request.set_total_tokens(7);
  request.set_cost(0.0000475);
  auto& message = *request.add_messages();
  message.set_role("user");
  message.set_content("=1+1, \"please\"");
  request.set_response("two\nlines");
  return request;
}

std::string FileOf(pb::ExportFormat format, int calls) {
  const auto writer = HistoryWriterOf(format);
  std::string out;
  writer->Begin(out);
  for (int i = 0; i < calls; ++i) writer->Add(Call(), out);
  writer->End(out);
  return out;
}

TEST(HistoryWriterTest, WritesARowACallWithoutFormulas) {
  EXPECT_EQ(
      FileOf(pb::EXPORT_FORMAT_CSV, 1),
      "id,timestamp,project,kind,service,key_name,model,status,response_time_ms,ttft_ms,prompt_tokens,"
      "completion_tokens,total_tokens,tokens_estimated,cost,finish_reason,error_type,error,http_status,attempts,"
      "replay_of,prompt,response\r\n"
      "019ac52f-427b-7000-8000-000000000000,2025-11-27T12:00:00Z,default,chat,openai,default,gpt-4o,success,12.345,,"
      "3,4,7,false,0.0000475,,,,,,,\"'=1+1, \"\"please\"\"\",\"two\nlines\"\r\n");
}

TEST(HistoryWriterTest, WritesJsonWithAnyNumberOfCalls) {
  EXPECT_EQ(FileOf(pb::EXPORT_FORMAT_JSON, 0), "{\"requests\":[\n]}\n");
  EXPECT_THAT(FileOf(pb::EXPORT_FORMAT_JSON, 2),
              testing::ContainsRegex("^.\"requests\":.\n.*gpt-4o.*,\n.*gpt-4o.*\n]}\n$"));
  const std::string lines = FileOf(pb::EXPORT_FORMAT_JSONL, 2);
  EXPECT_EQ(std::count(lines.begin(), lines.end(), '\n'), 2);
}

TEST(HistoryWriterTest, KnowsNoOtherFormat) {
  EXPECT_EQ(HistoryWriterOf(pb::EXPORT_FORMAT_PDF), nullptr);
  EXPECT_EQ(HistoryWriterOf(pb::EXPORT_FORMAT_UNSPECIFIED), nullptr);
}

}  // namespace
}  // namespace ftl::exporter
