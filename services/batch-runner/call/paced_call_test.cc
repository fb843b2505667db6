#include "services/batch-runner/call/paced_call.h"

#include <optional>

#include <gtest/gtest.h>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include "tests/support/await.h"
#include "tests/support/fake_endpoint.h"
#include "tests/support/no_descriptors.h"

namespace ftl::batch_runner {
namespace {

class PacedCallTest : public testing::Test {
 protected:
  std::shared_ptr<CallTarget> TargetOf(const FakeEndpoint& endpoint) {
    return std::make_shared<CallTarget>(CallTarget{.endpoint = *Endpoint::Parse(endpoint.Url(), policy_),
                                                   .credential = Credential{Secret("a-key-of-no-worth")},
                                                   .model_id = "m",
                                                   .provider = endpoint_pb::PROVIDER_UNSPECIFIED,
                                                   .session = "s",
                                                   .capabilities = {},
                                                   .pace_key = "p",
                                                   .forget_key_after_run = false});
  }
  PacedReply Call(const FakeEndpoint& endpoint, OnPiece on_piece = nullptr) {
    ChatRequest request{.model = "m", .messages = {{"user", "Hi"}}};
    auto paced = Await(io_, CallPaced(caller_, TargetOf(endpoint), std::move(request), absl::Seconds(5), random_,
                                      {.attempted = [this](const ChatReply&, absl::Time) { ++attempted_; },
                                       .retries = [this] { ++retried_; },
                                       .lowered = [] {},
                                       .waits_for_room = [this] { ++waited_; },
                                       .turn = nullptr,
                                       .piece = std::move(on_piece)}));
    EXPECT_TRUE(paced.ok()) << paced.status();
    return *std::move(paced);
  }

  asio::io_context io_;
  AddressPolicy policy_{{.allow_localhost = true}};
  Caller caller_{io_.get_executor(), policy_};
  std::mt19937_64 random_;
  int attempted_ = 0;
  int retried_ = 0;
  int waited_ = 0;
};

TEST_F(PacedCallTest, WaitsWhileThisProcessHasNoRoomAndCountsNoAttempt) {
  FakeEndpoint endpoint([](const FakeRequest&, FakeConnection& to) { to.Send(StreamAnswer("Hi")); });
  std::optional<NoDescriptors> none_left(std::in_place);
  asio::steady_timer later(io_, std::chrono::milliseconds(150));
  later.async_wait([&](boost::system::error_code) { none_left.reset(); });
  const PacedReply paced = Call(endpoint);
  EXPECT_TRUE(paced.reply.ok()) << paced.reply.failure.sentence;
  EXPECT_EQ(paced.attempts, 1);
  EXPECT_EQ(attempted_, 1);
  EXPECT_EQ(retried_, 0);
  EXPECT_GE(waited_, 1);
  EXPECT_GE(paced.total, absl::Milliseconds(150));
}

TEST_F(PacedCallTest, TriesAgainWhatMaySucceedLater) {
  int asked = 0;
  FakeEndpoint endpoint([&asked](const FakeRequest&, FakeConnection& to) {
    to.Send(++asked == 1 ? JsonAnswer("{}", 500) : StreamAnswer("Hi"));
  });
  const PacedReply paced = Call(endpoint);
  EXPECT_TRUE(paced.reply.ok()) << paced.reply.failure.sentence;
  EXPECT_EQ(paced.attempts, 2);
  EXPECT_EQ(retried_, 1);
  EXPECT_FALSE(paced.asked_to_wait);
}

TEST_F(PacedCallTest, DoesNotBeginAnAnswerAgainOfWhichSomebodyHasHeard) {
  FakeEndpoint endpoint([](const FakeRequest&, FakeConnection& to) {
    to.Send(StreamHead() + Event(TextDelta("half an")));
    to.Close();
  });
  std::string heard;
  const PacedReply paced = Call(endpoint, [&](PieceKind, std::string_view text) { heard += text; });
  EXPECT_FALSE(paced.reply.ok());
  EXPECT_EQ(heard, "half an");
  EXPECT_EQ(paced.reply.text, "half an");
  EXPECT_EQ(paced.attempts, 1);
  EXPECT_EQ(retried_, 0);
}

TEST_F(PacedCallTest, AWaitThatIsAskedOfAllIsGivenBackAtOnce) {
  FakeEndpoint endpoint([](const FakeRequest&, FakeConnection& to) {
    to.Send(HttpAnswer(429, "application/json", "{}", "Retry-After: 30\r\n"));
  });
  const PacedReply paced = Call(endpoint);
  EXPECT_EQ(paced.asked_to_wait, absl::Seconds(30));
  EXPECT_EQ(paced.attempts, 1);
  EXPECT_EQ(retried_, 0);
}

}  // namespace
}  // namespace ftl::batch_runner
