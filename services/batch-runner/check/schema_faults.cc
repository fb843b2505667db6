#include <set>
#include <string>

#include <fmt/format.h>

#include "services/batch-runner/check/json_schema.h"

namespace ftl::batch_runner {
namespace {

namespace json = boost::json;

constexpr int kMostDepth = 32;
constexpr size_t kMostSchemas = 1000;

// What a keyword's value must be. kIgnored: an annotation, or a keyword that is none of ours.
enum class Shape {
  kIgnored,
  kUnsupported,
  kSchema,
  kSchemas,       // a list of at least one
  kSchemaOrList,  // draft 7's `items`
  kSchemaByName,
  kDependence,  // by name a schema or a list of names
  kTypes,
  kNames,
  kList,
  kCount,
  kNumber,
  kFactor,
  kTruth,
  kExpression,
  kReference,
};

struct Keyword {
  std::string_view name;
  Shape shape;
};

constexpr Keyword kKeywords[] = {
    {"$ref", Shape::kReference},
    {"$dynamicRef", Shape::kUnsupported},
    {"$recursiveRef", Shape::kUnsupported},
    {"unevaluatedProperties", Shape::kUnsupported},
    {"unevaluatedItems", Shape::kUnsupported},
    {"type", Shape::kTypes},
    {"enum", Shape::kList},
    {"allOf", Shape::kSchemas},
    {"anyOf", Shape::kSchemas},
    {"oneOf", Shape::kSchemas},
    {"not", Shape::kSchema},
    {"if", Shape::kSchema},
    {"then", Shape::kSchema},
    {"else", Shape::kSchema},
    {"minimum", Shape::kNumber},
    {"maximum", Shape::kNumber},
    {"exclusiveMinimum", Shape::kNumber},
    {"exclusiveMaximum", Shape::kNumber},
    {"multipleOf", Shape::kFactor},
    {"minLength", Shape::kCount},
    {"maxLength", Shape::kCount},
    {"pattern", Shape::kExpression},
    {"prefixItems", Shape::kSchemas},
    {"items", Shape::kSchemaOrList},
    {"additionalItems", Shape::kSchema},
    {"contains", Shape::kSchema},
    {"minContains", Shape::kCount},
    {"maxContains", Shape::kCount},
    {"minItems", Shape::kCount},
    {"maxItems", Shape::kCount},
    {"uniqueItems", Shape::kTruth},
    {"properties", Shape::kSchemaByName},
    {"patternProperties", Shape::kSchemaByName},
    {"additionalProperties", Shape::kSchema},
    {"propertyNames", Shape::kSchema},
    {"minProperties", Shape::kCount},
    {"maxProperties", Shape::kCount},
    {"required", Shape::kNames},
    {"dependentRequired", Shape::kDependence},
    {"dependentSchemas", Shape::kSchemaByName},
    {"dependencies", Shape::kDependence},
    {"$defs", Shape::kSchemaByName},
    {"definitions", Shape::kSchemaByName},
};

Shape ShapeOf(std::string_view name) {
  for (const Keyword& keyword : kKeywords) {
    if (keyword.name == name) return keyword.shape;
  }
  return Shape::kIgnored;
}

bool IsTypeName(const json::value& value) {
  if (!value.is_string()) return false;
  for (const char* type : {"string", "number", "integer", "object", "array", "boolean", "null"}) {
    if (value.get_string() == type) return true;
  }
  return false;
}

bool AreStrings(const json::value& value) {
  if (!value.is_array()) return false;
  for (const json::value& entry : value.get_array()) {
    if (!entry.is_string()) return false;
  }
  return true;
}

class Inspection {
 public:
  explicit Inspection(const json::value& root) : root_(root) {}

  absl::Status Of(const json::value& schema, const std::string& path, int depth) {
    if (!seen_.insert(&schema).second) return absl::OkStatus();
    if (depth > kMostDepth) return Wrong(path, "is nested more than 32 deep");
    if (seen_.size() > kMostSchemas) return Wrong(path, "is one too many: a schema may hold 1,000");
    if (schema.is_bool()) return absl::OkStatus();
    if (!schema.is_object()) return Wrong(path, "must be an object, true or false");
    for (const json::key_value_pair& keyword : schema.get_object()) {
      const std::string_view name(keyword.key().data(), keyword.key().size());
      const absl::Status status = OfKeyword(name, keyword.value(), fmt::format("{}/{}", path, name), depth);
      if (!status.ok()) return status;
    }
    return absl::OkStatus();
  }

 private:
  static absl::Status Wrong(const std::string& path, std::string_view what) {
    return absl::InvalidArgumentError(fmt::format("{} {}", path.empty() ? "the schema" : "`" + path + "`", what));
  }
  static absl::Status Must(bool holds, const std::string& path, std::string_view what) {
    return holds ? absl::OkStatus() : Wrong(path, what);
  }

  absl::Status OfKeyword(std::string_view name, const json::value& value, const std::string& path, int depth) {
    switch (ShapeOf(name)) {
      case Shape::kIgnored:
        return absl::OkStatus();
      case Shape::kUnsupported:
        return Wrong(path, "is not supported here");
      case Shape::kSchema:
        return Of(value, path, depth + 1);
      case Shape::kSchemas:
        if (!value.is_array() || value.get_array().empty()) return Wrong(path, "must be a list of schemas");
        return OfEach(value, path, depth);
      case Shape::kSchemaOrList:
        return value.is_array() ? OfEach(value, path, depth) : Of(value, path, depth + 1);
      case Shape::kSchemaByName:
      case Shape::kDependence:
        return OfEachByName(name, value, path, depth);
      case Shape::kTypes:
        return Must(AreTypes(value), path,
                    "must be string, number, integer, object, array, boolean or null, or a list");
      case Shape::kNames:
        return Must(AreStrings(value), path, "must be a list of names");
      case Shape::kList:
        return Must(value.is_array(), path, "must be a list");
      case Shape::kCount:
        return Must(value.is_number() && value.to_number<double>() >= 0, path, "must be a number from 0");
      case Shape::kNumber:
        return Must(value.is_number(), path, "must be a number");
      case Shape::kFactor:
        return Must(value.is_number() && value.to_number<double>() > 0, path, "must be a number above 0");
      case Shape::kTruth:
        return Must(value.is_bool(), path, "must be true or false");
      case Shape::kExpression:
        return OfExpression(value.is_string() ? std::string_view(value.get_string()) : "[", path);
      case Shape::kReference:
        return OfReference(value, path, depth);
    }
    return absl::OkStatus();
  }

  static bool AreTypes(const json::value& value) {
    if (!value.is_array()) return IsTypeName(value);
    for (const json::value& entry : value.get_array()) {
      if (!IsTypeName(entry)) return false;
    }
    return !value.get_array().empty();
  }

  static absl::Status OfExpression(std::string_view expression, const std::string& path) {
    const auto pattern = Pattern::Regex(expression);
    if (pattern.ok()) return absl::OkStatus();
    return Wrong(path, std::string(pattern.status().message()));
  }

  // What is referred to may stand where no schema is looked for.
  absl::Status OfReference(const json::value& value, const std::string& path, int depth) {
    const json::value* referred = value.is_string() ? ReferredIn(root_, std::string_view(value.get_string())) : nullptr;
    if (!referred) return Wrong(path, "must lead to a place in this schema, such as `#/$defs/item`");
    return Of(*referred, std::string(value.get_string()), depth + 1);
  }

  absl::Status OfEach(const json::value& list, const std::string& path, int depth) {
    size_t i = 0;
    for (const json::value& schema : list.get_array()) {
      const absl::Status status = Of(schema, fmt::format("{}/{}", path, i++), depth + 1);
      if (!status.ok()) return status;
    }
    return absl::OkStatus();
  }

  absl::Status OfEachByName(std::string_view keyword, const json::value& value, const std::string& path, int depth) {
    if (!value.is_object()) return Wrong(path, "must be an object");
    for (const json::key_value_pair& entry : value.get_object()) {
      const std::string_view name(entry.key().data(), entry.key().size());
      const std::string under = fmt::format("{}/{}", path, name);
      if (keyword == "patternProperties") {
        const absl::Status status = OfExpression(name, under);
        if (!status.ok()) return status;
      }
      if (ShapeOf(keyword) == Shape::kDependence && entry.value().is_array()) {
        if (!AreStrings(entry.value())) return Wrong(under, "must be a list of names");
        continue;
      }
      const absl::Status status = Of(entry.value(), under, depth + 1);
      if (!status.ok()) return status;
    }
    return absl::OkStatus();
  }

  const json::value& root_;
  std::set<const json::value*> seen_;
};

}  // namespace

absl::Status ValidateSchema(const json::value& schema) { return Inspection(schema).Of(schema, "", 0); }

}  // namespace ftl::batch_runner
