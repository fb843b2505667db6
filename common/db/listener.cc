#include "common/db/listener.h"

#include <fmt/format.h>

#include "common/error/try.h"

namespace ftl {

Listener::Listener(DatabaseSettings settings, std::vector<std::string> channels)
    : settings_(std::move(settings)), channels_(std::move(channels)) {}

Task<WakeUp> Listener::Next(Deadline deadline) {
  if (!connection_) {
    CO_TRY(co_await Connect(deadline));
    co_return WakeUp{.may_have_missed = true};
  }
  absl::StatusOr<Notification> heard = co_await connection_->NextNotification(deadline);
  if (heard.ok()) co_return WakeUp{.channel = std::move(heard->channel), .payload = std::move(heard->payload)};
  if (absl::IsDeadlineExceeded(heard.status())) co_return heard.status();
  connection_.reset();
  if (absl::IsCancelled(heard.status())) co_return heard.status();
  CO_TRY(co_await Connect(deadline));
  co_return WakeUp{.may_have_missed = true};
}

Task<> Listener::Connect(Deadline deadline) {
  CO_TRY(ConnectionKeywords keywords,
         ReadConnectionString(settings_.url, settings_.role, settings_.application_name + " listener"));
  CO_TRY(std::unique_ptr<Connection> connection, co_await Connection::Open(std::move(keywords), deadline));
  std::vector<std::string> texts;
  for (const std::string& channel : channels_) texts.push_back(fmt::format("LISTEN {}", channel));
  std::vector<Statement> statements;
  for (const std::string& text : texts) statements.push_back({Query{"", text}, {}});
  CO_TRY(co_await connection->Pipeline(statements, deadline));
  connection_ = std::move(connection);
  co_return absl::OkStatus();
}

}  // namespace ftl
