#pragma once

#include <memory>
#include <string>
#include <vector>

#include "common/endpoint/http/byte_stream.h"
#include "common/endpoint/http/caller_limits.h"
#include "common/endpoint/http/resolver.h"
#include "common/endpoint/http/tls_stream.h"
#include "common/endpoint/http/wire_fault.h"
#include "common/endpoint/url/address_policy.h"
#include "common/endpoint/url/endpoint.h"
#include "common/time/deadline.h"

namespace ftl {

// Opens connections to endpoints: looks the name up, asks the policy about every address, connects to exactly one that
// was judged, shakes hands. One bad address refuses all of a name's, and no packet is sent then. Proxy settings of the
// environment play no part.
class Dialer {
 public:
  // `limits` must outlive it.
  Dialer(asio::any_io_executor executor, AddressPolicy policy, const CallerLimits& limits,
         std::unique_ptr<Resolver> resolver);

  struct Dialed {
    std::unique_ptr<ByteStream> stream;
    DialPhases phases;
  };
  // By `deadline`, and within CallerLimits::connect, for `party`, a session say.
  Wire<Dialed> Dial(Deadline deadline, const Endpoint& endpoint, const std::string& party);

 private:
  using Addresses = std::vector<asio::ip::address>;

  Wire<Addresses> JudgedAddresses(Deadline deadline, const Endpoint& endpoint, const std::string& party,
                                  DialPhases& phases);
  Wire<std::unique_ptr<TcpStream>> ConnectToFirst(Deadline deadline, const Addresses& addresses, uint16_t port);
  Wire<std::unique_ptr<ByteStream>> ShakeHands(Deadline deadline, std::unique_ptr<TcpStream> below,
                                               const Endpoint& endpoint);

  asio::any_io_executor executor_;
  AddressPolicy policy_;
  const CallerLimits& limits_;
  std::unique_ptr<Resolver> resolver_;
  TlsContext tls_;
};

}  // namespace ftl
