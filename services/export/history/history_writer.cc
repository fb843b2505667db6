#include "services/export/history/history_writer.h"

#include "common/json/message_json.h"
#include "common/proto/enum_word.h"
#include "services/export/writer/csv_row.h"

namespace ftl::exporter {
namespace {

namespace pb = finetunelab::exporter::v1;
using finetunelab::batch_runner::v1::LoggedRequest;

constexpr std::string_view kColumns =
    "id,timestamp,project,kind,service,key_name,model,status,response_time_ms,ttft_ms,prompt_tokens,completion_tokens,"
    "total_tokens,tokens_estimated,cost,finish_reason,error_type,error,http_status,attempts,replay_of,prompt,"
    "response\r\n";

class Csv final : public HistoryWriter {
 public:
  void Begin(std::string& out) override { out += kColumns; }

  void Add(const LoggedRequest& request, std::string& out) override {
    CsvRow(out)
        .Word(request.id())
        .Moment(request.timestamp())
        .Text(request.project())
        .Text(EnumWord(request.kind()))
        .Text(request.service())
        .Text(request.key_name())
        .Text(request.model())
        .Text(EnumWord(request.status()))
        .Span(request.has_response_time(), request.response_time())
        .Span(request.has_ttft(), request.ttft())
        .Count(request.has_prompt_tokens(), request.prompt_tokens())
        .Count(request.has_completion_tokens(), request.completion_tokens())
        .Count(request.has_total_tokens(), request.total_tokens())
        .Word(request.tokens_estimated() ? "true" : "false")
        .Amount(request.has_cost(), request.cost())
        .Text(request.finish_reason())
        .Text(EnumWord(request.error_type()))
        .Text(request.error())
        .Count(request.has_http_status(), request.http_status())
        .Count(request.has_attempts(), request.attempts())
        .Word(request.replay_of())
        .Text(request.messages().empty() ? "" : request.messages().rbegin()->content())
        .Text(request.response())
        .End();
  }
};

class Json final : public HistoryWriter {
 public:
  void Begin(std::string& out) override { out += "{\"requests\":["; }
  void Add(const LoggedRequest& request, std::string& out) override {
    out += is_first_ ? "\n" : ",\n";
    is_first_ = false;
    WriteMessage(request, out);
  }
  void End(std::string& out) override { out += "\n]}\n"; }

 private:
  bool is_first_ = true;
};

class Jsonl final : public HistoryWriter {
 public:
  void Add(const LoggedRequest& request, std::string& out) override {
    WriteMessage(request, out);
    out += '\n';
  }
};

}  // namespace

std::unique_ptr<HistoryWriter> HistoryWriterOf(pb::ExportFormat format) {
  switch (format) {
    case pb::EXPORT_FORMAT_CSV:
      return std::make_unique<Csv>();
    case pb::EXPORT_FORMAT_JSON:
      return std::make_unique<Json>();
    case pb::EXPORT_FORMAT_JSONL:
      return std::make_unique<Jsonl>();
    default:
      return nullptr;
  }
}

}  // namespace ftl::exporter
