#pragma once

#include <type_traits>

#include <absl/status/status.h>
#include <absl/status/statusor.h>
#include <boost/asio/awaitable.hpp>

namespace ftl {

namespace asio = boost::asio;

// The one asynchronous vocabulary of the project: a coroutine that gives a T or says why not. Task<> gives only ok or
// the reason. Lazy: nothing runs before it is awaited or spawned. It runs on the executor of whoever awaits it.
template <typename T = void>
using Task = asio::awaitable<std::conditional_t<std::is_void_v<T>, absl::Status, absl::StatusOr<T>>>;

}  // namespace ftl
