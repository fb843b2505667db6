#pragma once

#include "common/endpoint/answer/chat_reply.h"
#include "common/endpoint/format/chat_request.h"
#include "common/observe/trace/span.h"

namespace ftl {

class Endpoint;

// The span of one request to a model, by OpenTelemetry's conventions for generative AI: who was asked for what, tokens,
// times and how it ended. Neither key nor prompt nor answer. Under what this thread works for; of nothing where that is
// not recorded.
trace::Span BeginAttemptSpan(const Endpoint& endpoint, const ChatRequest& request);
void EndAttemptSpan(const ChatReply& reply, trace::Span& span);

}  // namespace ftl
