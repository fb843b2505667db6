#pragma once

#include <memory>
#include <string>

#include <openssl/ssl.h>

#include "common/endpoint/http/tcp_stream.h"

namespace ftl {

struct TlsFree {
  void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
  void operator()(SSL* session) const { SSL_free(session); }
};
using TlsContext = std::unique_ptr<SSL_CTX, TlsFree>;

// What all our TLS calls have in common: TLS 1.2 and newer, the system's roots and those of `ca_file` (empty for none),
// chains verified. Null when `ca_file` cannot be read.
TlsContext MakeTlsContext(const std::string& ca_file);

// TLS over a TCP connection. OpenSSL works on memory; we move the bytes.
class TlsStream : public ByteStream {
 public:
  // `host` is the endpoint's: a name (named in SNI and in the certificate) or an address (in the certificate only).
  TlsStream(std::unique_ptr<TcpStream> below, SSL_CTX* context, const std::string& host, bool is_address);

  // Shakes hands, with ALPN http/1.1. What failed is said by `reason()`.
  asio::awaitable<boost::system::error_code> Handshake();
  // Why the certificate is not good; empty where it is, or was not seen.
  std::string certificate_fault() const;
  std::string reason() const { return reason_; }

  Arrival TryRead(std::span<char> buffer) override;
  asio::awaitable<boost::system::error_code> WaitReadable() override { return below_->WaitReadable(); }
  asio::awaitable<boost::system::error_code> Write(std::string_view bytes) override;
  bool IsDelivered() const override { return below_->IsDelivered(); }
  void Close() override { below_->Close(); }

 private:
  // Passes what the network brought on to OpenSSL.
  Arrival Feed();
  // Sends what OpenSSL has to say.
  asio::awaitable<boost::system::error_code> Flush();

  std::unique_ptr<TcpStream> below_;
  std::unique_ptr<SSL, TlsFree> session_;
  BIO* from_network_;  // the session's
  BIO* to_network_;    // the session's
  Arrival last_;
  std::string reason_;
};

}  // namespace ftl
