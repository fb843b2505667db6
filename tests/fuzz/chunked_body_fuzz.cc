// A chunked body has one meaning: whole and in pieces, and to the two decoders (the gateway's for requests, which is
// the stricter, and the caller's for answers).
#include <optional>

#include "common/endpoint/http/chunked_decoder.h"
#include "gateway/http/chunked_decoder.h"
#include "tests/fuzz/fuzz.h"

namespace ftl::fuzz {
namespace {

constexpr size_t kMostBytes = 1024;

struct Outcome {
  bool broken = false;
  bool done = false;
  std::string body;
  size_t left = 0;  // bytes behind the body

  bool operator==(const Outcome&) const = default;
};

// What came before a fault is not compared: it is thrown away.
Outcome Broken() { return {.broken = true}; }

Outcome RequestInPieces(std::string_view input, std::optional<uint64_t> seed) {
  http::ChunkedDecoder decoder(kMostBytes);
  Outcome outcome;
  size_t taken = 0;
  const auto take = [&](std::string_view piece) {
    const auto used = decoder.Feed(piece, outcome.body);
    outcome.broken = !used.ok();
    if (outcome.broken) return false;
    Require(*used == piece.size() || decoder.done(), "all bytes are taken until the body has ended");
    taken += *used;
    return !decoder.done();
  };
  if (seed) {
    InPieces(input, *seed, take);
  } else {
    take(input);
  }
  Require(outcome.body.size() <= kMostBytes, "no body is longer than allowed");
  if (outcome.broken) return Broken();
  outcome.done = decoder.done();
  outcome.left = input.size() - taken;
  return outcome;
}

Outcome AnswerInPieces(std::string_view input, std::optional<uint64_t> seed, size_t rest_bytes) {
  ChunkedDecoder decoder(rest_bytes);
  Outcome outcome;
  size_t taken = 0;
  const auto take = [&](std::string_view piece) {
    std::string_view rest = piece;
    while (!rest.empty() && !decoder.is_at_end() && !decoder.is_broken()) outcome.body += decoder.Next(rest);
    taken += piece.size() - rest.size();
    return !decoder.is_at_end() && !decoder.is_broken();
  };
  if (seed) {
    InPieces(input, *seed, take);
  } else {
    take(input);
  }
  Require(outcome.body.size() <= input.size(), "no body is longer than what was sent");
  if (decoder.is_broken()) return Broken();
  outcome.done = decoder.is_at_end();
  outcome.left = input.size() - taken;
  return outcome;
}

}  // namespace

void FuzzOne(std::string_view input) {
  const Outcome request = RequestInPieces(input, std::nullopt);
  Require(RequestInPieces(input, input.size()) == request, "a request's body is the same whole and in pieces");
  for (const size_t rest_bytes : {size_t{16}, size_t{1} << 20}) {
    const Outcome answer = AnswerInPieces(input, std::nullopt, rest_bytes);
    Require(AnswerInPieces(input, input.size(), rest_bytes) == answer, "an answer's body is the same in pieces");
    if (rest_bytes > input.size() && request.done) {
      Require(answer == request, "what the stricter decoder accepts is the same to the other");
    }
  }
}

}  // namespace ftl::fuzz
