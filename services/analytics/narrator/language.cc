#include "services/analytics/narrator/language.h"

#include <array>
#include <cmath>
#include <memory>

#include <unicode/listformatter.h>
#include <unicode/msgfmt.h>
#include <unicode/normalizer2.h>
#include <unicode/numberformatter.h>
#include <unicode/uchar.h>
#include <boost/json/parse.hpp>

#include "services/analytics/narrator/sentences.h"

namespace ftl::analytics {
namespace {

constexpr std::array<std::string_view, 7> kCodes = {"en", "de", "es", "fr", "pt", "zh", "ja"};

icu::UnicodeString Wide(std::string_view text) {
  return icu::UnicodeString::fromUTF8(icu::StringPiece(text.data(), static_cast<int32_t>(text.size())));
}

std::string Narrow(const icu::UnicodeString& text) {
  std::string utf8;
  return text.toUTF8String(utf8);
}

icu::Locale LocaleOf(const std::string& code) { return icu::Locale(code.c_str()); }

std::string Joined(const std::string& code, const std::vector<std::string>& parts, UListFormatterType type) {
  UErrorCode error = U_ZERO_ERROR;
  const std::unique_ptr<icu::ListFormatter> list(
      icu::ListFormatter::createInstance(LocaleOf(code), type, ULISTFMT_WIDTH_WIDE, error));
  std::vector<icu::UnicodeString> wide;
  wide.reserve(parts.size());
  for (const std::string& part : parts) wide.push_back(Wide(part));
  icu::UnicodeString joined;
  if (U_SUCCESS(error)) list->format(wide.data(), static_cast<int32_t>(wide.size()), joined, error);
  return Narrow(joined);
}

}  // namespace

Language::Language(std::string_view code) : code_(code) {
  const boost::json::value sentences = boost::json::parse(boost::json::string_view(SentencesOf(code)));
  for (const auto& [key, pattern] : sentences.as_object()) {
    patterns_.emplace(std::string(key), std::string(pattern.as_string()));
  }
}

std::span<const std::string_view> Language::Codes() { return kCodes; }

const Language& Language::Of(std::string_view code) {
  static const auto& languages = *[] {
    auto* made = new std::map<std::string, Language, std::less<>>;
    for (const std::string_view each : kCodes) made->emplace(std::string(each), Language(each));
    return made;
  }();
  const auto found = languages.find(code);
  return found == languages.end() ? languages.find("en")->second : found->second;
}

std::vector<std::string_view> Language::Keys() const {
  std::vector<std::string_view> keys;
  for (const auto& [key, pattern] : patterns_) keys.push_back(key);
  return keys;
}

std::string Language::Say(std::string_view key, std::initializer_list<Slot> slots) const {
  return Say(key, std::span<const Slot>(slots.begin(), slots.size()));
}

std::string Language::Say(std::string_view key, std::span<const Slot> slots) const {
  const auto pattern = patterns_.find(key);
  if (pattern == patterns_.end()) return std::string(key);
  std::vector<icu::UnicodeString> names;
  std::vector<icu::Formattable> values;
  for (const Slot& slot : slots) {
    names.push_back(Wide(slot.name));
    values.emplace_back(Wide(slot.text));
    if (!slot.count) continue;
    names.push_back(Wide(slot.name) + u"_count");
    values.emplace_back(*slot.count);
  }
  UErrorCode error = U_ZERO_ERROR;
  const icu::MessageFormat format(Wide(pattern->second), LocaleOf(code_), error);
  icu::UnicodeString said;
  if (U_SUCCESS(error)) format.format(names.data(), values.data(), static_cast<int32_t>(names.size()), said, error);
  return U_SUCCESS(error) ? Narrow(said) : std::string(key);
}

std::string Language::Number(double value, int decimals) const {
  UErrorCode error = U_ZERO_ERROR;
  const auto text = icu::number::NumberFormatter::withLocale(LocaleOf(code_))
                        .precision(icu::number::Precision::maxFraction(decimals))
                        .roundingMode(UNUM_ROUND_HALFUP)
                        .formatDouble(value, error)
                        .toString(error);
  return Narrow(text);
}

std::string Language::And(const std::vector<std::string>& parts) const {
  return Joined(code_, parts, ULISTFMT_TYPE_AND);
}

std::string Language::Or(const std::vector<std::string>& parts) const { return Joined(code_, parts, ULISTFMT_TYPE_OR); }

double Rounded(double value, int decimals) {
  const double scale = std::pow(10, decimals);
  return std::round(value * scale) / scale;
}

std::string PlainForm(std::string_view text) {
  UErrorCode error = U_ZERO_ERROR;
  const icu::Normalizer2* form = icu::Normalizer2::getNFKCCasefoldInstance(error);
  if (U_FAILURE(error)) return std::string(text);
  icu::UnicodeString wide = form->normalize(Wide(text), error);
  icu::UnicodeString plain;
  for (int32_t i = 0; i < wide.length(); i = wide.moveIndex32(i, 1)) {
    const UChar32 c = wide.char32At(i);
    const int32_t digit = u_charDigitValue(c);
    plain.append(digit >= 0 && u_charType(c) == U_DECIMAL_DIGIT_NUMBER ? static_cast<UChar32>('0' + digit) : c);
  }
  return Narrow(plain);
}

}  // namespace ftl::analytics
