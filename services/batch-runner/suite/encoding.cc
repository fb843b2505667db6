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
constexpr int kSureEnough = 60;  // of 100, in ICU's own measure

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

const char* Recognised(std::string_view bytes) {
  UErrorCode error = U_ZERO_ERROR;
  const std::unique_ptr<UCharsetDetector, decltype(&ucsdet_close)> detector(ucsdet_open(&error), &ucsdet_close);
  const std::string_view sample = bytes.substr(0, kSample);
  ucsdet_setText(detector.get(), sample.data(), static_cast<int32_t>(sample.size()), &error);
  const UCharsetMatch* match = ucsdet_detect(detector.get(), &error);
  if (U_FAILURE(error) || match == nullptr || ucsdet_getConfidence(match, &error) < kSureEnough) return nullptr;
  const std::string_view name = ucsdet_getName(match, &error);
  const auto* known = std::find(std::begin(kRecognised), std::end(kRecognised), name);
  return known == std::end(kRecognised) ? nullptr : known->data();
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
  if (const char* recognised = Recognised(bytes)) {
    if (auto decoded = Converted(bytes, recognised); decoded.ok()) {
      std::transform(decoded->encoding.begin(), decoded->encoding.end(), decoded->encoding.begin(),
                     [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c; });
      return decoded;
    }
  }
  if (bytes.find_first_of(kUndefined) != std::string_view::npos) {
    return absl::InvalidArgumentError("is in no encoding that is known here; save the file as UTF-8");
  }
  return Converted(bytes, "windows-1252");
}

}  // namespace ftl::batch_runner
