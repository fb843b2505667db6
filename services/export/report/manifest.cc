#include "services/export/report/manifest.h"

#include <map>
#include <string>

#include "services/export/report/readable.h"
#include "services/export/report/wording.h"

namespace ftl::exporter {
namespace {

using google::protobuf::Struct;
using google::protobuf::Value;

constexpr size_t kMostFacts = 80;
constexpr size_t kLongestValue = 240;

std::string TextOf(const Value& value);

std::string ListText(const google::protobuf::ListValue& list) {
  std::string text;
  for (const Value& item : list.values()) text += (text.empty() ? "" : ", ") + TextOf(item);
  return text.empty() ? "none" : text;
}

std::string TextOf(const Value& value) {
  switch (value.kind_case()) {
    case Value::kNumberValue:
      return NumberText(value.number_value(), 6);
    case Value::kStringValue:
      return value.string_value();
    case Value::kBoolValue:
      return value.bool_value() ? "yes" : "no";
    case Value::kListValue:
      return ListText(value.list_value());
    default:
      return "";
  }
}

void Add(const Struct& object, const std::string& path, Facts& facts) {
  const std::map<std::string, Value> ordered(object.fields().begin(), object.fields().end());
  for (const auto& [name, value] : ordered) {
    if (facts.facts.size() == kMostFacts) return;
    if (value.has_struct_value()) {
      Add(value.struct_value(), path + name + ".", facts);
    } else {
      facts.facts.emplace_back(OneLine(path + name, 80), OneLine(TextOf(value), kLongestValue));
    }
  }
}

}  // namespace

Facts ManifestFacts(const Struct& manifest) {
  Facts facts;
  Add(manifest, "", facts);
  return facts;
}

}  // namespace ftl::exporter
