#include "services/batch-runner/suite/prompt_object.h"

#include <algorithm>
#include <iterator>
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

// Where the body of a call says what the model is told first.
constexpr const char* kInstructions[] = {"instructions", "system", "systemInstruction", "system_instruction"};

std::string_view View(const json::string& text) { return {text.data(), text.size()}; }

// Where an answer stands in an object: SQuAD's and TriviaQA's, a message's, and other spellings.
const json::value* AnswerIn(const json::object& object) {
  for (const char* name : {"text", "value", "answer", "content", "aliases"}) {
    if (const json::value* answer = object.if_contains(name)) return answer;
  }
  return nullptr;
}

// The answers that `value` holds, one behind the other. False where it holds something else.
bool CollectAnswers(const json::value& value, int depth, std::vector<std::string>& answers) {
  if (value.is_null()) return true;
  if (std::optional<std::string> text = PlainText(value)) {
    if (!text->empty() && answers.size() <= kMostExpected) answers.push_back(*std::move(text));
    return true;
  }
  if (depth == 0) return false;
  if (const json::array* list = value.if_array()) {
    return std::all_of(list->begin(), list->end(),
                       [&](const json::value& one) { return CollectAnswers(one, depth - 1, answers); });
  }
  const json::object* object = value.if_object();
  const json::value* answer = object == nullptr ? nullptr : AnswerIn(*object);
  if (answer == nullptr || !CollectAnswers(*answer, depth - 1, answers)) return false;
  const json::value* aliases = object->if_contains("aliases");
  return aliases == nullptr || aliases == answer || CollectAnswers(*aliases, depth - 1, answers);
}

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
    for (const json::value* system :
         {Take(FieldRole::kSystem), Take("systemInstruction"), Take("system_instruction")}) {
      if (system == nullptr || system->is_null()) continue;
      const std::optional<std::string> text = MessageText(*system);
      if (!text) return "the system message is not text";
      if (!text->empty()) PutSystemFirst(*text, prompt);
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
    if (object_.contains("turns")) return "";  // theirs are of each turn
    const json::value* expected = Take(FieldRole::kExpected);
    return expected == nullptr ? "" : ReadExpected(*expected, prompt);
  }

  std::string ReadQuestion(pb::Prompt& prompt) {
    // Batches of OpenAI, Anthropic, Google and Bedrock, and OpenAI's preferences.
    for (const char* name : {"body", "params", "request", "modelInput", "input"}) {
      const json::value* body = object_.if_contains(name);
      if (body == nullptr || !body->is_object()) continue;
      taken_.insert(name);
      return ReadRequest(name, body->get_object(), prompt);
    }
    if (const json::value* contents = Take("contents")) return ReadConversation(*contents, prompt);
    if (const json::value* turns = Take("turns")) return ReadTurns(*turns, prompt);
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

  // The first of several turns: what a model answers to it, and so the next, is not known.
  std::string ReadTurns(const json::value& turns, pb::Prompt& prompt) {
    const json::array* list = turns.if_array();
    if (list == nullptr || list->empty() || !list->front().is_string()) return "turns must be a list of texts";
    prompt.set_prompt(std::string(View(list->front().get_string())));
    if (list->size() > 1) reading_.LeaveOut("turns after the first");
    return "";
  }

  // Cohere's: what was said before stands in a list of its own.
  std::string ReadHistory(const json::array& history, std::string_view asked, pb::Prompt& prompt) {
    json::array messages = history;
    messages.push_back({{"role", "user"}, {"content", json::string_view(asked.data(), asked.size())}});
    return ReadConversation(messages, prompt);
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
    const json::value* history = object_.if_contains("chat_history");
    if (history != nullptr && history->is_array()) {
      taken_.insert("chat_history");
      return ReadHistory(history->get_array(), *text, prompt);
    }
    prompt.set_prompt(*std::move(text));
    return "";
  }

  // The body of a call, as files for batches hold them.
  std::string ReadRequest(std::string_view holder, const json::object& body, pb::Prompt& prompt) {
    if (holder == "body") reading_.shape = "openai_batch";
    std::string wrong = "has a body without messages";
    const json::value* asked = nullptr;
    for (const char* name : {"messages", "contents", "input", "prompt"}) {
      if (asked == nullptr && (asked = body.if_contains(name)) != nullptr) {
        for (const json::key_value_pair& member : body) {
          if (member.key() != name && !IsInstruction(member.key()))
            reading_.LeaveOut(fmt::format("{}.{}", holder, std::string_view(member.key())));
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
    for (const char* name : kInstructions) {
      const json::value* instructions = body.if_contains(name);
      if (instructions == nullptr || instructions->is_null()) continue;
      const std::optional<std::string> text = MessageText(*instructions);
      if (!text) return fmt::format("{}.{} is not text", holder, name);
      if (!text->empty()) PutSystemFirst(*text, prompt);
    }
    return "";
  }

  static bool IsInstruction(std::string_view name) {
    return std::find(std::begin(kInstructions), std::end(kInstructions), name) != std::end(kInstructions);
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

// An example whose halves are objects, as one; nullopt where what is asked is no object of fields.
std::optional<json::object> Joined(const json::object& example) {
  for (const char* asked : {"inputs", "input"}) {
    const json::value* fields = example.if_contains(asked);
    if (fields == nullptr || !fields->is_object() || fields->get_object().contains("messages")) continue;
    json::object joined = fields->get_object();
    for (const json::key_value_pair& member : example) {
      const json::object* half = member.value().if_object();
      if (member.key() == asked) continue;
      if (half == nullptr || (member.key() != "outputs" && member.key() != "output")) {
        joined.insert(member);
        continue;
      }
      for (const json::key_value_pair& field : *half) joined.insert(field);
    }
    return joined;
  }
  return std::nullopt;
}

}  // namespace

std::optional<std::string> PlainText(const json::value& value) {
  if (const json::string* text = value.if_string()) return std::string(View(*text));
  if (const double* number = value.if_double()) return fmt::format("{}", *number);
  if (value.is_number() || value.is_bool()) return json::serialize(value);
  return std::nullopt;
}

std::string ReadExpected(const json::value& value, pb::Prompt& prompt) {
  constexpr int kDeepest = 3;
  std::vector<std::string> answers;
  if (!CollectAnswers(value, kDeepest, answers)) return "expected_answer must be text, a number or a list of them";
  if (answers.size() > kMostExpected) return "expected_answer has more than 100 answers";
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
  for (const char* name : {"row", "item"}) {
    const json::value* row = object->if_contains(name);
    if (row != nullptr && row->is_object()) return ReadExample(*row, place, reading, std::move(prompt));
  }
  if (std::optional<json::object> joined = Joined(*object)) {
    return ReadExample(json::value(*std::move(joined)), place, reading, std::move(prompt));
  }
  if (const std::string wrong = Example(*object, reading).Read(prompt); !wrong.empty()) {
    return reading.Fault(place, wrong);
  }
  reading.Add(std::move(prompt), place);
}

}  // namespace ftl::batch_runner
