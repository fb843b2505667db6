#pragma once

#include <cstddef>
#include <span>
#include <string_view>

#include <absl/time/time.h>
#include <boost/asio/awaitable.hpp>
#include <boost/system/error_code.hpp>

#include "common/endpoint/answer/timing.h"

namespace ftl {

namespace asio = boost::asio;

// What a read gave.
struct Arrival {
  boost::system::error_code error;  // would_block: nothing has come
  size_t size = 0;                  // 0 without an error: the other side has ended
  Mark at;                          // when the last of the bytes reached this machine
  absl::Duration lag;               // how long they lay there until they were read
};

// Bytes to and from an endpoint, plain or through TLS. One thread; one read and one write at a time.
class ByteStream {
 public:
  virtual ~ByteStream() = default;

  // Reads what is there, without waiting.
  virtual Arrival TryRead(std::span<char> buffer) = 0;
  // Ends when there may be something to read, with an error when the stream is closed, or the coroutine cancelled.
  virtual asio::awaitable<boost::system::error_code> WaitReadable() = 0;
  // Writes all of `bytes`.
  virtual asio::awaitable<boost::system::error_code> Write(std::string_view bytes) = 0;
  // Whether everything written has reached the other machine.
  virtual bool IsDelivered() const = 0;
  // Ends everything that waits. May be called at any time and more than once.
  virtual void Close() = 0;
};

}  // namespace ftl
