#include "common/endpoint/chat_call.h"

#include <atomic>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include "common/time/proto_time.h"
#include "tests/support/await.h"
#include "tests/support/fake_endpoint.h"

namespace ftl {
namespace {

using namespace endpoint_pb;
using std::chrono::milliseconds;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

constexpr std::string_view kKey = "sk-test/ABC+123~xyz";
const std::string kStop = R"({"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]})";

// One module's thread with a caller that may call this machine.
class ChatCallTest : public testing::Test {
 protected:
  void UseLimits(CallerLimits limits) {
    caller_ = std::make_unique<Caller>(io_.get_executor(), policy_, std::move(limits));
  }

  Caller& caller() {
    if (!caller_) UseLimits({});
    return *caller_;
  }

  Endpoint EndpointAt(const std::string& url) { return *Endpoint::Parse(url, policy_); }

  ChatReply Chat(const FakeEndpoint& at, ChatRequest request, absl::Duration limit = absl::Seconds(5),
                 OnPiece on_piece = nullptr, std::string pool_key = "session") {
    const Endpoint endpoint = EndpointAt(at.Url());
    const Credential key{Secret(kKey)};
    return *Await(io_, caller().Chat(DeadlineIn(limit), endpoint, key, pool_key, request, on_piece));
  }
  ChatReply Chat(const FakeEndpoint& at) { return Chat(at, Request()); }

  static ChatRequest Request() {
    return {.model = "m", .messages = {{"user", "Hello, are you there?"}}, .temperature = 0.7, .max_tokens = 256};
  }

  asio::io_context io_;
  AddressPolicy policy_{{.allow_localhost = true}};
  std::unique_ptr<Caller> caller_;
};

// A script that answers every request with the same bytes.
FakeEndpoint::Script Says(std::string bytes) {
  return [bytes](const FakeRequest&, FakeConnection& to) { to.Send(bytes); };
}
// … and ends the connection then.
FakeEndpoint::Script SaysAndCloses(std::string bytes) {
  return [bytes](const FakeRequest&, FakeConnection& to) {
    to.Send(bytes);
    to.Close();
  };
}

TEST_F(ChatCallTest, StreamsAnAnswer) {
  FakeEndpoint endpoint(Says(StreamAnswer("Hi there")));
  const ChatReply reply = Chat(endpoint);
  EXPECT_TRUE(reply.ok()) << reply.failure.sentence;
  EXPECT_EQ(reply.text, "Hi there");
  EXPECT_EQ(reply.outcome, OUTCOME_OK);
  EXPECT_EQ(reply.input_tokens, 5);
  EXPECT_EQ(reply.output_tokens, 2);
  EXPECT_FALSE(reply.tokens_estimated);
  EXPECT_TRUE(reply.timing.has_ttft());
  EXPECT_TRUE(reply.timing.has_connect());
  EXPECT_TRUE(reply.opened_connection);
  EXPECT_TRUE(reply.learned.streaming());
  EXPECT_TRUE(reply.learned.stream_usage());
  EXPECT_FALSE(reply.learned.max_completion_tokens());
}

TEST_F(ChatCallTest, AsksAsOpenAiDocumentsIt) {
  FakeEndpoint endpoint(Says(StreamAnswer("x")));
  Chat(endpoint);
  const FakeRequest request = endpoint.requests().at(0);
  EXPECT_TRUE(request.HasInHead("POST /v1/chat/completions HTTP/1.1\r\n"));
  EXPECT_EQ(request.Field("Host"), "127.0.0.1:" + std::to_string(endpoint.port()));
  EXPECT_EQ(request.Field("Authorization"), "Bearer " + std::string(kKey));
  EXPECT_EQ(request.Field("Content-Type"), "application/json");
  EXPECT_EQ(request.Field("Accept-Encoding"), "identity");
  EXPECT_THAT(request.body, AllOf(HasSubstr(R"("max_tokens":256)"), HasSubstr(R"("include_usage":true)")));
}

TEST_F(ChatCallTest, SendsTheKeyOfAzureInItsOwnField) {
  FakeEndpoint endpoint(Says(StreamAnswer("x")));
  const Endpoint azure = EndpointAt(endpoint.Url().substr(0, endpoint.Url().size() - 3) +
                                    "/openai/deployments/d/chat/completions?api-version=2024-10-21");
  const Credential key{Secret(kKey)};
  const ChatRequest request = Request();
  ASSERT_TRUE(Await(io_, caller().Chat(DeadlineIn(absl::Seconds(5)), azure, key, "s", request)).ok());
  const FakeRequest sent = endpoint.requests().at(0);
  EXPECT_EQ(sent.Field("api-key"), kKey);
  EXPECT_EQ(sent.Field("Authorization"), "");
  EXPECT_TRUE(sent.HasInHead("/openai/deployments/d/chat/completions?api-version=2024-10-21 "));
}

TEST_F(ChatCallTest, HandsPiecesOverAsTheyCome) {
  FakeEndpoint endpoint([](const FakeRequest&, FakeConnection& to) {
    to.Send(StreamHead());
    for (const std::string word : {"one ", "two ", "three"}) {
      to.Send(Event(TextDelta(word)));
      to.Pause(milliseconds(30));
    }
    to.Send(Event(kStop) + Event("[DONE]") + LastChunk());
  });
  std::vector<std::string> pieces;
  const ChatReply reply = Chat(endpoint, Request(), absl::Seconds(5),
                               [&](PieceKind, std::string_view piece) { pieces.emplace_back(piece); });
  EXPECT_THAT(pieces, ElementsAre("one ", "two ", "three"));
  EXPECT_GE(FromProto(reply.timing.latency()) - FromProto(reply.timing.ttft()), absl::Milliseconds(85));
  EXPECT_TRUE(reply.tokens_estimated);
  EXPECT_EQ(reply.output_tokens, 4);
  EXPECT_FALSE(reply.learned.stream_usage());
}

TEST_F(ChatCallTest, UnderstandsAnAnswerInEveryFraming) {
  const std::string whole = R"({"choices":[{"message":{"content":"Hi"},"finish_reason":"stop"}]})";
  const std::string events = "data: " + TextDelta("Hi") + "\r\n\r\ndata: " + kStop + "\r\n\r\ndata: [DONE]\r\n\r\n";
  for (const std::string& answer :
       {JsonAnswer(whole), "HTTP/1.1 200 OK\r\n\r\n" + whole, "HTTP/1.0 200 OK\r\n\r\n" + events,
        HttpAnswer(200, "text/event-stream; charset=utf-8", events), HttpAnswer(200, "text/plain", events),
        HttpAnswer(200, "text/event-stream", whole), HttpAnswer(200, "application/json", events),
        "HTTP/1.1 100 Continue\r\n\r\n" + StreamAnswer("Hi")}) {
    FakeEndpoint endpoint(SaysAndCloses(answer));
    const ChatReply reply = Chat(endpoint);
    EXPECT_EQ(reply.outcome, OUTCOME_OK) << answer << reply.failure.sentence;
    EXPECT_EQ(reply.text, "Hi") << answer;
  }
}

TEST_F(ChatCallTest, UnderstandsAStreamWhoseEveryByteComesAlone) {
  FakeEndpoint endpoint([](const FakeRequest&, FakeConnection& to) { to.Drip(StreamAnswer("Hi there")); });
  EXPECT_EQ(Chat(endpoint).text, "Hi there");
}

TEST_F(ChatCallTest, KnowsAnAnswerByItsFirstLettersHoweverLateTheyCome) {
  const std::string events = "id: 1\n" + std::string("data: ") + TextDelta("Hi") + "\n\ndata: [DONE]\n\n";
  const std::string whole = R"({"choices":[{"message":{"content":"Hi"},"finish_reason":"stop"}]})";
  for (const std::string& answer : {"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\n" + events,
                                    "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n\n\n\r\n" + whole}) {
    FakeEndpoint endpoint([&](const FakeRequest&, FakeConnection& to) {
      to.Drip(answer);
      to.Close();
    });
    const ChatReply reply = Chat(endpoint);
    EXPECT_EQ(reply.text, "Hi") << answer << reply.failure.sentence;
  }
}

TEST_F(ChatCallTest, ReadsOnWhereEveryChunkSaysThatItIsTheLast) {
  CallerLimits limits;
  limits.after_finish = absl::Milliseconds(50);
  UseLimits(limits);
  FakeEndpoint endpoint([](const FakeRequest&, FakeConnection& to) {
    to.Send(StreamHead());
    for (int i = 0; i < 4; ++i) {
      to.Send(Event(R"({"choices":[{"delta":{"content":"a"},"finish_reason":"stop"}]})"));
      to.Pause(milliseconds(i == 0 ? 10 : 80));
    }
    to.Send(Event("[DONE]") + LastChunk());
  });
  EXPECT_EQ(Chat(endpoint).text, "aaaa");
}

TEST_F(ChatCallTest, ListensNoLongerThanIsEnoughAfterTheFirstToken) {
  FakeEndpoint endpoint([](const FakeRequest&, FakeConnection& to) {
    to.Send(StreamHead() + Event(TextDelta("Hi")));
    to.HoldOpen();
  });
  ChatRequest request = Request();
  request.enough_after_token = absl::Milliseconds(30);
  const ChatReply reply = Chat(endpoint, request);
  EXPECT_TRUE(reply.ok()) << reply.failure.sentence;
  EXPECT_TRUE(endpoint.WaitUntilAllClosed());
  EXPECT_TRUE(reply.learned.streaming());
  EXPECT_TRUE(reply.learned.stream_options());
  EXPECT_FALSE(reply.learned.has_stream_usage()) << "it may have come";
}

TEST_F(ChatCallTest, WaitsOnlyAWhileForTheWordsOfAnError) {
  CallerLimits limits;
  limits.error_words = absl::Milliseconds(50);
  UseLimits(limits);
  FakeEndpoint endpoint([](const FakeRequest&, FakeConnection& to) {
    to.Send("HTTP/1.1 429 Slow\r\nContent-Length: 500\r\n\r\n{\"error\":");
    to.HoldOpen();
  });
  const auto start = std::chrono::steady_clock::now();
  EXPECT_EQ(Chat(endpoint).outcome, OUTCOME_THROTTLED);
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(2));
}

TEST_F(ChatCallTest, HasNoTokenTimesForAWholeAnswer) {
  FakeEndpoint endpoint(Says(JsonAnswer(R"({"choices":[{"message":{"content":"Hi"},"finish_reason":"stop"}]})")));
  ChatRequest request = Request();
  request.stream = false;
  const ChatReply reply = Chat(endpoint, request);
  EXPECT_TRUE(reply.ok());
  EXPECT_FALSE(reply.timing.has_ttft());
  EXPECT_THAT(endpoint.requests().at(0).body, AllOf(HasSubstr(R"("stream":false)"), Not(HasSubstr("stream_options"))));
  FakeEndpoint unasked(Says(StreamAnswer("Hi")));
  EXPECT_EQ(Chat(unasked, request).text, "Hi");
  EXPECT_FALSE(Chat(unasked, request).timing.has_ttft());
}

TEST_F(ChatCallTest, EndsAtDoneThoughTheConnectionStaysOpen) {
  FakeEndpoint endpoint([](const FakeRequest&, FakeConnection& to) {
    to.Send(StreamHead() + Event(TextDelta("Hi")) + Event("[DONE]"));
    to.HoldOpen();
  });
  const ChatReply reply = Chat(endpoint);
  EXPECT_TRUE(reply.ok());
  EXPECT_LT(FromProto(reply.timing.latency()), absl::Seconds(1));
}

TEST_F(ChatCallTest, WaitsOnlyAWhileForUsageBehindTheFinish) {
  CallerLimits limits;
  limits.after_finish = absl::Milliseconds(50);
  UseLimits(limits);
  FakeEndpoint endpoint([](const FakeRequest&, FakeConnection& to) {
    to.Send(StreamHead() + Event(TextDelta("Hi")) + Event(kStop));
    to.HoldOpen();
  });
  const ChatReply reply = Chat(endpoint);
  EXPECT_EQ(reply.outcome, OUTCOME_OK) << reply.failure.sentence;
  EXPECT_LT(FromProto(reply.timing.latency()), absl::Milliseconds(45)) << "the wait is not the endpoint's";
}

TEST_F(ChatCallTest, KeepsThePartOfAStreamThatWasCut) {
  FakeEndpoint dead([](const FakeRequest&, FakeConnection& to) {
    to.Send(StreamHead() + Event(TextDelta("Hi")));
    to.Pause(milliseconds(20));
    to.Reset();
  });
  const ChatReply cut = Chat(dead);
  EXPECT_EQ(cut.outcome, OUTCOME_TRUNCATED_STREAM);
  EXPECT_EQ(cut.failure.error_type, ERROR_TYPE_NETWORK);
  EXPECT_EQ(cut.text, "Hi");
  FakeEndpoint silent(Says(StreamHead() + Event(TextDelta("Hi")) + LastChunk()));
  EXPECT_EQ(Chat(silent).failure.error_type, ERROR_TYPE_API_ERROR);
}

TEST_F(ChatCallTest, EndsAtTheDeadlineAndClosesTheConnection) {
  for (const std::string& start : {std::string(), std::string("HTTP/1.1 2"), StreamHead() + Event(TextDelta("Hi"))}) {
    FakeEndpoint endpoint([&](const FakeRequest&, FakeConnection& to) {
      to.Send(start);
      to.HoldOpen();
    });
    const auto begun = std::chrono::steady_clock::now();
    const ChatReply reply = Chat(endpoint, Request(), absl::Milliseconds(80));
    EXPECT_LT(std::chrono::steady_clock::now() - begun, milliseconds(1000));
    EXPECT_EQ(reply.outcome, OUTCOME_TIMEOUT);
    EXPECT_EQ(reply.failure.error_type, ERROR_TYPE_TIMEOUT);
    EXPECT_FALSE(reply.failure.retryable);
    EXPECT_TRUE(endpoint.WaitUntilAllClosed());
  }
}

TEST_F(ChatCallTest, EndsAtTheDeadlineThoughBytesKeepComing) {
  FakeEndpoint endpoint([](const FakeRequest&, FakeConnection& to) {
    to.Send(StreamHead());
    while (to.Send(Chunk(": keepalive\n\n"))) to.Pause(milliseconds(1));
  });
  EXPECT_EQ(Chat(endpoint, Request(), absl::Milliseconds(80)).outcome, OUTCOME_TIMEOUT);
}

TEST_F(ChatCallTest, IsBrokenOffAtOnceWhenCancelled) {
  FakeEndpoint endpoint([](const FakeRequest&, FakeConnection& to) {
    to.Send(StreamHead() + Event(TextDelta("Hi")));
    to.HoldOpen();
  });
  const Endpoint at = EndpointAt(endpoint.Url());
  const Credential key{Secret(kKey)};
  const ChatRequest request = Request();
  asio::cancellation_signal signal;
  absl::Status status;
  auto keep = [&](std::exception_ptr error, absl::StatusOr<ChatReply> reply) {
    EXPECT_FALSE(error);
    status = reply.status();
  };
  const OnPiece cancel = [&](PieceKind, std::string_view) {
    asio::post(io_, [&] { signal.emit(asio::cancellation_type::terminal); });
  };
  asio::co_spawn(io_, caller().Chat(DeadlineIn(absl::Seconds(30)), at, key, "s", request, cancel),
                 asio::bind_cancellation_slot(signal.slot(), keep));
  const auto begun = std::chrono::steady_clock::now();
  io_.run_for(std::chrono::seconds(5));
  EXPECT_TRUE(absl::IsCancelled(status)) << status;
  EXPECT_LT(std::chrono::steady_clock::now() - begun, milliseconds(1000));
  EXPECT_TRUE(endpoint.WaitUntilAllClosed());
}

TEST_F(ChatCallTest, NamesEveryBreachOfHttp) {
  const std::string ok = "HTTP/1.1 200 OK\r\n";
  for (const std::string& answer :
       {std::string("SSH-2.0-OpenSSH_9.2\r\n"), std::string("{\"choices\":[]}"),
        ok + "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n", ok + "Transfer-Encoding: gzip, chunked\r\n\r\n",
        ok + "X: " + std::string(20000, 'x') + "\r\n\r\n", ok + "Content-Encoding: gzip\r\nContent-Length: 1\r\n\r\nx",
        ok + "Transfer-Encoding: chunked\r\n\r\nzz\r\n",
        std::string("HTTP/1.1 100 C\r\n\r\nHTTP/1.1 100 C\r\n\r\nHTTP/1.1 100 C\r\n\r\nHTTP/1.1 100 C\r\n\r\n") + ok +
            "\r\n",
        std::string("HTTP/1.1 101 Switching\r\n\r\n"), HttpAnswer(204, "text/plain", ""),
        HttpAnswer(200, "text/html", "<html>hi</html>"), JsonAnswer("[]"), JsonAnswer("{\"choices\":"),
        JsonAnswer(std::string(2 * 1024 * 1024, ' ')), StreamHead() + Event(std::string(70 * 1024, 'x'))}) {
    FakeEndpoint endpoint(SaysAndCloses(answer));
    const ChatReply reply = Chat(endpoint);
    EXPECT_EQ(reply.outcome, OUTCOME_BAD_FORMAT) << answer.substr(0, 80) << " " << reply.failure.sentence;
    EXPECT_EQ(reply.failure.error_type, ERROR_TYPE_API_ERROR);
  }
}

TEST_F(ChatCallTest, BreaksOffAStreamWithoutEnd) {
  CallerLimits limits;
  limits.stream_bytes = 256 * 1024;
  limits.text_bytes = 64 * 1024;
  UseLimits(limits);
  for (const std::string& endless :
       {Event(TextDelta(std::string(1000, 'x'))), Chunk(": " + std::string(1000, 'x') + "\n\n")}) {
    FakeEndpoint endpoint([&](const FakeRequest&, FakeConnection& to) {
      to.Send(StreamHead());
      while (to.Send(endless)) {
      }
    });
    const ChatReply reply = Chat(endpoint);
    EXPECT_EQ(reply.outcome, OUTCOME_BAD_FORMAT);
    EXPECT_LE(reply.text.size(), 64u * 1024);
    EXPECT_TRUE(endpoint.WaitUntilAllClosed());
  }
}

TEST_F(ChatCallTest, DoesNotFollowARedirect) {
  FakeEndpoint other(Says(StreamAnswer("no")));
  FakeEndpoint endpoint(Says(HttpAnswer(307, "text/plain", "", "Location: " + other.Url() + "\r\n")));
  const ChatReply reply = Chat(endpoint);
  EXPECT_EQ(reply.failure.error_type, ERROR_TYPE_API_ERROR);
  EXPECT_THAT(reply.failure.sentence, HasSubstr("redirect"));
  EXPECT_EQ(other.connections(), 0);
}

TEST_F(ChatCallTest, SaysWhatAnErrorAnswerMeansAndHowLongToWait) {
  FakeEndpoint endpoint(
      Says(HttpAnswer(429, "application/json", R"({"error":{"message":"slow down"}})", "Retry-After: 7\r\n")));
  const ChatReply reply = Chat(endpoint);
  EXPECT_EQ(reply.failure.error_type, ERROR_TYPE_RATE_LIMIT);
  EXPECT_EQ(reply.outcome, OUTCOME_THROTTLED);
  EXPECT_EQ(reply.http_status, 429);
  EXPECT_EQ(reply.failure.retry_after, absl::Seconds(7));
  EXPECT_TRUE(reply.failure.retryable);
  EXPECT_EQ(reply.requests_sent, 1);
  EXPECT_EQ(reply.output_tokens, 0);
}

TEST_F(ChatCallTest, NeverGivesTheKeyBack) {
  const std::string key(kKey);
  FakeEndpoint refusing(Says(JsonAnswer(R"({"error":{"message":"bad key )" + key + R"("}})", 400)));
  EXPECT_THAT(Chat(refusing).failure.sentence, AllOf(HasSubstr("[key removed]"), Not(HasSubstr("ABC"))));
  FakeEndpoint echoing(Says(StreamHead() + Event(TextDelta("It is sk-test/A")) + Event(TextDelta("BC+123~xyz.")) +
                            Event(kStop) + Event("[DONE]") + LastChunk()));
  std::string pieces;
  const ChatReply reply =
      Chat(echoing, Request(), absl::Seconds(5), [&](PieceKind, std::string_view piece) { pieces += piece; });
  EXPECT_EQ(reply.text, "It is [key removed].");
  EXPECT_EQ(pieces, reply.text);
}

TEST_F(ChatCallTest, TellsReasoningFromContentAsItComes) {
  FakeEndpoint endpoint(Says(StreamHead() + Event(R"({"choices":[{"delta":{"reasoning_content":"Two and "}}]})") +
                             Event(R"({"choices":[{"delta":{"reasoning_content":"two."}}]})") + Event(TextDelta("4")) +
                             Event(kStop) + Event("[DONE]") + LastChunk()));
  std::string content;
  std::string reasoning;
  Chat(endpoint, Request(), absl::Seconds(5),
       [&](PieceKind kind, std::string_view piece) { (kind == PieceKind::kContent ? content : reasoning) += piece; });
  EXPECT_EQ(content, "4");
  EXPECT_EQ(reasoning, "Two and two.");
}

TEST_F(ChatCallTest, LeavesOutARefusedParameterOnceAndRemembers) {
  FakeEndpoint endpoint([](const FakeRequest& request, FakeConnection& to) {
    if (request.body.find("stream_options") != std::string::npos) {
      to.Send(JsonAnswer(
          R"({"detail":[{"type":"extra_forbidden","loc":["body","stream_options"],"msg":"Extra inputs"}]})", 422));
    } else {
      to.Send(StreamAnswer("Hi"));
    }
  });
  const ChatReply reply = Chat(endpoint);
  EXPECT_TRUE(reply.ok());
  EXPECT_EQ(reply.requests_sent, 2);
  EXPECT_FALSE(reply.learned.stream_options());
  EXPECT_THAT(reply.learned.dropped_parameters(), ElementsAre("stream_options"));
  ChatRequest wiser = Request();
  wiser.capabilities = reply.learned;
  EXPECT_EQ(Chat(endpoint, wiser).requests_sent, 1);
}

TEST_F(ChatCallTest, LeavesTheSecondRequestToWhoeverCountsRequests) {
  FakeEndpoint endpoint([](const FakeRequest& request, FakeConnection& to) {
    const bool has_options = request.body.find("stream_options") != std::string::npos;
    to.Send(has_options ? JsonAnswer(R"({"message":"no stream_options"})", 400) : StreamAnswer("Hi"));
  });
  ChatRequest request = Request();
  request.may_ask_again = false;
  const ChatReply refused = Chat(endpoint, request);
  EXPECT_EQ(refused.requests_sent, 1);
  EXPECT_TRUE(refused.may_ask_again);
  request.capabilities = refused.learned;
  const ChatReply reply = Chat(endpoint, request);
  EXPECT_TRUE(reply.ok());
  EXPECT_FALSE(reply.may_ask_again);
}

TEST_F(ChatCallTest, TriesNoThirdTime) {
  FakeEndpoint endpoint([](const FakeRequest& request, FakeConnection& to) {
    const bool has_options = request.body.find("stream_options") != std::string::npos;
    to.Send(JsonAnswer(has_options ? R"({"message":"no stream_options"})" : R"({"message":"no temperature"})", 400));
  });
  const ChatReply reply = Chat(endpoint);
  EXPECT_EQ(reply.outcome, OUTCOME_REFUSED);
  EXPECT_EQ(reply.requests_sent, 2);
  EXPECT_EQ(endpoint.requests().size(), 2u);
  EXPECT_TRUE(reply.learned.has_temperature());
}

TEST_F(ChatCallTest, KeepsAConnectionForTheSameSessionOnly) {
  FakeEndpoint endpoint(Says(StreamAnswer("Hi")));
  EXPECT_TRUE(Chat(endpoint, Request(), absl::Seconds(5), nullptr, "a").opened_connection);
  const ChatReply again = Chat(endpoint, Request(), absl::Seconds(5), nullptr, "a");
  EXPECT_FALSE(again.opened_connection);
  EXPECT_FALSE(again.timing.has_connect());
  EXPECT_TRUE(Chat(endpoint, Request(), absl::Seconds(5), nullptr, "b").opened_connection);
  EXPECT_EQ(endpoint.connections(), 2);
  caller().DropConnections("a");
  EXPECT_TRUE(Chat(endpoint, Request(), absl::Seconds(5), nullptr, "a").opened_connection);
  EXPECT_FALSE(Chat(endpoint, Request(), absl::Seconds(5), nullptr, "b").opened_connection);
}

TEST_F(ChatCallTest, ClosesTheConnectionThatRestedLongestWhereTooManyDo) {
  CallerLimits limits;
  limits.idle_connections = 2;
  UseLimits(limits);
  FakeEndpoint endpoint(Says(StreamAnswer("Hi")));
  const auto opens = [&](const char* session) {
    return Chat(endpoint, Request(), absl::Seconds(5), nullptr, session).opened_connection;
  };
  EXPECT_TRUE(opens("a"));
  EXPECT_TRUE(opens("b"));
  EXPECT_TRUE(opens("c"));
  EXPECT_FALSE(opens("c"));
  EXPECT_FALSE(opens("b"));
  EXPECT_TRUE(opens("a"));
}

TEST_F(ChatCallTest, KeepsAConnectionWhoseLastChunkComesLate) {
  FakeEndpoint endpoint([](const FakeRequest&, FakeConnection& to) {
    to.Send(StreamHead() + Event(TextDelta("Hi")) + Event("[DONE]"));
    to.Pause(milliseconds(10));
    to.Send(LastChunk());
  });
  Chat(endpoint);
  std::this_thread::sleep_for(milliseconds(30));
  EXPECT_FALSE(Chat(endpoint).opened_connection);
}

TEST_F(ChatCallTest, UsesNoKeptConnectionThatTheEndpointClosed) {
  FakeEndpoint endpoint([](const FakeRequest&, FakeConnection& to) {
    to.Send(StreamAnswer("Hi"));
    to.Close();
  });
  for (int call = 0; call < 3; ++call) {
    EXPECT_TRUE(Chat(endpoint).ok());
    EXPECT_TRUE(endpoint.WaitUntilAllClosed());
  }
  EXPECT_EQ(endpoint.requests().size(), 3u);
}

TEST_F(ChatCallTest, SendsNoRequestTwiceThatTheEndpointHasRead) {
  FakeEndpoint endpoint([](const FakeRequest& request, FakeConnection& to) {
    if (request.body.find("die") != std::string::npos) return to.Close();
    to.Send(StreamAnswer("Hi"));
  });
  EXPECT_TRUE(Chat(endpoint).ok());
  ChatRequest deadly = Request();
  deadly.messages[0].content = "die";
  const ChatReply reply = Chat(endpoint, deadly);
  EXPECT_FALSE(reply.opened_connection);
  EXPECT_EQ(reply.failure.error_type, ERROR_TYPE_NETWORK);
  EXPECT_EQ(endpoint.requests().size(), 2u);
}

TEST_F(ChatCallTest, TellsARefusedConnectionFromOneThatIsNotTaken) {
  std::string gone;
  {
    FakeEndpoint endpoint(Says(""));
    gone = endpoint.Url();
  }
  const Endpoint at = EndpointAt(gone);
  const Credential key{Secret(kKey)};
  const ChatRequest request = Request();
  const auto reply = Await(io_, caller().Chat(DeadlineIn(absl::Seconds(5)), at, key, "s", request));
  EXPECT_EQ(reply->failure.error_type, ERROR_TYPE_NETWORK);
  EXPECT_TRUE(reply->failure.retryable);
  EXPECT_EQ(reply->http_status, 0);
}

TEST_F(ChatCallTest, StampsWhenBytesCameAndNotWhenABusyThreadReadThem) {
  std::atomic<bool> may_answer = true;
  FakeEndpoint endpoint([&](const FakeRequest&, FakeConnection& to) {
    while (!may_answer) std::this_thread::sleep_for(milliseconds(1));
    to.Send(StreamAnswer("Hi"));
  });
  Chat(endpoint);
  may_answer = false;
  const Endpoint at = EndpointAt(endpoint.Url());
  const Credential key{Secret(kKey)};
  const ChatRequest request = Request();
  std::optional<absl::StatusOr<ChatReply>> reply;
  auto keep = [&](std::exception_ptr, absl::StatusOr<ChatReply> got) { reply = std::move(got); };
  asio::co_spawn(io_, caller().Chat(DeadlineIn(absl::Seconds(5)), at, key, "session", request), keep);
  io_.restart();
  while (endpoint.requests().size() < 2) io_.poll_one();
  may_answer = true;
  std::this_thread::sleep_for(milliseconds(400));  // the busy thread
  while (!reply) io_.run_one();
  EXPECT_LT(FromProto((*reply)->timing.latency()), absl::Milliseconds(200));
  EXPECT_GE((*reply)->client_lag, absl::Milliseconds(200));
}

TEST_F(ChatCallTest, TellsThatItsThreadWasHeldWhereNothingHadArrived) {
  FakeEndpoint endpoint([](const FakeRequest&, FakeConnection& to) {
    std::this_thread::sleep_for(milliseconds(300));
    to.Send(StreamAnswer("Hi"));
  });
  const Endpoint at = EndpointAt(endpoint.Url());
  const Credential key{Secret(kKey)};
  const ChatRequest request = Request();
  std::optional<absl::StatusOr<ChatReply>> reply;
  auto keep = [&](std::exception_ptr, absl::StatusOr<ChatReply> got) { reply = std::move(got); };
  asio::co_spawn(io_, caller().Chat(DeadlineIn(absl::Seconds(5)), at, key, "session", request), keep);
  io_.restart();
  while (endpoint.requests().empty()) io_.poll_one();
  std::this_thread::sleep_for(milliseconds(100));  // held, long before the answer comes
  while (!reply) io_.run_one();
  EXPECT_TRUE((*reply)->ok());
  EXPECT_GE((*reply)->client_lag, absl::Milliseconds(80));
}

TEST_F(ChatCallTest, ListsModels) {
  FakeEndpoint endpoint([](const FakeRequest& request, FakeConnection& to) {
    to.Send(request.HasInHead("GET /v1/models HTTP/1.1") ? JsonAnswer(R"({"data":[{"id":"a"},{"id":"b"}]})")
                                                         : JsonAnswer("{}", 500));
  });
  const Endpoint at = EndpointAt(endpoint.Url());
  const Credential key{Secret(kKey)};
  const auto list = Await(io_, caller().ListModels(DeadlineIn(absl::Seconds(5)), at, key, "s"));
  ASSERT_TRUE(list->ok()) << list->failure.sentence;
  EXPECT_EQ(list->models.size(), 2u);
  EXPECT_EQ(endpoint.requests().at(0).Field("Authorization"), "Bearer " + std::string(kKey));
  FakeEndpoint without(Says(JsonAnswer("{}", 404)));
  const Endpoint elsewhere = EndpointAt(without.Url());
  EXPECT_EQ(Await(io_, caller().ListModels(DeadlineIn(absl::Seconds(5)), elsewhere, key, "s"))->http_status, 404);
}

}  // namespace
}  // namespace ftl
