#pragma once

#include <string>
#include <string_view>

namespace ftl::exporter {

// Appends text so that no part of it is markup, in an element's content or a quoted attribute, in HTML as in XML.
// Characters that XML does not allow become U+FFFD.
void AppendHtml(std::string_view text, std::string& out);

}  // namespace ftl::exporter
