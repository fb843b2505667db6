#include "services/export/writer/jsonl_writer.h"

#include "common/json/message_json.h"

namespace ftl::exporter {

void JsonlWriter::Add(const finetunelab::batch_runner::v1::Result& result, std::string& out) {
  WriteMessage(result, out);
  out += '\n';
}

}  // namespace ftl::exporter
