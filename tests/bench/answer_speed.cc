#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

#include <fmt/format.h>
#include <boost/json/value.hpp>

#include "common/endpoint/answer/chat_answer.h"
#include "common/endpoint/answer/scrub.h"
#include "common/endpoint/answer/sse_decoder.h"
#include "common/endpoint/format/event_parser.h"
#include "common/endpoint/format/openai/chat_reader.h"

// What it costs a plain answer that odd ones are understood too: the reader with all that it watches for, beside one
// that parses the same events and takes their text as it stands. Prints JSON: {pieces: N, ours_ns, plain_ns}, for one
// answer.
namespace ftl {
namespace {

constexpr int kPieces = 64;
constexpr size_t kLineBytes = 1 << 20;

std::string Stream() {
  constexpr std::string_view kChunk =
      R"(data: {{"id":"chatcmpl-1","object":"chat.completion.chunk","created":1735689600,"model":"m",)"
      R"("choices":[{{"index":0,"delta":{{{}}},"finish_reason":{}}}]}})"
      "\n\n";
  std::string stream = fmt::format(fmt::runtime(kChunk), R"("role":"assistant","content":"")", "null");
  for (int i = 0; i < kPieces; ++i) {
    stream += fmt::format(fmt::runtime(kChunk), fmt::format(R"("content":"word{} ")", i), "null");
  }
  stream += fmt::format(fmt::runtime(kChunk), "", R"("stop")");
  return stream + "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":7,\"completion_tokens\":64}}\n\ndata: [DONE]\n\n";
}

size_t ReadByOurs(std::string_view stream, const KeyScrub& scrub) {
  ChatAnswer answer(kLineBytes, scrub);
  ChatReader reader(answer);
  SseDecoder decoder(kLineBytes);
  decoder.Decode(stream, [&](const SseEvent& event) { reader.TakeEvent(event.name, event.data, false); });
  answer.FinishText();
  ChatReply reply;
  answer.Conclude(ChatAnswer::End::kWhole, reply);
  return reply.text.size();
}

size_t ReadPlainly(std::string_view stream, const KeyScrub& scrub) {
  std::string text;
  EventParser parser;
  SseDecoder decoder(kLineBytes);
  decoder.Decode(stream, [&](const SseEvent& event) {
    const boost::json::value* chunk = parser.Parse(event.data);
    if (chunk == nullptr) return;
    for (const boost::json::value& choice : chunk->at("choices").as_array()) {
      const boost::json::value* piece = choice.at("delta").as_object().if_contains("content");
      if (piece != nullptr) text += std::string_view(piece->as_string());
    }
  });
  return scrub.CleanAnswer(std::move(text)).size();
}

// Of the best of fifteen goes.
template <typename Read>
double Nanoseconds(Read read, std::string_view stream, const KeyScrub& scrub) {
  constexpr int kAnswers = 500;
  double best = 1e18;
  for (int go = 0; go < 15; ++go) {
    const auto began = std::chrono::steady_clock::now();
    for (int i = 0; i < kAnswers; ++i) {
      if (read(stream, scrub) == 0) std::abort();
    }
    best = std::min(best, std::chrono::duration<double, std::nano>(std::chrono::steady_clock::now() - began).count());
  }
  return best / kAnswers;
}

int Run() {
  const std::string stream = Stream();
  const KeyScrub scrub{Secret("sk-0123456789abcdefghijklmnop")};
  if (ReadByOurs(stream, scrub) != ReadPlainly(stream, scrub)) return EXIT_FAILURE;
  fmt::print("{{\"pieces\":{},\"ours_ns\":{:.0f},\"plain_ns\":{:.0f}}}\n", kPieces,
             Nanoseconds(ReadByOurs, stream, scrub), Nanoseconds(ReadPlainly, stream, scrub));
  return EXIT_SUCCESS;
}

}  // namespace
}  // namespace ftl

int main() { return ftl::Run(); }
