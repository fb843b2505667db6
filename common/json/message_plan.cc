#include "common/json/message_plan.h"

#include <map>
#include <memory>
#include <mutex>

#include <absl/strings/ascii.h>
#include <fmt/format.h>

#include "common/text/view.h"
#include "finetunelab/options/v1/options.pb.h"

namespace ftl {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::EnumDescriptor;
using google::protobuf::EnumValueDescriptor;
using google::protobuf::FieldDescriptor;

// The gateway fills these from the connection, the headers and bodies that are no JSON.
bool ServerOnly(std::string_view name) {
  return name == "idempotency_key" || name == "client_address" || name == "head_only" || name == "raw_content" ||
         name == "owner" || name == "if_match";
}

// A right answer may be given as what it is: 42, true.
bool TakesPlain(std::string_view name) { return name == "expected_answer"; }

JsonForm FormOf(const FieldDescriptor& field) {
  if (field.is_map()) return JsonForm::kMap;
  switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_BOOL:
      return JsonForm::kBool;
    case FieldDescriptor::CPPTYPE_INT32:
      return JsonForm::kInt32;
    case FieldDescriptor::CPPTYPE_INT64:
      return JsonForm::kInt64;
    case FieldDescriptor::CPPTYPE_DOUBLE:
      return JsonForm::kDouble;
    case FieldDescriptor::CPPTYPE_ENUM:
      return JsonForm::kEnum;
    case FieldDescriptor::CPPTYPE_MESSAGE: {
      const std::string& type = field.message_type()->full_name();
      if (type == "google.protobuf.Duration") return JsonForm::kDuration;
      if (type == "google.protobuf.Timestamp") return JsonForm::kTimestamp;
      if (type == "google.protobuf.Value" || type == "google.protobuf.ListValue" || type == "google.protobuf.Struct") {
        return JsonForm::kAnyJson;
      }
      return JsonForm::kMessage;
    }
    default:
      return JsonForm::kString;  // the protos have no other types (protos/README.md)
  }
}

std::vector<std::string> QuotedWords(const EnumDescriptor& type) {
  std::vector<std::string> words;
  for (int i = 0; i < type.value_count(); ++i) {
    const EnumValueDescriptor& value = *type.value(i);
    if (static_cast<int>(words.size()) <= value.number()) words.resize(value.number() + 1);
    words[value.number()] = fmt::format("\"{}\"", WordOf(value));
  }
  return words;
}

class Plans {
 public:
  const MessagePlan& Of(const Descriptor& type) {
    const std::lock_guard lock(mutex_);
    return Make(type);
  }

 private:
  const MessagePlan& Make(const Descriptor& type) {
    auto& slot = plans_[&type];
    if (slot) return *slot;
    slot = std::make_unique<MessagePlan>();
    MessagePlan& plan = *slot;  // known before its fields, since a message may hold itself
    for (int i = 0; i < type.field_count(); ++i) {
      const FieldDescriptor& field = *type.field(i);
      const auto& options = field.options().GetExtension(finetunelab::options::v1::field);
      FieldPlan made{&field, FormOf(field), field.name(), ""};
      if (made.form == JsonForm::kDuration) made.name += "_ms";
      if (!options.json_name().empty()) made.name = options.json_name();
      made.quoted_name = fmt::format("\"{}\":", made.name);
      made.secret = options.secret();
      made.omit_empty = options.omit_empty();
      made.single_form = options.single_form();
      made.takes_plain = TakesPlain(field.name());
      made.server_only = ServerOnly(field.name());
      if (made.form == JsonForm::kEnum) made.quoted_words = QuotedWords(*field.enum_type());
      if (made.form == JsonForm::kMessage) {
        made.message = &Make(*field.message_type());
        if (!options.string_form().empty()) {
          made.string_form = field.message_type()->FindFieldByName(options.string_form());
        }
      }
      plan.fields.push_back(std::move(made));
    }
    return plan;
  }

  std::mutex mutex_;
  std::map<const Descriptor*, std::unique_ptr<MessagePlan>> plans_;
};

// `RUN_STATUS_UNSPECIFIED` says that the prefix is `RUN_STATUS_`.
size_t PrefixSize(const EnumDescriptor& type) {
  constexpr std::string_view kZero = "UNSPECIFIED";
  const std::string& name = type.value(0)->name();
  return name.size() < kZero.size() ? 0 : name.size() - kZero.size();
}

// Words of every value, made once.
class Words {
 public:
  std::string_view Of(const EnumValueDescriptor& value) {
    const std::lock_guard lock(mutex_);
    auto [entry, is_new] = words_.try_emplace(&value);
    if (is_new && value.number() != 0) {
      const size_t prefix = PrefixSize(*value.type());
      entry->second = absl::AsciiStrToLower(ToAbsl(std::string_view(value.name()).substr(prefix)));
    }
    return entry->second;
  }

 private:
  std::mutex mutex_;
  std::map<const EnumValueDescriptor*, std::string> words_;
};

}  // namespace

const FieldPlan* MessagePlan::Readable(std::string_view name) const {
  for (const FieldPlan& field : fields) {
    if (field.name == name) return field.server_only ? nullptr : &field;
  }
  return nullptr;
}

const MessagePlan& PlanOf(const Descriptor& type) {
  static auto& plans = *new Plans;
  return plans.Of(type);
}

std::string_view WordOf(const EnumValueDescriptor& value) {
  static auto& words = *new Words;
  return words.Of(value);
}

const EnumValueDescriptor* ValueOf(const EnumDescriptor& type, std::string_view word) {
  for (int i = 0; i < type.value_count(); ++i) {
    if (type.value(i)->number() != 0 && WordOf(*type.value(i)) == word) return type.value(i);
  }
  return nullptr;
}

}  // namespace ftl
