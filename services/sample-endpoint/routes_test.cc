#include "services/sample-endpoint/routes.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <iterator>

#include <fmt/format.h>
#include <boost/json/parse.hpp>

#include "services/sample-endpoint/fault.h"
#include "services/sample-endpoint/pieces.h"
#include "services/sample-endpoint/temper.h"

namespace ftl::sample_endpoint {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

const absl::Time kNow = absl::FromUnixSeconds(1'700'000'000);

HttpRequest Chat(std::string_view model, std::string_view prompt, std::string_view more = "") {
  HttpRequest request{"POST", "/v1/chat/completions"};
  request.authorization = "Bearer any";
  request.body =
      fmt::format(R"({{"model":"{}","messages":[{{"role":"user","content":{}}}]{}}})", model, Quoted(prompt), more);
  return request;
}

std::string BytesOf(const Play& play) {
  std::string bytes;
  for (const Step& step : play.script.steps) bytes += step.bytes;
  return bytes;
}

class RoutesTest : public ::testing::Test {
 protected:
  std::string Ask(const HttpRequest& request) { return BytesOf(routes_.Answer(request, kNow)); }

  Routes routes_{Answers::Embedded(), ""};
};

TEST_F(RoutesTest, AnswersAShippedPromptWithItsCannedAnswerAndUsage) {
  const std::string answer = Ask(Chat("sample-zero", "Why did you take €12.50 twice?"));
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 200 OK\r\n"));
  EXPECT_THAT(answer, HasSubstr("pending authorisation"));
  EXPECT_THAT(answer, HasSubstr(R"("usage":{"prompt_tokens":)"));
}

TEST_F(RoutesTest, StreamsPiecesThatJoinToThePromptWhenItEchoes) {
  const std::string text = "Grüße, 世界! A rather longish sentence.";
  const std::string stream = Ask(Chat("sample-echo", text, R"(,"stream":true)"));
  std::string joined;
  for (size_t at = 0; (at = stream.find("data: {", at)) != std::string::npos; ++at) {
    const auto event = boost::json::parse(stream.substr(at + 6, stream.find("\n\n", at) - at - 6));
    const auto* content = event.at("choices").at(0).at("delta").as_object().if_contains("content");
    if (content) joined += std::string(content->as_string());
  }
  EXPECT_EQ(joined, text);
  EXPECT_THAT(stream, HasSubstr("data: [DONE]\n\n"));
  EXPECT_THAT(stream, Not(HasSubstr("usage")));
}

TEST_F(RoutesTest, GivesUsageInAStreamWhenAskedFor) {
  const std::string stream = Ask(Chat("sample-64", "go", R"(,"stream":true,"stream_options":{"include_usage":true})"));
  EXPECT_THAT(stream, HasSubstr(R"("completion_tokens":64)"));
}

TEST_F(RoutesTest, CutsAtTheTokenLimit) {
  EXPECT_THAT(Ask(Chat("sample-64", "go", R"(,"max_tokens":3)")),
              HasSubstr(R"("content":" sample sample sample"},"logprobs":null,"finish_reason":"length")"));
}

TEST_F(RoutesTest, RefusesTheWrongKeyAndTakesAnyOther) {
  HttpRequest request = Chat("sample-zero", "hi");
  request.authorization = "Bearer wrong-key";
  EXPECT_EQ(routes_.Answer(request, kNow).script.status, 401);
  request.authorization = "";
  EXPECT_EQ(routes_.Answer(request, kNow).script.status, 200);
  Routes strict(Answers::Embedded(), "sesame");
  EXPECT_EQ(strict.Answer(request, kNow).script.status, 401);
  request.api_key = "sesame";
  EXPECT_EQ(strict.Answer(request, kNow).script.status, 200);
}

TEST_F(RoutesTest, KnowsAzuresPaths) {
  HttpRequest request = Chat("", "hi");
  request.path = "/openai/deployments/sample-echo/chat/completions";
  request.query = "api-version=2024-06-01";
  EXPECT_THAT(Ask(request), HasSubstr(R"("content":"hi")"));
}

TEST_F(RoutesTest, SaysNoToUnknownModelsPathsAndMethods) {
  EXPECT_EQ(routes_.Answer(Chat("gpt-9", "hi"), kNow).script.status, 404);
  EXPECT_EQ(routes_.Answer({"GET", "/v2/models"}, kNow).script.status, 404);
  EXPECT_THAT(Ask({"GET", "/v1/chat/completions"}), HasSubstr("allow: POST"));
}

TEST_F(RoutesTest, FailsAboutEveryFifthPromptOfTheFlakyModelAndAlwaysTheSame) {
  int failed = 0;
  int recovered = 0;
  for (int i = 0; i < 500; ++i) {
    const HttpRequest request = Chat("sample-flaky", fmt::format("prompt {}", i), R"(,"stream":true)");
    const Play first = routes_.Answer(request, kNow);
    const Play again = routes_.Answer(request, kNow);
    const bool is_cut = first.script.ending == Ending::kClose;
    if (first.script.status != 200 || is_cut) ++failed;
    if (first.script.status == 429 && again.script.status == 200) ++recovered;
  }
  EXPECT_GT(failed, 60);
  EXPECT_LT(failed, 140);
  EXPECT_GT(recovered, 10);
  EXPECT_EQ(routes_.Answer(Chat("sample-flaky", "Hello, are you there?"), kNow).script.status, 200);
}

TEST_F(RoutesTest, AnswersEveryFaultWithAndWithoutAStream) {
  const auto faults = boost::json::parse(FaultsJson()).at("data").as_array();
  EXPECT_GT(faults.size(), 100u);
  for (const auto& fault : faults) {
    const std::string model(fault.at("id").as_string());
    for (const std::string_view more : {"", R"(,"stream":true,"stream_options":{"include_usage":true})"}) {
      const Play play = routes_.Answer(Chat(model, "please cancel 1187", more), kNow);
      absl::Duration last = absl::ZeroDuration();
      for (const Step& step : play.script.steps) {
        EXPECT_GE(step.at, last) << model;
        EXPECT_FALSE(step.bytes.empty()) << model;
        last = step.at;
      }
    }
  }
}

TEST_F(RoutesTest, HasEveryModelInItsReadme) {
  std::ifstream file(FTL_SAMPLE_ENDPOINT_README);
  const std::string readme(std::istreambuf_iterator<char>(file), {});
  const auto faults = boost::json::parse(FaultsJson()).at("data").as_array();
  for (const auto& fault : faults) {
    EXPECT_THAT(readme, HasSubstr(fmt::format("`{}`", std::string_view(fault.at("id").as_string()))));
  }
  for (const Temper& temper : Tempers()) EXPECT_THAT(readme, HasSubstr(fmt::format("`{}`", temper.model)));
  const auto expect_row = [&](std::string_view dialects, std::string_view model, std::string_view words) {
    EXPECT_THAT(readme, HasSubstr(fmt::format("| {} | `{}` | {} |", dialects, model, words)));
  };
  for (const CommonFault& fault : CommonFaults()) expect_row("all", fault.model, fault.words);
  for (const Dialect* dialect : Dialects()) {
    for (const Fault& fault : dialect->OwnFaults()) {
      expect_row(fmt::format("`{}`", dialect->base()), fault.model, fault.words);
    }
  }
}

TEST_F(RoutesTest, KeepsTheServicesApartByTheirPaths) {
  HttpRequest request = Chat("sample-echo", "hi");
  request.path = "/anthropic/v1/chat/completions";
  EXPECT_EQ(routes_.Answer(request, kNow).script.status, 404);
  request.path = "/anthropicish/v1/messages";
  EXPECT_EQ(routes_.Answer(request, kNow).script.status, 404);
  request.path = "/anthropic/v1/messages";
  EXPECT_THAT(Ask(request), HasSubstr("anthropic-version: header is required"));
  request.anthropic_version = "2023-06-01";
  EXPECT_THAT(Ask(request), HasSubstr("max_tokens: Field required"));
  request.x_api_key = "wrong-key";
  EXPECT_EQ(routes_.Answer(request, kNow).script.status, 401);
}

TEST_F(RoutesTest, RefusesStreamOptionsOnlyWhereTheyAreNamed) {
  EXPECT_EQ(routes_.Answer(Chat("fault-http-422-stream-options", "hi", R"(,"stream_options":{})"), kNow).script.status,
            422);
  EXPECT_EQ(routes_.Answer(Chat("fault-http-422-stream-options", "hi"), kNow).script.status, 200);
}

TEST_F(RoutesTest, KeepsALedgerOfCallsPerPrompt) {
  for (int i = 0; i < 3; ++i) routes_.Answer(Chat("sample-zero", "one"), kNow);
  routes_.Answer(Chat("sample-zero", "two"), kNow);
  routes_.ledger().FirstToken(4, absl::Milliseconds(5));
  routes_.ledger().Ended(4, absl::Microseconds(7500), false);
  const auto ledger = boost::json::parse(routes_.ledger().Json(kNow, true));
  EXPECT_EQ(ledger.at("prompts").at(0).at("calls"), 3);
  EXPECT_EQ(ledger.at("in_flight"), 3);
  EXPECT_EQ(ledger.at("most_in_flight"), 4);
  EXPECT_EQ(ledger.at("calls").at(3).at("end_ms").as_double(), 7.5);
  routes_.Answer({"DELETE", "/ledger"}, kNow);
  EXPECT_EQ(
      boost::json::parse(Ask({"GET", "/ledger"}).substr(Ask({"GET", "/ledger"}).find("\r\n\r\n") + 4)).at("prompts"),
      boost::json::array());
}

TEST(LedgerTest, ForgetsTheOldestBeyondItsLimits) {
  Ledger ledger(/*most_prompts=*/2, /*most_calls=*/3);
  for (const char* prompt : {"a", "b", "c", "c"}) ledger.Began("m", prompt, kNow);
  EXPECT_EQ(ledger.CallsOf("m", "a"), 0);
  EXPECT_EQ(ledger.CallsOf("m", "c"), 2);
  ledger.Ended(1, absl::ZeroDuration(), false);
  EXPECT_EQ(boost::json::parse(ledger.Json(kNow, true)).at("calls").as_array().size(), 3u);
}

TEST(PiecesTest, JoinToTheText) {
  const std::string text = "word  another\n\n  supercalifragilistic 好的。简单来说 🔑🔑";
  std::string joined;
  for (const std::string& piece : Pieces(text)) joined += piece;
  EXPECT_EQ(joined, text);
  EXPECT_EQ(Pieces("one two three").size(), 3u);
}

}  // namespace
}  // namespace ftl::sample_endpoint
