#include "common/endpoint/format/openai/chat_reader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace ftl {
namespace {

using namespace endpoint_pb;
using testing::HasSubstr;

constexpr size_t kTextBytes = 1024 * 1024;
const KeyScrub kNoKey{Secret()};

AnswerReader::Brought Take(ChatReader& reader, std::string_view event, std::string_view name = "") {
  return reader.TakeEvent(name, event, /*may_be_cut=*/false);
}

// The reply that these events make.
ChatReply Streamed(const std::vector<std::string>& events, ChatAnswer::End end = ChatAnswer::End::kWhole) {
  ChatAnswer answer(kTextBytes, kNoKey);
  ChatReader reader(answer);
  for (const std::string& event : events) Take(reader, event);
  ChatReply reply;
  answer.Conclude(end, reply);
  return reply;
}

ChatReply Whole(std::string_view body) {
  ChatAnswer answer(kTextBytes, kNoKey);
  ChatReader(answer).TakeWhole(body);
  ChatReply reply;
  answer.Conclude(ChatAnswer::End::kWhole, reply);
  return reply;
}

std::string Delta(std::string_view delta, std::string_view finish = "null") {
  return R"({"choices":[{"index":0,"delta":)" + std::string(delta) + R"(,"finish_reason":)" + std::string(finish) +
         "}]}";
}

const std::string kStop = Delta("{}", R"("stop")");

TEST(ChatReaderTest, JoinsTheTextOfItsChunks) {
  const ChatReply reply =
      Streamed({Delta(R"({"role":"assistant","content":""})"), Delta(R"({"content":"Hel"})"),
                Delta(R"({"content":"lo","obfuscation":"xxxx"})"), Delta(R"({"content":null})"), kStop, "[DONE]"});
  EXPECT_TRUE(reply.ok());
  EXPECT_EQ(reply.outcome, OUTCOME_OK);
  EXPECT_EQ(reply.text, "Hello");
  EXPECT_EQ(reply.finish_reason, "stop");
}

TEST(ChatReaderTest, SeesATokenOnlyWhereThereIsSomethingInADelta) {
  ChatAnswer answer(kTextBytes, kNoKey);
  ChatReader reader(answer);
  EXPECT_FALSE(Take(reader, Delta(R"({"role":"assistant","content":""})")).token);
  EXPECT_FALSE(Take(reader, R"({"choices":[],"prompt_filter_results":[],"id":"","model":""})").token);
  const auto thought = Take(reader, Delta(R"({"reasoning_content":"hm"})"));
  EXPECT_TRUE(thought.token);
  EXPECT_FALSE(thought.answer);
  EXPECT_TRUE(Take(reader, Delta(R"({"content":"x"})")).answer);
  EXPECT_TRUE(Take(reader, Delta(R"({"tool_calls":[{"index":0,"id":"c"}]})")).answer);
  EXPECT_FALSE(Take(reader, kStop).token);
}

TEST(ChatReaderTest, TakesTheLastUsageWhereverItStands) {
  const std::string with_usage =
      R"({"choices":[],"usage":{"prompt_tokens":5,"completion_tokens":7,"prompt_tokens_details":{"cached_tokens":2},)"
      R"("completion_tokens_details":{"reasoning_tokens":3}}})";
  const ChatReply reply =
      Streamed({R"({"choices":[{"delta":{"content":"a"}}],"usage":{"prompt_tokens":1,"completion_tokens":1}})",
                R"({"choices":[],"usage":null})", kStop, with_usage, "[DONE]"});
  EXPECT_EQ(reply.usage.input_tokens, 5);
  EXPECT_EQ(reply.usage.output_tokens, 7);
  EXPECT_EQ(reply.usage.cached_tokens, 2);
  EXPECT_EQ(reply.usage.reasoning_tokens, 3);
  EXPECT_EQ(Streamed({Delta(R"({"content":"a"})"), kStop, "[DONE]", with_usage}).usage.output_tokens, 7)
      << "after [DONE]";
  const ChatReply groq = Streamed(
      {Delta(R"({"content":"a"})"),
       R"({"choices":[{"delta":{},"finish_reason":"stop"}],"x_groq":{"usage":{"prompt_tokens":9,"completion_tokens":4}}})",
       "[DONE]"});
  EXPECT_EQ(groq.usage.input_tokens, 9);
}

TEST(ChatReaderTest, TakesUsageFromAChoiceAndByOtherNamesAndAsTextButNoZeroAtTheEnd) {
  for (const std::string& usage :
       {std::string(
            R"({"choices":[{"index":0,"delta":{},"usage":{"prompt_tokens":7,"completion_tokens":3}}]})"),  // Moonshot
        std::string(R"({"choices":[],"usage":{"input_tokens":7,"output_tokens":3}})"),                     // Anthropic
        std::string(R"({"choices":[],"usage":{"prompt_tokens":"7","completion_tokens":"3"}})")}) {
    const ChatReply reply = Streamed({Delta(R"({"content":"a"})"), usage, kStop,
                                      R"({"choices":[],"usage":{"prompt_tokens":0,"completion_tokens":0}})"});
    EXPECT_EQ(reply.usage.input_tokens, 7) << usage;
    EXPECT_EQ(reply.usage.output_tokens, 3) << usage;
  }
}

TEST(ChatReaderTest, DistrustsCountsThatAreNone) {
  const ChatReply reply = Streamed(
      {R"({"choices":[{"delta":{"content":"a"},"finish_reason":"stop"}],"usage":{"prompt_tokens":-1,"completion_tokens":1e300}})"});
  EXPECT_FALSE(reply.usage.input_tokens);
  EXPECT_FALSE(reply.usage.output_tokens);
}

TEST(ChatReaderTest, CountsReasoningOnceFromWhicheverField) {
  const std::string stop = kStop;
  EXPECT_EQ(Streamed({Delta(R"({"reasoning":"r","reasoning_content":"r"})"), stop}).reasoning, "r");
  EXPECT_EQ(Streamed({Delta(R"({"reasoning":"r","reasoning_details":[{"type":"reasoning.text","text":"r"}]})"), stop})
                .reasoning,
            "r");
  EXPECT_EQ(
      Streamed({Delta(R"({"reasoning":"r","reasoning_details":[{"type":"reasoning.encrypted","data":"?"}]})"), stop})
          .reasoning,
      "r");
  EXPECT_EQ(
      Streamed(
          {Delta(
               R"({"content":[{"type":"thinking","thinking":[{"type":"text","text":"r"}]},{"type":"text","text":"t"}]})"),
           stop})
          .reasoning,
      "r");
}

TEST(ChatReaderTest, PartsAThinkBlockFromTheTextWhereverItIsCut) {
  const std::string whole = "\n<think>a < b</th</think>\n\nYes <think>.";
  for (size_t cut = 0; cut <= whole.size(); ++cut) {
    ThinkBlock block;
    std::string text, reasoning;
    block.Push(whole.substr(0, cut), text, reasoning);
    block.Push(whole.substr(cut), text, reasoning);
    block.Finish(text, reasoning);
    EXPECT_EQ(text, "Yes <think>.") << cut;
    EXPECT_EQ(reasoning, "a < b</th") << cut;
  }
}

TEST(ChatReaderTest, PartsReasoningWhoseOpeningTagStoodInTheTemplate) {
  const ChatReply reply =
      Streamed({Delta(R"({"content":"Hm.\n</thi"})"), Delta(R"({"content":"nk>\n\nFine."})"), kStop});
  EXPECT_EQ(reply.text, "Fine.");
  EXPECT_EQ(reply.reasoning, "Hm.\n");
  EXPECT_EQ(Streamed({Delta(R"({"content":"The tag <think> ends with </think>."})"), kStop}).text,
            "The tag <think> ends with </think>.");
}

TEST(ChatReaderTest, KeepsTextThatOnlyLooksLikeTheStartOfAThinkBlock) {
  EXPECT_EQ(Streamed({Delta(R"({"content":" <"})"), Delta(R"({"content":"thin"})"), kStop}).text, " <thin");
  EXPECT_EQ(Streamed({Delta(R"({"content":"<"})"), Delta(R"({"content":"b>"})"), kStop}).text, "<b>");
}

TEST(ChatReaderTest, MergesToolCallsByIndex) {
  const ChatReply reply = Streamed(
      {Delta(R"({"tool_calls":[{"index":0,"id":"a","function":{"name":"f","arguments":""}}]})"),
       Delta(R"({"tool_calls":[{"index":1,"id":"b","function":{"name":"g","arguments":null}}]})"),
       Delta(
           R"({"tool_calls":[{"index":0,"function":{"arguments":"{\"x\":"}},{"index":1,"function":{"arguments":"{}"}}]})"),
       Delta(R"({"tool_calls":[{"index":0,"id":7,"function":{"name":null,"arguments":"1}"}}]})"),
       Delta("{}", R"("tool_calls")"), "[DONE]"});
  ASSERT_EQ(reply.tool_calls.size(), 2u);
  EXPECT_EQ(reply.tool_calls[0].id, "a");
  EXPECT_EQ(reply.tool_calls[0].name, "f");
  EXPECT_EQ(reply.tool_calls[0].arguments, R"({"x":1})");
  EXPECT_EQ(reply.tool_calls[1].arguments, "{}");
  EXPECT_EQ(reply.outcome, OUTCOME_OK);
}

TEST(ChatReaderTest, IsWholeWithFinishOrDoneAndTruncatedWithNeither) {
  EXPECT_EQ(Streamed({Delta(R"({"content":"a"})"), kStop}).outcome, OUTCOME_OK);
  const ChatReply done = Streamed({Delta(R"({"content":"a"})"), "[DONE]"});
  EXPECT_EQ(done.outcome, OUTCOME_OK);
  EXPECT_EQ(done.finish_reason, "stop") << "inferred";
  const ChatReply truncated = Streamed({Delta(R"({"content":"a"})"), Delta(R"({"content":""})")});
  EXPECT_EQ(truncated.outcome, OUTCOME_TRUNCATED_STREAM);
  EXPECT_EQ(truncated.failure.error_type, ERROR_TYPE_API_ERROR);
  EXPECT_TRUE(truncated.failure.retryable);
  EXPECT_EQ(truncated.text, "a") << "kept";
  const ChatReply cut = Streamed({Delta(R"({"content":"a"})")}, ChatAnswer::End::kCut);
  EXPECT_EQ(cut.outcome, OUTCOME_TRUNCATED_STREAM);
  EXPECT_EQ(cut.failure.error_type, ERROR_TYPE_NETWORK);
  EXPECT_EQ(Streamed({Delta(R"({"content":"a"})")}, ChatAnswer::End::kTimeout).outcome, OUTCOME_TIMEOUT);
  EXPECT_EQ(Streamed({Delta(R"({"content":"a"})"), kStop}, ChatAnswer::End::kTimeout).outcome, OUTCOME_OK);
  EXPECT_EQ(Streamed({}).outcome, OUTCOME_BAD_FORMAT);
  EXPECT_EQ(Streamed({"[DONE]"}).outcome, OUTCOME_BAD_FORMAT);
}

TEST(ChatReaderTest, TellsAnAnswerThatItsLimitCutBeforeAnyText) {
  const ChatReply reply = Streamed({Delta(R"({"reasoning":"so"})"), Delta("{}", R"("length")"), "[DONE]"});
  EXPECT_EQ(reply.outcome, OUTCOME_LENGTH_EMPTY);
  EXPECT_TRUE(reply.ok());
  EXPECT_EQ(Streamed({Delta(R"({"content":"so"})"), Delta("{}", R"("length")"), "[DONE]"}).outcome, OUTCOME_OK);
  EXPECT_EQ(Streamed({Delta("{}", R"("content_filter")"), "[DONE]"}).outcome, OUTCOME_FILTERED);
}

TEST(ChatReaderTest, AWholeAnswerWithoutTextHasAnOutcomeOfItsOwn) {
  const auto outcome = [](const std::string& delta, const std::string& more = R"("usage":{})") {
    const ChatReply reply =
        Streamed({Delta(delta), Delta("{}", R"("stop")"), "{\"choices\":[]," + more + "}", "[DONE]"});
    EXPECT_TRUE(reply.ok()) << delta;
    return reply.outcome;
  };
  EXPECT_EQ(outcome("{}"), OUTCOME_EMPTY);
  EXPECT_EQ(outcome(R"({"content":""})"), OUTCOME_EMPTY);
  EXPECT_EQ(outcome(R"({"content":null})"), OUTCOME_EMPTY);
  EXPECT_EQ(outcome(R"({"content":" \n\n "})"), OUTCOME_EMPTY) << "white space is no text";
  EXPECT_EQ(outcome(R"({"reasoning_content":"so"})"), OUTCOME_REASONING_ONLY);
  EXPECT_EQ(outcome(R"({"content":"<think>so</think>\n"})"), OUTCOME_REASONING_ONLY);
  EXPECT_EQ(outcome(R"({"content":"<think>so"})"), OUTCOME_REASONING_ONLY) << "a thought that does not end";
  EXPECT_EQ(outcome("{}", R"("usage":{"completion_tokens":9,"completion_tokens_details":{"reasoning_tokens":9}})"),
            OUTCOME_REASONING_ONLY)
      << "reasoning that is counted and never sent";
  EXPECT_EQ(outcome(R"({"reasoning_content":"so","content":"a"})"), OUTCOME_OK);
  EXPECT_EQ(outcome(R"({"refusal":"I will not."})"), OUTCOME_OK);
  EXPECT_EQ(outcome(R"({"tool_calls":[{"index":0,"function":{"name":"f","arguments":"{}"}}]})"), OUTCOME_OK);
  EXPECT_EQ(Whole(R"({"choices":[{"message":{"role":"assistant","content":""},"finish_reason":"stop"}]})").outcome,
            OUTCOME_EMPTY);
  EXPECT_EQ(Streamed({Delta(R"({"reasoning":"so"})")}, ChatAnswer::End::kEnough).outcome, OUTCOME_OK)
      << "nobody waited for more";
}

TEST(ChatReaderTest, MapsFinishReasonsAndKeepsTheRawOne) {
  for (const auto& [raw, mapped] : std::vector<std::pair<std::string, std::string>>{{"eos", "stop"},
                                                                                    {"STOP", "stop"},
                                                                                    {"eos_token", "stop"},
                                                                                    {"MAX_TOKENS", "length"},
                                                                                    {"function_call", "tool_calls"},
                                                                                    {"COMPLETE", "stop"},
                                                                                    {"weird", "other"}}) {
    const ChatReply reply = Streamed({Delta(R"({"content":"a"})", "\"" + raw + "\"")});
    EXPECT_EQ(reply.finish_reason, mapped);
    EXPECT_EQ(reply.raw_finish_reason, raw);
  }
}

TEST(ChatReaderTest, TakesAFinishReasonThatIsNoneForNone) {
  ChatAnswer answer(kTextBytes, kNoKey);
  ChatReader reader(answer);
  for (const std::string none : {R"("null")", R"("")", "null", "7"}) Take(reader, Delta("{}", none));
  EXPECT_FALSE(answer.is_finished());
}

TEST(ChatReaderTest, IsNoAnswerWhereTheFinishReasonSaysSo) {
  for (const std::string reason : {"abort", "network_error", "insufficient_system_resource"}) {
    EXPECT_TRUE(Streamed({Delta(R"({"content":"a"})"), Delta("{}", '"' + reason + '"')}).failure.retryable) << reason;
  }
  for (const std::string reason : {"content_filter: SAFETY", "PROHIBITED_CONTENT", "sensitive"}) {
    EXPECT_EQ(Streamed({Delta("{}", '"' + reason + '"')}).outcome, OUTCOME_FILTERED) << reason;
  }
}

TEST(ChatReaderTest, StopsAtAnErrorWithinTheStreamAndKeepsThePart) {
  for (const std::string& error :
       {std::string(
            R"({"error":{"message":"boom","code":502},"choices":[{"delta":{"content":""},"finish_reason":"error"}]})"),
        std::string(R"({"error":{"message":"boom","http_status_code":500}})"), std::string(R"({"error":"boom"})"),
        std::string(R"({"choices":[{"delta":{},"error":{"code":502,"message":"boom"}}]})")}) {
    const ChatReply reply = Streamed({Delta(R"({"content":"a"})"), error, "[DONE]"});
    EXPECT_EQ(reply.outcome, OUTCOME_SERVER_ERROR) << error;
    EXPECT_THAT(reply.failure.sentence, HasSubstr("boom"));
    EXPECT_EQ(reply.text, "a");
  }
  EXPECT_EQ(Streamed({Delta("{}", R"("error")"), "[DONE]"}).outcome, OUTCOME_SERVER_ERROR);
  ChatAnswer named(kTextBytes, kNoKey);
  ChatReader reader(named);
  Take(reader, "upstream died", "error");
  EXPECT_TRUE(named.has_failed());
}

TEST(ChatReaderTest, TakesLinesAloneWhereSeveralEventsCameAsOne) {
  EXPECT_EQ(
      Streamed({Delta(R"({"content":"a"})") + "\n" + Delta(R"({"content":"b"})") + "\n" + kStop + "\n[DONE]"}).text,
      "ab");
}

TEST(ChatReaderTest, LeavesOutWrappedCommentsButRefusesGarbage) {
  EXPECT_TRUE(Streamed({": keepalive", "", Delta(R"({"content":"a"})"), kStop}).ok());
  EXPECT_EQ(Streamed({Delta(R"({"content":"a"})"), "{\"choices\":[", "[DONE]"}).outcome, OUTCOME_BAD_FORMAT);
}

TEST(ChatReaderTest, LeavesOutKeepAlivesAndOddWordsBehindTheFinish) {
  ChatAnswer answer(kTextBytes, kNoKey);
  ChatReader reader(answer);
  Take(reader, "ping", "ping");
  Take(reader, Delta(R"({"content":"a"})"));
  Take(reader, kStop);
  Take(reader, "DONE");
  EXPECT_FALSE(answer.has_failed());
  Take(reader, R"("[DONE]")");
  EXPECT_TRUE(answer.is_done());
}

TEST(ChatReaderTest, IsTruncatedWhereTheBytesEndWithinAnEvent) {
  ChatAnswer answer(kTextBytes, kNoKey);
  ChatReader reader(answer);
  Take(reader, Delta(R"({"content":"a"})"));
  reader.TakeEvent("", R"({"choices":[{"del)", /*may_be_cut=*/true);
  ChatReply reply;
  answer.Conclude(ChatAnswer::End::kWhole, reply);
  EXPECT_EQ(reply.outcome, OUTCOME_TRUNCATED_STREAM);
}

TEST(ChatReaderTest, TakesNoEmptyErrorForOne) {
  for (const std::string none : {"null", "[]", "{}", "0", "false", R"("")"}) {
    EXPECT_TRUE(Streamed({R"({"error":)" + none + R"(,"choices":[{"delta":{"content":"a"}}]})", kStop}).ok()) << none;
  }
}

TEST(ChatReaderTest, ShowsWhatIsNoTextAsReplacementCharacters) {
  EXPECT_EQ(Streamed({Delta(R"({"content":"a\u0000b\ud83d"})"), kStop}).text, "a\uFFFDb\uFFFD");
  EXPECT_EQ(Streamed({Delta("{\"content\":\"a\xFF\"}"), kStop}).text, "a\uFFFD");
  EXPECT_EQ(Streamed({Delta(R"({"content":"\ud83d\ude00 \\ud83d"})"), kStop}).text, "\U0001F600 \\ud83d");
}

TEST(ChatReaderTest, IgnoresOtherChoicesAndOddShapes) {
  EXPECT_EQ(Streamed({R"({"choices":[{"index":1,"delta":{"content":"other"}}]})", Delta(R"({"content":"a"})"),
                      R"({"choices":{}})", R"({"choices":[null]})", R"({"choices":[{"delta":[]}]})", kStop})
                .text,
            "a");
}

TEST(ChatReaderTest, FollowsOneOfSeveralChoicesWhateverItsNumber) {
  const auto choice = [](int index, std::string_view text) {
    return R"({"index":)" + std::to_string(index) + R"(,"delta":{"content":")" + std::string(text) + "\"}}";
  };
  const auto chunk = [](const std::string& choices) { return R"({"choices":[)" + choices + "]}"; };
  EXPECT_EQ(
      Streamed({chunk(choice(1, "x") + "," + choice(0, "a")), chunk(choice(1, "x")), chunk(choice(0, "b")), kStop})
          .text,
      "ab");
  EXPECT_EQ(Streamed({chunk(choice(1, "a")), chunk(choice(1, "b")), "[DONE]"}).text, "ab");
  EXPECT_EQ(Whole(R"({"choices":[{"index":1,"message":{"content":"x"}},{"index":0,"message":{"content":"a"}}]})").text,
            "a");
}

TEST(ChatReaderTest, TakesNoTextTwiceWhereTheLastChunkRepeatsIt) {
  EXPECT_EQ(Streamed({Delta(R"({"content":"a"})"), Delta(R"({"content":"b"})"),
                      R"({"choices":[{"message":{"content":"ab"},"finish_reason":"stop"}]})"})
                .text,
            "ab");
}

TEST(ChatReaderTest, ReadsContentAsPartsOrAsOnePart) {
  EXPECT_EQ(Streamed({Delta(R"({"content":{"type":"text","text":"a"}})"), kStop}).text, "a");
  const ChatReply parts =
      Streamed({Delta(R"({"content":[{"type":"reasoning","text":"r"},{"type":"text","text":"a"}]})"), kStop});
  EXPECT_EQ(parts.text, "a");
  EXPECT_EQ(parts.reasoning, "r");
}

TEST(ChatReaderTest, KeepsToolCallsApartThatHaveIdsButNoIndex) {
  const auto call = [](std::string_view id) {
    return Delta(R"({"tool_calls":[{"id":")" + std::string(id) + R"(","function":{"name":"f","arguments":"{}"}}]})");
  };
  EXPECT_EQ(Streamed({call("a"), call("b"), kStop}).tool_calls.size(), 2u);
}

TEST(ChatReaderTest, ReadsAWholeAnswer) {
  const ChatReply reply = Whole(
      R"( {"choices":[{"index":0,"message":{"role":"assistant","content":"Hi","reasoning_content":"r"},"finish_reason":"stop"}],)"
      R"("usage":{"prompt_tokens":3,"completion_tokens":1}})");
  EXPECT_EQ(reply.outcome, OUTCOME_OK);
  EXPECT_EQ(reply.text, "Hi");
  EXPECT_EQ(reply.reasoning, "r");
  EXPECT_EQ(reply.usage.output_tokens, 1);
  EXPECT_EQ(
      Whole(R"({"choices":[{"message":{"content":[{"type":"text","text":"a"},{"type":"text","text":"b"}]}}]})").text,
      "ab");
}

TEST(ChatReaderTest, RefusesAWholeAnswerThatIsNone) {
  EXPECT_EQ(Whole("").outcome, OUTCOME_BAD_FORMAT);
  EXPECT_EQ(Whole("<html>").outcome, OUTCOME_BAD_FORMAT);
  EXPECT_EQ(Whole("{\"choices\":[{").outcome, OUTCOME_BAD_FORMAT);
  EXPECT_EQ(Whole("{}").outcome, OUTCOME_BAD_FORMAT);
  EXPECT_EQ(Whole("[1]").outcome, OUTCOME_BAD_FORMAT);
  EXPECT_EQ(Whole(R"({"choices":[]})").outcome, OUTCOME_BAD_FORMAT);
  EXPECT_EQ(Whole(std::string(100000, '[')).outcome, OUTCOME_BAD_FORMAT);
  EXPECT_EQ(Whole(R"({"error":{"message":"m","code":"invalid_api_key"}})").outcome, OUTCOME_AUTH);
}

// Deltas of content, each as it stands in JSON, and the end.
ChatReply Said(const std::vector<std::string>& pieces) {
  std::vector<std::string> events;
  for (const std::string& piece : pieces) events.push_back(Delta("{\"content\":\"" + piece + "\"}"));
  events.push_back(kStop);
  return Streamed(events);
}

TEST(ChatReaderTest, KeepsALoneTagThatTheTextSpeaksOf) {
  EXPECT_EQ(Said({"It ends with the tag `</think>`, then ", "the answer."}).text,
            "It ends with the tag `</think>`, then the answer.");
  EXPECT_EQ(Streamed({Delta(R"({"reasoning":"r"})"), Delta(R"({"content":"a\n</think> b"})"), kStop}).text,
            "a\n</think> b")
      << "the server has parted it already";
}

TEST(ChatReaderTest, ReadsObjectsWithRecordSeparators) {
  const std::string chunks =
      "\x1E{\"choices\":[{\"delta\":{\"content\":\"Fo\"}}]}\n"
      "\x1E{\"choices\":[{\"delta\":{\"content\":\"ur.\"},\"finish_reason\":\"stop\"}]}\n";
  const ChatReply reply = Whole(chunks);
  EXPECT_EQ(reply.text, "Four.");
  EXPECT_EQ(reply.outcome, OUTCOME_OK);
}

TEST(ChatReaderTest, PartsReasoningByOtherMarksWhereTheyOpenTheAnswer) {
  for (const std::string opening :
       {"[THINK]r[/THINK]", "<thinking>r</thinking>\\n",
        "<|channel|>analysis<|message|>r<|end|><|start|>assistant<|channel|>final<|message|>",
        "<seed:think>r</seed:think>", "\u25C1think\u25B7r\u25C1/think\u25B7\\n",
        "<|begin_of_thought|>r<|end_of_thought|>\\n", "<|START_THINKING|>r<|END_THINKING|>",
        "<reasoning>r</reasoning>\\n", "<thoughts>r</thoughts>", "<THINK>r</THINK>", "<|channel>thoughtr<channel|>",
        "analysisrassistantfinal"}) {
    const ChatReply reply = Said({opening + "Four", ".", ""});
    EXPECT_EQ(reply.text, "Four.") << opening;
    EXPECT_EQ(reply.reasoning, "r") << opening;
  }
  EXPECT_EQ(Said({"<|channel|>final<|mess", "age|>Four.<|return|>"}).text, "Four.");
  EXPECT_EQ(Said({"Use [THINK]r[/THINK]."}).text, "Use [THINK]r[/THINK].");
  EXPECT_EQ(Said({"analysis of the data"}).text, "analysis of the data");
  for (const std::string lone :
       {"r\\n[/THINK]\\n\\n", "r\\n</thinking>", "r\\n\u25C1/think\u25B7", "r\\n</seed:think>", "</think>\\n"}) {
    EXPECT_EQ(Said({lone + "Four."}).text, "Four.") << lone;
  }
  EXPECT_EQ(Said({"It is [/THINK] that ends it."}).text, "It is [/THINK] that ends it.");
  EXPECT_EQ(Said({"Write:\\n```\\n</think>\\n```"}).text, "Write:\n```\n</think>\n```") << "code";
  EXPECT_EQ(Said({"```\\nr\\n```\\n</think>\\nFour."}).text, "Four.") << "behind code";
  const ChatReply preamble =
      Said({"<|channel|>commentary<|message|>r<|end|><|start|>assistant<|channel|>final<|mess", "age|>Four."});
  EXPECT_EQ(preamble.text, "Four.");
  EXPECT_EQ(preamble.reasoning, "r");
}

TEST(ChatReaderTest, JoinsACharacterThatTwoDeltasShare) {
  EXPECT_EQ(Said({R"(Great \ud83d)", R"(\ude00 work)"}).text, "Great 😀 work");
  EXPECT_EQ(Said({"Gr\xC3",
                  "\xB6\xC3\x9F"
                  "e"})
                .text,
            "Größe");
  EXPECT_EQ(Said({R"(a\ud83d)", "b"}).text,
            "a\xEF\xBF\xBD"
            "b");
  EXPECT_EQ(Said({R"(a\ude00)", R"(\ud83d)"}).text, "a\xEF\xBF\xBD\xEF\xBF\xBD");
  EXPECT_EQ(Streamed({Delta(R"({"reasoning":"\ud83d"})"), Delta(R"({"reasoning":"\ude00"})"), kStop}).reasoning, "😀");
}

TEST(ChatReaderTest, TakesTextOnceWhereDeltasRepeatIt) {
  EXPECT_EQ(Said({"The ", "The sky ", "The sky is ", "The sky is blue."}).text, "The sky is blue.");
  EXPECT_EQ(Said({"The ", "The sky ", "The sky is ", "The sky is ", "The sky is blue."}).text, "The sky is blue.");
  EXPECT_EQ(Said({"The ", "sky ", "is blue.", "The sky is blue."}).text, "The sky is blue.");
  EXPECT_EQ(Said({"Row, ", "row. ", "Row, row. ", "your boat."}).text, "Row, row. Row, row. your boat.");
  EXPECT_EQ(Said({"The sky is ", "The sky is blue."}).text, "The sky is blue.");
  EXPECT_EQ(Said({"The ", "The sky"}).text, "The The sky") << "too little to tell";
  EXPECT_EQ(Said({"aaaaaaaaaa", "aaaaaaaaaaa"}).text, std::string(21, 'a'));
  EXPECT_EQ(Said({"ha", "ha"}).text, "haha");
  EXPECT_EQ(Said({"ha", "haha", "hahaha"}).text, "hahahahahaha");
}

TEST(ChatReaderTest, ReadsManyEventsThatAreLarge) {
  const std::string large = Delta("{\"content\":\"" + std::string(20'000, 'x') + "\"}");
  std::vector<std::string> events(50, large);
  events.push_back(kStop);
  EXPECT_EQ(Streamed(events).text.size(), 50u * 20'000u);
}

TEST(ChatReaderTest, ReadsOddFramings) {
  EXPECT_EQ(Streamed({"data: " + Delta(R"({"content":"a"})"), "data: " + kStop}).text, "a");
  const std::string whole = R"({"choices":[{"message":{"content":"a"},"finish_reason":"stop"}]})";
  EXPECT_EQ(Whole(whole + "\ndata: [DONE]\n\n").text, "a");
  EXPECT_EQ(Whole(Delta(R"({"content":"a"})") + "\n" + Delta(R"({"content":"b"})") + "\r\n" + kStop + "\n").text, "ab");
  EXPECT_EQ(Streamed({Delta(R"({"content":"a"})") + Delta(R"({"content":"b"})"), kStop}).text, "ab") << "glued";
  EXPECT_EQ(Streamed({Delta(R"({"content":"a"})") + ", " + kStop + "[DONE]"}).text, "a");
  EXPECT_EQ(Whole(Delta(R"({"content":"a"})") + Delta(R"({"content":"b"})") + kStop).text, "ab");
  std::string many;
  for (int i = 0; i < 100'000; ++i) many += "{}data:";
  EXPECT_EQ(Streamed({many + Delta(R"({"content":"a"})"), kStop}).text, "a")
      << "no stack is deep enough for a call each";
  EXPECT_EQ(Whole("[" + Delta(R"({"content":"a"})") + "," + Delta(R"({"content":"b"})") + "," + kStop + "]").text,
            "ab");
  EXPECT_EQ(Streamed({"[" + Delta(R"({"content":"a"})") + "]", kStop}).text, "a");
  EXPECT_EQ(Streamed({Delta(R"({"content":"a"})"), "[done]"}).outcome, OUTCOME_OK);
  EXPECT_EQ(Whole(R"({"code":0,"message":"ok","data":)" + whole + "}").text, "a");
  EXPECT_EQ(Streamed({R"({"code":0,"msg":"success","data":)" + Delta(R"({"content":"a"})") + "}", kStop}).text, "a");
  EXPECT_THAT(Streamed({Delta(R"({"content":"a"})") + "junk"}).failure.sentence, HasSubstr("\"junk\""));
  EXPECT_THAT(Whole(R"({"response":"Four."})").failure.sentence, HasSubstr("'response'"));
  EXPECT_THAT(Whole("upstream said no").failure.sentence, HasSubstr("\"upstream said no\""));
}

TEST(ChatReaderTest, TakesWordsBehindTextForWhatWentWrong) {
  const ChatReply failed = Streamed({Delta(R"({"content":"a"})"), "Internal server error"});
  EXPECT_EQ(failed.outcome, OUTCOME_SERVER_ERROR);
  EXPECT_THAT(failed.failure.sentence, HasSubstr("Internal server error"));
  EXPECT_TRUE(failed.failure.retryable);
  EXPECT_EQ(Streamed({"Internal server error"}).outcome, OUTCOME_BAD_FORMAT);
  EXPECT_EQ(Streamed({Delta(R"({"content":"a"})"), "{'content':'b'}"}).outcome, OUTCOME_BAD_FORMAT);
}

TEST(ChatReaderTest, TakesAnEventThatIsCalledTheEndForIt) {
  for (const char* data : {"", "{}"}) {
    ChatAnswer answer(kTextBytes, kNoKey);
    ChatReader reader(answer);
    Take(reader, Delta(R"({"content":"a"})"));
    Take(reader, data, "done");
    EXPECT_TRUE(answer.is_done()) << data;
  }
}

}  // namespace
}  // namespace ftl
