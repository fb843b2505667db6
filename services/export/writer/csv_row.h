#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include <google/protobuf/duration.pb.h>
#include <google/protobuf/timestamp.pb.h>

namespace ftl::exporter {

// A record of RFC 4180, appended to `out` cell by cell; a value that is not there is an empty cell.
class CsvRow {
 public:
  explicit CsvRow(std::string& out) : out_(out) {}

  // What somebody else wrote (csv_cell.h).
  CsvRow& Text(std::string_view text);
  // A word of ours, as it is.
  CsvRow& Word(std::string_view word);
  CsvRow& Count(bool has, int64_t count);
  CsvRow& Amount(bool has, double amount);
  // In milliseconds.
  CsvRow& Span(bool has, const google::protobuf::Duration& span);
  // RFC 3339, UTC.
  CsvRow& Moment(const google::protobuf::Timestamp& moment);
  // After the last cell.
  void End();

 private:
  void Begin();

  std::string& out_;
  bool is_first_ = true;
};

// RFC 3339, UTC.
std::string CsvMoment(const google::protobuf::Timestamp& moment);

// `# name: text` as a record of one cell and one line, whatever somebody wrote.
void AppendComment(std::string_view name, std::string_view text, std::string& out);

}  // namespace ftl::exporter
