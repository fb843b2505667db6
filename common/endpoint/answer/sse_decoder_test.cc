#include "common/endpoint/answer/sse_decoder.h"

#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace ftl {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

constexpr size_t kLineBytes = 64 * 1024;

// The data of all events, the stream being fed in two pieces cut at `cut`.
std::vector<std::string> DataOf(std::string_view stream, size_t cut, bool finish = false) {
  SseDecoder decoder(kLineBytes);
  std::vector<std::string> data;
  auto keep = [&](const SseEvent& event) { data.emplace_back(event.data); };
  EXPECT_TRUE(decoder.Decode(stream.substr(0, cut), keep));
  EXPECT_TRUE(decoder.Decode(stream.substr(cut), keep));
  if (finish) decoder.Finish(keep);
  return data;
}

void ExpectAtEveryCut(std::string_view stream, const std::vector<std::string>& data, bool finish = false) {
  for (size_t cut = 0; cut <= stream.size(); ++cut) {
    EXPECT_EQ(DataOf(stream, cut, finish), data) << "cut at " << cut << " of " << stream;
  }
}

TEST(SseDecoderTest, EndsALineAtLfAndCrlfAndCrWhereverTheBytesAreCut) {
  ExpectAtEveryCut("data: a\n\ndata: b\n\n", {"a", "b"});
  ExpectAtEveryCut("data: a\r\n\r\ndata: b\r\n\r\n", {"a", "b"});
  ExpectAtEveryCut("data: a\r\rdata: b\r\r", {"a", "b"});
  ExpectAtEveryCut("data: a\r\n\ndata: b\n\r\ndata: c\r\r\n", {"a", "b", "c"});
}

TEST(SseDecoderTest, HandsAnEventOverAsSoonAsItsEmptyLineIsThere) {
  SseDecoder decoder(kLineBytes);
  int events = 0;
  auto count = [&](const SseEvent&) { ++events; };
  decoder.Decode("data: a\r\n\r", count);
  EXPECT_EQ(events, 1);
  decoder.Decode("\n", count);
  EXPECT_EQ(events, 1);
}

TEST(SseDecoderTest, JoinsDataLinesAndTakesOneSpaceAway) {
  ExpectAtEveryCut("data: a\ndata:  b\ndata:c\ndata\n\n", {"a\n b\nc\n"});
}

TEST(SseDecoderTest, LeavesOutByteOrderMarkAndCommentsAndUnknownFields) {
  ExpectAtEveryCut(
      "\xEF\xBB\xBF"
      "data: a\n\n: OPENROUTER PROCESSING\n\n:\n\nid: 7\nretry: 10\nfoo: x\n\ndata: b\n\n",
      {"a", "b"});
}

TEST(SseDecoderTest, EndsALineAtNoOtherCharacter) {
  ExpectAtEveryCut(
      "data: a\xE2\x80\xA8"
      "b\x0B\x0C\xC2\x85\n\n",
      {"a\xE2\x80\xA8"
       "b\x0B\x0C\xC2\x85"});
}

TEST(SseDecoderTest, HandsOverTheLastEventWhenTheStreamEndsWithoutAnEmptyLine) {
  ExpectAtEveryCut("data: a\n\ndata: [DONE]", {"a", "[DONE]"}, /*finish=*/true);
  EXPECT_THAT(DataOf("data: a", 3), IsEmpty());
}

TEST(SseDecoderTest, NamesAnEventOnce) {
  SseDecoder decoder(kLineBytes);
  std::vector<std::string> names;
  decoder.Decode("event: error\ndata: x\n\ndata: y\n\n",
                 [&](const SseEvent& event) { names.emplace_back(event.name); });
  EXPECT_THAT(names, ElementsAre("error", ""));
}

TEST(SseDecoderTest, TakesAFieldNamedErrorForAnEventOfThatName) {
  SseDecoder decoder(kLineBytes);
  std::vector<std::string> events;
  decoder.Decode("error: {\"code\":500}\n\ndata: y\n\n", [&](const SseEvent& event) {
    events.push_back(std::string(event.name) + "|" + std::string(event.data));
  });
  EXPECT_THAT(events, ElementsAre("error|{\"code\":500}", "|y"));
}

TEST(SseDecoderTest, RefusesALineBeyondItsBoundAlsoWhenItNeverEnds) {
  SseDecoder decoder(/*line_bytes=*/100);
  auto ignore = [](const SseEvent&) {};
  EXPECT_TRUE(decoder.Decode("data: " + std::string(94, 'x') + "\n", ignore));
  EXPECT_TRUE(decoder.Decode(std::string(100, 'x'), ignore));
  EXPECT_FALSE(decoder.Decode("x", ignore));
  EXPECT_FALSE(decoder.Decode("\n\n", ignore));
}

TEST(SseDecoderTest, RefusesAnEventOfEndlessLines) {
  SseDecoder decoder(/*line_bytes=*/100);
  auto ignore = [](const SseEvent&) {};
  bool is_whole = true;
  for (int line = 0; line < 1000 && is_whole; ++line) is_whole = decoder.Decode("data: 0123456789\n", ignore);
  EXPECT_FALSE(is_whole);
}

TEST(SseDecoderTest, TakesJsonWithoutItsFieldAndKeepsStrayWords) {
  SseDecoder decoder(1024);
  std::vector<std::string> data;
  const auto take = [&](const SseEvent& event) { data.emplace_back(event.data); };
  EXPECT_TRUE(decoder.Decode("data: a\n{\"b\":1}\nKV cache is full\nfoo: bar\n", take));
  EXPECT_EQ(data, (std::vector<std::string>{"a", "{\"b\":1}"}));
  EXPECT_EQ(decoder.stray_words(), "KV cache is full");
}

TEST(SseDecoderTest, KeepsTheWordsThatTellWhatWentWrong) {
  const std::pair<const char*, const char*> streams[] = {
      {"Traceback (most recent call last):\n  File \"x.py\", line 3\nRuntimeError: CUDA out of memory\n",
       "RuntimeError: CUDA out of memory"},
      {"data: a\n\nTimeout\n\n", "Timeout"},
      {"data: a\n\nx-request-id: 7\n\n", ""},
      {"data: a\n\nda", ""}};
  for (const auto& [stream, words] : streams) {
    SseDecoder decoder(1024);
    const auto ignore = [](const SseEvent&) {};
    EXPECT_TRUE(decoder.Decode(stream, ignore));
    decoder.Finish(ignore);
    EXPECT_EQ(decoder.stray_words(), words) << stream;
  }
}

}  // namespace
}  // namespace ftl
