#include "services/batch-runner/check/json_value.h"

#include <boost/json/parse.hpp>

namespace ftl::batch_runner {
namespace {

namespace json = boost::json;
using google::protobuf::Value;

constexpr size_t kDepth = 64;

}  // namespace

json::value JsonOf(const Value& value) {
  switch (value.kind_case()) {
    case Value::kBoolValue:
      return value.bool_value();
    case Value::kNumberValue:
      return value.number_value();
    case Value::kStringValue:
      return json::string(value.string_value());
    case Value::kListValue: {
      json::array list;
      for (const Value& entry : value.list_value().values()) list.push_back(JsonOf(entry));
      return list;
    }
    case Value::kStructValue: {
      json::object object;
      for (const auto& [name, entry] : value.struct_value().fields()) object.emplace(name, JsonOf(entry));
      return object;
    }
    default:
      return nullptr;
  }
}

std::optional<json::value> ParsedJson(std::string_view text) {
  json::parse_options options;
  options.max_depth = kDepth;
  boost::system::error_code fault;
  json::value value = json::parse(json::string_view(text.data(), text.size()), fault, {}, options);
  if (fault) return std::nullopt;
  return value;
}

}  // namespace ftl::batch_runner
