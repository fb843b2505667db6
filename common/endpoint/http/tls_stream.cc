#include "common/endpoint/http/tls_stream.h"

#include <array>

#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <boost/asio/error.hpp>

namespace ftl {
namespace {

using boost::system::error_code;

constexpr unsigned char kAlpn[] = "\x08http/1.1";

// The reason of OpenSSL's last error in plain words, without codes and file names.
std::string TakeReason() {
  const char* reason = ERR_reason_error_string(ERR_peek_error());
  ERR_clear_error();
  return reason == nullptr ? std::string() : std::string(reason);
}

error_code TlsError() { return asio::error::make_error_code(asio::error::no_recovery); }

}  // namespace

TlsContext MakeTlsContext(const std::string& ca_file) {
  TlsContext context(SSL_CTX_new(TLS_client_method()));
  SSL_CTX_set_min_proto_version(context.get(), TLS1_2_VERSION);
  SSL_CTX_set_verify(context.get(), SSL_VERIFY_PEER, nullptr);
  SSL_CTX_set_mode(context.get(), SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  SSL_CTX_set_options(context.get(), SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION);
  SSL_CTX_set_default_verify_paths(context.get());
  if (!ca_file.empty() && SSL_CTX_load_verify_file(context.get(), ca_file.c_str()) != 1) context.reset();
  ERR_clear_error();
  return context;
}

TlsStream::TlsStream(std::unique_ptr<TcpStream> below, SSL_CTX* context, const std::string& host, bool is_address)
    : below_(std::move(below)),
      session_(SSL_new(context)),
      from_network_(BIO_new(BIO_s_mem())),
      to_network_(BIO_new(BIO_s_mem())) {
  BIO_set_mem_eof_return(from_network_, -1);
  SSL_set_bio(session_.get(), from_network_, to_network_);
  SSL_set_connect_state(session_.get());
  SSL_set_alpn_protos(session_.get(), kAlpn, sizeof(kAlpn) - 1);
  X509_VERIFY_PARAM* rules = SSL_get0_param(session_.get());
  X509_VERIFY_PARAM_set_hostflags(rules, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
  if (is_address) {
    X509_VERIFY_PARAM_set1_ip_asc(rules, host.c_str());
  } else {
    X509_VERIFY_PARAM_set1_host(rules, host.data(), host.size());
    SSL_set_tlsext_host_name(session_.get(), host.c_str());
  }
}

asio::awaitable<error_code> TlsStream::Handshake() {
  while (true) {
    ERR_clear_error();
    const int done = SSL_do_handshake(session_.get());
    const int why = SSL_get_error(session_.get(), done);
    if (done != 1 && why != SSL_ERROR_WANT_READ) reason_ = TakeReason();
    const error_code unsent = co_await Flush();
    if (done == 1 || unsent) co_return unsent;
    if (why != SSL_ERROR_WANT_READ) co_return TlsError();
    const error_code failed = co_await below_->WaitReadable();
    if (failed) co_return failed;
    const Arrival fed = Feed();
    if (fed.error && fed.error != asio::error::would_block) co_return fed.error;
    if (!fed.error && fed.size == 0) {
      reason_ = "the connection was closed";
      co_return TlsError();
    }
  }
}

std::string TlsStream::certificate_fault() const {
  const long fault = SSL_get_verify_result(session_.get());
  return fault == X509_V_OK ? std::string() : std::string(X509_verify_cert_error_string(fault));
}

Arrival TlsStream::Feed() {
  std::array<char, 16 * 1024> bytes;
  const Arrival arrival = below_->TryRead(bytes);
  if (arrival.error || arrival.size == 0) return arrival;
  BIO_write(from_network_, bytes.data(), static_cast<int>(arrival.size));
  last_ = arrival;
  return arrival;
}

Arrival TlsStream::TryRead(std::span<char> buffer) {
  while (true) {
    ERR_clear_error();
    const int size = SSL_read(session_.get(), buffer.data(), static_cast<int>(buffer.size()));
    if (size > 0) return {.size = static_cast<size_t>(size), .at = last_.at, .lag = last_.lag};
    const int why = SSL_get_error(session_.get(), size);
    if (why == SSL_ERROR_ZERO_RETURN) return {.at = std::chrono::steady_clock::now()};
    if (why != SSL_ERROR_WANT_READ) return {.error = TlsError()};
    const Arrival arrival = Feed();
    if (arrival.error || arrival.size == 0) return arrival;
  }
}

asio::awaitable<error_code> TlsStream::Write(std::string_view bytes) {
  constexpr size_t kRecord = 16 * 1024;
  while (!bytes.empty()) {
    const std::string_view part = bytes.substr(0, kRecord);
    ERR_clear_error();
    if (SSL_write(session_.get(), part.data(), static_cast<int>(part.size())) <= 0) co_return TlsError();
    bytes.remove_prefix(part.size());
    const error_code unsent = co_await Flush();
    if (unsent) co_return unsent;
  }
  co_return error_code();
}

asio::awaitable<error_code> TlsStream::Flush() {
  char* waiting = nullptr;
  const long size = BIO_get_mem_data(to_network_, &waiting);
  if (size <= 0) co_return error_code();
  const std::string bytes(waiting, static_cast<size_t>(size));
  BIO_reset(to_network_);
  co_return co_await below_->Write(bytes);
}

}  // namespace ftl
