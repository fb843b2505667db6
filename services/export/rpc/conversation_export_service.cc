#include "services/export/rpc/conversation_export_service.h"

#include <algorithm>
#include <string>
#include <vector>

#include "common/error/refusal.h"
#include "common/error/try.h"
#include "common/proto/enum_word.h"
#include "services/export/rpc/byte_stream.h"
#include "services/export/rpc/read_deadline.h"
#include "services/export/writer/conversation_document.h"

namespace ftl::exporter {
namespace {

namespace runner = finetunelab::batch_runner::v1;

}  // namespace

Task<> ConversationExportService::Write(const CallContext& call, const pb::ExportConversationRequest& request,
                                        rpc::Writer<pb::ExportResponse>& writer) {
  if (request.format() == pb::CONVERSATION_FORMAT_UNSPECIFIED) {
    FieldFaults faults;
    faults.Add("format", "is missing; ask for " + EnumWords<pb::ConversationFormat>());
    co_return faults.Verdict();
  }
  const bool is_json = request.format() == pb::CONVERSATION_FORMAT_JSON;
  CO_TRY(const runner::Conversation conversation,
         co_await conversations_.Get(ReadDeadline(call), request.owner(), request.id()));
  pb::ExportResponse head;
  head.mutable_head()->set_file_name(ConversationFileName(conversation.title(), is_json ? "json" : "md"));
  head.mutable_head()->set_content_type(is_json ? "application/json" : "text/markdown; charset=utf-8");
  CO_TRY(co_await writer.Write(head));
  ByteStream out(writer);
  is_json ? AppendJsonHead(conversation, out.bytes()) : AppendMarkdownHead(conversation, out.bytes());
  const auto part = is_json ? ConversationReader::Part::kAll : ConversationReader::Part::kBranch;
  int32_t after = 0;
  for (bool first = true;;) {
    CO_TRY(const std::vector<runner::Message> messages,
           co_await conversations_.ReadAfter(ReadDeadline(call), request.owner(), conversation.id(), part, after));
    if (messages.empty()) break;
    for (const runner::Message& message : messages) {
      is_json ? AppendJson(message, first, out.bytes()) : AppendMarkdown(message, out.bytes());
      first = false;
    }
    CO_TRY(co_await out.SendWhole());
  }
  if (is_json) AppendJsonEnd(out.bytes());
  co_return co_await out.Finish();
}

}  // namespace ftl::exporter
