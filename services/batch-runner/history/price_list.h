#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <absl/status/statusor.h>

#include "common/endpoint/answer/chat_reply.h"

namespace ftl::batch_runner {

// What a million tokens of a model cost, in US dollars.
struct Price {
  std::string service;
  std::string model;  // `*` stands for any characters
  double input = 0;
  double cached_input = 0;
  double output = 0;
};

// What models cost. Immutable, for any thread.
class PriceList {
 public:
  // deploy/prices.json, as this program was built with it.
  static PriceList Builtin();
  // The prices of `json`, which has the form of deploy/prices.json, and behind them those of Builtin.
  // INVALID_FIELD with the place of the fault.
  static absl::StatusOr<PriceList> Over(std::string_view json);

  // The first price that fits; null for a model that has none.
  const Price* Find(std::string_view service, std::string_view model) const;
  // What an answer cost, in billionths of a dollar; nullopt where the model has no price, or no answer began.
  std::optional<int64_t> CostNanos(std::string_view service, std::string_view model, const ChatReply& reply) const;

 private:
  std::vector<Price> prices_;
};

// deploy/prices.json.
std::string_view BuiltinPrices();

}  // namespace ftl::batch_runner
