#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include <openssl/ssl.h>

namespace ftl {

// A request as the fake endpoint got it.
struct FakeRequest {
  std::string head;  // the request line and the fields, as sent
  std::string body;
  // The value of a field, or empty.
  std::string Field(std::string_view name) const;
  bool HasInHead(std::string_view text) const { return head.find(text) != std::string::npos; }
};

// One accepted connection, in the hands of a test's script. Blocking; one thread for each.
class FakeConnection {
 public:
  virtual ~FakeConnection() = default;
  // False once the other side is gone.
  virtual bool Send(std::string_view bytes) = 0;
  // Bytes one by one, each in a packet of its own.
  void Drip(std::string_view bytes);
  void Pause(std::chrono::milliseconds span) { std::this_thread::sleep_for(span); }
  // Ends the connection: as a server that is done does, or as one that died does.
  virtual void Close() = 0;
  virtual void Reset() = 0;
  // Does nothing until the other side ends the connection, or the fake endpoint is destroyed.
  virtual void HoldOpen() = 0;
};

// An endpoint that answers with the very bytes a test gives it, on a real loopback socket (127.0.0.1, port 0). Its
// script runs on a thread of its own for each connection, once for each request on it; a connection that the script
// does not end is kept for the next request.
//   FakeEndpoint endpoint([](const FakeRequest&, FakeConnection& to) { to.Send(JsonAnswer(R"({"choices":…})")); });
class FakeEndpoint {
 public:
  using Script = std::function<void(const FakeRequest& request, FakeConnection& to)>;

  struct Tls {
    // The names in its certificate (`localhost`); an authority made for this endpoint has signed it.
    std::string name = "localhost";
    bool expired = false;
    int newest_version = 0;  // as TLS1_1_VERSION; 0 for the newest there is
  };

  explicit FakeEndpoint(Script script);
  FakeEndpoint(Script script, Tls tls);
  ~FakeEndpoint();

  int port() const { return port_; }
  // `http://127.0.0.1:port/v1`, or `https://localhost:port/v1`.
  std::string Url() const;
  // A PEM file with the authority that signed the certificate.
  const std::string& ca_file() const { return ca_file_; }

  std::vector<FakeRequest> requests() const;
  int connections() const { return connections_; }
  // Waits until a request has come; false after five seconds.
  bool WaitForRequest() const;
  // Waits until no connection is open; false after five seconds.
  bool WaitUntilAllClosed() const;

 private:
  class Line;
  void Listen();
  void Accept();
  void Serve(Line& line);

  Script script_;
  SSL_CTX* tls_ = nullptr;
  std::string ca_file_;
  int listener_ = -1;
  int port_ = 0;
  std::atomic<int> connections_ = 0;
  std::atomic<int> open_ = 0;
  std::atomic<bool> is_stopping_ = false;
  mutable std::mutex mutex_;
  std::vector<FakeRequest> requests_;
  std::list<std::unique_ptr<Line>> lines_;
  std::vector<std::thread> threads_;
  std::thread acceptor_;
};

// Whole responses, to be sent as they are.
std::string HttpAnswer(int status, std::string_view content_type, std::string_view body,
                       std::string_view more_fields = "");
std::string JsonAnswer(std::string_view body, int status = 200);
// The head of a chunked event stream, one chunk, and the end.
std::string StreamHead();
std::string Chunk(std::string_view bytes);
std::string LastChunk();
// `data: …` and an empty line, in a chunk.
std::string Event(std::string_view data);
// The JSON of a chunk with this text, which must need no escapes.
std::string TextDelta(std::string_view text);
// A whole stream that says `text` in one piece.
std::string StreamAnswer(std::string_view text);

}  // namespace ftl
