#include "services/export/writer/xlsx/cell_text.h"

#include <fmt/format.h>

namespace ftl::exporter {
namespace {

constexpr size_t kMostUnits = 32'767;
constexpr size_t kRoomForWords = 100;

// Characters outside of the first plane take two units.
size_t UnitsOf(unsigned char first) {
  if ((first & 0xC0) == 0x80) return 0;
  return first >= 0xF0 ? 2 : 1;
}

// U+FFFE and U+FFFF are no characters in XML.
void Mend(std::string& text) {
  for (const char* none : {"\xEF\xBF\xBE", "\xEF\xBF\xBF"}) {
    for (size_t at = 0; (at = text.find(none, at)) != std::string::npos; at += 3) text.replace(at, 3, "\uFFFD");
  }
}

}  // namespace

std::string CellText(std::string_view text) {
  size_t units = 0;
  size_t cut = 0;  // where the words about a cut would stand
  size_t characters = 0;
  for (size_t at = 0; at < text.size(); ++at) {
    const size_t more = UnitsOf(static_cast<unsigned char>(text[at]));
    characters += more > 0;
    units += more;
    if (units <= kMostUnits - kRoomForWords) cut = at + 1;
  }
  std::string told(units <= kMostUnits ? text : text.substr(0, cut));
  if (units > kMostUnits) told += fmt::format("\u2026 [cut: {} characters in all; CSV and JSON hold them]", characters);
  Mend(told);
  return told;
}

}  // namespace ftl::exporter
