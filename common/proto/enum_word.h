#pragma once

#include <string>
#include <string_view>

#include <google/protobuf/descriptor.h>
#include <google/protobuf/generated_enum_reflection.h>

namespace ftl {

// An enum value as the lower-case word that columns and JSON hold: `rate_limit` for ERROR_TYPE_RATE_LIMIT of ErrorType.
// Empty for the zero value, which is never written.
std::string EnumWord(const google::protobuf::EnumDescriptor& type, int number);
// The number of a word, 0 for one that is not in the enum.
int EnumNumber(const google::protobuf::EnumDescriptor& type, std::string_view word);
// All words in order, as `a, b or c`.
std::string EnumWords(const google::protobuf::EnumDescriptor& type);

template <typename Enum>
std::string EnumWord(Enum value) {
  return EnumWord(*google::protobuf::GetEnumDescriptor<Enum>(), static_cast<int>(value));
}
template <typename Enum>
Enum EnumOf(std::string_view word) {
  return static_cast<Enum>(EnumNumber(*google::protobuf::GetEnumDescriptor<Enum>(), word));
}
template <typename Enum>
std::string EnumWords() {
  return EnumWords(*google::protobuf::GetEnumDescriptor<Enum>());
}

}  // namespace ftl
