#include "services/export/history/history_writer.h"

#include "common/json/json_writer.h"
#include "common/json/message_json.h"
#include "common/proto/enum_word.h"
#include "services/export/writer/csv_cell.h"

namespace ftl::exporter {
namespace {

namespace pb = finetunelab::exporter::v1;
using finetunelab::batch_runner::v1::LoggedRequest;
using google::protobuf::Duration;

constexpr std::string_view kColumns =
    "id,timestamp,project,kind,service,key_name,model,status,response_time_ms,ttft_ms,prompt_tokens,completion_tokens,"
    "total_tokens,tokens_estimated,cost,finish_reason,error_type,error,http_status,attempts,replay_of,prompt,"
    "response\r\n";

void AppendSpan(bool has, const Duration& span, std::string& out) {
  if (has) AppendMilliseconds(span.seconds(), span.nanos(), out);
}

void AppendCount(bool has, int64_t count, std::string& out) {
  if (has) AppendJsonNumber(count, out);
}

std::string Moment(const google::protobuf::Timestamp& moment) {
  std::string quoted;
  AppendTimestamp(moment.seconds(), moment.nanos(), quoted);
  return quoted.substr(1, quoted.size() - 2);
}

class Csv final : public HistoryWriter {
 public:
  void Begin(std::string& out) override { out += kColumns; }

  void Add(const LoggedRequest& request, std::string& out) override {
    out += request.id() + ',' + Moment(request.timestamp()) + ',';
    for (const std::string& word : {request.project(), EnumWord(request.kind()), request.service(), request.key_name(),
                                    request.model(), EnumWord(request.status())}) {
      AppendCell(word, out);
      out += ',';
    }
    AppendSpan(request.has_response_time(), request.response_time(), out);
    out += ',';
    AppendSpan(request.has_ttft(), request.ttft(), out);
    out += ',';
    AppendCount(request.has_prompt_tokens(), request.prompt_tokens(), out);
    out += ',';
    AppendCount(request.has_completion_tokens(), request.completion_tokens(), out);
    out += ',';
    AppendCount(request.has_total_tokens(), request.total_tokens(), out);
    out += request.tokens_estimated() ? ",true," : ",false,";
    if (request.has_cost()) AppendJsonNumber(request.cost(), out);
    for (const std::string& word : {request.finish_reason(), EnumWord(request.error_type()), request.error()}) {
      out += ',';
      AppendCell(word, out);
    }
    out += ',';
    AppendCount(request.has_http_status(), request.http_status(), out);
    out += ',';
    AppendCount(request.has_attempts(), request.attempts(), out);
    out += ',' + request.replay_of() + ',';
    AppendCell(request.messages().empty() ? "" : request.messages().rbegin()->content(), out);
    out += ',';
    AppendCell(request.response(), out);
    out += "\r\n";
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
