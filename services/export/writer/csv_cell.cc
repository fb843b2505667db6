#include "services/export/writer/csv_cell.h"

#include <array>

namespace ftl::exporter {
namespace {

constexpr std::array<bool, 256> kNeedsQuotes = [] {
  std::array<bool, 256> needs{};
  for (const unsigned char c : {',', ';', '"', '\r', '\n', '\t'}) needs[c] = true;
  return needs;
}();

bool NeedsQuotes(std::string_view text) {
  if (text.empty()) return false;
  if (text.front() == ' ' || text.back() == ' ') return true;
  for (const char c : text) {
    if (kNeedsQuotes[static_cast<unsigned char>(c)]) return true;
  }
  return false;
}

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

// `-5`, `+7.25`, `-1e3`: what a spreadsheet takes for a number and computes nothing from.
bool IsNumber(std::string_view text) {
  size_t at = text.starts_with('-') || text.starts_with('+') ? 1 : 0;
  const auto skip_digits = [&] {
    const size_t from = at;
    while (at < text.size() && IsDigit(text[at])) ++at;
    return at > from;
  };
  if (!skip_digits()) return false;
  if (at < text.size() && text[at] == '.') {
    ++at;
    if (!skip_digits()) return false;
  }
  if (at < text.size() && (text[at] == 'e' || text[at] == 'E')) {
    ++at;
    if (at < text.size() && (text[at] == '-' || text[at] == '+')) ++at;
    if (!skip_digits()) return false;
  }
  return at == text.size();
}

bool IsFormula(std::string_view text) {
  const size_t start = text.find_first_not_of(' ');
  if (start == std::string_view::npos) return false;
  text.remove_prefix(start);
  if (IsNumber(text)) return false;
  if (std::string_view("=+-@\t\r\n").find(text.front()) != std::string_view::npos) return true;
  for (const std::string_view wide : {"\uFF1D", "\uFF0B", "\uFF0D", "\uFF20"}) {
    if (text.substr(0, wide.size()) == wide) return true;
  }
  return false;
}

}  // namespace

void AppendCell(std::string_view text, std::string& out) {
  const std::string_view guard = IsFormula(text) ? "'" : "";
  if (!NeedsQuotes(text)) {
    out.append(guard).append(text);
    return;
  }
  out.append("\"").append(guard);
  for (size_t quote; (quote = text.find('"')) != std::string_view::npos; text.remove_prefix(quote + 1)) {
    out.append(text, 0, quote).append("\"\"");
  }
  out.append(text).append("\"");
}

}  // namespace ftl::exporter
