#include "common/endpoint/format/model_listing.h"

#include <algorithm>
#include <cmath>
#include <initializer_list>
#include <unordered_set>

#include <absl/strings/ascii.h>
#include <absl/strings/numbers.h>
#include <fmt/format.h>
#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>

#include "common/endpoint/answer/clean_text.h"
#include "common/endpoint/answer/json_fields.h"

namespace ftl {
namespace {

namespace json = boost::json;

constexpr size_t kLongestId = 256;
constexpr size_t kLongestQuery = 2048;

std::string TextOf(const json::value* value, size_t longest = kLongestId) {
  const json::string* text = value == nullptr ? nullptr : value->if_string();
  std::string clean;
  if (text != nullptr && text->size() <= longest) AppendCleanText({text->data(), text->size()}, clean);
  return clean;
}

std::string WithoutPrefix(std::string id) {
  constexpr std::string_view kPrefix = "models/";  // Gemini's
  return std::string_view(id).substr(0, kPrefix.size()) == kPrefix ? id.substr(kPrefix.size()) : id;
}

std::string FirstText(const json::object& object, std::initializer_list<std::string_view> names) {
  for (const std::string_view name : names) {
    std::string text = TextOf(Find(object, name));
    if (!text.empty()) return text;
  }
  return {};
}

// A number of the server's own, by which no model is called.
bool IsUuid(std::string_view id) {
  if (id.size() != 36) return false;
  for (size_t i = 0; i < id.size(); ++i) {
    const bool is_dash = i == 8 || i == 13 || i == 18 || i == 23;
    if (is_dash ? id[i] != '-' : !absl::ascii_isxdigit(static_cast<unsigned char>(id[i]))) return false;
  }
  return true;
}

std::optional<absl::Time> MomentIn(const json::object& object) {
  const json::value* created = Find(object, "created");
  boost::system::error_code error;
  if (created == nullptr || !created->is_number()) return std::nullopt;
  constexpr int64_t kLatest = 253'402'300'799;  // the year 9999
  const auto seconds = created->to_number<int64_t>(error);
  if (error || seconds <= 0 || seconds > kLatest) return std::nullopt;
  return absl::FromUnixSeconds(seconds);
}

std::optional<int64_t> ContextIn(const json::object& entry) {
  // OpenRouter, Cohere and Hugging Face; vLLM; Anthropic; Google; Groq.
  for (const std::string_view name :
       {"context_length", "max_model_len", "max_input_tokens", "inputTokenLimit", "context_window"}) {
    const auto tokens = CountIn(&entry, name);
    if (tokens && *tokens > 0) return tokens;
  }
  return std::nullopt;
}

// A price is a number or the text of one; below zero means that it depends.
std::optional<double> PriceIn(const json::object* prices, std::string_view name) {
  const json::value* value = prices == nullptr ? nullptr : Find(*prices, name);
  if (value == nullptr) return std::nullopt;
  double price = -1;
  if (value->is_number()) price = value->to_number<double>();
  if (value->is_string() &&
      !absl::SimpleAtod(absl::string_view(value->get_string().data(), value->get_string().size()), &price)) {
    return std::nullopt;
  }
  if (!std::isfinite(price) || price < 0) return std::nullopt;
  return price;
}

// The one of a router's providers that it would be asked of first: the first that is live.
const json::object* ProviderIn(const json::object& entry) {
  const json::array* providers = ArrayIn(entry, "providers");
  if (providers == nullptr) return nullptr;
  for (const json::value& value : *providers) {
    const json::object* provider = value.if_object();
    if (provider != nullptr && TextIn(*provider, "status") == "live") return provider;
  }
  return nullptr;
}

void ReadPrices(const json::object* prices, ListedModel& model) {
  constexpr double kMillion = 1e6;
  // OpenRouter's are for one token, as text; Hugging Face's and Together's for a million.
  const auto prompt = PriceIn(prices, "prompt");
  const auto completion = PriceIn(prices, "completion");
  model.input_price = prompt ? *prompt * kMillion : PriceIn(prices, "input");
  model.output_price = completion ? *completion * kMillion : PriceIn(prices, "output");
}

ListedModel ModelOf(const json::object& object) {
  ListedModel model;
  model.id = FirstText(object, {"id", "model_id", "modelId"});
  if (model.id.empty() || IsUuid(model.id)) {
    std::string name = FirstText(object, {"name", "model", "model_name", "modelName", "deployment_id", "slug"});
    if (!name.empty()) model.id = std::move(name);
  }
  model.id = WithoutPrefix(std::move(model.id));
  model.name = WithoutPrefix(FirstText(object, {"display_name", "displayName", "name"}));
  if (model.name == model.id) model.name.clear();
  model.owned_by = FirstText(object, {"owned_by", "publisher", "provider", "organization"});
  model.created_at = MomentIn(object);
  const json::object* provider = ProviderIn(object);
  const json::object& facts = provider == nullptr ? object : *provider;
  model.context_length = ContextIn(facts);
  ReadPrices(ObjectIn(facts, "pricing"), model);
  return model;
}

// Walks a listing of any shape.
class Reading {
 public:
  using IsWanted = absl::FunctionRef<bool(const json::object& entry)>;
  Reading(ModelList& list, size_t most, IsWanted is_wanted) : list_(list), most_(most), is_wanted_(is_wanted) {}

  // False for no listing.
  bool ReadBody(const json::value& body) {
    if (const json::array* bare = body.if_array()) return ReadList(*bare, 0), true;
    const json::object* object = body.if_object();
    return object != nullptr && ReadHolder(*object, 0);
  }

 private:
  static constexpr int kDeepest = 3;

  void Add(ListedModel model) {
    if (model.id.empty() || !known_.insert(model.id).second) return;
    list_.cut |= list_.models.size() == most_;
    if (!list_.cut) list_.models.push_back(std::move(model));
  }

  void ReadList(const json::array& entries, int depth) {
    for (const json::value& entry : entries) {
      if (list_.cut) return;
      if (entry.is_string()) {
        ListedModel named;
        named.id = WithoutPrefix(TextOf(&entry));
        Add(std::move(named));
      }
      const json::object* object = entry.if_object();
      if (object == nullptr) continue;
      // Catalogues list their models by provider.
      const json::value* models = Find(*object, "models");
      const bool is_group = models != nullptr && models->is_array() && depth < kDeepest;
      if (is_group) {
        ReadList(models->get_array(), depth + 1);
      } else if (is_wanted_(*object)) {
        Add(ModelOf(*object));
      }
    }
  }

  // Models are the keys, or lists of them stand under their providers.
  bool ReadKeyed(const json::object& entries, int depth) {
    bool found = false;
    for (const auto& member : entries) {
      const std::string_view key(member.key().data(), member.key().size());
      if (const json::array* list = member.value().if_array()) {
        ReadList(*list, depth + 1);
        found = true;
      } else if (const json::object* object = member.value().if_object()) {
        found = true;
        if (!is_wanted_(*object)) continue;
        ListedModel model = ModelOf(*object);
        if (FirstText(*object, {"id", "model_id", "modelId"}).empty()) model.id = std::string(key);
        Add(std::move(model));
      }
    }
    return found;
  }

  bool ReadHolder(const json::object& object, int depth) {
    constexpr std::string_view kHolders[] = {"data",  "models",    "result",         "results",     "items",
                                             "value", "endpoints", "modelSummaries", "deployments", "model_list",
                                             "list",  "catalog",   "response"};
    for (const std::string_view name : kHolders) {
      const json::value* held = Find(object, name);
      if (held == nullptr) continue;
      if (const json::array* list = held->if_array()) {
        ReadList(*list, depth);
        if (!list->empty() || !HasAnother(object, name)) return true;
      } else if (const json::object* inner = held->if_object(); inner != nullptr && depth < kDeepest) {
        if (ReadHolder(*inner, depth + 1) || ReadKeyed(*inner, depth + 1)) return true;
      }
    }
    return false;
  }

  // Some give an empty list under one name and theirs under another.
  static bool HasAnother(const json::object& object, std::string_view name) {
    for (const std::string_view other : {"data", "models"}) {
      const json::value* held = Find(object, other);
      if (other != name && held != nullptr && held->is_array() && !held->get_array().empty()) return true;
    }
    return false;
  }

  ModelList& list_;
  size_t most_;
  IsWanted is_wanted_;
  std::unordered_set<std::string> known_;
};

std::string Percent(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    const bool is_plain = absl::ascii_isalnum(byte) || std::string_view("-._~").find(c) != std::string_view::npos;
    out += is_plain ? std::string(1, c) : fmt::format("%{:02X}", byte);
  }
  return out;
}

bool IsQuery(std::string_view text) {
  return !text.empty() && text.size() <= kLongestQuery && std::all_of(text.begin(), text.end(), [](char c) {
    return c > 0x20 && c < 0x7f && c != '#' && c != '"' && c != '<' && c != '>' && c != '\\';
  });
}

// Google's and Cohere's tokens, the last id of OpenAI's and Anthropic's lists, and the next page's address, of which
// the query alone is taken: a listing never leads elsewhere.
std::string NextPageOf(const json::object& body, const ModelList& list) {
  if (const std::string token = TextOf(Find(body, "nextPageToken")); !token.empty()) {
    return "pageToken=" + Percent(token);
  }
  if (const std::string token = TextOf(Find(body, "next_page_token")); !token.empty()) {
    return "page_token=" + Percent(token);
  }
  const json::value* has_more = Find(body, "has_more");
  if (has_more != nullptr && has_more->is_bool() && has_more->get_bool() && !list.models.empty()) {
    std::string last = TextOf(Find(body, "last_id"));
    if (last.empty()) last = list.models.back().id;
    return fmt::format("after={0}&after_id={0}", Percent(last));
  }
  for (const std::string_view name : {"next", "nextLink", "next_page_url"}) {
    const std::string address = TextOf(Find(body, name), kLongestQuery);
    const size_t query = address.find('?');
    if (query != std::string::npos && IsQuery(std::string_view(address).substr(query + 1))) {
      return address.substr(query + 1);
    }
  }
  return {};
}

}  // namespace

ModelList ReadModelList(std::string_view body, size_t most) {
  return ReadModelList(body, most, [](const json::object&) { return true; });
}

ModelList ReadModelList(std::string_view body, size_t most,
                        absl::FunctionRef<bool(const json::object& entry)> is_wanted) {
  ModelList list;
  boost::system::error_code error;
  json::parse_options options;
  options.allow_invalid_utf8 = true;
  const json::value parsed = json::parse({body.data(), body.size()}, error, {}, options);
  if (error || !Reading(list, most, is_wanted).ReadBody(parsed)) {
    const ErrorWords words = WordsOf(body);
    const bool is_error = !error && HoldsError(parsed);
    list.failure = is_error        ? FailureOfErrorEvent(words)
                   : words.is_html ? FailureOf(FormatFault::kHtml)
                   : error         ? FailureOf(FormatFault::kNotJson)
                                   : FailureOf(FormatFault::kNoModels);
    return list;
  }
  if (const json::object* object = parsed.if_object(); object != nullptr && !list.cut) {
    list.next_page = NextPageOf(*object, list);
  }
  return list;
}

}  // namespace ftl
