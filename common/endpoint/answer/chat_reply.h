#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <absl/time/time.h>

#include "common/endpoint/answer/failure.h"
#include "finetunelab/endpoint/v1/call.pb.h"

namespace ftl {

namespace endpoint_pb = finetunelab::endpoint::v1;

// What a piece of an answer is of.
enum class PieceKind { kContent, kReasoning };

// Takes an answer as it comes, in pieces that end at whole characters. Must not block.
using OnPiece = std::function<void(PieceKind kind, std::string_view text)>;

struct ToolCall {
  std::string id;
  std::string name;
  std::string arguments;  // JSON as the model wrote it, which may be no JSON at all
};

// Tokens as the endpoint counts them; absent where it did not say.
struct Usage {
  std::optional<int64_t> input_tokens;
  std::optional<int64_t> output_tokens;  // reasoning included
  std::optional<int64_t> reasoning_tokens;
  std::optional<int64_t> cached_tokens;
};

// What one call gave. An endpoint that fails gives a reply too: `failure` says how. All text is valid UTF-8 without
// U+0000, free of the session's key, and at most CallerLimits::max_text_bytes long in all.
struct ChatReply {
  // Whether it is a whole answer. Also so for one without text (OUTCOME_EMPTY, OUTCOME_REASONING_ONLY), and for one
  // that its token limit cut before any (OUTCOME_LENGTH_EMPTY): that endpoint is connected, and a reasoning model wants
  // a larger `max_tokens`.
  bool ok() const { return failure.error_type == endpoint_pb::ERROR_TYPE_UNSPECIFIED; }
  // Any text, reasoning or tool call, of a whole answer or not.
  bool has_any_token() const { return !text.empty() || !reasoning.empty() || !tool_calls.empty(); }

  // Output tokens less those that the endpoint counts as reasoning and never sent: what the times of a stream are of.
  int64_t streamed_tokens() const {
    const int64_t hidden = reasoning.empty() ? usage.reasoning_tokens.value_or(0) : 0;
    return hidden < output_tokens ? output_tokens - hidden : 0;
  }

  // The answer. Kept as far as it came when the call failed; never to be scored then.
  std::string text;
  // What the model thought, from fields of its own or from a <think> block at the start of the answer.
  std::string reasoning;
  std::vector<ToolCall> tool_calls;
  // `stop`, `length`, `tool_calls`, `content_filter` or `other`; empty where the answer did not end.
  std::string finish_reason;
  std::string raw_finish_reason;  // as the endpoint said it, at most 64 bytes

  // As the endpoint counted, or estimated from the text (token_estimate.h) where it did not.
  int64_t input_tokens = 0;
  int64_t output_tokens = 0;
  bool tokens_estimated = false;
  Usage usage;

  endpoint_pb::Outcome outcome = endpoint_pb::OUTCOME_UNSPECIFIED;
  // error_type, sentence, retryable, retry_after. Empty for a whole answer.
  CallFailure failure;
  int http_status = 0;  // 0 where no answer's head came

  // Of the last request sent, stamped when the bytes reached this machine.
  endpoint_pb::Timing timing;
  // How late this process was at worst during the call, to read what had arrived or to do anything. Large: it was too
  // busy, or held, to trust the times.
  absl::Duration client_lag;
  // The call had to open a connection, whose phases are in `timing` and not in its latency.
  bool opened_connection = false;

  int requests_sent = 0;  // 2 where a refused parameter was left out and the call made once more
  // Refused over a parameter that `learned` leaves out, and not made once more because the request forbade it.
  bool may_ask_again = false;
  // The capabilities asked with, and what this call showed. Of a reply that is not ok, what it showed may still help:
  // keep it.
  endpoint_pb::Capabilities learned;
};

}  // namespace ftl
