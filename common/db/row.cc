#include "common/db/row.h"

#include <charconv>
#include <initializer_list>
#include <limits>

#include <fmt/format.h>
#include <libpq-fe.h>

#include "common/db/moment.h"

namespace ftl {
namespace {

// OIDs of built-in types never change; they stand in the server's pg_type.dat.
constexpr Oid kBool = 16;
constexpr Oid kInt8 = 20;
constexpr Oid kInt2 = 21;
constexpr Oid kInt4 = 23;
constexpr Oid kFloat4 = 700;
constexpr Oid kFloat8 = 701;
constexpr Oid kTextArray = 1009;
constexpr Oid kTimestamptz = 1184;
constexpr Oid kNumeric = 1700;

void RequireType(const pg_result* result, int column, std::initializer_list<Oid> allowed, std::string_view wanted) {
  const Oid type = PQftype(result, column);
  for (const Oid one : allowed) {
    if (one == type) return;
  }
  throw ColumnFault(fmt::format("column {} has type {}, not {}", PQfname(result, column), type, wanted));
}

template <typename Number>
Number ParseNumber(std::string_view text) {
  Number value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) throw ColumnFault("a number does not read as one");
  return value;
}

// Reads {a,"b \"c\"",NULL}; a NULL element is a fault.
std::vector<std::string> ParseTextArray(std::string_view text) {
  std::vector<std::string> elements;
  size_t at = 1;
  while (at < text.size() && text[at] != '}') {
    std::string element;
    if (text[at] == '"') {
      for (++at; text[at] != '"'; ++at) {
        if (text[at] == '\\') ++at;
        element.push_back(text[at]);
      }
      ++at;
    } else {
      while (text[at] != ',' && text[at] != '}') element.push_back(text[at++]);
      if (element == "NULL") throw ColumnFault("an array has a null element");
    }
    elements.push_back(std::move(element));
    if (text[at] == ',') ++at;
  }
  return elements;
}

}  // namespace

void Rows::Clear::operator()(pg_result* result) const { PQclear(result); }

Rows::Rows(pg_result* result) : result_(result), size_(PQntuples(result)) {
  const int columns = PQnfields(result);
  names_.reserve(columns);
  for (int column = 0; column < columns; ++column) names_.emplace_back(PQfname(result, column));
}

Row Rows::operator[](int index) const {
  if (index < 0 || index >= size_) throw ColumnFault(fmt::format("row {} of {}", index, size_));
  return Row(this, index);
}

Row Rows::Only() const {
  if (size_ != 1) throw ColumnFault(fmt::format("one row was expected, {} came", size_));
  return Row(this, 0);
}

int64_t Rows::affected() const {
  const std::string_view count = PQcmdTuples(result_.get());
  return count.empty() ? 0 : ParseNumber<int64_t>(count);
}

int Row::Column(std::string_view name) const {
  for (size_t column = 0; column < rows_->names_.size(); ++column) {
    if (rows_->names_[column] == name) return static_cast<int>(column);
  }
  throw ColumnFault(fmt::format("no column {}", name));
}

bool Row::IsNull(std::string_view column) const { return IsNullAt(Column(column)); }

bool Row::IsNullAt(int column) const { return PQgetisnull(rows_->result_.get(), index_, column) != 0; }

std::string_view Row::Text(int column) const {
  const pg_result* result = rows_->result_.get();
  if (PQgetisnull(result, index_, column) != 0)
    throw ColumnFault(fmt::format("column {} is null", PQfname(result, column)));
  return {PQgetvalue(result, index_, column), static_cast<size_t>(PQgetlength(result, index_, column))};
}

template <>
std::string_view Row::Value<std::string_view>(int column) const {
  return Text(column);
}

template <>
std::string Row::Value<std::string>(int column) const {
  return std::string(Text(column));
}

template <>
int64_t Row::Value<int64_t>(int column) const {
  RequireType(rows_->result_.get(), column, {kInt8, kInt4, kInt2}, "a bigint");
  return ParseNumber<int64_t>(Text(column));
}

template <>
int32_t Row::Value<int32_t>(int column) const {
  RequireType(rows_->result_.get(), column, {kInt4, kInt2}, "an integer");
  return ParseNumber<int32_t>(Text(column));
}

template <>
int16_t Row::Value<int16_t>(int column) const {
  RequireType(rows_->result_.get(), column, {kInt2}, "a smallint");
  return ParseNumber<int16_t>(Text(column));
}

template <>
double Row::Value<double>(int column) const {
  RequireType(rows_->result_.get(), column, {kFloat8, kFloat4, kNumeric, kInt8, kInt4, kInt2}, "a number");
  const std::string_view text = Text(column);
  if (text == "NaN") return std::numeric_limits<double>::quiet_NaN();
  if (text == "Infinity") return std::numeric_limits<double>::infinity();
  if (text == "-Infinity") return -std::numeric_limits<double>::infinity();
  return ParseNumber<double>(text);
}

template <>
bool Row::Value<bool>(int column) const {
  RequireType(rows_->result_.get(), column, {kBool}, "a boolean");
  return Text(column) == "t";
}

template <>
absl::Time Row::Value<absl::Time>(int column) const {
  RequireType(rows_->result_.get(), column, {kTimestamptz}, "a timestamptz");
  const auto moment = ParseMoment(Text(column));
  if (!moment) throw ColumnFault("a moment does not read as one; is the connection's time zone UTC?");
  return *moment;
}

template <>
std::vector<std::string> Row::Value<std::vector<std::string>>(int column) const {
  RequireType(rows_->result_.get(), column, {kTextArray}, "a text[]");
  return ParseTextArray(Text(column));
}

}  // namespace ftl
