#include "common/db/params.h"

#include <bit>

#include <fmt/format.h>

#include "common/db/moment.h"

namespace ftl {

void Params::Add(std::string_view text) { values_.push_back({.bytes = std::string(text)}); }
void Params::Add(bool value) { values_.push_back({.bytes = value ? "t" : "f"}); }
void Params::Add(double value) { values_.push_back({.bytes = fmt::format("{}", value)}); }
void Params::Add(absl::Time moment) { values_.push_back({.bytes = FormatMoment(moment)}); }
void Params::Add(std::nullopt_t) { values_.push_back({}); }
void Params::AddInteger(int64_t value) { values_.push_back({.bytes = fmt::format_int(value).str()}); }

namespace db_internal {
namespace {

// Network byte order.
template <typename Unsigned>
void AppendBigEndian(std::string& bytes, Unsigned value) {
  for (int shift = 8 * (sizeof(Unsigned) - 1); shift >= 0; shift -= 8)
    bytes.push_back(static_cast<char>(value >> shift));
}

void OverwriteBigEndian(std::string& bytes, size_t at, uint32_t value) {
  for (int i = 0; i < 4; ++i) bytes[at + i] = static_cast<char>(value >> (24 - 8 * i));
}

constexpr size_t kHasNullAt = 4;
constexpr size_t kElementTypeAt = 8;

}  // namespace

ArrayWriter::ArrayWriter(size_t count) {
  const bool empty = count == 0;
  AppendBigEndian<uint32_t>(bytes_, empty ? 0 : 1);  // dimensions
  AppendBigEndian<uint32_t>(bytes_, 0);              // has nulls
  AppendBigEndian<uint32_t>(bytes_, 0);              // element type
  if (empty) return;
  AppendBigEndian<uint32_t>(bytes_, static_cast<uint32_t>(count));
  AppendBigEndian<uint32_t>(bytes_, 1);  // lower bound
}

void ArrayWriter::AddNull() {
  has_null_ = true;
  AppendBigEndian<uint32_t>(bytes_, 0xFFFFFFFF);
}

void ArrayWriter::AddElement(std::string_view text) {
  AppendBigEndian<uint32_t>(bytes_, static_cast<uint32_t>(text.size()));
  bytes_.append(text);
}

void ArrayWriter::AddElement(bool value) {
  AppendBigEndian<uint32_t>(bytes_, 1);
  bytes_.push_back(value ? 1 : 0);
}

void ArrayWriter::AddElement(double value) {
  AppendBigEndian<uint32_t>(bytes_, 8);
  AppendBigEndian(bytes_, std::bit_cast<uint64_t>(value));
}

void ArrayWriter::AddElement(absl::Time moment) { AddInteger(MicrosecondsSince2000(moment)); }

void ArrayWriter::AddInteger(int64_t value) {
  AppendBigEndian<uint32_t>(bytes_, 8);
  AppendBigEndian(bytes_, static_cast<uint64_t>(value));
}

Params::Value ArrayWriter::Finish(uint32_t element_type, uint32_t array_type) && {
  OverwriteBigEndian(bytes_, kHasNullAt, has_null_ ? 1 : 0);
  OverwriteBigEndian(bytes_, kElementTypeAt, element_type);
  return {.bytes = std::move(bytes_), .type = array_type, .binary = true};
}

}  // namespace db_internal
}  // namespace ftl
