#include "services/export/writer/json_writer.h"

#include <string_view>

#include "common/json/json_writer.h"
#include "common/json/message_json.h"
#include "common/time/proto_time.h"

namespace ftl::exporter {
namespace {

void AppendMoment(absl::Time moment, std::string& out) {
  const google::protobuf::Timestamp proto = ToProto(moment);
  AppendTimestamp(proto.seconds(), proto.nanos(), out);
}

void AppendMember(std::string_view name, std::string_view text, std::string& out) {
  AppendJsonString(name, out);
  out += ':';
  AppendJsonString(text, out);
  out += ',';
}

void AppendSession(const SessionFacts& session, std::string& out) {
  out += '{';
  AppendMember("model_id", session.model_id, out);
  AppendMember("model_name", session.model_name, out);
  AppendMember("provider", session.provider, out);
  AppendMember("endpoint_origin", session.endpoint_origin, out);
  out += "\"created_at\":";
  AppendMoment(session.created_at, out);
  out += '}';
}

}  // namespace

void JsonWriter::Begin(const Report& report, std::string& out) {
  out += "{\"export_date\":";
  AppendMoment(report.taken_at, out);
  out += report.complete() ? ",\"complete\":true" : ",\"complete\":false";
  if (!report.filter.empty()) {
    out += ",\"filter\":";
    AppendJsonString(report.filter, out);
  }
  out += ",\"session\":";
  AppendSession(report.session, out);
  out += ",\"runs\":[";
  for (size_t i = 0; i < report.runs.size(); ++i) {
    if (i > 0) out += ',';
    WriteMessage(report.runs[i], out);
  }
  out += "],\"metrics\":";
  WriteMessage(report.metrics, out);
  out += ",\"results\":[";
}

void JsonWriter::Add(const finetunelab::batch_runner::v1::Result& result, std::string& out) {
  out += first_ ? "\n" : ",\n";
  first_ = false;
  WriteMessage(result, out);
}

void JsonWriter::End(std::string& out) { out += "\n]}\n"; }

}  // namespace ftl::exporter
