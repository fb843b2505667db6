#include "tests/support/fake_endpoint.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <utility>

#include <absl/strings/ascii.h>
#include <absl/strings/match.h>
#include <fmt/format.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "common/text/view.h"

namespace ftl {
namespace {

constexpr auto kPatience = std::chrono::seconds(5);

[[noreturn]] void GiveUp(std::string_view why) {
  fmt::print(stderr, "tests/support/fake_endpoint: {}\n", why);
  std::fflush(stderr);
  std::abort();
}

// A self-signed certificate that signs itself is its own authority: trusted by the file that holds it.
X509* MakeCertificate(EVP_PKEY* key, const FakeEndpoint::Tls& tls) {
  X509* certificate = X509_new();
  X509_set_version(certificate, 2);
  ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1);
  constexpr long kDay = 24 * 3600;
  X509_gmtime_adj(X509_getm_notBefore(certificate), -2 * kDay);
  X509_gmtime_adj(X509_getm_notAfter(certificate), tls.expired ? -kDay : kDay);
  X509_set_pubkey(certificate, key);
  X509_NAME* name = X509_get_subject_name(certificate);
  X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, reinterpret_cast<const unsigned char*>("fake endpoint"), -1, -1,
                             0);
  X509_set_issuer_name(certificate, name);
  const std::string alternative = "DNS:" + tls.name;
  X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, nullptr, NID_subject_alt_name, alternative.c_str());
  X509_add_ext(certificate, extension, -1);
  X509_EXTENSION_free(extension);
  X509_sign(certificate, key, EVP_sha256());
  return certificate;
}

std::string WritePem(X509* certificate) {
  char path[] = "/tmp/ftl-ca-XXXXXX";
  const int file = mkstemp(path);
  FILE* stream = file < 0 ? nullptr : fdopen(file, "w");
  if (stream == nullptr || PEM_write_X509(stream, certificate) != 1) GiveUp("no file for the authority");
  fclose(stream);
  return path;
}

bool SelectAlpn(const unsigned char* offered, unsigned int size) {
  return std::string_view(reinterpret_cast<const char*>(offered), size).find("http/1.1") != std::string_view::npos;
}

}  // namespace

// A socket, with TLS or without.
class FakeEndpoint::Line : public FakeConnection {
 public:
  Line(int socket, SSL_CTX* tls, const std::atomic<bool>& is_stopping) : socket_(socket), is_stopping_(is_stopping) {
    const int on = 1;
    setsockopt(socket_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    if (tls == nullptr) return;
    session_ = SSL_new(tls);
    SSL_set_fd(session_, socket_);
  }
  ~Line() override {
    Close();
    SSL_free(session_);
  }

  bool Open() { return session_ == nullptr || SSL_accept(session_) == 1; }

  // A whole request; false when the other side has ended.
  bool Receive(FakeRequest& request) {
    size_t end;
    while ((end = pending_.find("\r\n\r\n")) == std::string::npos) {
      if (!ReadMore()) return false;
    }
    request.head = pending_.substr(0, end + 4);
    pending_.erase(0, end + 4);
    const std::string length = request.Field("content-length");
    const size_t body = length.empty() ? 0 : static_cast<size_t>(std::atol(length.c_str()));
    while (pending_.size() < body) {
      if (!ReadMore()) return false;
    }
    request.body = pending_.substr(0, body);
    pending_.erase(0, body);
    return true;
  }

  bool Send(std::string_view bytes) override {
    while (!bytes.empty() && socket_ >= 0) {
      const ssize_t size = session_ != nullptr ? SSL_write(session_, bytes.data(), static_cast<int>(bytes.size()))
                                               : send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (size <= 0) return false;
      bytes.remove_prefix(static_cast<size_t>(size));
    }
    return socket_ >= 0;
  }

  void Close() override {
    if (socket_ < 0) return;
    if (session_ != nullptr) SSL_shutdown(session_);
    close(std::exchange(socket_, -1));
  }

  void Reset() override {
    if (socket_ < 0) return;
    const linger at_once{1, 0};
    setsockopt(socket_, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
    close(std::exchange(socket_, -1));
  }

  void HoldOpen() override {
    char bytes[4096];
    while (WaitReadable() && recv(socket_, bytes, sizeof(bytes), 0) > 0) {
    }
    Close();
  }

  bool is_open() const { return socket_ >= 0; }

 private:
  bool WaitReadable() {
    pollfd item{socket_, POLLIN, 0};
    while (socket_ >= 0 && !is_stopping_) {
      if (poll(&item, 1, 20) != 0) return true;
    }
    return false;
  }

  bool ReadMore() {
    char bytes[16 * 1024];
    const bool has_pending = session_ != nullptr && SSL_pending(session_) > 0;
    if (!has_pending && !WaitReadable()) return false;
    const ssize_t size =
        session_ != nullptr ? SSL_read(session_, bytes, sizeof(bytes)) : recv(socket_, bytes, sizeof(bytes), 0);
    if (size <= 0) return false;
    pending_.append(bytes, static_cast<size_t>(size));
    return true;
  }

  int socket_;
  SSL* session_ = nullptr;
  const std::atomic<bool>& is_stopping_;
  std::string pending_;
};

std::string FakeRequest::Field(std::string_view name) const {
  for (size_t at = head.find("\r\n"); at + 2 < head.size(); at = head.find("\r\n", at + 2)) {
    const std::string_view line = std::string_view(head).substr(at + 2, head.find("\r\n", at + 2) - at - 2);
    const size_t colon = line.find(':');
    if (colon == std::string_view::npos) break;
    if (!absl::EqualsIgnoreCase(ToAbsl(line.substr(0, colon)), ToAbsl(name))) continue;
    return std::string(absl::StripAsciiWhitespace(ToAbsl(line.substr(colon + 1))));
  }
  return {};
}

void FakeConnection::Drip(std::string_view bytes) {
  for (const char& byte : bytes) {
    if (!Send({&byte, 1})) return;
  }
}

FakeEndpoint::FakeEndpoint(Script script) : script_(std::move(script)) { Listen(); }

FakeEndpoint::FakeEndpoint(Script script, Tls tls)
    : script_(std::move(script)), tls_(SSL_CTX_new(TLS_server_method())) {
  EVP_PKEY* key = EVP_EC_gen("P-256");
  X509* certificate = MakeCertificate(key, tls);
  ca_file_ = WritePem(certificate);
  SSL_CTX_use_certificate(tls_, certificate);
  SSL_CTX_use_PrivateKey(tls_, key);
  SSL_CTX_set_security_level(tls_, 0);
  SSL_CTX_set_min_proto_version(tls_, TLS1_VERSION);
  SSL_CTX_set_max_proto_version(tls_, tls.newest_version);
  SSL_CTX_set_alpn_select_cb(
      tls_,
      [](SSL*, const unsigned char** chosen, unsigned char* size, const unsigned char* offered,
         unsigned int offered_size, void*) {
        if (!SelectAlpn(offered, offered_size)) return SSL_TLSEXT_ERR_ALERT_FATAL;
        *chosen = reinterpret_cast<const unsigned char*>("http/1.1");
        *size = 8;
        return SSL_TLSEXT_ERR_OK;
      },
      nullptr);
  X509_free(certificate);
  EVP_PKEY_free(key);
  Listen();
}

FakeEndpoint::~FakeEndpoint() {
  is_stopping_ = true;
  shutdown(listener_, SHUT_RDWR);
  acceptor_.join();
  for (std::thread& thread : threads_) thread.join();
  close(listener_);
  SSL_CTX_free(tls_);
  if (!ca_file_.empty()) unlink(ca_file_.c_str());
}

std::string FakeEndpoint::Url() const {
  return tls_ != nullptr ? fmt::format("https://localhost:{}/v1", port_) : fmt::format("http://127.0.0.1:{}/v1", port_);
}

std::vector<FakeRequest> FakeEndpoint::requests() const {
  const std::lock_guard lock(mutex_);
  return requests_;
}

bool FakeEndpoint::WaitForRequest() const {
  const auto until = std::chrono::steady_clock::now() + kPatience;
  while (requests().empty() && std::chrono::steady_clock::now() < until) {
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  return !requests().empty();
}

bool FakeEndpoint::WaitUntilAllClosed() const {
  const auto until = std::chrono::steady_clock::now() + kPatience;
  while (open_ > 0 && std::chrono::steady_clock::now() < until) {
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  return open_ == 0;
}

void FakeEndpoint::Listen() {
  listener_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof(address);
  if (bind(listener_, reinterpret_cast<sockaddr*>(&address), size) != 0 || listen(listener_, 512) != 0)
    GiveUp("no port");
  getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size);
  port_ = ntohs(address.sin_port);
  acceptor_ = std::thread([this] { Accept(); });
}

void FakeEndpoint::Accept() {
  while (true) {
    const int socket = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (socket < 0 && errno == EMFILE) {
      // A test has taken all descriptors.
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
      continue;
    }
    if (socket < 0) return;
    ++connections_;
    ++open_;
    Line& line = *lines_.emplace_back(std::make_unique<Line>(socket, tls_, is_stopping_));
    threads_.emplace_back([this, &line] { Serve(line); });
  }
}

void FakeEndpoint::Serve(Line& line) {
  FakeRequest request;
  bool is_open = line.Open();
  while (is_open && line.is_open() && line.Receive(request)) {
    {
      const std::lock_guard lock(mutex_);
      requests_.push_back(request);
    }
    script_(request, line);
  }
  line.Close();
  --open_;
}

std::string HttpAnswer(int status, std::string_view content_type, std::string_view body, std::string_view more_fields) {
  return fmt::format("HTTP/1.1 {} X\r\nContent-Type: {}\r\nContent-Length: {}\r\n{}\r\n{}", status, content_type,
                     body.size(), more_fields, body);
}

std::string JsonAnswer(std::string_view body, int status) { return HttpAnswer(status, "application/json", body); }

std::string StreamHead() {
  return "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n";
}

std::string Chunk(std::string_view bytes) { return fmt::format("{:x}\r\n{}\r\n", bytes.size(), bytes); }
std::string LastChunk() { return "0\r\n\r\n"; }
std::string Event(std::string_view data) { return Chunk(fmt::format("data: {}\n\n", data)); }

std::string TextDelta(std::string_view text) {
  return fmt::format(R"({{"id":"c","object":"chat.completion.chunk","created":1700000000,"model":"m",)"
                     R"("choices":[{{"index":0,"delta":{{"content":"{}"}},"finish_reason":null}}]}})",
                     text);
}

std::string StreamAnswer(std::string_view text) {
  return StreamHead() + Event(TextDelta(text)) +
         Event(R"({"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]})") +
         Event(R"({"choices":[],"usage":{"prompt_tokens":5,"completion_tokens":2}})") + Event("[DONE]") + LastChunk();
}

}  // namespace ftl
