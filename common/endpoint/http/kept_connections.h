#pragma once

#include <list>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/steady_timer.hpp>

#include "common/endpoint/answer/timing.h"
#include "common/endpoint/http/caller_limits.h"
#include "common/endpoint/http/http_connection.h"

namespace ftl {

// Connections that rest between calls. A connection is used again only for the session and the origin (scheme, host,
// port) that it was opened for, and so only for the address that the policy judged then. Where too many rest, the one
// that has rested longest is closed.
class KeptConnections : public std::enable_shared_from_this<KeptConnections> {
 public:
  // `limits` must outlive it.
  KeptConnections(asio::any_io_executor executor, const CallerLimits& limits);

  struct Key {
    std::string session;
    std::string origin;
    auto operator<=>(const Key&) const = default;
  };
  // One that is ready, the one used last first; null for none.
  std::unique_ptr<HttpConnection> Take(const Key& key);
  // Puts it to rest.
  void Give(const Key& key, std::unique_ptr<HttpConnection> connection);

  void Drop(std::string_view session);
  // Closes all, and keeps none from then on.
  void Close();

 private:
  struct Resting {
    Key key;
    std::unique_ptr<HttpConnection> connection;
    Mark since;
  };
  using Place = std::list<Resting>::iterator;
  void CloseOldest();
  void SweepLater();
  void Sweep();

  const CallerLimits& limits_;
  asio::steady_timer timer_;
  std::list<Resting> resting_;  // the longest first
  std::map<Key, std::vector<Place>> places_;
  bool sweeps_ = false;
  bool is_closed_ = false;
};

}  // namespace ftl
