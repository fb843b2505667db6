#include "services/export/rpc/history_export_service.h"

#include <algorithm>
#include <memory>

#include <absl/time/clock.h>
#include <fmt/format.h>

#include "common/error/refusal.h"
#include "common/error/try.h"
#include "common/proto/enum_word.h"
#include "common/time/proto_time.h"
#include "services/export/history/history_writer.h"
#include "services/export/report/format.h"
#include "services/export/rpc/byte_stream.h"
#include "services/export/rpc/read_deadline.h"

namespace ftl::exporter {

Task<> HistoryExportService::Write(const CallContext& call, const pb::ExportHistoryRequest& request,
                                   rpc::Writer<pb::ExportResponse>& writer) {
  const std::unique_ptr<HistoryWriter> file = HistoryWriterOf(request.format());
  FieldFaults faults;
  if (!file) faults.Add("format", "must be csv, json or jsonl");
  CO_TRY(faults.Verdict());
  const absl::Time now = absl::Now();
  const absl::Time from = request.has_from() ? FromProto(request.from()) : absl::UnixEpoch();
  const absl::Time to = request.has_to() ? std::min(FromProto(request.to()), now) : now;
  const std::string project = request.has_project() ? request.project() : "default";
  CO_TRY(co_await reader_.Record(ReadDeadline(call), request.owner(), EnumWord(request.format())));
  const FormatFacts& facts = FactsOf(request.format());
  pb::ExportResponse head;
  head.mutable_head()->set_file_name(fmt::format(
      "finetunelab-history-{}.{}", absl::FormatTime("%Y-%m-%d", now, absl::UTCTimeZone()), facts.extension));
  head.mutable_head()->set_content_type(std::string(facts.content_type));
  CO_TRY(co_await writer.Write(head));
  ByteStream out(writer);
  file->Begin(out.bytes());
  for (std::string after;;) {
    CO_TRY(const auto page, co_await reader_.ReadAfter(ReadDeadline(call), request.owner(), project, from, to, after));
    if (page.empty()) break;
    for (const auto& logged : page) {
      file->Add(logged, out.bytes());
      CO_TRY(co_await out.SendWhole());
    }
    after = page.back().id();
  }
  file->End(out.bytes());
  co_return co_await out.Finish();
}

}  // namespace ftl::exporter
