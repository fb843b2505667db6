#include "common/proto/enum_word.h"

#include <cctype>

namespace ftl {
namespace {

using google::protobuf::EnumDescriptor;
using google::protobuf::EnumValueDescriptor;

// Values carry the name of the zero value up to UNSPECIFIED before them.
size_t PrefixSize(const EnumDescriptor& type) {
  constexpr std::string_view kZero = "UNSPECIFIED";
  const std::string& zero = type.value(0)->name();
  return zero.ends_with(kZero) ? zero.size() - kZero.size() : 0;
}

}  // namespace

std::string EnumWord(const EnumDescriptor& type, int number) {
  const EnumValueDescriptor* value = type.FindValueByNumber(number);
  if (!value || number == 0) return "";
  std::string word = value->name().substr(PrefixSize(type));
  for (char& letter : word) letter = static_cast<char>(std::tolower(static_cast<unsigned char>(letter)));
  return word;
}

int EnumNumber(const EnumDescriptor& type, std::string_view word) {
  for (int i = 0; i < type.value_count(); ++i) {
    const int number = type.value(i)->number();
    if (number != 0 && EnumWord(type, number) == word) return number;
  }
  return 0;
}

std::string EnumWords(const EnumDescriptor& type) {
  std::string text;
  for (int i = 0; i < type.value_count(); ++i) {
    const std::string word = EnumWord(type, type.value(i)->number());
    if (word.empty()) continue;
    if (!text.empty()) text += i + 1 == type.value_count() ? " or " : ", ";
    text += word;
  }
  return text;
}

}  // namespace ftl
