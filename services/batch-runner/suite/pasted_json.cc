#include "services/batch-runner/suite/pasted_json.h"

#include <algorithm>
#include <optional>

#include "services/batch-runner/suite/content_text.h"

namespace ftl::batch_runner {
namespace {

constexpr std::string_view kMark = "\uFEFF";
constexpr char kRecordSeparator = '\x1E';

bool IsSpace(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }

// Where the string that begins at `at` ends, behind its quote.
size_t EndOfString(std::string_view text, size_t at) {
  for (++at; at < text.size() && text[at] != '"'; ++at) at += text[at] == '\\' ? 1 : 0;
  return std::min(at + 1, text.size());
}

// Finds comments from the start of a text to its end.
class Comments {
 public:
  explicit Comments(std::string_view text) : text_(text) {}

  // How long the one at `at` is; 0 for none.
  size_t LengthAt(size_t at) {
    if (text_.substr(at, 2) == "//") return LineEnd(text_, at) - at;
    if (!may_end_ || text_.substr(at, 2) != "/*") return 0;
    const size_t end = text_.find("*/", at + 2);
    may_end_ = end != std::string_view::npos;
    return may_end_ ? end + 2 - at : 0;
  }

 private:
  std::string_view text_;
  bool may_end_ = true;  // somewhere behind there is an end
};

int LineEnds(std::string_view text) {
  int ends = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    ends += text[i] == '\n' || (text[i] == '\r' && text.substr(i, 2) != "\r\n") ? 1 : 0;
  }
  return ends;
}

void Blank(std::string& text, size_t at, size_t bytes) {
  for (size_t i = at; i < at + bytes; ++i) text[i] = IsSpace(text[i]) ? text[i] : ' ';
}

}  // namespace

std::string StrictJson(std::string_view text) {
  std::string strict(text);
  Comments comments(text);
  std::optional<size_t> comma;  // behind which nothing has come yet
  int depth = 0;
  for (size_t at = 0; at < text.size();) {
    const char c = text[at];
    if (const size_t comment = comments.LengthAt(at); comment > 0) {
      Blank(strict, at, comment);
      at += comment;
      continue;
    }
    if (text.substr(at, kMark.size()) == kMark) {
      Blank(strict, at, kMark.size());
      at += kMark.size();
      continue;
    }
    if (c == ',' || c == kRecordSeparator) {
      if (c == kRecordSeparator || depth == 0) Blank(strict, at, 1);
      if (c == ',' && depth > 0) comma = comma ? comma : at;
      ++at;
      continue;
    }
    if (c == '{' || c == '[') ++depth;
    if (c == '}' || c == ']') {
      --depth;
      if (comma) Blank(strict, *comma, 1);
    }
    if (!IsSpace(c)) comma.reset();
    at = c == '"' ? EndOfString(text, at) : at + 1;
  }
  return strict;
}

bool JsonPieces::Next(JsonPiece& piece) {
  const size_t begin = std::min(rest_.find_first_not_of(" \t\r\n"), rest_.size());
  line_ += LineEnds(rest_.substr(0, begin));
  rest_.remove_prefix(begin);
  if (rest_.empty()) return false;
  size_t at = 0;
  int depth = 0;
  do {
    const char c = rest_[at];
    depth += c == '{' || c == '[' ? 1 : c == '}' || c == ']' ? -1 : 0;
    at = c == '"' ? EndOfString(rest_, at) : at + 1;
  } while (at < rest_.size() && (depth > 0 || (!IsSpace(rest_[at]) && rest_[at] != '{' && rest_[at] != '[')));
  piece = {rest_.substr(0, at), line_};
  line_ += LineEnds(piece.text);
  rest_.remove_prefix(at);
  return true;
}

}  // namespace ftl::batch_runner
