#include "services/batch-runner/check/check_faults.h"

#include <cmath>
#include <string>

#include <fmt/format.h>

#include "common/proto/enum_word.h"
#include "services/batch-runner/check/json_schema.h"
#include "services/batch-runner/check/json_value.h"
#include "services/batch-runner/check/pattern.h"

namespace ftl::batch_runner {
namespace {

constexpr int kMostDepth = 4;
constexpr int kMostChecks = 64;
constexpr size_t kMostTextBytes = 64 * 1024;

// Which fields a kind takes beside `kind`; `value` is judged by its own rule.
struct KindRule {
  pb::CheckKind kind;
  bool ignore_case, tolerance, min, max, unit, max_ms;
};
constexpr KindRule kRules[] = {
    {pb::CHECK_KIND_CONTAINS, true, false, false, false, false, false},
    {pb::CHECK_KIND_NOT_CONTAINS, true, false, false, false, false, false},
    {pb::CHECK_KIND_EQUALS, true, false, false, false, false, false},
    {pb::CHECK_KIND_REGEX, true, false, false, false, false, false},
    {pb::CHECK_KIND_STARTS_WITH, true, false, false, false, false, false},
    {pb::CHECK_KIND_IS_JSON, false, false, false, false, false, false},
    {pb::CHECK_KIND_JSON_SCHEMA, false, false, false, false, false, false},
    {pb::CHECK_KIND_NUMERIC, false, true, false, false, false, false},
    {pb::CHECK_KIND_LENGTH, false, false, true, true, true, false},
    {pb::CHECK_KIND_LATENCY, false, false, false, false, false, true},
    {pb::CHECK_KIND_SIMILARITY, false, false, true, false, false, false},
};

class Inspection {
 public:
  Inspection(const pb::Prompt& prompt, FieldFaults& faults) : prompt_(prompt), faults_(faults) {}

  void Of(const pb::Check& check, const std::string& path, int depth) {
    if (++checks_ == kMostChecks + 1)
      faults_.Add(path, "is one too many: a prompt may have 64 checks, groups included");
    if (checks_ > kMostChecks) return;
    const int forms = check.has_kind() + (check.any_size() > 0) + (check.all_size() > 0);
    if (forms != 1) {
      faults_.Add(path, "must have exactly one of `kind`, `any` and `all`");
      return;
    }
    if (!check.has_kind()) {
      OfGroup(check, path, depth);
      return;
    }
    for (const KindRule& rule : kRules) {
      if (rule.kind == check.kind()) return OfKind(check, rule, path);
    }
    faults_.Add(path + ".kind", fmt::format("must be {}", EnumWords<pb::CheckKind>()));
  }

 private:
  void OfGroup(const pb::Check& check, const std::string& path, int depth) {
    if (depth == kMostDepth) {
      faults_.Add(path, "is a group within a group, more than 4 deep");
      return;
    }
    Unused({true, "value", check.has_value()}, path, "a group");
    UnusedFields(check, KindRule{}, path, "a group");
    for (int i = 0; i < check.any_size(); ++i) Of(check.any(i), fmt::format("{}.any[{}]", path, i), depth + 1);
    for (int i = 0; i < check.all_size(); ++i) Of(check.all(i), fmt::format("{}.all[{}]", path, i), depth + 1);
  }

  void OfKind(const pb::Check& check, const KindRule& rule, const std::string& path) {
    UnusedFields(check, rule, path, "this kind");
    switch (check.kind()) {
      case pb::CHECK_KIND_IS_JSON:
      case pb::CHECK_KIND_LENGTH:
      case pb::CHECK_KIND_LATENCY:
        Unused({true, "value", check.has_value()}, path, "this kind");
        break;
      case pb::CHECK_KIND_NUMERIC:
        OfNumber(check, path);
        break;
      case pb::CHECK_KIND_JSON_SCHEMA:
        OfSchema(check, path);
        break;
      case pb::CHECK_KIND_SIMILARITY:
        OfSimilarity(check, path);
        break;
      default:
        OfText(check, path);
    }
    if (check.kind() == pb::CHECK_KIND_LENGTH) OfLength(check, path);
    if (check.kind() == pb::CHECK_KIND_LATENCY && !(check.max_ms() > 0 && std::isfinite(check.max_ms()))) {
      faults_.Add(path + ".max_ms", "must be a number above 0");
    }
  }

  struct Field {
    bool is_unused;
    std::string_view name;
    bool is_given;
  };
  void Unused(const Field& field, const std::string& path, std::string_view by) {
    if (field.is_unused && field.is_given)
      faults_.Add(fmt::format("{}.{}", path, field.name), fmt::format("is not used by {}", by));
  }
  void UnusedFields(const pb::Check& check, const KindRule& rule, const std::string& path, std::string_view by) {
    Unused({!rule.ignore_case, "ignore_case", check.has_ignore_case()}, path, by);
    Unused({!rule.tolerance, "tolerance", check.has_tolerance()}, path, by);
    Unused({!rule.min, "min", check.has_min()}, path, by);
    Unused({!rule.max, "max", check.has_max()}, path, by);
    Unused({!rule.unit, "unit", check.has_unit()}, path, by);
    Unused({!rule.max_ms, "max_ms", check.has_max_ms()}, path, by);
  }

  void OfText(const pb::Check& check, const std::string& path) {
    const std::string& text = check.value().string_value();
    if (text.empty()) {
      faults_.Add(path + ".value", check.has_value() ? "must be text that is not empty" : "is missing");
    } else if (text.size() > kMostTextBytes) {
      faults_.Add(path + ".value", "is longer than 64 KiB");
    } else if (check.kind() == pb::CHECK_KIND_REGEX) {
      const auto pattern = Pattern::Regex(text);
      if (!pattern.ok()) faults_.Add(path + ".value", std::string(pattern.status().message()));
    }
  }

  void OfNumber(const pb::Check& check, const std::string& path) {
    if (!check.value().has_number_value() || !std::isfinite(check.value().number_value())) {
      faults_.Add(path + ".value", check.has_value() ? "must be a number" : "is missing");
    }
    if (!(check.tolerance() >= 0)) faults_.Add(path + ".tolerance", "must be at least 0");
  }

  void OfSchema(const pb::Check& check, const std::string& path) {
    if (!check.has_value()) {
      faults_.Add(path + ".value", "is missing");
      return;
    }
    const absl::Status status = ValidateSchema(JsonOf(check.value()));
    if (!status.ok()) faults_.Add(path + ".value", fmt::format("is no JSON Schema: {}", std::string(status.message())));
  }

  void OfSimilarity(const pb::Check& check, const std::string& path) {
    if (check.has_value() && check.value().string_value().empty()) {
      faults_.Add(path + ".value", "must be text that is not empty");
    }
    if (!check.has_value() && !prompt_.has_expected_answer()) {
      faults_.Add(path + ".value", "is missing; give it, or an `expected_answer`");
    }
    if (!check.has_min()) {
      faults_.Add(path + ".min", "is missing");
    } else if (!(check.min() >= 0 && check.min() <= 1)) {
      faults_.Add(path + ".min", "must be from 0 to 1");
    }
  }

  void OfLength(const pb::Check& check, const std::string& path) {
    if (!check.has_min() && !check.has_max()) faults_.Add(path, "needs `min` or `max`");
    if (check.has_min() && !(check.min() >= 0)) faults_.Add(path + ".min", "must be at least 0");
    if (check.has_max() && !(check.max() >= 0)) faults_.Add(path + ".max", "must be at least 0");
    if (check.has_min() && check.has_max() && check.min() > check.max())
      faults_.Add(path + ".max", "is less than `min`");
    if (check.has_unit() && check.unit() != "characters" && check.unit() != "words") {
      faults_.Add(path + ".unit", "must be `characters` or `words`");
    }
  }

  const pb::Prompt& prompt_;
  FieldFaults& faults_;
  int checks_ = 0;
};

}  // namespace

void ValidateChecks(const pb::Prompt& prompt, std::string_view path, FieldFaults& faults) {
  if (prompt.has_expected_answer()) {
    const std::string field = fmt::format("{}.expected_answer", path);
    if (prompt.expected_answer().find_first_not_of(" \t\r\n") == std::string::npos) {
      faults.Add(field, "is empty; leave it out where there is no right answer");
    } else if (prompt.expected_answer().size() > kMostTextBytes) {
      faults.Add(field, "is longer than 64 KiB");
    }
  }
  Inspection inspection(prompt, faults);
  for (int i = 0; i < prompt.checks_size(); ++i) {
    inspection.Of(prompt.checks(i), fmt::format("{}.checks[{}]", path, i), /*depth=*/0);
  }
}

}  // namespace ftl::batch_runner
