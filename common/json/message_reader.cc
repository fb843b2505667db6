#include <charconv>
#include <cmath>
#include <limits>
#include <optional>

#include <fmt/format.h>
#include <google/protobuf/duration.pb.h>
#include <google/protobuf/struct.pb.h>
#include <google/protobuf/util/time_util.h>
#include <boost/json/value.hpp>

#include "common/error/try.h"
#include "common/json/json_reader.h"
#include "common/json/message_json.h"
#include "common/json/message_plan.h"
#include "common/proto/enum_word.h"

namespace ftl {
namespace {

namespace json = boost::json;
using google::protobuf::Message;
using google::protobuf::Reflection;

constexpr int kNoWord = -1;
constexpr double kLongestMs = 1e12;

// Where in the input a value stands; written out only when something is wrong with it.
struct Place {
  const Place* parent;
  std::string_view name;
  int index = -1;  // in a list
};

std::string FullPath(const Place& place) {
  std::string path = place.parent == nullptr ? "" : FullPath(*place.parent);
  if (place.index >= 0) return fmt::format("{}[{}]", path, place.index);
  if (!path.empty()) path += '.';
  return path.append(place.name);
}

// Empty once no further fault is listed: a body may have a hundred thousand of them.
std::string PathOf(const Place& place, const InputFaults& faults) { return faults.full() ? "" : FullPath(place); }

std::optional<double> NumberOf(const json::value& value) {
  if (value.is_int64()) return static_cast<double>(value.get_int64());
  if (value.is_uint64()) return static_cast<double>(value.get_uint64());
  if (value.is_double()) return value.get_double();
  return std::nullopt;
}

// A number, true or false as text; nullopt for anything else.
std::optional<std::string> PlainText(const json::value& value) {
  if (const double* number = value.if_double()) return fmt::format("{}", *number);
  if (const bool* flag = value.if_bool()) return std::string(*flag ? "true" : "false");
  if (value.is_int64()) return std::to_string(value.get_int64());
  if (value.is_uint64()) return std::to_string(value.get_uint64());
  return std::nullopt;
}

// Sets one value of a field, or appends it to a list.
class Target {
 public:
  Target(Message& message, const FieldPlan& plan) : message_(message), plan_(plan), write_(*message.GetReflection()) {}

  void SetBool(bool value) const {
    repeated() ? write_.AddBool(&message_, plan_.field, value) : write_.SetBool(&message_, plan_.field, value);
  }
  void SetInteger(int64_t value) const {
    if (plan_.form == JsonForm::kInt32) {
      const auto narrow = static_cast<int32_t>(value);
      repeated() ? write_.AddInt32(&message_, plan_.field, narrow) : write_.SetInt32(&message_, plan_.field, narrow);
    } else {
      repeated() ? write_.AddInt64(&message_, plan_.field, value) : write_.SetInt64(&message_, plan_.field, value);
    }
  }
  void SetDouble(double value) const {
    repeated() ? write_.AddDouble(&message_, plan_.field, value) : write_.SetDouble(&message_, plan_.field, value);
  }
  void SetString(std::string value) const {
    repeated() ? write_.AddString(&message_, plan_.field, std::move(value))
               : write_.SetString(&message_, plan_.field, std::move(value));
  }
  void SetEnum(int number) const {
    repeated() ? write_.AddEnumValue(&message_, plan_.field, number)
               : write_.SetEnumValue(&message_, plan_.field, number);
  }
  Message& SetMessage() const {
    return *(repeated() ? write_.AddMessage(&message_, plan_.field) : write_.MutableMessage(&message_, plan_.field));
  }

 private:
  bool repeated() const { return plan_.field->is_repeated(); }

  Message& message_;
  const FieldPlan& plan_;
  const Reflection& write_;
};

void ReadAny(const json::value& value, google::protobuf::Value& out) {
  switch (value.kind()) {
    case json::kind::null:
      return out.set_null_value(google::protobuf::NULL_VALUE);
    case json::kind::bool_:
      return out.set_bool_value(value.get_bool());
    case json::kind::string:
      return out.set_string_value(std::string(value.get_string()));
    case json::kind::array:
      out.mutable_list_value();
      for (const json::value& element : value.get_array()) ReadAny(element, *out.mutable_list_value()->add_values());
      return;
    case json::kind::object:
      out.mutable_struct_value();
      for (const auto& member : value.get_object()) {
        ReadAny(member.value(), (*out.mutable_struct_value()->mutable_fields())[std::string(member.key())]);
      }
      return;
    default:
      return out.set_number_value(*NumberOf(value));
  }
}

// Integers within the field's range.
void SetNumber(double number, const FieldPlan& plan, const Target& target, const Place& place, InputFaults& faults) {
  if (plan.form == JsonForm::kDouble) return target.SetDouble(number);
  if (number != std::floor(number)) return faults.WrongType(PathOf(place, faults), "must be a whole number");
  const double most = plan.form == JsonForm::kInt32 ? std::numeric_limits<int32_t>::max() : 9'007'199'254'740'992.0;
  if (std::fabs(number) > most) {
    return faults.Unacceptable(PathOf(place, faults), fmt::format("must be at most {:.0f}", most));
  }
  target.SetInteger(static_cast<int64_t>(number));
}

void SetDuration(double milliseconds, const Target& target, const Place& place, InputFaults& faults) {
  if (std::fabs(milliseconds) > kLongestMs) return faults.Unacceptable(PathOf(place, faults), "is too long a time");
  auto& span = static_cast<google::protobuf::Duration&>(target.SetMessage());
  span = google::protobuf::util::TimeUtil::MicrosecondsToDuration(std::llround(milliseconds * 1000));
}

void SetWord(std::string_view word, const FieldPlan& plan, const Target& target, const Place& place,
             InputFaults& faults) {
  const auto* value = ValueOf(*plan.field->enum_type(), word);
  if (value == nullptr) {
    target.SetEnum(kNoWord);
    return faults.UnknownWord(PathOf(place, faults),
                              faults.full() ? "" : fmt::format("must be {}", EnumWords(*plan.field->enum_type())));
  }
  target.SetEnum(value->number());
}

void SetTimestamp(std::string_view text, const Target& target, const Place& place, InputFaults& faults) {
  google::protobuf::Timestamp moment;
  if (!google::protobuf::util::TimeUtil::FromString(std::string(text), &moment)) {
    return faults.WrongType(PathOf(place, faults), "must be a time such as 2026-01-31T12:00:00Z");
  }
  static_cast<google::protobuf::Timestamp&>(target.SetMessage()) = moment;
}

void ReadObject(const json::object& object, const MessagePlan& plan, const Place* place, Message& message,
                InputFaults& faults);

// Maps from text to text; what else the protos have of maps is answered and never given.
void ReadMap(const json::value& value, const FieldPlan& plan, const Place& place, Message& message,
             InputFaults& faults) {
  const google::protobuf::FieldDescriptor* text = plan.field->message_type()->map_value();
  if (text->cpp_type() != google::protobuf::FieldDescriptor::CPPTYPE_STRING) {
    return faults.Unknown(PathOf(place, faults));
  }
  if (!value.is_object()) return faults.WrongType(PathOf(place, faults), "must be an object");
  const Reflection& write = *message.GetReflection();
  for (const auto& member : value.get_object()) {
    const Place within{&place, std::string_view(member.key().data(), member.key().size())};
    if (!member.value().is_string()) {
      faults.WrongType(PathOf(within, faults), "must be text");
      continue;
    }
    Message& entry = *write.AddMessage(&message, plan.field);
    const Reflection& of_entry = *entry.GetReflection();
    of_entry.SetString(&entry, plan.field->message_type()->map_key(), std::string(member.key()));
    of_entry.SetString(&entry, text, std::string(member.value().get_string()));
  }
}

void ReadElement(const json::value& value, const FieldPlan& plan, const Place& place, Message& message,
                 InputFaults& faults) {
  const Target target(message, plan);
  switch (plan.form) {
    case JsonForm::kBool:
      if (!value.is_bool()) return faults.WrongType(PathOf(place, faults), "must be true or false");
      return target.SetBool(value.get_bool());
    case JsonForm::kInt32:
    case JsonForm::kInt64:
    case JsonForm::kDouble: {
      const auto number = NumberOf(value);
      if (!number) return faults.WrongType(PathOf(place, faults), "must be a number");
      return SetNumber(*number, plan, target, place, faults);
    }
    case JsonForm::kDuration: {
      const auto number = NumberOf(value);
      if (!number) return faults.WrongType(PathOf(place, faults), "must be a number of milliseconds");
      return SetDuration(*number, target, place, faults);
    }
    case JsonForm::kString:
      if (auto plain = plan.takes_plain ? PlainText(value) : std::nullopt) return target.SetString(*std::move(plain));
      if (!value.is_string()) return faults.WrongType(PathOf(place, faults), "must be text");
      return target.SetString(std::string(value.get_string()));
    case JsonForm::kEnum:
      if (!value.is_string()) return faults.WrongType(PathOf(place, faults), "must be text");
      return SetWord(value.get_string(), plan, target, place, faults);
    case JsonForm::kTimestamp:
      if (!value.is_string()) return faults.WrongType(PathOf(place, faults), "must be text");
      return SetTimestamp(value.get_string(), target, place, faults);
    case JsonForm::kAnyJson:
      return ReadAny(value, static_cast<google::protobuf::Value&>(target.SetMessage()));
    case JsonForm::kMap:
      return ReadMap(value, plan, place, message, faults);
    case JsonForm::kMessage:
      if (value.is_string() && plan.string_form != nullptr) {
        Message& element = target.SetMessage();
        element.GetReflection()->SetString(&element, plan.string_form, std::string(value.get_string()));
        return;
      }
      if (!value.is_object()) {
        return faults.WrongType(PathOf(place, faults),
                                plan.string_form == nullptr ? "must be an object" : "must be text or an object");
      }
      return ReadObject(value.get_object(), *plan.message, &place, target.SetMessage(), faults);
  }
}

void ReadField(const json::value& value, const FieldPlan& plan, const Place& place, Message& message,
               InputFaults& faults) {
  if (value.is_null() && plan.form != JsonForm::kAnyJson) return;  // as if it were absent
  if (!plan.field->is_repeated() || plan.form == JsonForm::kMap)
    return ReadElement(value, plan, place, message, faults);
  if (value.is_object() && plan.single_form) return ReadElement(value, plan, place, message, faults);
  if (!value.is_array()) return faults.WrongType(PathOf(place, faults), "must be a list");
  int index = 0;
  for (const json::value& element : value.get_array()) {
    ReadElement(element, plan, Place{&place, "", index++}, message, faults);
  }
}

void ReadObject(const json::object& object, const MessagePlan& plan, const Place* parent, Message& message,
                InputFaults& faults) {
  for (const auto& member : object) {
    const Place place{parent, std::string_view(member.key().data(), member.key().size())};
    const FieldPlan* field = plan.Readable(place.name);
    if (field == nullptr) {
      faults.Unknown(PathOf(place, faults));
    } else {
      ReadField(member.value(), *field, place, message, faults);
    }
  }
}

std::optional<double> NumberIn(std::string_view text) {
  double number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size() || !std::isfinite(number)) return std::nullopt;
  return number;
}

void ReadText(std::string_view text, const FieldPlan& plan, Message& message, InputFaults& faults) {
  const Target target(message, plan);
  const Place place{nullptr, plan.name};
  switch (plan.form) {
    case JsonForm::kBool:
      if (text != "true" && text != "false") return faults.WrongType(plan.name, "must be true or false");
      return target.SetBool(text == "true");
    case JsonForm::kInt32:
    case JsonForm::kInt64:
    case JsonForm::kDouble: {
      const auto number = NumberIn(text);
      if (!number) return faults.WrongType(plan.name, "must be a number");
      return SetNumber(*number, plan, target, place, faults);
    }
    case JsonForm::kDuration: {
      const auto number = NumberIn(text);
      if (!number) return faults.WrongType(plan.name, "must be a number of milliseconds");
      return SetDuration(*number, target, place, faults);
    }
    case JsonForm::kString:
      return target.SetString(std::string(text));
    case JsonForm::kEnum:
      return SetWord(text, plan, target, place, faults);
    case JsonForm::kTimestamp:
      return SetTimestamp(text, target, place, faults);
    default:
      return faults.WrongType(plan.name, "can be given only in a body");
  }
}

}  // namespace

absl::Status ReadBody(std::string_view text, Message& message, InputFaults& faults, size_t max_values) {
  TRY(const JsonDocument document, JsonDocument::Parse(text, max_values));
  if (!document.root().is_object()) return Refuse(Reason::kMalformedJson, "The body must be a JSON object.");
  ReadObject(document.root().get_object(), PlanOf(*message.GetDescriptor()), nullptr, message, faults);
  return absl::OkStatus();
}

void ReadParameter(std::string_view name, std::string_view text, Message& message, InputFaults& faults) {
  const FieldPlan* field = PlanOf(*message.GetDescriptor()).Readable(name);
  if (field == nullptr) return faults.Unknown(name);
  ReadText(text, *field, message, faults);
}

}  // namespace ftl
