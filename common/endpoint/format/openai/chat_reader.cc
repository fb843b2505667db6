#include "common/endpoint/format/openai/chat_reader.h"

#include <algorithm>

#include <absl/strings/match.h>
#include <boost/json/serialize.hpp>

#include "common/endpoint/answer/error_words.h"
#include "common/endpoint/answer/json_fields.h"
#include "common/text/view.h"

namespace ftl {
namespace {

namespace json = boost::json;
using Brought = AnswerReader::Brought;

// Some servers keep a stream alive by events of their own.
bool IsKeepAlive(std::string_view event) {
  return event == "ping" || event == "heartbeat" || event == "keepalive" || event == "keep-alive";
}

// Some servers name the end as an event in place of [DONE].
bool IsNameOfEnd(std::string_view event) {
  return event == "done" || event == "end" || event == "complete" || event == "completed" || event == "finish";
}

bool IsDoneWord(std::string_view data) {
  if (data.substr(0, 1) == "\"") data.remove_prefix(1);
  return absl::StartsWithIgnoreCase(ToAbsl(data), "[done]");
}

// Some gateways wrap the completion once more: `{"code":0,"message":"ok","data":{"choices":[…]}}`.
const json::value& Unwrapped(const json::value& body) {
  const json::object* outer = body.if_object();
  if (outer == nullptr || outer->contains("choices")) return body;
  for (const char* name : {"data", "result", "response"}) {
    const json::value* inner = outer->if_contains(name);
    if (inner != nullptr && inner->is_object() && inner->get_object().contains("choices")) return *inner;
  }
  return body;
}

bool IsReasoningPart(std::string_view type) {
  return type.find("reasoning") != std::string_view::npos || type.find("thinking") != std::string_view::npos;
}

// Whose list holds no text, as with encrypted reasoning, brings nothing.
Brought ReadReasoningDetails(const json::array& details, ChatAnswer& answer) {
  Brought brought;
  for (const json::value& detail : details) {
    const json::object* object = detail.if_object();
    if (object == nullptr) continue;
    const std::string_view text = TextIn(*object, "text");
    brought |= answer.TakeThought(text.empty() ? TextIn(*object, "summary") : text);
  }
  return brought;
}

Usage UsageOf(const json::object& usage) {
  const auto either = [](std::optional<int64_t> one, std::optional<int64_t> other) {
    return one.value_or(0) == 0 && other ? other : one;
  };
  return {.input_tokens = either(CountIn(&usage, "prompt_tokens"), CountIn(&usage, "input_tokens")),
          .output_tokens = either(CountIn(&usage, "completion_tokens"), CountIn(&usage, "output_tokens")),
          .reasoning_tokens = either(CountIn(ObjectIn(usage, "completion_tokens_details"), "reasoning_tokens"),
                                     CountIn(ObjectIn(usage, "output_tokens_details"), "reasoning_tokens")),
          .cached_tokens = either(CountIn(ObjectIn(usage, "prompt_tokens_details"), "cached_tokens"),
                                  CountIn(&usage, "prompt_cache_hit_tokens"))};
}

}  // namespace

Brought ChatReader::TakeEvent(std::string_view name, std::string_view data, bool may_be_cut) {
  Brought brought;
  if (answer_.is_done() && data.find("\"usage\"") == std::string_view::npos) return brought;
  const auto skip_space = [&] {
    // RFC 7464 puts a record separator before each object.
    while (!data.empty() && std::string_view(" \n\x1E").find(data.front()) != std::string_view::npos)
      data.remove_prefix(1);
  };
  skip_space();
  // A relay may wrap the field once more.
  while (data.substr(0, 5) == "data:") {
    data.remove_prefix(5);
    skip_space();
  }
  if (IsDoneWord(data) || (data.empty() && IsNameOfEnd(name))) {
    answer_.TakeEnd();
    return brought;
  }
  // A relay may wrap a comment as data.
  if (data.empty() || data.front() == ':' || answer_.has_failed() || IsKeepAlive(name)) return brought;
  const bool is_error = name == "error";
  if (TakeJson(data, is_error, brought) || TakeGlued(data, may_be_cut, brought)) {
    if (IsNameOfEnd(name)) answer_.TakeEnd();
    return brought;
  }
  if (is_error) {
    answer_.TakeError(WordsOf(data));
    return brought;
  }
  // Some servers end events with one line end, so that several arrive as one.
  if (data.find('\n') == std::string_view::npos) {
    // Behind the finish it is one more way to say that the stream is done; behind text it tells why it is not.
    if (may_be_cut || answer_.is_finished()) return brought;
    const bool are_words = data.front() != '{' && data.front() != '[';
    if (answer_.has_begun() && are_words) answer_.TakeError(WordsOf(data));
    if (!answer_.has_failed()) answer_.TakeNoJson(data);
    return brought;
  }
  while (!data.empty()) {
    const size_t end = std::min(data.find('\n'), data.size());
    brought |= TakeEvent(name, data.substr(0, end), may_be_cut);
    data.remove_prefix(std::min(end + 1, data.size()));
  }
  return brought;
}

void ChatReader::TakeWhole(std::string_view body) {
  is_stream_ = false;
  answer_.TakeAsWhole();
  Brought ignored;
  const size_t start = std::min(body.find_first_not_of(" \t\r\n\x1E\xEF\xBB\xBF"), body.size());
  body.remove_prefix(start);
  if (body.empty()) {
    answer_.Fail(FailureOf(FormatFault::kEmpty));
  } else if (!TakeJson(body, false, ignored) && !TakeLines(body) && !TakeGlued(body, /*may_be_cut=*/true, ignored)) {
    if (body.front() == '<') answer_.Fail(FailureOf(FormatFault::kHtml));
    answer_.TakeNoJson(body);
  } else if (!answer_.has_begun() && !answer_.has_failed()) {
    answer_.TakeNoAnswer(body);
  }
}

// Some give a stream's events as lines of JSON, or put a stream's end behind a whole answer. False where none is JSON.
bool ChatReader::TakeLines(std::string_view body) {
  if (body.front() != '{') return false;
  Brought ignored;
  const size_t end = body.rfind("data: [DONE]");
  if (end != std::string_view::npos && TakeJson(body.substr(0, end), false, ignored)) return true;
  const std::string_view first = body.substr(0, body.find('\n'));
  if (first.size() == body.size() || !TakeJson(first, false, ignored)) return false;
  BecomeStream();
  body.remove_prefix(first.size());
  while (!body.empty()) {
    const size_t line_end = std::min(body.find('\n'), body.size());
    std::string_view line = body.substr(0, line_end);
    if (line.ends_with('\r')) line.remove_suffix(1);
    TakeEvent("", line, /*may_be_cut=*/line_end == body.size());
    body.remove_prefix(std::min(line_end + 1, body.size()));
  }
  return true;
}

// Some put one object behind the other with nothing between. False where there is none.
bool ChatReader::TakeGlued(std::string_view text, bool may_be_cut, Brought& brought) {
  const auto skip_parting = [&] { text.remove_prefix(std::min(text.find_first_not_of(" \t\r\n,"), text.size())); };
  bool taken = false;
  while (true) {
    skip_parting();
    if (taken && text.substr(0, 5) == "data:") {
      text.remove_prefix(5);
      skip_parting();
    }
    const size_t bytes = parser_.ObjectAtFront(text);
    if (bytes == 0 || !TakeJson(text.substr(0, bytes), false, brought)) break;
    if (taken) BecomeStream();
    taken = true;
    text.remove_prefix(bytes);
  }
  if (!taken || text.empty()) return taken;
  if (text.substr(0, 6) == "[DONE]") answer_.TakeEnd();
  if (!answer_.is_done() && !may_be_cut && !answer_.is_finished()) answer_.TakeNoJson(text);
  return true;
}

void ChatReader::BecomeStream() {
  is_stream_ = true;
  answer_.TakeAsStream();
}

// False for what is no JSON.
bool ChatReader::TakeJson(std::string_view text, bool is_error, Brought& brought) {
  const json::value* parsed = parser_.Parse(text);
  if (parsed == nullptr) return false;
  const json::value& value = Unwrapped(*parsed);
  if (const json::array* chunks = value.if_array(); chunks != nullptr && !HoldsError(value)) {
    for (const json::value& one : *chunks) {
      if (const json::object* chunk = one.if_object()) brought |= ReadChunk(*chunk);
    }
    return true;
  }
  const json::object* chunk = value.if_object();
  const bool may_be_error = is_error || chunk == nullptr || Find(*chunk, "error") || !ArrayIn(*chunk, "choices");
  if (may_be_error && (is_error || HoldsError(value))) answer_.TakeError(WordsOf(value));
  if (chunk != nullptr) brought |= ReadChunk(*chunk);
  return true;
}

Brought ChatReader::ReadChunk(const json::object& chunk) {
  ReadUsage(chunk);
  if (const json::object* groq = ObjectIn(chunk, "x_groq")) ReadUsage(*groq);
  const json::array* choices = ArrayIn(chunk, "choices");
  const json::object* choice = choices == nullptr ? nullptr : OurChoice(*choices);
  return choice == nullptr ? Brought() : ReadChoice(*choice);
}

// We ask for one choice; another one's text must not be mixed in. Ours is number 0, or the first where there is none.
const json::object* ChatReader::OurChoice(const json::array& choices) {
  const json::object* other = nullptr;
  for (const json::value& value : choices) {
    const json::object* choice = value.if_object();
    if (choice == nullptr) continue;
    const auto index = CountIn(choice, "index");
    if (index == 0 && choice_index_) {
      choice_index_.reset();
      answer_.Forget();
    }
    if (!index || index == choice_index_ || *index == 0) return choice;
    if (other == nullptr) other = choice;
  }
  if (other == nullptr || answer_.has_begun()) return nullptr;
  choice_index_ = CountIn(other, "index");
  return other;
}

Brought ChatReader::ReadChoice(const json::object& choice) {
  Brought brought;
  const json::object* delta = ObjectIn(choice, "delta");
  const json::object* message = ObjectIn(choice, "message");
  if (is_stream_ || delta != nullptr || message != nullptr || Find(choice, "text") != nullptr) answer_.Begin();
  if (delta != nullptr) {
    brought = ReadMessage(*delta);
    has_deltas_ |= brought.token;
  } else if (message != nullptr) {
    // At the end of a stream it repeats what the deltas have told.
    if (!has_deltas_) brought = ReadMessage(*message);
  } else if (const std::string_view text = TextIn(choice, "text"); !text.empty()) {
    brought = answer_.TakeText(text);
  }
  ReadUsage(choice);
  // OpenRouter tells the failure of one provider here.
  const json::object* error = ObjectIn(choice, "error");
  if (error != nullptr && !error->empty()) answer_.TakeError(WordsOf(json::value(choice)));
  answer_.TakeFinishReason(TextIn(choice, "finish_reason"));
  return brought;
}

Brought ChatReader::ReadMessage(const json::object& message) {
  Brought brought;
  const json::array* details = ArrayIn(message, "reasoning_details");
  if (details != nullptr) brought |= ReadReasoningDetails(*details, answer_);
  if (!brought.token) {
    const std::string_view reasoning = TextIn(message, "reasoning_content");
    brought |= answer_.TakeThought(reasoning.empty() ? TextIn(message, "reasoning") : reasoning);
  }
  brought |= answer_.TakeText(TextIn(message, "content"));
  brought |= answer_.TakeText(TextIn(message, "refusal"));
  if (const json::array* parts = ArrayIn(message, "content")) {
    for (const json::value& part : *parts) {
      if (const json::string* text = part.if_string()) brought |= answer_.TakeText({text->data(), text->size()});
      if (const json::object* object = part.if_object()) brought |= ReadContentPart(*object);
    }
  }
  if (const json::object* part = ObjectIn(message, "content")) brought |= ReadContentPart(*part);
  if (const json::array* calls = ArrayIn(message, "tool_calls")) brought |= ReadToolCalls(*calls);
  if (const json::object* function = ObjectIn(message, "function_call")) brought |= ReadToolCall(0, "", function);
  return brought;
}

Brought ChatReader::ReadContentPart(const json::object& part) {
  const std::string_view text = TextIn(part, "text");
  Brought brought = IsReasoningPart(TextIn(part, "type")) ? answer_.TakeThought(text) : answer_.TakeText(text);
  brought |= answer_.TakeThought(TextIn(part, "thinking"));
  const json::array* thinking = ArrayIn(part, "thinking");
  if (thinking != nullptr) brought |= ReadReasoningDetails(*thinking, answer_);
  return brought;
}

Brought ChatReader::ReadToolCalls(const json::array& calls) {
  Brought brought;
  size_t position = 0;
  for (const json::value& value : calls) {
    const json::object* call = value.if_object();
    if (call == nullptr) continue;
    const std::string_view id = TextIn(*call, "id");
    const auto index = CountIn(call, "index");
    brought |=
        ReadToolCall(index ? static_cast<size_t>(*index) : PlaceOf(id, position), id, ObjectIn(*call, "function"));
    ++position;
  }
  return brought;
}

// Of a call without an index, the `position`th of its delta: a new id is a new call.
size_t ChatReader::PlaceOf(std::string_view id, size_t position) const {
  const std::vector<ToolCall>& calls = answer_.tool_calls();
  const auto is_it = [&](const ToolCall& known) { return !id.empty() && known.id == id; };
  const auto known = std::find_if(calls.begin(), calls.end(), is_it);
  if (known != calls.end()) return static_cast<size_t>(known - calls.begin());
  const bool is_taken = position < calls.size() && !calls[position].id.empty();
  return !id.empty() && is_taken ? calls.size() : position;
}

Brought ChatReader::ReadToolCall(size_t index, std::string_view id, const json::object* function) {
  ToolCall part{.id = std::string(id), .name = {}, .arguments = {}};
  if (function != nullptr) {
    part.name = TextIn(*function, "name");
    part.arguments = TextIn(*function, "arguments");
    const std::vector<ToolCall>& calls = answer_.tool_calls();
    const bool has_arguments = index < calls.size() && !calls[index].arguments.empty();
    const json::object* whole = ObjectIn(*function, "arguments");
    if (whole != nullptr && !has_arguments) part.arguments = json::serialize(*whole);
  }
  return answer_.TakeToolCallPart(index, part);
}

void ChatReader::ReadUsage(const json::object& holder) {
  if (const json::object* usage = ObjectIn(holder, "usage")) answer_.TakeCounts(UsageOf(*usage));
}

}  // namespace ftl
