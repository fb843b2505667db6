#include "services/batch-runner/suite/prompt_object.h"

#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <boost/json/serialize.hpp>

#include "common/error/refusal.h"
#include "common/json/message_json.h"
#include "services/batch-runner/suite/conversation.h"
#include "services/batch-runner/suite/field_names.h"
#include "services/batch-runner/suite/promptfoo.h"

namespace ftl::batch_runner {
namespace {

namespace json = boost::json;

constexpr size_t kMostFields = 1000;
constexpr size_t kMostExpected = 100;

std::string_view View(const json::string& text) { return {text.data(), text.size()}; }

// One object and which of its fields have been read.
class Example {
 public:
  Example(const json::object& object, SuiteReading& reading) : object_(object), reading_(reading) {
    for (const json::key_value_pair& member : object) names_.push_back(PlainName(std::string_view(member.key())));
  }

  // What is wrong, or nothing.
  std::string Read(pb::Prompt& prompt) {
    if (object_.size() > kMostFields) return "has more than 1,000 fields";
    if (std::string wrong = ReadAnswer(prompt); !wrong.empty()) return wrong;
    if (std::string wrong = ReadQuestion(prompt); !wrong.empty()) return wrong;
    if (const json::value* system = Take(FieldRole::kSystem)) {
      const std::optional<std::string> text = PlainText(*system);
      if (text && !text->empty()) PutSystemFirst(*text, prompt);
    }
    if (const json::value* category = Take(FieldRole::kCategory)) {
      const std::optional<std::string> text = PlainText(*category);
      if (!text && !category->is_null()) return "category must be text";
      if (text && !text->empty()) prompt.set_category(*text);
    }
    if (std::string wrong = ReadChecks(prompt); !wrong.empty()) return wrong;
    for (const json::key_value_pair& member : object_) {
      const std::string name(std::string_view(member.key()));
      if (taken_.count(name) == 0) reading_.LeaveOut(name);
    }
    return "";
  }

 private:
  const json::value* Take(const char* name) {
    const json::value* value = object_.if_contains(name);
    if (value != nullptr) taken_.insert(name);
    return value;
  }
  const json::value* Take(FieldRole role) {
    const std::optional<size_t> at = FieldFor(role, names_);
    if (!at) return nullptr;
    const auto& member = *(object_.begin() + static_cast<ptrdiff_t>(*at));
    taken_.insert(std::string(std::string_view(member.key())));
    return &member.value();
  }

  // First, since an answer at a conversation's end gives way to one that is named.
  std::string ReadAnswer(pb::Prompt& prompt) {
    const json::value* expected = Take(FieldRole::kExpected);
    return expected == nullptr ? "" : ReadExpected(*expected, prompt);
  }

  std::string ReadQuestion(pb::Prompt& prompt) {
    // OpenAI's and Anthropic's batches.
    for (const char* name : {"body", "params"}) {
      const json::value* body = object_.if_contains(name);
      if (body == nullptr || !body->is_object()) continue;
      taken_.insert(name);
      return ReadRequest(name, body->get_object(), prompt);
    }
    const json::value* named = object_.if_contains("prompt");
    if (const json::value* messages = Take("messages")) {
      if (named == nullptr && messages->is_array()) {
        reading_.shape = "fine_tuning";
      } else if (named != nullptr && named->is_string()) {
        taken_.insert("prompt");
        prompt.set_prompt(std::string(View(named->get_string())));
      }
      if (std::string wrong = ReadConversation(*messages, prompt); !wrong.empty()) return wrong;
      return prompt.messages().empty() ? Asked(prompt) : "";
    }
    for (const char* name : {"conversations", "conversation"}) {
      if (const json::value* talk = Take(name)) {
        reading_.shape = "sharegpt";
        return ReadConversation(*talk, prompt);
      }
    }
    return Asked(prompt);
  }

  std::string Asked(pb::Prompt& prompt) {
    const json::value* asked = Take(FieldRole::kPrompt);
    if (asked == nullptr) return "has no prompt; name the field `prompt`, or give `messages`";
    if (taken_.count("input") != 0 && object_.contains("ideal")) reading_.shape = "evals";
    if (asked->is_array()) return ReadConversation(*asked, prompt);
    std::optional<std::string> text = PlainText(*asked);
    if (!text || !asked->is_string()) {
      if (asked->is_null()) return "prompt is missing";
      return "prompt must be text";
    }
    // An instruction and what it is about.
    if (taken_.count("instruction") != 0 && object_.contains("input")) {
      const json::value* input = Take("input");
      if (input->is_string() && !input->get_string().empty()) *text += "\n\n" + std::string(View(input->get_string()));
    }
    prompt.set_prompt(*std::move(text));
    return "";
  }

  // The body of a call, as files for batches hold them.
  std::string ReadRequest(std::string_view holder, const json::object& body, pb::Prompt& prompt) {
    if (holder == "body") reading_.shape = "openai_batch";
    std::string wrong = "has a body without messages";
    const json::value* asked = nullptr;
    for (const char* name : {"messages", "input", "prompt"}) {
      if (asked == nullptr && (asked = body.if_contains(name)) != nullptr) {
        for (const json::key_value_pair& member : body) {
          const bool is_read = member.key() == name || member.key() == "instructions" || member.key() == "system";
          if (!is_read) reading_.LeaveOut(fmt::format("{}.{}", holder, std::string_view(member.key())));
        }
      }
    }
    if (asked == nullptr) return wrong;
    if (asked->is_string()) {
      prompt.set_prompt(std::string(View(asked->get_string())));
    } else {
      wrong = ReadConversation(*asked, prompt);
      if (!wrong.empty()) return wrong;
    }
    for (const char* name : {"instructions", "system"}) {
      const json::value* instructions = body.if_contains(name);
      if (instructions != nullptr && instructions->is_string()) {
        PutSystemFirst(View(instructions->get_string()), prompt);
      }
    }
    return "";
  }

  std::string ReadChecks(pb::Prompt& prompt) {
    const json::value* checks = Take("checks");
    if (checks == nullptr || checks->is_null()) return "";
    pb::Prompt read;
    InputFaults found;
    const absl::Status status = ReadBody(fmt::format("{{\"checks\":{}}}", json::serialize(*checks)), read, found);
    for (const FieldFault& fault : FieldFaultsOf(found.Verdict())) {
      return fmt::format("{} {}", fault.field, fault.message);
    }
    if (!status.ok()) return "checks cannot be read";
    prompt.mutable_checks()->MergeFrom(read.checks());
    return "";
  }

  const json::object& object_;
  SuiteReading& reading_;
  std::vector<std::string> names_;
  std::set<std::string> taken_;
};

}  // namespace

std::optional<std::string> PlainText(const json::value& value) {
  if (const json::string* text = value.if_string()) return std::string(View(*text));
  if (const double* number = value.if_double()) return fmt::format("{}", *number);
  if (value.is_number() || value.is_bool()) return json::serialize(value);
  return std::nullopt;
}

std::string ReadExpected(const json::value& value, pb::Prompt& prompt) {
  if (value.is_null()) return "";
  if (std::optional<std::string> text = PlainText(value)) {
    if (!text->empty()) prompt.set_expected_answer(*std::move(text));
    return "";
  }
  const json::array* list = value.if_array();
  if (list == nullptr) return "expected_answer must be text, a number or a list of them";
  if (list->size() > kMostExpected) return "expected_answer has more than 100 answers";
  std::vector<std::string> answers;
  for (const json::value& one : *list) {
    std::optional<std::string> text = PlainText(one);
    if (!text) return "expected_answer must be text, a number or a list of them";
    if (!text->empty()) answers.push_back(*std::move(text));
  }
  if (answers.empty()) return "";
  if (answers.size() == 1) {
    prompt.set_expected_answer(std::move(answers.front()));
    return "";
  }
  pb::Check& any = *prompt.add_checks();
  for (std::string& answer : answers) {
    pb::Check& check = *any.add_any();
    check.set_kind(pb::CHECK_KIND_CONTAINS);
    check.mutable_value()->set_string_value(std::move(answer));
    check.set_ignore_case(true);
  }
  return "";
}

void ReadExample(const json::value& value, const Place& place, SuiteReading& reading, pb::Prompt prompt) {
  if (const json::string* text = value.if_string()) {
    prompt.set_prompt(std::string(View(*text)));
    return reading.Add(std::move(prompt), place);
  }
  const json::object* object = value.if_object();
  if (object == nullptr) return reading.Fault(place, "must be text or an object");
  if (const json::value* vars = object->if_contains("vars"); vars != nullptr && !object->contains("prompt")) {
    return ReadPromptfooTest(*object, place, reading);
  }
  // Rows of a data set's viewer, and examples whose two halves stand apart.
  if (const json::value* row = object->if_contains("row"); row != nullptr && row->is_object()) {
    return ReadExample(*row, place, reading, std::move(prompt));
  }
  const json::value* inputs = object->if_contains("inputs");
  if (inputs != nullptr && inputs->is_object()) {
    json::object joined = inputs->get_object();
    const json::value* outputs = object->if_contains("outputs");
    if (outputs != nullptr && outputs->is_object()) {
      for (const json::key_value_pair& member : outputs->get_object()) joined.insert(member);
    }
    return ReadExample(json::value(std::move(joined)), place, reading, std::move(prompt));
  }
  if (const std::string wrong = Example(*object, reading).Read(prompt); !wrong.empty()) {
    return reading.Fault(place, wrong);
  }
  reading.Add(std::move(prompt), place);
}

}  // namespace ftl::batch_runner
