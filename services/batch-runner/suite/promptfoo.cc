#include "services/batch-runner/suite/promptfoo.h"

#include <algorithm>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <absl/strings/numbers.h>
#include <fmt/format.h>
#include <boost/json/serialize.hpp>

#include "common/endpoint/answer/clean_text.h"
#include "common/json/json_reader.h"
#include "services/batch-runner/suite/content_text.h"
#include "services/batch-runner/suite/conversation.h"
#include "services/batch-runner/suite/prompt_faults.h"
#include "services/batch-runner/suite/prompt_object.h"

namespace ftl::batch_runner {
namespace {

namespace json = boost::json;
using Variables = std::map<std::string, std::string, std::less<>>;

constexpr std::string_view kFile = "file://";

std::string_view View(const json::string& text) { return {text.data(), text.size()}; }
std::string Text(const json::value& value) {
  std::optional<std::string> plain = PlainText(value);
  return plain ? *std::move(plain) : json::serialize(value);
}

pb::Check Simple(pb::CheckKind kind, std::string_view value, bool ignore_case = false) {
  pb::Check check;
  check.set_kind(kind);
  if (kind != pb::CHECK_KIND_IS_JSON) check.mutable_value()->set_string_value(std::string(value));
  if (ignore_case) check.set_ignore_case(true);
  return check;
}

pb::Check Group(bool is_any, const std::vector<std::string>& values, bool ignore_case) {
  pb::Check group;
  for (const std::string& value : values) {
    *(is_any ? group.add_any() : group.add_all()) = Simple(pb::CHECK_KIND_CONTAINS, value, ignore_case);
  }
  return group;
}

// The check that an assert means, or nullopt where it takes a model, a script or another measure.
std::optional<pb::Check> CheckOf(std::string_view type, const std::vector<std::string>& values,
                                 std::optional<double> threshold) {
  const std::string_view value = values.empty() ? std::string_view() : std::string_view(values.front());
  if (type == "is-json" && values.empty()) return Simple(pb::CHECK_KIND_IS_JSON, "");
  if (type == "latency" && threshold) {
    pb::Check check;
    check.set_kind(pb::CHECK_KIND_LATENCY);
    check.set_max_ms(*threshold);
    return check;
  }
  if (values.empty()) return std::nullopt;
  if (type == "contains" || type == "icontains") {
    return Simple(pb::CHECK_KIND_CONTAINS, value, type == "icontains");
  }
  if (type == "not-contains" || type == "not-icontains") {
    return Simple(pb::CHECK_KIND_NOT_CONTAINS, value, type == "not-icontains");
  }
  if (type == "contains-any" || type == "icontains-any") return Group(true, values, type == "icontains-any");
  if (type == "contains-all" || type == "icontains-all") return Group(false, values, type == "icontains-all");
  if (type == "equals") return Simple(pb::CHECK_KIND_EQUALS, value);
  if (type == "regex") return Simple(pb::CHECK_KIND_REGEX, value);
  if (type == "starts-with") return Simple(pb::CHECK_KIND_STARTS_WITH, value);
  return std::nullopt;
}

std::vector<std::string> Parted(std::string_view list) {
  std::vector<std::string> parts;
  while (!list.empty()) {
    const size_t end = std::min(list.find(','), list.size());
    if (const std::string_view part = Trimmed(list.substr(0, end)); !part.empty()) parts.emplace_back(part);
    list.remove_prefix(std::min(end + 1, list.size()));
  }
  return parts;
}

bool IsTypeWord(std::string_view word) {
  return !word.empty() && word.find_first_not_of("abcdefghijklmnopqrstuvwxyz-0123456789") == std::string_view::npos;
}

constexpr std::string_view kOtherTypes[] = {"answer-relevance",
                                            "bleu",
                                            "classifier",
                                            "contains-html",
                                            "contains-json",
                                            "contains-sql",
                                            "context-faithfulness",
                                            "context-recall",
                                            "context-relevance",
                                            "cost",
                                            "eval",
                                            "factuality",
                                            "file",
                                            "fn",
                                            "g-eval",
                                            "grade",
                                            "javascript",
                                            "levenshtein",
                                            "llm-rubric",
                                            "model-graded-closedqa",
                                            "model-graded-factuality",
                                            "moderation",
                                            "perplexity",
                                            "pi",
                                            "python",
                                            "rouge-n",
                                            "select-best",
                                            "similar",
                                            "webhook",
                                            "is-xml",
                                            "is-sql",
                                            "is-refusal"};

bool IsKnownType(std::string_view type) {
  if (type.starts_with("not-")) type.remove_prefix(4);
  static constexpr std::string_view kOurs[] = {"is-json",      "latency",       "contains",     "icontains",
                                               "contains-any", "icontains-any", "contains-all", "icontains-all",
                                               "equals",       "regex",         "starts-with"};
  return std::find(std::begin(kOurs), std::end(kOurs), type) != std::end(kOurs) ||
         std::find(std::begin(kOtherTypes), std::end(kOtherTypes), type) != std::end(kOtherTypes);
}

// `text` with `{{name}}` put in. Gives what is wrong, or nothing.
std::string Render(std::string_view text, const Variables& variables, std::string& out) {
  while (true) {
    const size_t begin = text.find("{{");
    if (text.substr(0, begin).find("{%") != std::string_view::npos) return "has template statements; write them out";
    out += text.substr(0, begin);
    if (begin == std::string_view::npos) return "";
    const size_t end = text.find("}}", begin);
    if (end == std::string_view::npos) return "has {{ without }}";
    const std::string_view name = Trimmed(text.substr(begin + 2, end - begin - 2));
    const auto found = variables.find(name);
    if (found == variables.end()) {
      return fmt::format("uses {{{{{}}}}}, which has no value", CutText(name, 60));
    }
    out += found->second;
    if (out.size() > 2 * kMostPromptBytes) return "is longer than 64 KiB";
    text.remove_prefix(end + 2);
  }
}

// One prompt of a configuration: text, or a conversation written as JSON.
struct Template {
  std::string text;
  pb::Prompt conversation;
};

class Configuration {
 public:
  Configuration(const json::object& config, SuiteReading& reading) : config_(config), reading_(reading) {}

  void Read() {
    reading_.shape = "promptfoo";
    for (const json::key_value_pair& member : config_) {
      if (member.key() != "prompts" && member.key() != "tests" && member.key() != "defaultTest" &&
          member.key() != "description") {
        reading_.LeaveOut(std::string_view(member.key()));
      }
    }
    ReadTemplates();
    const json::value* tests = config_.if_contains("tests");
    if (tests == nullptr) {
      for (const Template& one : templates_) AddOne(one, {}, json::array(), {0, "prompts"});
      return;
    }
    if (!tests->is_array()) return reading_.Fault({0, "tests"}, "stand in another file; upload that file");
    int i = 0;
    for (const json::value& test : tests->get_array()) {
      if (reading_.IsFull()) return;
      ReadTest(test, {0, fmt::format("tests[{}]", i++)});
    }
  }

 private:
  void ReadTemplates() {
    const json::value* prompts = config_.if_contains("prompts");
    if (prompts == nullptr) return;
    json::array one;
    if (!prompts->is_array()) one.push_back(*prompts);
    int i = 0;
    for (const json::value& value : prompts->is_array() ? prompts->get_array() : one) {
      if (reading_.IsFull()) return;
      const Place place{0, fmt::format("prompts[{}]", i++)};
      const json::value* text = &value;
      if (const json::object* object = value.if_object()) {
        text = object->if_contains("raw");
        if (text == nullptr) text = object->if_contains("content");
        if (text == nullptr) text = object->if_contains("prompt");
      }
      if (text == nullptr || !text->is_string()) {
        reading_.Fault(place, "must be text");
      } else if (View(text->get_string()).starts_with(kFile)) {
        reading_.Fault(place, "stands in another file; write the prompt out");
      } else {
        AddTemplate(std::string(View(text->get_string())));
      }
    }
  }

  void AddTemplate(std::string text) {
    Template one{std::move(text), {}};
    if (Trimmed(one.text).starts_with('[')) {
      const auto document = JsonDocument::Parse(one.text);
      if (document.ok() && !ReadConversation(document->root(), one.conversation).empty()) one.conversation.Clear();
    }
    templates_.push_back(std::move(one));
  }

  void ReadTest(const json::value& value, const Place& place) {
    const json::object* test = value.if_object();
    if (test == nullptr) return reading_.Fault(place, "must be an object with vars");
    json::array asserts;
    json::object variables;
    const json::value* general = config_.if_contains("defaultTest");
    for (const json::object* part : {general == nullptr ? nullptr : general->if_object(), test}) {
      if (part == nullptr) continue;
      for (const json::key_value_pair& member : *part) {
        if (member.key() != "vars" && member.key() != "assert" && member.key() != "description") {
          reading_.LeaveOut("tests." + std::string(std::string_view(member.key())));
        }
      }
      const json::value* vars = part->if_contains("vars");
      if (vars != nullptr && !vars->is_object())
        return reading_.Fault(place, "has vars in another file; write them out");
      if (vars != nullptr) {
        for (const json::key_value_pair& member : vars->get_object()) variables[member.key()] = member.value();
      }
      const json::value* list = part->if_contains("assert");
      if (list != nullptr && list->is_array())
        asserts.insert(asserts.end(), list->get_array().begin(), list->get_array().end());
    }
    if (!config_.contains("prompts")) {
      json::object example;
      example["vars"] = std::move(variables);
      example["assert"] = std::move(asserts);
      return ReadPromptfooTest(example, place, reading_);
    }
    Combine(variables, asserts, place);
  }

  // Counts through every list of values as a clock does.
  void Combine(const json::object& variables, const json::array& asserts, const Place& place) {
    if (templates_.empty()) return;
    std::vector<std::pair<std::string, const json::array*>> lists;
    Variables now;
    for (const json::key_value_pair& member : variables) {
      const std::string name(std::string_view(member.key()));
      if (const json::array* list = member.value().if_array()) {
        if (list->empty()) return reading_.Fault(place, fmt::format("vars.{} is an empty list", CutText(name, 60)));
        lists.emplace_back(name, list);
      } else {
        now[name] = Text(member.value());
      }
      if (now[name].starts_with(kFile)) {
        return reading_.Fault(place, fmt::format("vars.{} stands in another file; write it out", CutText(name, 60)));
      }
    }
    std::vector<size_t> at(lists.size(), 0);
    while (!reading_.IsFull()) {
      for (size_t i = 0; i < lists.size(); ++i) now[lists[i].first] = Text((*lists[i].second)[at[i]]);
      for (const Template& one : templates_) AddOne(one, now, asserts, place);
      size_t i = 0;
      while (i < lists.size() && ++at[i] == lists[i].second->size()) at[i++] = 0;
      if (i == lists.size()) return;
    }
  }

  void AddOne(const Template& one, const Variables& variables, const json::array& asserts, const Place& place) {
    if (reading_.IsFull()) return;
    pb::Prompt prompt = one.conversation;
    std::string wrong;
    for (pb::PromptMessage& message : *prompt.mutable_messages()) {
      std::string text;
      if (wrong.empty()) wrong = Render(message.content(), variables, text);
      message.set_content(std::move(text));
    }
    if (prompt.messages().empty()) wrong = Render(one.text, variables, *prompt.mutable_prompt());
    if (!wrong.empty()) return reading_.Fault(place, "the prompt " + wrong);
    ReadAsserts(asserts, variables, prompt);
    reading_.Add(std::move(prompt), place);
  }

 public:
  void ReadAsserts(const json::array& asserts, const Variables& variables, pb::Prompt& prompt) {
    for (const json::value& value : asserts) {
      const json::object* object = value.if_object();
      const json::value* type = object == nullptr ? nullptr : object->if_contains("type");
      if (type == nullptr || !type->is_string()) {
        reading_.LeaveOut("assert");
        continue;
      }
      const auto rendered = [&](const json::value& raw) {
        std::string text;
        return Render(Text(raw), variables, text).empty() ? text : Text(raw);
      };
      std::vector<std::string> values;
      const json::value* wanted = object->if_contains("value");
      if (wanted != nullptr && wanted->is_array()) {
        for (const json::value& one : wanted->get_array()) values.push_back(rendered(one));
      } else if (wanted != nullptr) {
        values.push_back(rendered(*wanted));
      }
      std::optional<double> threshold;
      double number = 0;
      const json::value* limit = object->if_contains("threshold");
      if (limit != nullptr && absl::SimpleAtod(Text(*limit), &number)) threshold = number;
      const std::string_view word = View(type->get_string());
      if (auto check = CheckOf(word, values, threshold)) {
        *prompt.add_checks() = *std::move(check);
      } else {
        reading_.LeaveOut(fmt::format("assert: {}", word));
      }
    }
  }

 private:
  const json::object& config_;
  SuiteReading& reading_;
  std::vector<Template> templates_;
};

}  // namespace

bool IsPromptfoo(const json::object& config) {
  const json::value* tests = config.if_contains("tests");
  if (tests != nullptr && (tests->is_array() || config.contains("prompts"))) return true;
  return config.contains("prompts") && (config.contains("providers") || config.contains("targets"));
}

void ReadPromptfoo(const json::object& config, SuiteReading& reading) { Configuration(config, reading).Read(); }

void ReadPromptfooTest(const json::object& test, const Place& place, SuiteReading& reading) {
  reading.shape = "promptfoo";
  const json::value* vars = test.if_contains("vars");
  if (vars == nullptr || !vars->is_object()) return reading.Fault(place, "has no vars");
  json::object example = vars->get_object();
  if (example.size() == 1) {
    json::value only = example.begin()->value();
    example.clear();
    example["prompt"] = std::move(only);
  }
  pb::Prompt with_checks;
  const json::value* asserts = test.if_contains("assert");
  if (asserts != nullptr && asserts->is_array()) {
    Configuration(test, reading).ReadAsserts(asserts->get_array(), {}, with_checks);
  }
  ReadExample(example, place, reading, std::move(with_checks));
}

void ReadPromptfooCell(std::string_view cell, pb::Prompt& prompt, SuiteReading& reading) {
  cell = Trimmed(cell);
  if (cell.empty()) return;
  const size_t colon = cell.find(':');
  std::string_view type = Trimmed(cell.substr(0, colon));
  std::optional<double> threshold;
  if (const size_t paren = type.find('('); paren != std::string_view::npos && type.ends_with(')')) {
    double number = 0;
    const std::string_view inside = type.substr(paren + 1, type.size() - paren - 2);
    if (absl::SimpleAtod(std::string(inside), &number)) threshold = number;
    type = type.substr(0, paren);
  }
  if (!IsTypeWord(type) || !IsKnownType(type) || (colon == std::string_view::npos && type != "is-json" && !threshold)) {
    if (!prompt.has_expected_answer()) {
      prompt.set_expected_answer(std::string(cell));
    } else {
      *prompt.add_checks() = Simple(pb::CHECK_KIND_CONTAINS, cell, /*ignore_case=*/true);
    }
    return;
  }
  const std::string_view rest = colon == std::string_view::npos ? std::string_view() : Trimmed(cell.substr(colon + 1));
  const bool is_list = type.ends_with("-any") || type.ends_with("-all");
  std::vector<std::string> values;
  if (is_list) {
    values = Parted(rest);
  } else if (!rest.empty()) {
    values.emplace_back(rest);
  }
  if (auto check = CheckOf(type, values, threshold)) {
    *prompt.add_checks() = *std::move(check);
  } else {
    reading.LeaveOut(fmt::format("__expected: {}", type));
  }
}

}  // namespace ftl::batch_runner
