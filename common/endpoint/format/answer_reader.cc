#include "common/endpoint/format/answer_reader.h"

#include <algorithm>

#include <boost/json/value.hpp>

#include "common/endpoint/answer/error_words.h"
#include "common/endpoint/answer/json_fields.h"
#include "common/endpoint/format/event_parser.h"

namespace ftl {
namespace {

namespace json = boost::json;

// These formats know `error`, or a bare `message` that is text.
bool IsError(const json::object& object) {
  return TextIn(object, "type") == "error" || ObjectIn(object, "error") != nullptr ||
         !TextIn(object, "error").empty() || !TextIn(object, "message").empty();
}

}  // namespace

ObjectReader::ObjectReader(ChatAnswer& answer) : answer_(answer), parser_(std::make_unique<EventParser>()) {}
ObjectReader::~ObjectReader() = default;

AnswerReader::Brought ObjectReader::TakeEvent(std::string_view name, std::string_view data, bool may_be_cut) {
  data.remove_prefix(std::min(data.find_first_not_of(" \n"), data.size()));
  if (data.empty() || answer_.is_done() || answer_.has_failed() || name == "ping") return {};
  if (data.substr(0, 6) == "[DONE]") {
    answer_.TakeEnd();
    return {};
  }
  const json::value* value = parser_->Parse(data);
  if (value == nullptr) {
    if (name == "error") {
      answer_.TakeError(WordsOf(data));
    } else if (!may_be_cut && !answer_.is_finished()) {
      answer_.TakeNoJson(data);
    }
    return {};
  }
  const json::object* event = value->if_object();
  if (event == nullptr || name == "error" || IsError(*event)) {
    answer_.TakeError(WordsOf(*value));
    return {};
  }
  return ReadEvent(*event);
}

void ObjectReader::TakeWhole(std::string_view body) {
  answer_.TakeAsWhole();
  body.remove_prefix(std::min(body.find_first_not_of(" \t\r\n\xEF\xBB\xBF"), body.size()));
  if (body.empty()) return answer_.Fail(FailureOf(FormatFault::kEmpty));
  if (body.front() == '<') return answer_.Fail(FailureOf(FormatFault::kHtml));
  const json::value* value = parser_->Parse(body);
  if (value == nullptr) return answer_.TakeNoJson(body);
  const json::object* object = value->if_object();
  if (object == nullptr || IsError(*object)) return answer_.TakeError(WordsOf(*value));
  ReadWhole(*object);
  if (!answer_.has_begun() && !answer_.has_failed()) answer_.TakeNoAnswer(body);
}

}  // namespace ftl
