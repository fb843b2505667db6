#include "gateway/openapi/schemas.h"

#include <fmt/format.h>

#include "common/json/json_writer.h"

namespace ftl::gateway {
namespace {

using google::protobuf::Descriptor;

std::string Quoted(std::string_view text) {
  std::string out;
  AppendJsonString(text, out);
  return out;
}

// `finetunelab.batch_runner.v1.Run` is `batch_runner.Run`; what is given and not answered is
// `batch_runner.Prompt.Input`.
std::string NameOf(const Descriptor& type, bool is_answer) {
  std::string package = type.file()->package();
  const size_t first = package.find('.');
  const size_t last = package.rfind('.');
  std::string name = fmt::format("{}.{}", package.substr(first + 1, last - first - 1), type.name());
  const bool by_name = name.size() > 7 && (name.substr(name.size() - 7) == "Request");
  return is_answer || by_name ? name : name + ".Input";
}

std::string EnumSchema(const google::protobuf::EnumDescriptor& type) {
  std::string words;
  for (int i = 0; i < type.value_count(); ++i) {
    if (type.value(i)->number() == 0) continue;
    if (!words.empty()) words += ',';
    words += Quoted(WordOf(*type.value(i)));
  }
  return fmt::format(R"({{"type":"string","enum":[{}]}})", words);
}

bool IsAlwaysWritten(const FieldPlan& field) {
  if (field.secret || field.form == JsonForm::kEnum) return false;
  return field.field->is_repeated() ? !field.omit_empty : !field.field->has_presence();
}

}  // namespace

std::string Schemas::OfValue(const FieldPlan& field, bool is_answer) {
  switch (field.form) {
    case JsonForm::kBool:
      return R"({"type":"boolean"})";
    case JsonForm::kInt32:
      return R"({"type":"integer","format":"int32"})";
    case JsonForm::kInt64:
      return R"({"type":"integer","format":"int64"})";
    case JsonForm::kDouble:
      return R"({"type":"number"})";
    case JsonForm::kString:
      if (field.takes_plain && !is_answer) return R"({"type":["string","number","boolean"]})";
      return field.secret ? R"({"type":"string","writeOnly":true})" : R"({"type":"string"})";
    case JsonForm::kEnum:
      return EnumSchema(*field.field->enum_type());
    case JsonForm::kDuration:
      return R"({"type":"number"})";
    case JsonForm::kTimestamp:
      return R"({"type":"string","format":"date-time"})";
    case JsonForm::kAnyJson:
      return "{}";
    case JsonForm::kMap:
      return field.secret ? R"({"type":"object","additionalProperties":{"type":"string"},"writeOnly":true})"
                          : R"({"type":"object","additionalProperties":{"type":"integer"}})";
    case JsonForm::kMessage: {
      const std::string reference = Reference(*field.field->message_type(), is_answer);
      if (field.string_form == nullptr || is_answer) return reference;
      return fmt::format(R"({{"oneOf":[{{"type":"string"}},{}]}})", reference);
    }
  }
  return "{}";
}

std::string Schemas::OfField(const FieldPlan& field, bool is_answer) {
  const std::string value = OfValue(field, is_answer);
  if (!field.field->is_repeated() || field.form == JsonForm::kMap) return value;
  const std::string list = fmt::format(R"({{"type":"array","items":{}}})", value);
  return field.single_form && !is_answer ? fmt::format(R"({{"oneOf":[{},{}]}})", list, value) : list;
}

std::string Schemas::OfMessage(const Descriptor& type, bool is_answer) {
  std::string properties;
  std::string required;
  for (const FieldPlan& field : PlanOf(type).fields) {
    if (is_answer ? field.secret : field.server_only) continue;
    std::string schema = OfField(field, is_answer);
    const std::string description = DescriptionOf(field);
    if (!description.empty()) {
      schema.pop_back();
      schema += fmt::format("{}\"description\":{}}}", schema.size() > 1 ? "," : "", Quoted(description));
    }
    properties += fmt::format("{}{}:{}", properties.empty() ? "" : ",", Quoted(field.name), schema);
    if (is_answer && IsAlwaysWritten(field)) required += (required.empty() ? "" : ",") + Quoted(field.name);
  }
  std::string schema = fmt::format(R"({{"type":"object","description":{},"properties":{{{}}})",
                                   Quoted(comments_.OfMessage(type.full_name())), properties);
  if (!required.empty()) schema += fmt::format(",\"required\":[{}]", required);
  if (!is_answer) schema += ",\"additionalProperties\":false";
  return schema + "}";
}

std::string Schemas::Reference(const Descriptor& type, bool is_answer) {
  const std::string name = NameOf(type, is_answer);
  // Known before it is written, since a message may hold itself.
  if (schemas_.try_emplace(name).second) schemas_[name] = OfMessage(type, is_answer);
  return fmt::format("{{\"$ref\":\"{}{}\"}}", home_, name);
}

std::string Schemas::Json() const {
  std::string json;
  for (const auto& [name, schema] : schemas_) json += fmt::format("{}\"{}\":{}", json.empty() ? "" : ",", name, schema);
  return json;
}

}  // namespace ftl::gateway
