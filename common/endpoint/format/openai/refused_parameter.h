#pragma once

#include "common/endpoint/answer/error_words.h"
#include "common/endpoint/format/openai/chat_body.h"

namespace ftl {

// Where an endpoint refused a request (400, 422) over a part of it that can be left out or sent in another way: changes
// `capabilities` so that ChatBody does so, notes it in `dropped_parameters`, and says true. False where the refusal
// names none of them, or one that was not sent. Pure.
//
// A refusal over the size of `max_tokens` lowers it to what its words allow, and never changes its name: the other one
// would only lift the limit on servers that do not know it.
bool LearnFromRefusal(const ChatRequest& request, const ErrorWords& words, endpoint_pb::Capabilities& capabilities);

}  // namespace ftl
