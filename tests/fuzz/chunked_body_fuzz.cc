// A chunked body has one meaning: whole and in pieces, and to Beast without our guard wherever the guard lets it pass.
#include <algorithm>
#include <optional>

#include <boost/asio/buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>

#include "common/http/guarded_parser.h"
#include "tests/fuzz/fuzz.h"

namespace ftl::fuzz {
namespace {

constexpr size_t kMostBytes = 1024;
constexpr std::string_view kHead = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";

class Parser final : public GuardedParser<false> {
 public:
  explicit Parser(size_t max_extra_bytes) : GuardedParser(max_extra_bytes) {
    Require(TakeHead(kHead).ok() && LimitBody(kMostBytes).ok(), "the head is taken");
  }
  int fields() const { return fields_; }

 private:
  void OnField(boost::beast::http::field, std::string_view, std::string_view) override { ++fields_; }
  int fields_ = 0;
};

struct Outcome {
  bool broken = false;
  bool done = false;
  std::string body;
  size_t left = 0;  // bytes behind the body

  bool operator==(const Outcome&) const = default;
};

// What came before a fault is not compared: it is thrown away.
Outcome Broken() { return {.broken = true}; }

Outcome Read(std::string_view input, std::optional<uint64_t> seed, size_t max_extra_bytes) {
  Parser parser(max_extra_bytes);
  Outcome outcome;
  std::string unread;
  size_t came = 0;
  const auto take = [&](std::string_view bytes) {
    came += bytes.size();
    unread += bytes;
    std::string_view rest = unread;
    absl::StatusOr<std::string_view> piece;
    do {
      piece = parser.NextPiece(rest);
      outcome.broken = !piece.ok();
      if (piece.ok()) outcome.body += *piece;
    } while (piece.ok() && !piece->empty());
    unread.erase(0, unread.size() - rest.size());
    return !outcome.broken && !parser.is_at_end();
  };
  if (seed) {
    InPieces(input, *seed, take);
  } else {
    take(input);
  }
  Require(outcome.body.size() <= kMostBytes, "no body is longer than allowed");
  Require(parser.fields() == 1, "no trailer is a field of the head");
  if (outcome.broken) return Broken();
  outcome.done = parser.is_at_end();
  if (outcome.done) outcome.left = input.size() - came + unread.size();
  return outcome;
}

Outcome ByBeast(std::string_view input) {
  boost::beast::http::response_parser<boost::beast::http::string_body> parser;
  parser.eager(true);
  boost::system::error_code error;
  parser.put(boost::asio::const_buffer(kHead.data(), kHead.size()), error);
  const size_t taken = parser.put(boost::asio::const_buffer(input.data(), input.size()), error);
  return {
      .broken = error.failed(), .done = parser.is_done(), .body = parser.get().body(), .left = input.size() - taken};
}

}  // namespace

void FuzzOne(std::string_view input) {
  for (const size_t max_extra_bytes : {size_t{16}, size_t{1} << 20}) {
    const Outcome whole = Read(input, std::nullopt, max_extra_bytes);
    Require(Read(input, input.size(), max_extra_bytes) == whole, "a body is the same whole and in pieces");
    if (whole.done) Require(ByBeast(input) == whole, "a body that the guard lets pass is the same without it");
  }
}

}  // namespace ftl::fuzz
