#pragma once

#include <string_view>

namespace ftl::exporter {

// What an error type of the contract means and what to do about it, in a sentence or two. `outcome` is finer; empty for
// none.
std::string_view AdviceOn(std::string_view error_type, std::string_view outcome);

}  // namespace ftl::exporter
