#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <google/protobuf/descriptor.h>

namespace ftl {

// How a field looks in JSON, worked out once from its type and its options; never field by field.
enum class JsonForm {
  kBool,
  kInt32,
  kInt64,
  kDouble,
  kString,
  kEnum,       // a lower-case word, without the prefix of its type
  kDuration,   // `x` is the number `x_ms`
  kTimestamp,  // RFC 3339 text
  kAnyJson,    // google.protobuf.Value, ListValue or Struct
  kMessage,    // an object
  kMap,        // an object whose keys are the map's
};

struct MessagePlan;

struct FieldPlan {
  const google::protobuf::FieldDescriptor* field;
  JsonForm form;
  std::string name;                       // in JSON
  std::string quoted_name;                // `"name":`
  const MessagePlan* message = nullptr;   // for kMessage
  std::vector<std::string> quoted_words;  // for kEnum, by number; empty text where there is no value
  const google::protobuf::FieldDescriptor* string_form = nullptr;  // a JSON string sets only this field of the message
  bool secret = false;                                             // read, never written
  bool omit_empty = false;                                         // an empty list is left out
  bool single_form = false;                                        // an object stands for a list of one
  bool takes_plain = false;                                        // a number, true or false is read as its text
  bool server_only = false;                                        // filled by the gateway; no client may name it
};

// A message type at the JSON door. Plans live as long as the process.
struct MessagePlan {
  std::vector<FieldPlan> fields;  // by number

  // The field of that JSON name which a client may give, or null.
  const FieldPlan* Readable(std::string_view name) const;
};

// Any thread.
const MessagePlan& PlanOf(const google::protobuf::Descriptor& type);

// The word of an enum value: `RUN_STATUS_RUNNING` is `running`. Empty for the zero value, which is never written.
std::string_view WordOf(const google::protobuf::EnumValueDescriptor& value);
// The value of a word, or null for one that is not in the enum.
const google::protobuf::EnumValueDescriptor* ValueOf(const google::protobuf::EnumDescriptor& type,
                                                     std::string_view word);

}  // namespace ftl
