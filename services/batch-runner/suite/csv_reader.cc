#include "services/batch-runner/suite/csv_reader.h"

#include <algorithm>

#include "common/error/try.h"

namespace ftl::batch_runner {

bool CsvReader::AtLineEnd() const {
  return at_ == text_.size() || text_[at_] == '\n' || text_.substr(at_, 2) == "\r\n" ||
         (text_[at_] == '\r' && at_ + 1 == text_.size());
}

void CsvReader::SkipLineEnd() {
  if (at_ < text_.size() && text_[at_] == '\r') ++at_;
  if (at_ < text_.size() && text_[at_] == '\n') ++at_;
  ++line_;
}

absl::Status CsvReader::ReadQuoted(std::string& field) {
  for (++at_; at_ < text_.size();) {
    const size_t end = std::min(text_.find('"', at_), text_.size());
    const std::string_view part = text_.substr(at_, end - at_);
    field += part;
    line_ += static_cast<int>(std::count(part.begin(), part.end(), '\n'));
    at_ = end + 1;
    if (end == text_.size()) break;
    if (at_ == text_.size() || text_[at_] != '"') {
      if (AtLineEnd() || text_[at_] == ',') return absl::OkStatus();
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
  while (!AtLineEnd() && text_[at_] != ',') {
    if (text_[at_] == '"')
      return absl::InvalidArgumentError("a quote stands within a field that does not begin with one");
    ++at_;
  }
  field = text_.substr(begin, at_ - begin);
  return absl::OkStatus();
}

absl::StatusOr<bool> CsvReader::Next(CsvRecord& record) {
  while (at_ < text_.size() && AtLineEnd()) SkipLineEnd();
  if (at_ == text_.size()) return false;
  record.line = line_;
  record.fields.clear();
  for (;;) {
    TRY(ReadField(record.fields.emplace_back()));
    if (AtLineEnd()) break;
    ++at_;
  }
  SkipLineEnd();
  return true;
}

}  // namespace ftl::batch_runner
