#pragma once

#include "gateway/api/services.h"
#include "gateway/route.h"

namespace ftl::gateway {

// An answer of a model as it comes, with `[DONE]` at its end; or as one object where the request says `stream: false`.
// Whoever shows the id of an event that he has had, by Last-Event-ID, asks nothing: he is told the rest of that answer.
Handler Chat(Services& services);

// An answer from where somebody left off, as events.
Handler RejoinChat(Services& services);

}  // namespace ftl::gateway
