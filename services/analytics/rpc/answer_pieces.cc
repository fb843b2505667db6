#include "services/analytics/rpc/answer_pieces.h"

#include <utility>

namespace ftl::analytics {

namespace pb = finetunelab::analytics::v1;

Task<> AnswerPieces::Write(pb::AnswerPiece piece) {
  pb::AskResponse response;
  *response.mutable_piece() = std::move(piece);
  co_return co_await writer_.Write(response);
}

Task<> AnswerPieces::Paragraph(Prose prose) {
  constexpr std::string_view kBreak = "\n\n";
  const bool follows = std::exchange(has_text_, true);
  const auto shift = static_cast<int32_t>(follows ? kBreak.size() : 0);
  pb::AnswerPiece piece;
  piece.set_content(std::string(follows ? kBreak : "") + prose.text);
  for (FigurePlace& place : prose.figures) {
    pb::FigureSpan& span = *piece.add_figures();
    span.set_from(place.from + shift);
    span.set_to(place.to + shift);
    span.set_link(std::move(place.link));
  }
  co_return co_await Write(std::move(piece));
}

Task<> AnswerPieces::Text(std::string text) {
  has_text_ = true;
  pb::AnswerPiece piece;
  piece.set_content(std::move(text));
  co_return co_await Write(std::move(piece));
}

Task<> AnswerPieces::Usage(int64_t input_tokens, int64_t output_tokens) {
  pb::AnswerPiece piece;
  piece.mutable_token_usage()->set_input_tokens(static_cast<int32_t>(input_tokens));
  piece.mutable_token_usage()->set_output_tokens(static_cast<int32_t>(output_tokens));
  co_return co_await Write(std::move(piece));
}

}  // namespace ftl::analytics
