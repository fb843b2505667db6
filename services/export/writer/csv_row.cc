#include "services/export/writer/csv_row.h"

#include <fmt/format.h>

#include "common/json/json_writer.h"
#include "services/export/writer/csv_cell.h"

namespace ftl::exporter {

void CsvRow::Begin() {
  if (!is_first_) out_ += ',';
  is_first_ = false;
}

CsvRow& CsvRow::Text(std::string_view text) {
  Begin();
  AppendCell(text, out_);
  return *this;
}

CsvRow& CsvRow::Word(std::string_view word) {
  Begin();
  out_ += word;
  return *this;
}

CsvRow& CsvRow::Count(bool has, int64_t count) {
  Begin();
  if (has) AppendJsonNumber(count, out_);
  return *this;
}

CsvRow& CsvRow::Amount(bool has, double amount) {
  Begin();
  if (has) AppendJsonNumber(amount, out_);
  return *this;
}

CsvRow& CsvRow::Span(bool has, const google::protobuf::Duration& span) {
  Begin();
  if (has) AppendMilliseconds(span.seconds(), span.nanos(), out_);
  return *this;
}

CsvRow& CsvRow::Moment(const google::protobuf::Timestamp& moment) { return Word(CsvMoment(moment)); }

void CsvRow::End() { out_ += "\r\n"; }

std::string CsvMoment(const google::protobuf::Timestamp& moment) {
  std::string quoted;
  AppendTimestamp(moment.seconds(), moment.nanos(), quoted);
  return quoted.substr(1, quoted.size() - 2);
}

void AppendComment(std::string_view name, std::string_view text, std::string& out) {
  std::string line = fmt::format("# {}: {}", name, text);
  for (char& c : line) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = ' ';
  }
  CsvRow(out).Text(line).End();
}

}  // namespace ftl::exporter
