#include "services/export/writer/html/escape.h"

namespace ftl::exporter {
namespace {

std::string_view EscapeOf(char c) {
  switch (c) {
    case '&':
      return "&amp;";
    case '<':
      return "&lt;";
    case '>':
      return "&gt;";
    case '"':
      return "&quot;";
    case '\'':
      return "&#39;";
    case '\r':
      return "&#13;";
    case '\t':
    case '\n':
      return {};
    default:
      return static_cast<unsigned char>(c) < 0x20 ? "\uFFFD" : std::string_view();
  }
}

}  // namespace

void AppendHtml(std::string_view text, std::string& out) {
  size_t plain = 0;
  for (size_t at = 0; at < text.size(); ++at) {
    // U+FFFE and U+FFFF are no characters in XML.
    const bool none =
        text[at] == '\xEF' && (text.substr(at, 3) == "\xEF\xBF\xBE" || text.substr(at, 3) == "\xEF\xBF\xBF");
    const std::string_view escape = none ? "\uFFFD" : EscapeOf(text[at]);
    if (escape.empty()) continue;
    out.append(text, plain, at - plain).append(escape);
    if (none) at += 2;
    plain = at + 1;
  }
  out.append(text, plain);
}

}  // namespace ftl::exporter
