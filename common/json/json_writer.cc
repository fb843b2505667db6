#include "common/json/json_writer.h"

#include <array>
#include <charconv>
#include <chrono>
#include <cmath>

namespace ftl {
namespace {

// 0 for bytes that stand for themselves, `u` for those that need \u00xx, else the letter after the backslash.
constexpr std::array<char, 256> kEscapes = [] {
  std::array<char, 256> escapes{};
  for (int c = 0; c < 0x20; ++c) escapes[c] = 'u';
  escapes['\b'] = 'b';
  escapes['\f'] = 'f';
  escapes['\n'] = 'n';
  escapes['\r'] = 'r';
  escapes['\t'] = 't';
  escapes['"'] = '"';
  escapes['\\'] = '\\';
  escapes[0x7f] = 'u';
  return escapes;
}();

void AppendDigits(int64_t number, int width, std::string& out) {
  char digits[20];
  const auto end = std::to_chars(digits, digits + sizeof digits, number).ptr;
  for (auto missing = width - (end - digits); missing > 0; --missing) out += '0';
  out.append(digits, end);
}

}  // namespace

void AppendJsonString(std::string_view text, std::string& out) {
  constexpr char kHex[] = "0123456789abcdef";
  out += '"';
  size_t plain_from = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    const char escape = kEscapes[byte];
    if (escape == 0) continue;
    out.append(text, plain_from, i - plain_from);
    plain_from = i + 1;
    out += '\\';
    out += escape;
    if (escape != 'u') continue;
    out += "00";
    out += kHex[byte >> 4];
    out += kHex[byte & 15];
  }
  out.append(text, plain_from, text.size() - plain_from);
  out += '"';
}

void AppendJsonNumber(int64_t number, std::string& out) {
  char digits[24];
  out.append(digits, std::to_chars(digits, digits + sizeof digits, number).ptr);
}

void AppendJsonNumber(double number, std::string& out) {
  const double size = std::fabs(number);
  const bool plain = size == 0 || (size >= 1e-6 && size < 1e21);
  char digits[64];
  const auto end = plain ? std::to_chars(digits, digits + sizeof digits, number, std::chars_format::fixed)
                         : std::to_chars(digits, digits + sizeof digits, number);
  out.append(digits, end.ptr);
}

void AppendMilliseconds(int64_t seconds, int32_t nanos, std::string& out) {
  int64_t micros = seconds * 1'000'000 + (nanos + (nanos < 0 ? -500 : 500)) / 1000;
  if (micros < 0) {
    out += '-';
    micros = -micros;
  }
  AppendJsonNumber(micros / 1000, out);
  int64_t rest = micros % 1000;
  if (rest == 0) return;
  out += '.';
  int width = 3;
  for (; rest % 10 == 0; rest /= 10) --width;
  AppendDigits(rest, width, out);
}

void AppendTimestamp(int64_t seconds, int32_t nanos, std::string& out) {
  using std::chrono::days;
  const std::chrono::sys_seconds moment{std::chrono::seconds(seconds)};
  const auto day = std::chrono::floor<days>(moment);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss time(moment - day);
  out += '"';
  AppendDigits(static_cast<int>(date.year()), 4, out);
  out += '-';
  AppendDigits(static_cast<unsigned>(date.month()), 2, out);
  out += '-';
  AppendDigits(static_cast<unsigned>(date.day()), 2, out);
  out += 'T';
  AppendDigits(time.hours().count(), 2, out);
  out += ':';
  AppendDigits(time.minutes().count(), 2, out);
  out += ':';
  AppendDigits(time.seconds().count(), 2, out);
  if (const int32_t micros = nanos / 1000; micros != 0) {
    out += '.';
    if (micros % 1000 == 0) {
      AppendDigits(micros / 1000, 3, out);
    } else {
      AppendDigits(micros, 6, out);
    }
  }
  out += "Z\"";
}

}  // namespace ftl
