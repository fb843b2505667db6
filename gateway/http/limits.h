#pragma once

#include <algorithm>

#include <absl/time/time.h>

namespace ftl::http {

// What one listener allows. Times are of the whole phase: no byte that trickles in puts them off.
struct Limits {
  absl::Duration first_byte = absl::Seconds(5);  // from the accept
  absl::Duration head = absl::Seconds(10);       // from its first byte
  absl::Duration body = absl::Seconds(30);
  absl::Duration idle = absl::Seconds(75);   // between requests
  absl::Duration write = absl::Seconds(30);  // of one answer, or of one piece of a stream
  absl::Duration linger = absl::Seconds(2);  // for the client to read an answer that came before its body
  int max_connections = 16'384;
  int max_connections_per_address = 1'024;  // IPv6 by /64
  int trusted_hops = 0;                     // proxies whose X-Forwarded-For is believed
  bool https = false;                       // a proxy in front speaks TLS

  // Places that only addresses with fewer connections than `few` get.
  int kept_places() const { return max_connections / 16; }
  int few() const { return std::max(2, max_connections / 1024); }
};

}  // namespace ftl::http
