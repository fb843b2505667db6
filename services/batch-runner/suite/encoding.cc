#include "services/batch-runner/suite/encoding.h"

#include <algorithm>
#include <memory>
#include <vector>

#include <fmt/format.h>
#include <unicode/ucnv.h>
#include <unicode/ucsdet.h>
#include <unicode/unistr.h>

#include "services/batch-runner/suite/content_text.h"

namespace ftl::batch_runner {
namespace {

constexpr size_t kSample = 64 * 1024;
// Of 100, in ICU's own measure; and where the text is certainly in no Western encoding.
constexpr int kSureEnough = 60;
constexpr int kLikelyEnough = 10;

struct Mark {
  std::string_view bytes;
  const char* encoding;
};
// The longer first: UTF-32's begins as UTF-16's does.
constexpr Mark kMarks[] = {{{"\xFF\xFE\0\0", 4}, "utf-32le"},
                           {{"\0\0\xFE\xFF", 4}, "utf-32be"},
                           {"\xEF\xBB\xBF", "utf-8"},
                           {"\xFF\xFE", "utf-16le"},
                           {"\xFE\xFF", "utf-16be"}};

struct Container {
  std::string_view begin;
  std::string_view advice;
};
constexpr Container kNoText[] = {{"PK\x03\x04", "is a spreadsheet or an archive; save the table as CSV"},
                                 {"\xD0\xCF\x11\xE0", "is an old Excel or Word file; save the table as CSV"},
                                 {"%PDF-", "is a PDF; copy its text"},
                                 {"\x1F\x8B", "is compressed; unpack it"},
                                 {"BZh", "is compressed; unpack it"},
                                 {"7z\xBC\xAF", "is compressed; unpack it"},
                                 {"\xFD\x37zXZ", "is compressed; unpack it"},
                                 {"\x28\xB5\x2F\xFD", "is compressed; unpack it"},
                                 {"Rar!", "is compressed; unpack it"},
                                 {"\x89PNG", "is a picture; type its text"},
                                 {"\xFF\xD8\xFF", "is a picture; type its text"},
                                 {"GIF8", "is a picture; type its text"},
                                 {"SQLite format 3", "is a database; save the table as CSV"},
                                 {"PAR1", "is a Parquet file; save the table as CSV"}};

// Encodings whose bytes have a form that a guess can lean on.
constexpr std::string_view kRecognised[] = {"Shift_JIS",    "GB18030",     "EUC-JP",       "EUC-KR",
                                            "Big5",         "KOI8-R",      "windows-1251", "windows-1253",
                                            "windows-1255", "windows-1256"};
// Bytes that Windows-1252 leaves undefined.
constexpr std::string_view kUndefined = "\x81\x8D\x8F\x90\x9D";

absl::StatusOr<DecodedText> Converted(std::string_view bytes, const char* encoding) {
  UErrorCode error = U_ZERO_ERROR;
  const std::unique_ptr<UConverter, decltype(&ucnv_close)> converter(ucnv_open(encoding, &error), &ucnv_close);
  ucnv_setToUCallBack(converter.get(), UCNV_TO_U_CALLBACK_STOP, nullptr, nullptr, nullptr, &error);
  const auto size = static_cast<int32_t>(bytes.size());
  std::vector<UChar> units(bytes.size() + 1);
  const int32_t length =
      ucnv_toUChars(converter.get(), units.data(), static_cast<int32_t>(units.size()), bytes.data(), size, &error);
  if (U_FAILURE(error)) {
    return absl::InvalidArgumentError(fmt::format("is not {} throughout; save the file as UTF-8", encoding));
  }
  DecodedText decoded{"", encoding};
  icu::UnicodeString(/*isTerminated=*/false, units.data(), length).toUTF8String(decoded.text);
  return decoded;
}

const char* WideWithoutMark(std::string_view bytes) {
  const std::string_view sample = bytes.substr(0, kSample & ~size_t{1});
  size_t zeros[2] = {0, 0};
  for (size_t i = 0; i < sample.size(); ++i) zeros[i % 2] += sample[i] == '\0' ? 1 : 0;
  const size_t many = sample.size() / 5;
  if (sample.size() < 4 || bytes.size() % 2 != 0) return nullptr;
  if (zeros[1] > many && zeros[0] * 10 < zeros[1]) return "utf-16le";
  if (zeros[0] > many && zeros[1] * 10 < zeros[0]) return "utf-16be";
  return nullptr;
}

// In Western languages a letter with an accent rarely follows another.
bool IsWestern(std::string_view bytes) {
  size_t letters = 0;
  size_t pairs = 0;
  bool was_letter = false;
  for (const char c : bytes.substr(0, kSample)) {
    const bool is_letter = static_cast<unsigned char>(c) >= 0xC0;
    letters += is_letter ? 1 : 0;
    pairs += is_letter && was_letter ? 1 : 0;
    was_letter = is_letter;
  }
  return pairs * 2 <= letters;
}

// The line of the first byte that is no UTF-8, of a text most of whose characters beyond ASCII are; else 0.
int LineOfBrokenUtf8(std::string_view bytes) {
  size_t whole = 0;
  size_t broken = 0;
  int line = 1;
  int first = 0;
  for (size_t at = 0; at < bytes.size();) {
    const auto byte = static_cast<unsigned char>(bytes[at]);
    const size_t length = byte < 0x80 ? 1 : byte >= 0xF0 ? 4 : byte >= 0xE0 ? 3 : 2;
    const bool is_whole = length == 1 || IsUtf8(bytes.substr(at, length));
    line += byte == '\n' ? 1 : 0;
    whole += is_whole && length > 1 ? 1 : 0;
    broken += is_whole ? 0 : 1;
    if (!is_whole && first == 0) first = line;
    at += is_whole ? length : 1;
  }
  return whole > broken ? first : 0;
}

const char* Recognised(std::string_view bytes) {
  UErrorCode error = U_ZERO_ERROR;
  const std::unique_ptr<UCharsetDetector, decltype(&ucsdet_close)> detector(ucsdet_open(&error), &ucsdet_close);
  const std::string_view sample = bytes.substr(0, kSample);
  ucsdet_setText(detector.get(), sample.data(), static_cast<int32_t>(sample.size()), &error);
  int32_t count = 0;
  const UCharsetMatch** matches = ucsdet_detectAll(detector.get(), &count, &error);
  const bool is_western = IsWestern(bytes);
  for (int32_t i = 0; U_SUCCESS(error) && i < count; ++i) {
    if (ucsdet_getConfidence(matches[i], &error) < (is_western ? kSureEnough : kLikelyEnough)) break;
    const auto* known = std::find(std::begin(kRecognised), std::end(kRecognised), ucsdet_getName(matches[i], &error));
    if (known != std::end(kRecognised)) return known->data();
    if (is_western) break;
  }
  return nullptr;
}

}  // namespace

absl::StatusOr<DecodedText> DecodeText(std::string_view bytes) {
  const bool is_text = IsUtf8(bytes) && bytes.find('\0') == std::string_view::npos;
  for (const Container& container : kNoText) {
    if (!is_text && bytes.starts_with(container.begin))
      return absl::InvalidArgumentError(std::string(container.advice));
  }
  for (const Mark& mark : kMarks) {
    if (!bytes.starts_with(mark.bytes)) continue;
    const std::string_view rest = bytes.substr(mark.bytes.size());
    if (mark.encoding != std::string_view("utf-8")) return Converted(rest, mark.encoding);
    if (IsUtf8(rest)) return DecodedText{std::string(rest), "utf-8"};
    return absl::InvalidArgumentError("begins as UTF-8 and is not UTF-8 throughout; save the file as UTF-8");
  }
  if (is_text) return DecodedText{std::string(bytes), "utf-8"};
  if (const char* wide = WideWithoutMark(bytes)) return Converted(bytes, wide);
  if (IsUtf8(bytes)) return DecodedText{std::string(bytes), "utf-8"};
  if (const int line = LineOfBrokenUtf8(bytes)) {
    return absl::InvalidArgumentError(fmt::format("is UTF-8 but for a byte in line {}; save the file as UTF-8", line));
  }
  if (const char* recognised = Recognised(bytes)) {
    if (auto decoded = Converted(bytes, recognised); decoded.ok()) {
      std::transform(decoded->encoding.begin(), decoded->encoding.end(), decoded->encoding.begin(),
                     [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c; });
      return decoded;
    }
  }
  if (bytes.find_first_of(kUndefined) != std::string_view::npos || !IsWestern(bytes)) {
    return absl::InvalidArgumentError("is in no encoding that is known here; save the file as UTF-8");
  }
  return Converted(bytes, "windows-1252");
}

}  // namespace ftl::batch_runner
