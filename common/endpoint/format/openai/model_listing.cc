#include "common/endpoint/format/openai/model_listing.h"

#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>

#include "common/endpoint/answer/clean_text.h"

namespace ftl {
namespace {

namespace json = boost::json;

constexpr size_t kLongestId = 256;

const json::value* Find(const json::object& object, std::string_view name) {
  return object.if_contains({name.data(), name.size()});
}

std::string TextOf(const json::value* value) {
  const json::string* text = value == nullptr ? nullptr : value->if_string();
  std::string clean;
  if (text != nullptr && text->size() <= kLongestId) AppendCleanText({text->data(), text->size()}, clean);
  return clean;
}

// Where the entries stand; null for no listing.
const json::array* EntriesOf(const json::value& body) {
  if (const json::array* bare = body.if_array()) return bare;
  const json::object* object = body.if_object();
  if (object == nullptr) return nullptr;
  for (const std::string_view name : {"data", "models"}) {
    const json::value* entries = Find(*object, name);
    if (entries != nullptr && entries->is_array()) return &entries->get_array();
  }
  return nullptr;
}

std::string WithoutPrefix(std::string id) {
  constexpr std::string_view kPrefix = "models/";  // Gemini's
  return std::string_view(id).substr(0, kPrefix.size()) == kPrefix ? id.substr(kPrefix.size()) : id;
}

ListedModel ReadEntry(const json::value& entry) {
  ListedModel model;
  if (entry.is_string()) model.id = WithoutPrefix(TextOf(&entry));
  const json::object* object = entry.if_object();
  if (object == nullptr) return model;
  for (const std::string_view name : {"id", "name", "model"}) {
    if (model.id.empty()) model.id = WithoutPrefix(TextOf(Find(*object, name)));
  }
  model.owned_by = TextOf(Find(*object, "owned_by"));
  const json::value* created = Find(*object, "created");
  boost::system::error_code error;
  if (created == nullptr || !created->is_number()) return model;
  constexpr int64_t kLatest = 253'402'300'799;  // the year 9999
  const auto seconds = created->to_number<int64_t>(error);
  if (!error && seconds > 0 && seconds <= kLatest) model.created_at = absl::FromUnixSeconds(seconds);
  return model;
}

}  // namespace

ModelList ReadModelList(std::string_view body, size_t most) {
  ModelList list;
  boost::system::error_code error;
  json::parse_options options;
  options.allow_invalid_utf8 = true;
  const json::value parsed = json::parse({body.data(), body.size()}, error, {}, options);
  const json::array* entries = error ? nullptr : EntriesOf(parsed);
  if (entries == nullptr) {
    const ErrorWords words = WordsOf(body);
    const bool is_error = !error && HoldsError(parsed);
    list.failure = is_error        ? FailureOfErrorEvent(words)
                   : words.is_html ? FailureOf(FormatFault::kHtml)
                   : error         ? FailureOf(FormatFault::kNotJson)
                                   : FailureOf(FormatFault::kNoModels);
    return list;
  }
  for (const json::value& entry : *entries) {
    ListedModel model = ReadEntry(entry);
    if (model.id.empty()) continue;
    list.cut = list.models.size() == most;
    if (list.cut) break;
    list.models.push_back(std::move(model));
  }
  return list;
}

}  // namespace ftl
