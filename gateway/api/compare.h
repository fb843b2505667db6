#pragma once

#include "gateway/api/services.h"
#include "gateway/route.h"

namespace ftl::gateway {

// The answers of a comparison as they come; analytics' verdict after them, where all were called to their end; and
// `[DONE]`. Where `stream` is false, the whole comparison as one object in place of that. Whoever shows the id of an
// event that he has had, by Last-Event-ID, asks nothing: he is told the rest.
Handler Compare(Services& services);

// A comparison from where somebody left off, as events.
Handler RejoinCompare(Services& services);

}  // namespace ftl::gateway
