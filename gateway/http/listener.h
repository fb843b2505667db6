#pragma once

#include <list>
#include <map>
#include <memory>
#include <string>

#include <absl/status/status.h>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>

#include "common/async/task.h"
#include "gateway/http/connection.h"

namespace ftl::http {

// Accepts connections on one address and keeps them within the limits. When full, the connections that have been
// longest without a whole request go first, those of addresses that hold many before others; a newcomer is turned away
// only where all others are being served. The last sixteenth of the places is for addresses that hold few. Everything
// runs on the one thread of `executor`.
class Listener {
 public:
  Listener(asio::any_io_executor executor, Limits limits, Handler handler);
  ~Listener();

  // Begins to listen on host:port; port 0 for any.
  absl::Status Listen(std::string_view address);
  int port() const { return port_; }
  int connections() const { return static_cast<int>(connections_.size()); }

  // Accepts nothing more, closes what is idle, and lets the rest finish; returns when all have, or at the deadline.
  Task<> Drain(Deadline deadline);
  // Breaks off what is left and returns when nothing runs any more.
  Task<> Stop();

 private:
  asio::awaitable<void> Accept();
  asio::awaitable<void> Tick();
  void Admit(asio::ip::tcp::socket socket);
  // Makes room by closing what has waited longest, of `address` only where one is given: some at a time, since looking
  // for it means looking at all.
  bool MakeRoom(const std::string* address);
  bool HoldsMany(const std::string& address) const;
  Task<> WaitUntilEmpty(Deadline deadline);

  struct Admitted {
    std::shared_ptr<Connection> connection;
    std::string address;
  };

  const asio::any_io_executor executor_;
  const Limits limits_;
  const Handler handler_;
  WriteTurns write_turns_;
  asio::ip::tcp::acceptor acceptor_;
  asio::steady_timer ticker_;
  asio::steady_timer emptied_;
  int port_ = 0;
  int loops_ = 0;  // of our own that run
  std::list<Admitted> connections_;
  std::map<std::string, int> per_address_;
};

}  // namespace ftl::http
