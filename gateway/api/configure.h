#pragma once

#include <string_view>

#include "gateway/api/services.h"
#include "gateway/route.h"

namespace ftl::gateway {

// A session's state, with the run that was started last.
Handler GetConfiguration(Services& services);

// The models of an endpoint; without a session counted more strictly, since the endpoint can be anybody's.
Handler ListModels(Services& services);

// The presets of the wizard, `sample` where an endpoint needs no key (`sample_url` is empty where there is none), and
// `workspace`, where its page is, where there is one.
Handler ListProviders(std::string_view sample_url, std::string_view sample_model_id, bool has_workspace);

// Deletes a session, and tells the browser to forget what it kept of it.
Handler CleanUp(Services& services);

}  // namespace ftl::gateway
