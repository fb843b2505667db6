#include "common/endpoint/http/dialer.h"

#include <algorithm>

#include <boost/asio/error.hpp>

#include "common/endpoint/http/close_timer.h"

namespace ftl {
namespace {

using boost::system::error_code;

// How long one of several addresses may hold up the next.
constexpr absl::Duration kPatience = absl::Seconds(3);
constexpr size_t kMostTried = 8;

absl::Duration Since(Mark start) { return absl::FromChrono(std::chrono::steady_clock::now() - start); }

WireFault LookupFault(const absl::Status& status) {
  switch (status.code()) {
    case absl::StatusCode::kNotFound:
      return TransportFault::kNameNotFound;
    case absl::StatusCode::kDeadlineExceeded:
      return TransportFault::kLookupTimeout;
    case absl::StatusCode::kResourceExhausted:
      return TransportFault::kNoRoom;
    case absl::StatusCode::kCancelled:
      return TransportFault::kCancelled;
    default:
      return TransportFault::kLookupFailed;
  }
}

// Out of file descriptors or memory. An address that is not available may also mean that this machine has no IPv6.
bool IsOurs(error_code error) {
  namespace errc = boost::system::errc;
  for (const auto ours : {errc::too_many_files_open, errc::too_many_files_open_in_system, errc::no_buffer_space,
                          errc::not_enough_memory}) {
    if (error == ours) return true;
  }
  return false;
}

WireFault ConnectFault(error_code error, const CloseTimer& timer) {
  if (IsOurs(error)) return TransportFault::kNoRoom;
  if (timer.has_expired() || error == asio::error::timed_out) return TransportFault::kConnectTimeout;
  if (error == asio::error::operation_aborted) return TransportFault::kCancelled;
  if (error == asio::error::connection_refused) return TransportFault::kConnectRefused;
  return TransportFault::kUnreachable;
}

}  // namespace

Dialer::Dialer(asio::any_io_executor executor, AddressPolicy policy, const CallerLimits& limits,
               std::unique_ptr<Resolver> resolver)
    : executor_(std::move(executor)),
      policy_(policy),
      limits_(limits),
      resolver_(std::move(resolver)),
      tls_(MakeTlsContext(limits.ca_file)) {}

Wire<Dialer::Dialed> Dialer::Dial(Deadline deadline, const Endpoint& endpoint, const std::string& party) {
  deadline = std::min(deadline, DeadlineIn(limits_.connect));
  Dialed dialed;
  const WireResult<Addresses> addresses = co_await JudgedAddresses(deadline, endpoint, party, dialed.phases);
  if (!addresses) co_return addresses.error();
  const Mark start = std::chrono::steady_clock::now();
  WireResult<std::unique_ptr<TcpStream>> plain = co_await ConnectToFirst(deadline, *addresses, endpoint.port());
  if (!plain) co_return plain.error();
  dialed.phases.connect = Since(start);
  if (!endpoint.is_https()) {
    dialed.stream = std::move(*plain);
    co_return std::move(dialed);
  }
  const Mark connected = std::chrono::steady_clock::now();
  WireResult<std::unique_ptr<ByteStream>> secured = co_await ShakeHands(deadline, std::move(*plain), endpoint);
  if (!secured) co_return secured.error();
  dialed.phases.tls = Since(connected);
  dialed.stream = std::move(*secured);
  co_return std::move(dialed);
}

Wire<Dialer::Addresses> Dialer::JudgedAddresses(Deadline deadline, const Endpoint& endpoint, const std::string& party,
                                                DialPhases& phases) {
  Addresses addresses = endpoint.KnownAddresses();
  const bool is_known = !addresses.empty();
  if (!is_known) {
    const Mark start = std::chrono::steady_clock::now();
    absl::StatusOr<Addresses> found = co_await resolver_->Resolve(endpoint.LookupName(), party, deadline);
    if (!found.ok()) co_return LookupFault(found.status());
    addresses = *std::move(found);
    phases.dns = Since(start);
  }
  for (const asio::ip::address& address : addresses) {
    // A name of the public internet has no business with loopback, whatever development mode opens.
    const bool is_rebound = !is_known && address.is_loopback();
    if (is_rebound || !policy_.JudgeAddress(address).ok()) co_return WireFault(TransportFault::kBlockedAddress);
  }
  co_return std::move(addresses);
}

Wire<std::unique_ptr<TcpStream>> Dialer::ConnectToFirst(Deadline deadline, const Addresses& addresses, uint16_t port) {
  const size_t tried = std::min(addresses.size(), kMostTried);
  WireFault fault = TransportFault::kUnreachable;
  for (size_t i = 0; i < tried; ++i) {
    auto stream = std::make_unique<TcpStream>(executor_);
    CloseTimer timer(executor_, *stream);
    timer.Set(i + 1 < tried ? std::min(deadline, DeadlineIn(kPatience)) : deadline);
    const error_code error = co_await stream->Connect({addresses[i], port});
    if (!error) co_return std::move(stream);
    fault = ConnectFault(error, timer);
    const bool is_over = std::chrono::steady_clock::now() >= deadline;
    if (is_over || fault.is(TransportFault::kCancelled) || fault.is(TransportFault::kNoRoom)) break;
  }
  co_return fault;
}

Wire<std::unique_ptr<ByteStream>> Dialer::ShakeHands(Deadline deadline, std::unique_ptr<TcpStream> below,
                                                     const Endpoint& endpoint) {
  if (!tls_) co_return WireFault(TransportFault::kTls, "the file of trusted roots cannot be read");
  boost::system::error_code not_address;
  asio::ip::make_address(endpoint.host(), not_address);
  auto stream = std::make_unique<TlsStream>(std::move(below), tls_.get(), endpoint.host(), !not_address);
  CloseTimer timer(executor_, *stream);
  timer.Set(deadline);
  const error_code error = co_await stream->Handshake();
  if (!error) co_return std::unique_ptr<ByteStream>(std::move(stream));
  if (timer.has_expired()) co_return WireFault(TransportFault::kTlsTimeout);
  if (error == asio::error::operation_aborted) co_return WireFault(TransportFault::kCancelled);
  const std::string certificate_fault = stream->certificate_fault();
  if (!certificate_fault.empty()) co_return WireFault(TransportFault::kCertificate, certificate_fault);
  co_return WireFault(TransportFault::kTls, stream->reason());
}

}  // namespace ftl
