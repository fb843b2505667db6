#pragma once

#include <memory>
#include <string_view>

#include <boost/asio/any_io_executor.hpp>

#include "common/db/database.h"

namespace ftl {

// Sends NOTIFY from a connection of its own, never inside a storing transaction, where it would make commits stand in
// line. The first goes at once; after it at most one per channel every 10 ms, with the payloads of that time joined by
// commas, each once. Best effort: what cannot be sent is dropped, since listeners also poll. One io_context, one
// thread.
class Notifier {
 public:
  Notifier(asio::any_io_executor executor, DatabaseSettings settings);
  // What was not sent yet is dropped.
  ~Notifier();
  Notifier(const Notifier&) = delete;
  Notifier& operator=(const Notifier&) = delete;

  // Returns at once. `channel` is a plain name; `payload` holds no comma.
  void Notify(std::string_view channel, std::string_view payload = "");

 private:
  class Outbox;

  std::shared_ptr<Outbox> outbox_;
};

}  // namespace ftl
