#include "services/batch-runner/history/price_list.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <utility>

#include <fmt/format.h>
#include <boost/json/object.hpp>

#include "common/error/refusal.h"
#include "common/error/try.h"
#include "common/json/json_reader.h"

namespace ftl::batch_runner {
namespace {

namespace json = boost::json;

constexpr double kNanosPerTokenOfADollarAMillion = 1e3;

absl::Status FaultAt(size_t place, std::string_view what) {
  return Refuse(Reason::kInvalidField, fmt::format("Price {} of the list {}.", place + 1, what));
}

std::optional<std::string> TextIn(const json::object& object, std::string_view name) {
  const json::value* value = object.if_contains(name);
  if (value == nullptr || !value->is_string() || value->get_string().empty()) return std::nullopt;
  return std::string(value->get_string());
}

std::optional<double> AmountIn(const json::object& object, std::string_view name) {
  const json::value* value = object.if_contains(name);
  if (value == nullptr || !value->is_number()) return std::nullopt;
  const double amount = value->to_number<double>();
  return amount >= 0 ? std::optional(amount) : std::nullopt;
}

absl::StatusOr<Price> ReadPrice(const json::value& value, size_t place) {
  const json::object* object = value.if_object();
  if (object == nullptr) return FaultAt(place, "is no object");
  const auto service = TextIn(*object, "service");
  const auto model = TextIn(*object, "model");
  const auto input = AmountIn(*object, "input");
  const auto output = AmountIn(*object, "output");
  if (!service || !model || !input || !output || !TextIn(*object, "as_of")) {
    return FaultAt(place, "needs service, model, input, output and as_of");
  }
  const double cached = AmountIn(*object, "cached_input").value_or(*input);
  return Price{.service = *service, .model = *model, .input = *input, .cached_input = cached, .output = *output};
}

absl::StatusOr<std::vector<Price>> ReadPrices(std::string_view text) {
  TRY(const JsonDocument document, JsonDocument::Parse(text));
  const json::object* root = document.root().if_object();
  const json::value* list = root == nullptr ? nullptr : root->if_contains("prices");
  if (list == nullptr || !list->is_array()) {
    return Refuse(Reason::kInvalidField, "A list of prices is an object with `prices`, a list.");
  }
  std::vector<Price> prices;
  for (const json::value& value : list->get_array()) {
    TRY(Price price, ReadPrice(value, prices.size()));
    prices.push_back(std::move(price));
  }
  return prices;
}

bool Fits(std::string_view pattern, std::string_view text) {
  size_t star = std::string_view::npos;
  size_t retry = 0;
  size_t p = 0;
  for (size_t t = 0; t < text.size();) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      retry = t;
    } else if (p < pattern.size() && pattern[p] == text[t]) {
      ++p;
      ++t;
    } else if (star != std::string_view::npos) {
      p = star + 1;
      t = ++retry;
    } else {
      return false;
    }
  }
  return pattern.find_first_not_of('*', p) == std::string_view::npos;
}

}  // namespace

PriceList PriceList::Builtin() {
  absl::StatusOr<std::vector<Price>> prices = ReadPrices(BuiltinPrices());
  if (!prices.ok()) std::abort();
  PriceList list;
  list.prices_ = *std::move(prices);
  return list;
}

absl::StatusOr<PriceList> PriceList::Over(std::string_view json) {
  PriceList list;
  TRY(list.prices_, ReadPrices(json));
  PriceList builtin = Builtin();
  std::move(builtin.prices_.begin(), builtin.prices_.end(), std::back_inserter(list.prices_));
  return list;
}

const Price* PriceList::Find(std::string_view service, std::string_view model) const {
  const auto found = std::find_if(prices_.begin(), prices_.end(), [&](const Price& price) {
    return price.service == service && Fits(price.model, model);
  });
  return found == prices_.end() ? nullptr : &*found;
}

std::optional<int64_t> PriceList::CostNanos(std::string_view service, std::string_view model,
                                            const ChatReply& reply) const {
  const Price* price = Find(service, model);
  if (price == nullptr || (!reply.ok() && !reply.has_any_token())) return std::nullopt;
  const int64_t cached = std::clamp<int64_t>(reply.usage.cached_tokens.value_or(0), 0, reply.input_tokens);
  const double nanos = static_cast<double>(reply.input_tokens - cached) * price->input +
                       static_cast<double>(cached) * price->cached_input +
                       static_cast<double>(reply.output_tokens) * price->output;
  return std::llround(nanos * kNanosPerTokenOfADollarAMillion);
}

}  // namespace ftl::batch_runner
