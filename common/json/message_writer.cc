#include <cmath>
#include <map>

#include <google/protobuf/duration.pb.h>
#include <google/protobuf/struct.pb.h>
#include <google/protobuf/timestamp.pb.h>

#include "common/json/json_writer.h"
#include "common/json/message_json.h"
#include "common/json/message_plan.h"

namespace ftl {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;

void WriteObject(const Message& message, const MessagePlan& plan, std::string& out);

void WriteAny(const google::protobuf::Value& value, std::string& out);

void WriteList(const google::protobuf::ListValue& list, std::string& out) {
  out += '[';
  for (int i = 0; i < list.values_size(); ++i) {
    if (i > 0) out += ',';
    WriteAny(list.values(i), out);
  }
  out += ']';
}

// By name: protobuf's maps have another order each time they are read.
void WriteStruct(const google::protobuf::Struct& members, std::string& out) {
  std::map<std::string_view, const google::protobuf::Value*> by_name;
  for (const auto& [name, value] : members.fields()) by_name.emplace(name, &value);
  out += '{';
  bool first = true;
  for (const auto& [name, value] : by_name) {
    if (!first) out += ',';
    first = false;
    AppendJsonString(name, out);
    out += ':';
    WriteAny(*value, out);
  }
  out += '}';
}

void WriteAny(const google::protobuf::Value& value, std::string& out) {
  using google::protobuf::Value;
  switch (value.kind_case()) {
    case Value::kNumberValue:
      return std::isfinite(value.number_value()) ? AppendJsonNumber(value.number_value(), out) : void(out += "null");
    case Value::kStringValue:
      return AppendJsonString(value.string_value(), out);
    case Value::kBoolValue:
      out += value.bool_value() ? "true" : "false";
      return;
    case Value::kStructValue:
      return WriteStruct(value.struct_value(), out);
    case Value::kListValue:
      return WriteList(value.list_value(), out);
    default:
      out += "null";
  }
}

void WriteAnyJson(const Message& message, std::string& out) {
  if (const auto* value = dynamic_cast<const google::protobuf::Value*>(&message)) return WriteAny(*value, out);
  if (const auto* list = dynamic_cast<const google::protobuf::ListValue*>(&message)) return WriteList(*list, out);
  WriteStruct(dynamic_cast<const google::protobuf::Struct&>(message), out);
}

void WriteSubmessage(const Message& value, const FieldPlan& plan, std::string& out) {
  switch (plan.form) {
    case JsonForm::kDuration: {
      const auto& span = static_cast<const google::protobuf::Duration&>(value);
      return AppendMilliseconds(span.seconds(), span.nanos(), out);
    }
    case JsonForm::kTimestamp: {
      const auto& moment = static_cast<const google::protobuf::Timestamp&>(value);
      return AppendTimestamp(moment.seconds(), moment.nanos(), out);
    }
    case JsonForm::kAnyJson:
      return WriteAnyJson(value, out);
    default:
      return WriteObject(value, *plan.message, out);
  }
}

// A number that this build has no word for comes from a newer service.
void WriteEnum(const FieldPlan& plan, int number, std::string& out) {
  const bool known = number >= 0 && number < static_cast<int>(plan.quoted_words.size());
  out += known ? plan.quoted_words[number] : "\"unknown\"";
}

void WriteElement(const Message& message, const FieldPlan& plan, int i, std::string& out) {
  const Reflection& read = *message.GetReflection();
  std::string scratch;
  switch (plan.form) {
    case JsonForm::kBool:
      out += read.GetRepeatedBool(message, plan.field, i) ? "true" : "false";
      return;
    case JsonForm::kInt32:
      return AppendJsonNumber(static_cast<int64_t>(read.GetRepeatedInt32(message, plan.field, i)), out);
    case JsonForm::kInt64:
      return AppendJsonNumber(static_cast<int64_t>(read.GetRepeatedInt64(message, plan.field, i)), out);
    case JsonForm::kDouble:
      return AppendJsonNumber(read.GetRepeatedDouble(message, plan.field, i), out);
    case JsonForm::kString:
      return AppendJsonString(read.GetRepeatedStringReference(message, plan.field, i, &scratch), out);
    case JsonForm::kEnum:
      return WriteEnum(plan, read.GetRepeatedEnumValue(message, plan.field, i), out);
    default:
      return WriteSubmessage(read.GetRepeatedMessage(message, plan.field, i), plan, out);
  }
}

// By name, as above. The protos have maps from text to int32 alone.
void WriteMap(const Message& message, const FieldPlan& plan, std::string& out) {
  const Reflection& read = *message.GetReflection();
  const FieldDescriptor* key = plan.field->message_type()->map_key();
  const FieldDescriptor* value = plan.field->message_type()->map_value();
  const bool is_wide = value->cpp_type() == FieldDescriptor::CPPTYPE_INT64;
  std::map<std::string, int64_t> by_name;
  for (int i = 0; i < read.FieldSize(message, plan.field); ++i) {
    const Message& entry = read.GetRepeatedMessage(message, plan.field, i);
    const Reflection& of_entry = *entry.GetReflection();
    by_name.emplace(of_entry.GetString(entry, key),
                    is_wide ? of_entry.GetInt64(entry, value) : of_entry.GetInt32(entry, value));
  }
  out += '{';
  bool first = true;
  for (const auto& [name, number] : by_name) {
    if (!first) out += ',';
    first = false;
    AppendJsonString(name, out);
    out += ':';
    AppendJsonNumber(number, out);
  }
  out += '}';
}

void WriteSingle(const Message& message, const FieldPlan& plan, std::string& out) {
  const Reflection& read = *message.GetReflection();
  std::string scratch;
  switch (plan.form) {
    case JsonForm::kBool:
      out += read.GetBool(message, plan.field) ? "true" : "false";
      return;
    case JsonForm::kInt32:
      return AppendJsonNumber(static_cast<int64_t>(read.GetInt32(message, plan.field)), out);
    case JsonForm::kInt64:
      return AppendJsonNumber(static_cast<int64_t>(read.GetInt64(message, plan.field)), out);
    case JsonForm::kDouble:
      return AppendJsonNumber(read.GetDouble(message, plan.field), out);
    case JsonForm::kString:
      return AppendJsonString(read.GetStringReference(message, plan.field, &scratch), out);
    case JsonForm::kEnum:
      return WriteEnum(plan, read.GetEnumValue(message, plan.field), out);
    default:
      return WriteSubmessage(read.GetMessage(message, plan.field), plan, out);
  }
}

bool IsWritten(const Message& message, const FieldPlan& plan) {
  if (plan.secret) return false;
  const Reflection& read = *message.GetReflection();
  if (plan.field->is_repeated()) return !plan.omit_empty || read.FieldSize(message, plan.field) > 0;
  if (plan.field->has_presence() && !read.HasField(message, plan.field)) return false;
  if (plan.form == JsonForm::kEnum) return read.GetEnumValue(message, plan.field) != 0;
  if (plan.form == JsonForm::kDouble) return std::isfinite(read.GetDouble(message, plan.field));
  return true;
}

void WritePlanned(const Message& message, const MessagePlan& plan, bool first, std::string& out) {
  for (const FieldPlan& field : plan.fields) {
    if (!IsWritten(message, field)) continue;
    if (!first) out += ',';
    first = false;
    out += field.quoted_name;
    if (field.form == JsonForm::kMap) {
      WriteMap(message, field, out);
    } else if (field.field->is_repeated()) {
      out += '[';
      const int size = message.GetReflection()->FieldSize(message, field.field);
      for (int i = 0; i < size; ++i) {
        if (i > 0) out += ',';
        WriteElement(message, field, i, out);
      }
      out += ']';
    } else {
      WriteSingle(message, field, out);
    }
  }
}

void WriteObject(const Message& message, const MessagePlan& plan, std::string& out) {
  out += '{';
  WritePlanned(message, plan, /*first=*/true, out);
  out += '}';
}

}  // namespace

void WriteMessage(const Message& message, std::string& out) {
  WriteObject(message, PlanOf(*message.GetDescriptor()), out);
}

std::string ToJson(const Message& message) {
  std::string out;
  WriteMessage(message, out);
  return out;
}

void WriteMembers(const Message& message, bool first, std::string& out) {
  WritePlanned(message, PlanOf(*message.GetDescriptor()), first, out);
}

}  // namespace ftl
