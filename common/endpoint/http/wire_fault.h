#pragma once

#include <string>
#include <utility>
#include <variant>

#include <boost/asio/awaitable.hpp>
#include <boost/system/result.hpp>

#include "common/endpoint/answer/failure.h"

namespace ftl {

namespace asio = boost::asio;

// Why bytes could not be had from an endpoint: the way there failed, or what came is not what it must be.
struct WireFault {
  WireFault() = default;
  WireFault(TransportFault transport, std::string reason = {}) : fault(transport), detail(std::move(reason)) {}
  WireFault(FormatFault format) : fault(format) {}

  bool is(TransportFault transport) const { return fault == std::variant<TransportFault, FormatFault>(transport); }

  std::variant<TransportFault, FormatFault> fault = TransportFault::kCut;
  std::string detail;
};

inline CallFailure FailureOf(const WireFault& fault) {
  if (const auto* transport = std::get_if<TransportFault>(&fault.fault)) return FailureOf(*transport, fault.detail);
  return FailureOf(std::get<FormatFault>(fault.fault));
}

template <typename T = void>
using WireResult = boost::system::result<T, WireFault>;

// A coroutine below the call. It gives faults and not absl errors, since an endpoint's failure is an answer here.
template <typename T = void>
using Wire = asio::awaitable<WireResult<T>>;

}  // namespace ftl
