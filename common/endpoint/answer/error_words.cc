#include "common/endpoint/answer/error_words.h"

#include <algorithm>
#include <charconv>

#include <absl/strings/ascii.h>
#include <absl/strings/match.h>
#include <absl/strings/numbers.h>
#include <fmt/format.h>
#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>

#include "common/endpoint/answer/clean_text.h"
#include "common/endpoint/answer/scrub.h"
#include "common/text/view.h"

namespace ftl {
namespace {

namespace json = boost::json;

constexpr size_t kLongestQuote = 200;
constexpr size_t kLongestWord = 200;
constexpr size_t kLongestMessage = 4096;
constexpr std::string_view kPlainToHttps = "plain HTTP request was sent to HTTPS port";

std::string TextOf(const json::value* value, size_t most = kLongestWord) {
  if (value == nullptr) return {};
  if (const auto* text = value->if_string()) return std::string(CutText({text->data(), text->size()}, most));
  if (const auto* number = value->if_int64()) return std::to_string(*number);
  if (const auto* number = value->if_uint64()) return std::to_string(*number);
  return {};
}

const json::value* Member(const json::value* value, std::string_view name) {
  const json::object* object = value == nullptr ? nullptr : value->if_object();
  return object == nullptr ? nullptr : object->if_contains({name.data(), name.size()});
}

int StatusIn(const json::value* value) {
  int status = 0;
  const std::string text = TextOf(value);
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), status);
  const bool is_status = error == std::errc() && end == text.data() + text.size() && status >= 400 && status <= 599;
  return is_status ? status : 0;
}

// FastAPI's list of faults: `[{"loc": ["body", "stream_options"], "msg": "Extra inputs are not permitted"}]`.
void ReadDetailList(const json::array& faults, ErrorWords& words) {
  for (const json::value& fault : faults) {
    std::string place;
    if (const json::value* loc = Member(&fault, "loc"); loc != nullptr && loc->is_array()) {
      for (const json::value& step : loc->get_array()) {
        place = TextOf(&step);
      }
    }
    if (words.param.empty()) words.param = place;
    if (words.type.empty()) words.type = TextOf(Member(&fault, "type"));
    words.message += fmt::format("{}{}: {}", words.message.empty() ? "" : "; ", place, TextOf(Member(&fault, "msg")));
    if (words.message.size() > 4 * kLongestQuote) return;
  }
}

// The first of these members that holds text or a number.
std::string FirstOf(const json::value& holder, std::initializer_list<std::string_view> names, size_t most) {
  for (const std::string_view name : names) {
    std::string text = TextOf(Member(&holder, name), most);
    if (!text.empty()) return text;
  }
  return {};
}

// Google's `details`: reasons, quota ids and the time to wait.
void ReadDetails(const json::array& details, ErrorWords& words) {
  constexpr size_t kMostDetails = 8;
  for (size_t i = 0; i < std::min(details.size(), kMostDetails); ++i) {
    words.reasons += TextOf(Member(&details[i], "reason")) + " ";
    if (words.retry_delay.empty()) words.retry_delay = TextOf(Member(&details[i], "retryDelay"));
    const json::value* violations = Member(&details[i], "violations");
    if (violations == nullptr || !violations->is_array() || violations->get_array().empty()) continue;
    words.reasons += TextOf(Member(&violations->get_array().front(), "quotaId")) + " ";
  }
}

// How long to wait, where the body says it as a number of its own.
std::string WaitIn(const json::value& holder) {
  constexpr struct {
    std::string_view name;
    std::string_view unit;
  } kNames[] = {{"estimated_time", "s"},
                {"retry_after", "s"},
                {"retryAfter", "s"},
                {"retry_after_seconds", "s"},
                {"retry_after_ms", "ms"}};
  for (const auto& [name, unit] : kNames) {
    const json::value* value = Member(&holder, name);
    boost::system::error_code error;
    if (value == nullptr || !value->is_number()) continue;
    const auto number = value->to_number<double>(error);
    if (!error && number > 0) return fmt::format("{:.3f}{}", number, unit);
  }
  return {};
}

void ReadFields(const json::value& holder, ErrorWords& words) {
  words.message = FirstOf(holder,
                          {"message", "msg", "error_msg", "error_message", "errorMessage", "Message",
                           "error_description", "description", "err_msg", "errmsg"},
                          kLongestMessage);
  words.type = TextOf(Member(&holder, "type"));
  words.code = FirstOf(holder, {"code", "error_code"}, kLongestWord);
  words.param = TextOf(Member(&holder, "param"));
  words.retry_delay = WaitIn(holder);
  words.status = StatusIn(Member(&holder, "code"));
  if (words.status == 0) words.status = StatusIn(Member(&holder, "http_status_code"));
  if (words.type.empty()) words.type = TextOf(Member(&holder, "status"));
  if (const json::value* details = Member(&holder, "details"); details != nullptr && details->is_array()) {
    ReadDetails(details->get_array(), words);
  } else if (details != nullptr) {
    words.reasons = FirstOf(*details, {"error_code", "reason", "code", "type"}, kLongestWord);
  }
  if (const json::value* headers = Member(Member(&holder, "metadata"), "headers");
      headers != nullptr && headers->is_object()) {
    for (const json::key_value_pair& header : headers->get_object()) {
      words.quoted.Note(std::string_view(header.key()), TextOf(&header.value()));
    }
  }
  // OpenRouter quotes the provider, whose words say more than its own.
  const std::string raw = TextOf(Member(Member(&holder, "metadata"), "raw"), kLongestMessage);
  if (!raw.empty()) words.message += ": " + raw;
}

bool IsTruthy(const json::value* value) {
  if (value == nullptr || value->is_null()) return false;
  if (const bool* flag = value->if_bool()) return *flag;
  if (const auto* text = value->if_string()) return !text->empty();
  if (const auto* object = value->if_object()) return !object->empty();
  if (const auto* array = value->if_array()) return !array->empty();
  return !(value->is_int64() && value->get_int64() == 0);
}

const json::value& FirstIfArray(const json::value& body) {
  const json::array* array = body.if_array();
  return array == nullptr || array->empty() ? body : array->front();
}

// The data of a body that is one event, as some send with an error status; anything else as it is.
std::string_view DataOfEvent(std::string_view body) {
  for (size_t at = 0; at < body.size();) {
    const size_t end = std::min(body.find('\n', at), body.size());
    const std::string_view line = body.substr(at, end - at);
    if (line.substr(0, 5) == "data:") return line.substr(5);
    if (line.substr(0, 6) != "event:" && line.substr(0, 3) != "id:" && line.substr(0, 1) != ":") break;
    at = end + 1;
  }
  return body;
}

bool LooksLikeHtml(std::string_view body) {
  const std::string_view start = ToStd(absl::StripLeadingAsciiWhitespace(ToAbsl(body)));
  return !start.empty() && start.front() == '<';
}

bool IsWordCharacter(char c) {
  return absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '-' || c == '_' || c == '*' || c == '.';
}

bool HasKeyStart(std::string_view word) {
  constexpr std::string_view kStarts[] = {"sk-", "sk_", "pk-", "gsk_", "hf_", "fw_", "tgp_v1_", "AIza", "AQ.", "api-"};
  return word.size() >= 8 && std::any_of(std::begin(kStarts), std::end(kStarts),
                                         [&](std::string_view start) { return word.substr(0, start.size()) == start; });
}

// A run of letters and digits, both, too long for a word of any language or a model's name.
bool HasLongRun(std::string_view word) {
  size_t length = 0;
  bool has_letter = false;
  bool has_digit = false;
  for (const char c : word) {
    const auto byte = static_cast<unsigned char>(c);
    if (!absl::ascii_isalnum(byte) && c != '_') {
      length = 0;
      has_letter = has_digit = false;
      continue;
    }
    ++length;
    has_letter |= absl::ascii_isalpha(byte);
    has_digit |= absl::ascii_isdigit(byte);
    if (length >= 20 && has_letter && has_digit) return true;
  }
  return false;
}

bool IsMasked(std::string_view word) { return word.size() >= 6 && word.find("**") != std::string_view::npos; }

}  // namespace

ErrorWords WordsOf(const json::value& body) {
  const json::value& holder = FirstIfArray(body);
  ErrorWords words;
  const json::value* error = Member(&holder, "error");
  if (error != nullptr && error->is_object()) {
    ReadFields(*error, words);
    if (words.retry_delay.empty()) words.retry_delay = WaitIn(holder);
    return words;
  }
  ReadFields(holder, words);
  if (error != nullptr) {
    const std::string said = TextOf(&FirstIfArray(*error), kLongestMessage);
    if (!said.empty()) words.message = said;
  }
  if (const json::value* type = Member(&holder, "error_type")) words.type = TextOf(type);
  if (!words.message.empty()) return words;
  if (const json::value* detail = Member(&holder, "detail")) {
    if (const json::array* faults = detail->if_array()) ReadDetailList(*faults, words);
    if (detail->is_string()) words.message = TextOf(detail, kLongestMessage);
    if (detail->is_object()) ReadFields(*detail, words);
  }
  // Mistral wraps FastAPI's list in its message.
  if (const json::value* detail = Member(Member(&holder, "message"), "detail")) {
    if (const json::array* faults = detail->if_array()) ReadDetailList(*faults, words);
  }
  if (words.message.empty()) words.message = TextOf(Member(Member(&holder, "fault"), "faultstring"), kLongestMessage);
  // Cloudflare lists its errors; MiniMax has a status beside the answer; FastChat says it in place of the text.
  const json::value* errors = Member(&holder, "errors");
  if (words.message.empty() && errors != nullptr && errors->is_array() && !errors->get_array().empty()) {
    words.message = TextOf(Member(&errors->get_array().front(), "message"), kLongestMessage);
  }
  if (words.message.empty())
    words.message = TextOf(Member(Member(&holder, "base_resp"), "status_msg"), kLongestMessage);
  if (words.message.empty()) words.message = TextOf(Member(&holder, "text"), kLongestMessage);
  return words;
}

// What a page or a document of XML says: its message, else its title.
std::string WordsOfMarkup(std::string_view body) {
  // nginx and Apache say so in a page of their own.
  for (const std::string_view said : {kPlainToHttps, std::string_view("speaking plain HTTP to an SSL-enabled")}) {
    if (body.find(said) != std::string_view::npos) return std::string(kPlainToHttps);
  }
  for (const std::string_view name : {"Message", "message", "title", "TITLE"}) {
    const std::string open = fmt::format("<{}>", name);
    const size_t at = body.find(open);
    if (at == std::string_view::npos) continue;
    const std::string_view rest = body.substr(at + open.size());
    const std::string_view text = rest.substr(0, rest.find('<'));
    if (text.find_first_not_of(" \t\r\n") != std::string_view::npos) return std::string(CutText(text, kLongestMessage));
  }
  return {};
}

ErrorWords WordsOf(std::string_view body) {
  ErrorWords words;
  words.is_html = LooksLikeHtml(body);
  if (words.is_html) {
    words.message = WordsOfMarkup(body);
    return words;
  }
  body = DataOfEvent(body);
  boost::system::error_code error;
  json::parse_options options;
  options.allow_invalid_utf8 = true;
  const json::value parsed = json::parse({body.data(), body.size()}, error, {}, options);
  if (!error) {
    words = WordsOf(parsed);
    if (words.message.empty() && parsed.is_string()) words.message = TextOf(&parsed);
    const bool says_nothing = body.find_first_of("\"0123456789") == std::string_view::npos;
    if (words.message.empty() && !says_nothing) words.message = CutText(body, kLongestMessage);
    return words;
  }
  words.message = CutText(body, kLongestMessage);
  return words;
}

void ScrubWords(const KeyScrub& scrub, ErrorWords& words) {
  for (std::string* text : {&words.message, &words.type, &words.code, &words.param, &words.reasons}) {
    *text = scrub.CleanError(std::move(*text));
  }
}

bool HoldsError(const json::value& body) {
  const json::value& holder = FirstIfArray(body);
  if (!holder.is_object()) return false;
  if (IsTruthy(Member(&holder, "error"))) return true;
  if (IsTruthy(Member(Member(&holder, "base_resp"), "status_code"))) return true;
  if (Member(&holder, "choices") != nullptr) return false;
  if (StatusIn(Member(&holder, "code")) != 0) return true;
  if (TextOf(Member(&holder, "type")) == "error" || TextOf(Member(&holder, "object")) == "error") return true;
  for (const std::string_view name : {"detail", "fault", "error_type", "error_code", "error_msg", "errors"}) {
    if (IsTruthy(Member(&holder, name))) return true;
  }
  return !TextOf(Member(&holder, "message")).empty();
}

namespace {

bool NamesAKey(std::string_view word) {
  constexpr std::string_view kNames[] = {"key", "token", "secret", "provided", "password"};
  return std::any_of(std::begin(kNames), std::end(kNames),
                     [&](std::string_view name) { return absl::EqualsIgnoreCase(ToAbsl(word), ToAbsl(name)); });
}

}  // namespace

std::string WithoutKeyLike(std::string_view text) {
  std::string out;
  bool after_bearer = false;
  for (size_t at = 0; at < text.size();) {
    size_t end = at;
    while (end < text.size() && IsWordCharacter(text[end])) ++end;
    if (end == at) {
      out += text[at++];
      continue;
    }
    const std::string_view word = text.substr(at, end - at);
    const bool is_key = HasKeyStart(word) || HasLongRun(word) || IsMasked(word) || (after_bearer && word.size() >= 6);
    out += is_key ? "[removed]" : word;
    const bool is_given = end < text.size() && (text[end] == ':' || text[end] == '=');
    after_bearer = absl::EqualsIgnoreCase(ToAbsl(word), "bearer") || (is_given && NamesAKey(word));
    at = end;
  }
  return out;
}

std::string Quoted(std::string_view message) {
  std::string clean;
  AppendCleanText(message, clean);
  std::string line;
  for (const char c : WithoutKeyLike(clean)) {
    const bool is_space = static_cast<unsigned char>(c) <= 0x20 || c == 0x7f;
    if (is_space && (line.empty() || line.back() == ' ')) continue;
    line += is_space ? ' ' : c == '"' ? '\'' : c;
  }
  while (!line.empty() && line.back() == ' ') line.pop_back();
  if (line.empty()) return {};
  const std::string_view cut = CutText(line, kLongestQuote);
  return fmt::format(" It said: \"{}{}\"", cut, cut.size() < line.size() ? "…" : "");
}

}  // namespace ftl
