#include "services/batch-runner/suite/csv_reader.h"

#include <algorithm>

#include "common/error/try.h"
#include "services/batch-runner/suite/content_text.h"

namespace ftl::batch_runner {
namespace {

int LineEnds(std::string_view part) {
  int ends = 0;
  for (size_t i = 0; i < part.size(); ++i) {
    if (part[i] == '\n' || (part[i] == '\r' && part.substr(i, 2) != "\r\n")) ++ends;
  }
  return ends;
}

}  // namespace

void CsvReader::SkipLineEnd() {
  if (at_ < text_.size() && text_.substr(at_, 2) == "\r\n") ++at_;
  if (at_ < text_.size()) ++at_;
  ++line_;
}

void CsvReader::SkipLine() {
  at_ = LineEnd(text_, at_);
  SkipLineEnd();
}

absl::Status CsvReader::ReadQuoted(std::string& field) {
  for (++at_; at_ < text_.size();) {
    const size_t end = std::min(text_.find('"', at_), text_.size());
    const std::string_view part = text_.substr(at_, end - at_);
    field += part;
    line_ += LineEnds(part);
    at_ = std::min(end + 1, text_.size());
    if (end == text_.size()) break;
    if (at_ == text_.size() || text_[at_] != '"') {
      at_ = std::min(text_.find_first_not_of(' ', at_), text_.size());
      if (AtLineEnd() || AtDelimiter()) return absl::OkStatus();
      return absl::InvalidArgumentError("text follows a closing quote; double the quotes that belong to the text");
    }
    field += '"';
    ++at_;
  }
  return absl::InvalidArgumentError("a quote is opened and never closed");
}

absl::Status CsvReader::ReadField(std::string& field) {
  if (at_ < text_.size() && text_[at_] == '"') return ReadQuoted(field);
  const size_t begin = at_;
  // Some put a space behind each comma; a quote that does not close as one is text.
  const size_t quote = std::min(text_.find_first_not_of(' ', at_), text_.size());
  if (quote > at_ && text_.substr(quote, 1) == "\"") {
    const int line = line_;
    at_ = quote;
    if (ReadQuoted(field).ok()) return absl::OkStatus();
    at_ = begin;
    line_ = line;
  }
  while (!AtLineEnd() && !AtDelimiter()) ++at_;
  field = text_.substr(begin, at_ - begin);
  return absl::OkStatus();
}

absl::StatusOr<bool> CsvReader::Next(CsvRecord& record) {
  while (at_ < text_.size() && AtLineEnd()) SkipLineEnd();
  if (at_ == text_.size()) return false;
  record.line = line_;
  record.fields.clear();
  for (;;) {
    absl::Status read = record.fields.size() == kMostColumns ? absl::InvalidArgumentError("has more than 1,000 columns")
                                                             : ReadField(record.fields.emplace_back());
    if (!read.ok()) {
      SkipLine();
      return read;
    }
    if (AtLineEnd()) break;
    ++at_;
  }
  SkipLineEnd();
  return true;
}

}  // namespace ftl::batch_runner
