#include "services/batch-runner/check/json_schema.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <map>
#include <string>
#include <utility>

#include <fmt/format.h>
#include <boost/json/serialize.hpp>

namespace ftl::batch_runner {
namespace {

namespace json = boost::json;

constexpr int kMostDepth = 128;
constexpr int64_t kWorkOfStep = 100;
constexpr int64_t kWorkOfComparison = 5;  // for each value within the value
constexpr size_t kShownBytes = 60;
constexpr size_t kShownPathBytes = 200;
constexpr std::string_view kDependences[] = {"dependentRequired", "dependentSchemas", "dependencies"};

std::string_view Std(json::string_view text) { return {text.data(), text.size()}; }

bool IsWhole(const json::value& value) {
  return value.is_int64() || value.is_uint64() ||
         (value.is_double() && std::trunc(value.get_double()) == value.get_double());
}

double NumberOf(const json::value& value) { return value.to_number<double>(); }

bool IsType(const json::value& value, std::string_view type) {
  if (type == "integer") return value.is_number() && IsWhole(value);
  if (type == "number") return value.is_number();
  if (type == "string") return value.is_string();
  if (type == "object") return value.is_object();
  if (type == "array") return value.is_array();
  if (type == "boolean") return value.is_bool();
  return value.is_null();
}

// As JSON Schema compares: 1 and 1.0 are the same.
bool AreEqual(const json::value& a, const json::value& b) {
  if (a.is_number() && b.is_number()) return NumberOf(a) == NumberOf(b);
  if (a.kind() != b.kind()) return false;
  if (a.is_array()) {
    return std::equal(a.get_array().begin(), a.get_array().end(), b.get_array().begin(), b.get_array().end(), AreEqual);
  }
  if (!a.is_object()) return a == b;
  if (a.get_object().size() != b.get_object().size()) return false;
  return std::all_of(a.get_object().begin(), a.get_object().end(), [&](const json::key_value_pair& member) {
    const json::value* other = b.get_object().if_contains(member.key());
    return other && AreEqual(member.value(), *other);
  });
}

// The values within a value, itself included, and the length of its texts.
int64_t SizeOf(const json::value& value) {
  int64_t size = 1;
  if (const json::string* text = value.if_string()) size += static_cast<int64_t>(text->size() / 16);
  if (const json::array* items = value.if_array()) {
    for (const json::value& item : *items) size += SizeOf(item);
  }
  if (const json::object* members = value.if_object()) {
    for (const json::key_value_pair& member : *members) {
      size += SizeOf(member.value()) + static_cast<int64_t>(member.key().size() / 16);
    }
  }
  return size;
}

double Characters(std::string_view text) {
  return static_cast<double>(std::count_if(
      text.begin(), text.end(), [](char byte) { return (static_cast<unsigned char>(byte) & 0xC0) != 0x80; }));
}

std::string Cut(std::string text, size_t most) {
  if (text.size() <= most) return text;
  size_t end = most;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;
  return text.substr(0, end) + "…";
}

std::string Shown(const json::value& value) { return Cut(json::serialize(value), kShownBytes); }

// One document against one schema. Each method gives the first fault it finds; once the work is too much, whatever
// comes first.
class Judge {
 public:
  using Fault = std::optional<std::string>;

  Judge(const json::value& root, MatchWork& work) : root_(root), work_(work) {}

  // Whether the work was too much, and no verdict counts.
  bool is_short() const { return is_short_; }

  Fault Against(const json::value& schema, const json::value& value, const std::string& path, int depth = 0) {
    if (depth > kMostDepth) return "The schema leads in a circle.";
    if (!Take(kWorkOfStep + static_cast<int64_t>(path.size() / 16))) return "";
    if (schema.is_bool()) return schema.get_bool() ? Fault() : Say(path, "is not allowed");
    const json::object* keywords = schema.if_object();
    if (!keywords) return std::nullopt;
    const Place at{*keywords, value, path, depth + 1};
    if (!Take(kWorkOfComparison * Listed(at))) return "";
    if (Fault fault = ByReference(at)) return fault;
    if (Fault fault = ByType(at)) return fault;
    if (Fault fault = ByCombination(at)) return fault;
    if (value.is_number()) return ByNumber(at);
    if (value.is_string()) return ByText(at);
    if (value.is_array()) return ByItems(at);
    if (value.is_object()) return ByMembers(at);
    return std::nullopt;
  }

 private:
  struct Place {
    const json::object& keywords;
    const json::value& value;
    const std::string& path;
    int depth;

    const json::value* If(std::string_view keyword) const {
      return keywords.if_contains(json::string_view(keyword.data(), keyword.size()));
    }
    std::optional<double> Limit(std::string_view keyword) const {
      const json::value* limit = If(keyword);
      return limit && limit->is_number() ? std::optional(NumberOf(*limit)) : std::nullopt;
    }
    const json::array& List(std::string_view keyword) const {
      static const json::array kNone;
      const json::value* list = If(keyword);
      return list && list->is_array() ? list->get_array() : kNone;
    }
    const json::object& Members(std::string_view keyword) const {
      static const json::object kNone;
      const json::value* members = If(keyword);
      return members && members->is_object() ? members->get_object() : kNone;
    }
  };

  static Fault Say(const std::string& path, std::string_view what) {
    return fmt::format("{} {}.", path.empty() ? "The answer" : "`" + Cut(path, kShownPathBytes) + "`", what);
  }

  bool Take(int64_t units) {
    is_short_ = is_short_ || !work_.Take(units);
    return !is_short_;
  }

  bool Accepts(const json::value& schema, const Place& at) { return !Against(schema, at.value, at.path, at.depth); }

  // What is gone through for every value, however small.
  static int64_t Listed(const Place& at) {
    size_t listed = at.List("type").size();
    for (const std::string_view keyword : kDependences) listed += at.Members(keyword).size();
    return static_cast<int64_t>(listed);
  }

  Fault ByReference(const Place& at) {
    const json::value* reference = at.If("$ref");
    if (!reference) return std::nullopt;
    const json::value* referred = ReferredIn(root_, Std(reference->get_string()));
    return referred ? Against(*referred, at.value, at.path, at.depth) : Fault();
  }

  Fault ByType(const Place& at) {
    if (const json::value* type = at.If("type")) {
      if (type->is_string() && !IsType(at.value, Std(type->get_string()))) {
        return Say(at.path, fmt::format("is not of type {}", Std(type->get_string())));
      }
      const json::array& types = at.List("type");
      if (!types.empty() && std::none_of(types.begin(), types.end(), [&](const json::value& one) {
            return IsType(at.value, Std(one.get_string()));
          })) {
        return Say(at.path, fmt::format("is of none of the types {}", Shown(*type)));
      }
    }
    const json::value* constant = at.If("const");
    const auto compared = static_cast<int64_t>((constant ? 1 : 0) + at.List("enum").size());
    if (compared > 0 && !Take(compared * kWorkOfComparison * SizeOf(at.value))) return "";
    if (constant && !AreEqual(*constant, at.value)) return Say(at.path, fmt::format("is not {}", Shown(*constant)));
    const json::value* choices = at.If("enum");
    if (!choices) return std::nullopt;
    for (const json::value& choice : at.List("enum")) {
      if (AreEqual(choice, at.value)) return std::nullopt;
    }
    return Say(at.path, fmt::format("is none of {}", Shown(*choices)));
  }

  Fault ByCombination(const Place& at) {
    for (const json::value& part : at.List("allOf")) {
      if (Fault fault = Against(part, at.value, at.path, at.depth)) return fault;
    }
    if (const json::array& parts = at.List("anyOf"); !parts.empty()) {
      if (std::none_of(parts.begin(), parts.end(), [&](const json::value& part) { return Accepts(part, at); })) {
        return Say(at.path, "fits none of the schemas in anyOf");
      }
    }
    if (const json::array& parts = at.List("oneOf"); !parts.empty()) {
      const auto fitting =
          std::count_if(parts.begin(), parts.end(), [&](const json::value& part) { return Accepts(part, at); });
      if (fitting != 1) return Say(at.path, fmt::format("fits {} of the schemas in oneOf, not one", fitting));
    }
    if (const json::value* part = at.If("not"); part && Accepts(*part, at)) {
      return Say(at.path, "fits a schema that it must not fit");
    }
    const json::value* condition = at.If("if");
    if (!condition) return std::nullopt;
    const json::value* branch = at.If(Accepts(*condition, at) ? "then" : "else");
    return branch ? Against(*branch, at.value, at.path, at.depth) : Fault();
  }

  Fault ByNumber(const Place& at) {
    const double number = NumberOf(at.value);
    const auto least = at.Limit("minimum");
    if (least && number < *least) return Say(at.path, fmt::format("is less than {}", *least));
    const auto most = at.Limit("maximum");
    if (most && number > *most) return Say(at.path, fmt::format("is more than {}", *most));
    const auto above = at.Limit("exclusiveMinimum");
    if (above && number <= *above) return Say(at.path, fmt::format("is not more than {}", *above));
    const auto below = at.Limit("exclusiveMaximum");
    if (below && number >= *below) return Say(at.path, fmt::format("is not less than {}", *below));
    if (const auto factor = at.Limit("multipleOf")) {
      const double times = number / *factor;
      if (!std::isfinite(times) || std::abs(times - std::round(times)) > 1e-9 * std::max(1.0, std::abs(times))) {
        return Say(at.path, fmt::format("is no multiple of {}", *factor));
      }
    }
    return std::nullopt;
  }

  Fault ByText(const Place& at) {
    const std::string_view text = Std(at.value.get_string());
    if (!Take(static_cast<int64_t>(text.size() / 8))) return "";
    const auto least = at.Limit("minLength");
    if (least && Characters(text) < *least) return Say(at.path, fmt::format("is shorter than {}", *least));
    const auto most = at.Limit("maxLength");
    if (most && Characters(text) > *most) return Say(at.path, fmt::format("is longer than {}", *most));
    const json::value* pattern = at.If("pattern");
    if (pattern && !Matches(Std(pattern->get_string()), text)) {
      return Say(at.path, fmt::format("does not match {}", Shown(*pattern)));
    }
    return std::nullopt;
  }

  bool Matches(std::string_view expression, std::string_view text) {
    auto known = patterns_.find(expression);
    if (known == patterns_.end()) {
      if (!Take(Pattern::WorkOfMaking(expression))) return false;
      known = patterns_.emplace(expression, Pattern::Regex(expression)).first;
    }
    if (!known->second.ok()) return false;
    const Pattern::Found found = known->second->Find(text, Pattern::Where::kAnywhere, work_);
    is_short_ |= found == Pattern::Found::kTooMuchWork;
    return found == Pattern::Found::kYes;
  }

  Fault ByItems(const Place& at) {
    const json::array& items = at.value.get_array();
    const double size = static_cast<double>(items.size());
    const auto least = at.Limit("minItems");
    if (least && size < *least) return Say(at.path, fmt::format("has fewer than {} items", *least));
    const auto most = at.Limit("maxItems");
    if (most && size > *most) return Say(at.path, fmt::format("has more than {} items", *most));
    const json::value* unique = at.If("uniqueItems");
    if (unique && unique->is_bool() && unique->get_bool() && !AreUnique(at.value)) {
      return Say(at.path, "has two items that are the same");
    }
    if (Fault fault = ByEachItem(at, items)) return fault;
    const json::value* contained = at.If("contains");
    if (!contained) return std::nullopt;
    double fitting = 0;
    for (const json::value& item : items) fitting += Against(*contained, item, at.path, at.depth) ? 0 : 1;
    if (fitting < at.Limit("minContains").value_or(1)) return Say(at.path, "has too few items that `contains` wants");
    if (fitting > at.Limit("maxContains").value_or(size))
      return Say(at.path, "has too many items that `contains` wants");
    return std::nullopt;
  }

  bool AreUnique(const json::value& list) {
    const json::array& items = list.get_array();
    if (!Take(static_cast<int64_t>(items.size()) * kWorkOfComparison * SizeOf(list))) return true;
    for (auto item = items.begin(); item != items.end(); ++item) {
      if (std::any_of(items.begin(), item, [&](const json::value& other) { return AreEqual(*item, other); }))
        return false;
    }
    return true;
  }

  // `prefixItems` and `items`, or in the older drafts a list in `items` and `additionalItems`.
  Fault ByEachItem(const Place& at, const json::array& items) {
    const bool is_old = at.If("items") && at.If("items")->is_array();
    const json::array& first = at.List(is_old ? "items" : "prefixItems");
    const json::value* rest = at.If(is_old ? "additionalItems" : "items");
    for (size_t i = 0; i < items.size(); ++i) {
      const json::value* schema = i < first.size() ? &first[i] : rest;
      if (!schema) break;
      if (Fault fault = Against(*schema, items[i], fmt::format("{}/{}", at.path, i), at.depth)) return fault;
    }
    return std::nullopt;
  }

  Fault ByMembers(const Place& at) {
    const json::object& members = at.value.get_object();
    const double size = static_cast<double>(members.size());
    const auto least = at.Limit("minProperties");
    if (least && size < *least) return Say(at.path, fmt::format("has fewer than {} members", *least));
    const auto most = at.Limit("maxProperties");
    if (most && size > *most) return Say(at.path, fmt::format("has more than {} members", *most));
    for (const json::value& name : at.List("required")) {
      if (!members.contains(name.get_string())) return Say(Under(at.path, name.get_string()), "is missing");
    }
    for (const json::key_value_pair& member : members) {
      if (Fault fault = ByMember(at, member)) return fault;
    }
    return ByDependence(at, members);
  }

  static std::string Under(const std::string& path, json::string_view name) {
    return fmt::format("{}/{}", path, Std(name));
  }

  Fault ByMember(const Place& at, const json::key_value_pair& member) {
    const std::string path = Under(at.path, member.key());
    if (const json::value* names = at.If("propertyNames")) {
      if (Against(*names, json::value(member.key()), path, at.depth)) return Say(path, "is no name that is allowed");
    }
    bool is_known = false;
    if (const json::value* schema = at.Members("properties").if_contains(member.key())) {
      is_known = true;
      if (Fault fault = Against(*schema, member.value(), path, at.depth)) return fault;
    }
    for (const json::key_value_pair& pattern : at.Members("patternProperties")) {
      if (!Matches(Std(pattern.key()), Std(member.key()))) {
        if (is_short_) return "";
        continue;
      }
      is_known = true;
      if (Fault fault = Against(pattern.value(), member.value(), path, at.depth)) return fault;
    }
    const json::value* others = at.If("additionalProperties");
    return !is_known && others ? Against(*others, member.value(), path, at.depth) : Fault();
  }

  Fault ByDependence(const Place& at, const json::object& members) {
    for (const std::string_view keyword : kDependences) {
      for (const json::key_value_pair& dependence : at.Members(keyword)) {
        if (!members.contains(dependence.key())) continue;
        if (!dependence.value().is_array()) {
          if (Fault fault = Against(dependence.value(), at.value, at.path, at.depth)) return fault;
          continue;
        }
        for (const json::value& name : dependence.value().get_array()) {
          if (!members.contains(name.get_string())) return Say(Under(at.path, name.get_string()), "is missing");
        }
      }
    }
    return std::nullopt;
  }

  const json::value& root_;
  MatchWork& work_;
  std::map<std::string, absl::StatusOr<Pattern>, std::less<>> patterns_;  // each is made once
  bool is_short_ = false;
};

// A step of a JSON Pointer in a URI fragment.
std::string Unescaped(std::string_view step) {
  std::string name;
  for (size_t i = 0; i < step.size(); ++i) {
    if (step[i] == '%' && i + 2 < step.size()) {
      name += static_cast<char>(std::strtol(std::string(step.substr(i + 1, 2)).c_str(), nullptr, 16));
      i += 2;
    } else {
      name += step[i];
    }
  }
  const std::pair<std::string_view, std::string_view> escapes[] = {{"~1", "/"}, {"~0", "~"}};
  for (const auto& [from, to] : escapes) {
    for (size_t at = 0; (at = name.find(from, at)) != std::string::npos; at += to.size())
      name.replace(at, from.size(), to);
  }
  return name;
}

}  // namespace

const json::value* ReferredIn(const json::value& schema, std::string_view reference) {
  if (!reference.starts_with('#')) return nullptr;
  reference.remove_prefix(1);
  const json::value* place = &schema;
  while (!reference.empty()) {
    if (reference[0] != '/') return nullptr;
    const size_t end = std::min(reference.find('/', 1), reference.size());
    const std::string name = Unescaped(reference.substr(1, end - 1));
    reference.remove_prefix(end);
    if (const json::object* object = place->if_object()) {
      place = object->if_contains(name);
    } else if (const json::array* array = place->if_array()) {
      const size_t index =
          name.empty() || name.size() > 6 ? array->size() : static_cast<size_t>(std::atoi(name.c_str()));
      place = index < array->size() ? &(*array)[index] : nullptr;
    } else {
      return nullptr;
    }
    if (!place) return nullptr;
  }
  return place;
}

absl::StatusOr<std::optional<std::string>> SchemaFault(const json::value& schema, const json::value& value,
                                                       MatchWork& work) {
  Judge judge(schema, work);
  auto fault = judge.Against(schema, value, "");
  if (judge.is_short()) return absl::ResourceExhaustedError("the answer is too long for the schema");
  return fault;
}

}  // namespace ftl::batch_runner
