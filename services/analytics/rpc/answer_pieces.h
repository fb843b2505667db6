#pragma once

#include <string>

#include "common/async/task.h"
#include "common/rpc/serve.h"
#include "finetunelab/analytics/v1/analytics_service.pb.h"
#include "services/analytics/narrator/telling.h"

namespace ftl::analytics {

// Writes the pieces of an answer, paragraph by paragraph.
class AnswerPieces {
 public:
  explicit AnswerPieces(rpc::Writer<finetunelab::analytics::v1::AskResponse>& writer) : writer_(writer) {}

  // A paragraph, set off from the text before it.
  Task<> Paragraph(Prose prose);
  // Text that goes on where the last ended.
  Task<> Text(std::string text);
  Task<> Write(finetunelab::analytics::v1::AnswerPiece piece);
  // Tokens of the person's model; 0 where it was not asked.
  Task<> Usage(int64_t input_tokens = 0, int64_t output_tokens = 0);

 private:
  rpc::Writer<finetunelab::analytics::v1::AskResponse>& writer_;
  bool has_text_ = false;
};

}  // namespace ftl::analytics
