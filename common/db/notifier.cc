#include "common/db/notifier.h"

#include <map>
#include <set>
#include <string>
#include <utility>

#include <absl/strings/str_join.h>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace ftl {
namespace {

constexpr std::chrono::milliseconds kPause(10);
constexpr absl::Duration kSendLimit = absl::Seconds(5);
// The server takes less than 8,000 bytes.
constexpr size_t kLongestPayload = 7000;

constexpr Query kNotify{"db.notify", "SELECT pg_notify($1, $2)"};

DatabaseSettings OneConnection(DatabaseSettings settings) {
  settings.max_connections = 1;
  settings.application_name += " notifier";
  return settings;
}

}  // namespace

class Notifier::Outbox : public std::enable_shared_from_this<Notifier::Outbox> {
 public:
  Outbox(asio::any_io_executor executor, DatabaseSettings settings)
      : executor_(executor), database_(executor, OneConnection(std::move(settings))), timer_(executor) {}

  void Add(std::string_view channel, std::string_view payload) {
    waiting_[std::string(channel)].insert(std::string(payload));
    if (!std::exchange(sending_, true)) asio::co_spawn(executor_, Send(shared_from_this()), asio::detached);
  }

  void Close() {
    waiting_.clear();
    timer_.cancel();
  }

 private:
  static asio::awaitable<void> Send(std::shared_ptr<Outbox> self) {
    while (!self->waiting_.empty()) {
      std::vector<Statement> statements;
      for (const auto& [channel, payloads] : std::exchange(self->waiting_, {})) {
        std::string joined = absl::StrJoin(payloads, ",");
        if (joined.size() > kLongestPayload || payloads.contains("")) joined.clear();
        statements.push_back({kNotify, Params(channel, joined)});
      }
      const auto sent =
          co_await self->database_.RunAll(DeadlineIn(kSendLimit), SessionScope::None(), std::move(statements));
      static_cast<void>(sent);
      self->timer_.expires_after(kPause);
      co_await self->timer_.async_wait(asio::as_tuple(asio::use_awaitable));
    }
    self->sending_ = false;
  }

  asio::any_io_executor executor_;
  Database database_;
  asio::steady_timer timer_;
  std::map<std::string, std::set<std::string>> waiting_;
  bool sending_ = false;
};

Notifier::Notifier(asio::any_io_executor executor, DatabaseSettings settings)
    : outbox_(std::make_shared<Outbox>(std::move(executor), std::move(settings))) {}

Notifier::~Notifier() { outbox_->Close(); }

void Notifier::Notify(std::string_view channel, std::string_view payload) { outbox_->Add(channel, payload); }

}  // namespace ftl
