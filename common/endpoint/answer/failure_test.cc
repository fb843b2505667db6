#include "common/endpoint/answer/failure.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace ftl {
namespace {

using namespace endpoint_pb;
using testing::HasSubstr;
using testing::Not;

const absl::Time kNow = absl::FromUnixSeconds(1'700'000'000);

CallFailure Of(int status, std::string_view body, RetryHints hints = {}) {
  return FailureOfAnswer(status, WordsOf(body), hints, kNow);
}

CallFailure Event(std::string_view json) { return FailureOfErrorEvent(WordsOf(json)); }

TEST(FailureTest, NamesAStatusInTheWordsOfTheContract) {
  struct Case {
    int status;
    ErrorType type;
    Outcome outcome;
    bool retryable;
  };
  for (const Case& c : std::initializer_list<Case>{{301, ERROR_TYPE_API_ERROR, OUTCOME_REFUSED, false},
                                                   {400, ERROR_TYPE_API_ERROR, OUTCOME_REFUSED, false},
                                                   {401, ERROR_TYPE_AUTH, OUTCOME_AUTH, false},
                                                   {402, ERROR_TYPE_RATE_LIMIT, OUTCOME_QUOTA, false},
                                                   {403, ERROR_TYPE_AUTH, OUTCOME_AUTH, false},
                                                   {404, ERROR_TYPE_MODEL_NOT_FOUND, OUTCOME_MODEL_NOT_FOUND, false},
                                                   {408, ERROR_TYPE_API_ERROR, OUTCOME_SERVER_ERROR, true},
                                                   {409, ERROR_TYPE_API_ERROR, OUTCOME_SERVER_ERROR, true},
                                                   {422, ERROR_TYPE_API_ERROR, OUTCOME_REFUSED, false},
                                                   {429, ERROR_TYPE_RATE_LIMIT, OUTCOME_THROTTLED, true},
                                                   {500, ERROR_TYPE_API_ERROR, OUTCOME_SERVER_ERROR, true},
                                                   {502, ERROR_TYPE_API_ERROR, OUTCOME_SERVER_ERROR, true},
                                                   {503, ERROR_TYPE_API_ERROR, OUTCOME_THROTTLED, true},
                                                   {529, ERROR_TYPE_API_ERROR, OUTCOME_THROTTLED, true}}) {
    const CallFailure failure = Of(c.status, R"({"error":{"message":"no"}})");
    EXPECT_EQ(failure.error_type, c.type) << c.status;
    EXPECT_EQ(failure.outcome, c.outcome) << c.status;
    EXPECT_EQ(failure.retryable, c.retryable) << c.status;
    EXPECT_THAT(failure.sentence, HasSubstr(std::to_string(c.status)));
  }
}

TEST(FailureTest, ReadsTheMessageInEveryShapeOfError) {
  for (const std::string body :
       {R"({"error":{"message":"too bad","type":"t","param":null,"code":null}})",           // OpenAI, Ollama
        R"({"error":{"message":"too bad","type":"BadRequestError","code":400}})",           // vLLM, llama.cpp
        R"({"object":"error","message":"too bad","type":"t","code":400})",                  // older vLLM
        R"({"error":"too bad","error_type":"validation"})",                                 // TGI
        R"({"error":"too bad"})",                                                           // Together
        R"({"message":"too bad"})",                                                         // Cohere
        R"({"detail":"too bad"})",                                                          // Fireworks
        R"({"fault":{"faultstring":"too bad"}})",                                           // Fireworks
        R"({"detail":[{"loc":["body","x"],"msg":"too bad"}]})",                             // FastAPI, Mistral
        R"({"type":"error","error":{"type":"t","message":"too bad"},"request_id":"r"})",    // Anthropic
        R"([{"error":{"code":400,"message":"too bad","status":"INVALID_ARGUMENT"}}])",      // Gemini
        R"({"error":["too bad"]})",                                                         // Hugging Face
        R"({"success":false,"errors":[{"code":5006,"message":"too bad"}]})",                // Cloudflare
        R"({"error_code":336003,"error_msg":"too bad"})",                                   // Baidu
        R"({"type":"about:blank","title":"Bad Request","status":400,"detail":"too bad"})",  // RFC 9457
        R"({"error":{"message":"Provider returned error","metadata":{"raw":"too bad"}}})",  // OpenRouter
        "event: error\ndata: {\"error\":{\"message\":\"too bad\"}}\n\n",                    // as an event
        "too bad"}) {
    EXPECT_THAT(Of(400, body).sentence, HasSubstr("too bad")) << body;
  }
}

TEST(FailureTest, SpeaksOfAWebPageWithoutShowingIt) {
  const CallFailure failure = Of(502, "\n<!DOCTYPE html><h1>Bad gateway</h1>");
  EXPECT_THAT(failure.sentence, HasSubstr("web page"));
  EXPECT_THAT(failure.sentence, Not(HasSubstr("gateway")));
}

TEST(FailureTest, QuotesATitleOrAMessageOfMarkup) {
  EXPECT_THAT(Of(403, "<html><head><title>Attention Required! | Cloudflare</title></head></html>").sentence,
              HasSubstr("web page. It said: \"Attention Required! | Cloudflare\""));
  EXPECT_THAT(
      Of(403, "<?xml version=\"1.0\"?><Error><Code>AccessDenied</Code><Message>Not yours.</Message></Error>").sentence,
      HasSubstr("\"Not yours.\""));
}

TEST(FailureTest, KnowsAModelThatIsOnItsWayAndWaitsForIt) {
  const std::pair<int, std::string> loading[] = {
      {503, R"({"error":{"code":503,"message":"Loading model","type":"unavailable_error"}})"},
      {500, R"({"detail":"The model is still loading, please wait."})"},
      {503, R"({"error":{"message":"Deployment is scaling up from zero.","code":"DEPLOYMENT_SCALING_UP"}})"},
      {409, R"({"message":"Model is not ready yet"})"},
      {424, R"({"error":"The instance is starting up"})"},
      {400, R"({"error":{"message":"model is loading"}})"},
      {502, "cold start in progress"},
  };
  for (const auto& [status, body] : loading) {
    const CallFailure failure = Of(status, body);
    EXPECT_EQ(failure.outcome, OUTCOME_THROTTLED) << body;
    EXPECT_EQ(failure.retry_after, absl::Seconds(2)) << body;
    EXPECT_TRUE(failure.retryable) << body;
    EXPECT_THAT(failure.sentence, HasSubstr("still loading (" + std::to_string(status) + ")")) << body;
  }
  EXPECT_EQ(Of(503, R"({"error":"Model m is currently loading","estimated_time":20.5})").retry_after,
            absl::Seconds(20.5));
  EXPECT_EQ(Of(503, R"({"error":"m is loading"})", {.retry_after = "7"}).retry_after, absl::Seconds(7));
  EXPECT_FALSE(Of(503, R"({"error":"m is loading","estimated_time":600})").retryable) << "longer than anybody waits";
  EXPECT_EQ(Of(500, R"({"error":"failed to load model"})").retry_after, std::nullopt);
  EXPECT_EQ(Of(500, R"({"error":"out of memory while loading model"})").outcome, OUTCOME_SERVER_ERROR);
  EXPECT_EQ(Event(R"({"error":{"message":"Loading model"}})").outcome, OUTCOME_THROTTLED);
}

TEST(FailureTest, NeverRepeatsWhatLooksLikeAKey) {
  for (const std::string key : {"sk-proj-abcDEF123", "sk-ab***********wxyz", "hf_abcdefghijkl", "gsk_abcdefgh",
                                "0123456789abcdef0123456789abcdef", "AIzaSyA-abcdef"}) {
    const CallFailure failure =
        Of(400, R"({"error":{"message":"Bad key ')" + key + R"(' for deepseek-r1-distill-llama-70b"}})");
    EXPECT_THAT(failure.sentence, Not(HasSubstr(key)));
    EXPECT_THAT(failure.sentence, HasSubstr("deepseek-r1-distill-llama-70b"));
  }
  EXPECT_THAT(Of(400, "Authorization: Bearer hunter2 is wrong").sentence, Not(HasSubstr("hunter2")));
  EXPECT_THAT(Of(401, R"({"error":{"message":"Incorrect API key: letmein"}})").sentence, Not(HasSubstr("letmein")));
}

TEST(FailureTest, ShortensAndFlattensWhatTheEndpointSaid) {
  const CallFailure failure = Of(500, "a\r\n\tb\x01" + std::string(5000, 'x') + "\xFF");
  EXPECT_LE(failure.sentence.size(), 300u);
  EXPECT_THAT(failure.sentence, HasSubstr("\"a b xxx"));
}

TEST(FailureTest, TellsOutOfCreditFromTooFast) {
  for (const std::string body :
       {R"({"error":{"type":"insufficient_quota","message":"m"}})",
        R"({"error":{"type":"insufficient_quota","code":"credit_balance_exhausted","message":"m"}})",
        R"({"error":{"code":"organization_spend_limit_exceeded","message":"m"}})",
        R"({"error":{"message":"Rate limit exceeded: free-models-per-day"}})",
        R"({"error":{"message":"You exceeded your current quota, please check your plan"}})"}) {
    EXPECT_EQ(Of(429, body).outcome, OUTCOME_QUOTA) << body;
    EXPECT_FALSE(Of(429, body, {.should_retry = "true"}).retryable) << body;
  }
  EXPECT_EQ(Of(400, R"({"error":{"message":"Your credit balance is too low"}})").outcome, OUTCOME_QUOTA);
  EXPECT_EQ(Of(412, "{}").outcome, OUTCOME_QUOTA);
  for (
      const std::string body :
      {R"({"error":{"type":"exceeded_current_quota_error","message":"m"}})",
       R"({"error":{"type":"rate_limit_error","message":"You have reached your specified API usage limits."}})",
       R"([{"error":{"message":"Please retry in 20s.","details":[{"violations":[{"quotaId":"RequestsPerDay-FreeTier"}]}]}}])"}) {
    EXPECT_EQ(Of(429, body).outcome, OUTCOME_QUOTA) << body;
  }
  for (const std::string body :
       {R"({"error":{"type":"rate_limit_exceeded","message":"slow down"}})",
        R"([{"error":{"message":"You exceeded your current quota. Please retry in 3.2s."}}])"}) {
    EXPECT_EQ(Of(429, body).outcome, OUTCOME_THROTTLED) << body;
  }
}

TEST(FailureTest, KnowsAWrongModelUnderAnyStatus) {
  for (const int status : {400, 404, 422}) {
    EXPECT_EQ(Of(status, R"({"error":{"message":"The model `x` does not exist","code":"model_not_found"}})").error_type,
              ERROR_TYPE_MODEL_NOT_FOUND);
    EXPECT_EQ(Of(status, R"({"error":{"message":"Invalid model: x"}})").error_type, ERROR_TYPE_MODEL_NOT_FOUND);
    EXPECT_EQ(Of(status, R"({"message":"The provided model identifier is invalid."})").outcome,
              OUTCOME_MODEL_NOT_FOUND);
    EXPECT_EQ(Of(status, R"({"error":{"message":"m","code":"model_decommissioned"}})").outcome,
              OUTCOME_MODEL_NOT_FOUND);
  }
  EXPECT_THAT(Of(404, "<html>").sentence, HasSubstr("/v1"));
}

TEST(FailureTest, KnowsARefusedKeyUnderA400) {
  EXPECT_EQ(Of(400, R"([{"error":{"code":400,"message":"API key not valid.","status":"INVALID_ARGUMENT"}}])").outcome,
            OUTCOME_AUTH);
}

TEST(FailureTest, KnowsAContentFilter) {
  EXPECT_EQ(Of(400, R"({"error":{"code":"content_filter","message":"m"}})").outcome, OUTCOME_FILTERED);
  EXPECT_EQ(Of(403, R"({"error":{"code":403,"message":"x requires moderation"}})").error_type, ERROR_TYPE_API_ERROR);
}

TEST(FailureTest, WaitsAsLongAsAskedAndNotAtAllBeyondTwoMinutes) {
  EXPECT_EQ(Of(429, "{}", {.retry_after_ms = "1500", .retry_after = "9"}).retry_after, absl::Milliseconds(1500));
  EXPECT_EQ(Of(429, "{}", {.retry_after = "2.5"}).retry_after, absl::Milliseconds(2500));
  EXPECT_EQ(Of(429, "{}", {.retry_after = "Tue, 14 Nov 2023 22:13:50 GMT"}).retry_after, absl::Seconds(30));
  EXPECT_EQ(Of(429, "{}", {.retry_after = "Tue, 14 Nov 2023 22:13:00 GMT"}).retry_after, std::nullopt);
  for (const std::string nonsense : {"", "-1", "0", "soon", "nan", "about -1 s", "between 3 and 5 s", "v1.2"}) {
    EXPECT_EQ(Of(429, "{}", {.retry_after = nonsense}).retry_after, std::nullopt) << nonsense;
  }
  EXPECT_TRUE(Of(429, "{}", {.retry_after = "120"}).retryable);
  EXPECT_FALSE(Of(429, "{}", {.retry_after = "121"}).retryable);
  EXPECT_FALSE(Of(429, "{}", {.retry_after = "121", .should_retry = "true"}).retryable);
  for (const std::string ages : {"99999999999", "inf", "1e300"}) {
    EXPECT_FALSE(Of(429, "{}", {.retry_after = ages}).retryable) << ages;
  }
  EXPECT_EQ(Of(401, "{}", {.retry_after = "60"}).retry_after, std::nullopt) << "no waiting helps";
}

std::optional<absl::Duration> WaitBy(std::initializer_list<std::pair<std::string, std::string>> fields) {
  RetryHints hints;
  for (const auto& [name, value] : fields) hints.Note(name, value);
  return Of(429, "{}", hints).retry_after;
}

TEST(FailureTest, WaitsUntilTheLimitThatIsUsedUpStartsAnew) {
  EXPECT_EQ(WaitBy({{"x-ratelimit-remaining-requests", "99"},
                    {"x-ratelimit-reset-requests", "12h"},
                    {"X-RateLimit-Remaining-Tokens", "0"},
                    {"X-RateLimit-Reset-Tokens", "1m2.5s"}}),
            absl::Seconds(62.5));
  EXPECT_EQ(WaitBy({{"x-ratelimit-remaining-requests", "-1"}, {"x-ratelimit-reset-requests", "20"}}),
            absl::Seconds(20));
  EXPECT_EQ(WaitBy({{"x-ratelimit-remaining", "0"}, {"x-ratelimit-reset", "1700000007000"}}), absl::Seconds(7));
  EXPECT_EQ(WaitBy({{"anthropic-ratelimit-tokens-remaining", "0"},
                    {"anthropic-ratelimit-tokens-reset", "2023-11-14T22:13:25Z"}}),
            absl::Seconds(5));
  for (const std::string nonsense : {"0", "-5", "soon", "", "12 parsecs"}) {
    EXPECT_EQ(WaitBy({{"x-ratelimit-reset", nonsense}}), std::nullopt) << nonsense;
  }
  RetryHints both{.retry_after = "2"};
  both.Note("x-ratelimit-reset", "9");
  EXPECT_EQ(Of(429, "{}", both).retry_after, absl::Seconds(2)) << "Retry-After is what counts";
}

TEST(FailureTest, WaitsAsLongAsTheWordsSay) {
  const auto wait = [](std::string_view message) {
    return Of(429, R"({"error":{"message":")" + std::string(message) + "\"}}").retry_after;
  };
  EXPECT_EQ(wait("on tokens per day (TPD): Limit 9. Please try again in 17m6.4s. Need more?"), absl::Seconds(1026.4));
  EXPECT_EQ(wait("Please try again in 20ms."), absl::Milliseconds(20));
  EXPECT_EQ(wait("Please retry after 10 seconds."), absl::Seconds(10));
  EXPECT_EQ(wait("Please try again in a while."), std::nullopt);
  EXPECT_EQ(Of(429, R"([{"error":{"message":"m","details":[{"retryDelay":"34.5s"}]}}])").retry_after,
            absl::Seconds(34.5));
  EXPECT_EQ(Of(400, R"({"message":"retry in 5s"})").retry_after, std::nullopt);
}

TEST(FailureTest, LetsTheEndpointSayWhetherToRetry) {
  EXPECT_FALSE(Of(500, "{}", {.should_retry = "false"}).retryable);
  EXPECT_TRUE(Of(400, "{}", {.should_retry = "true"}).retryable);
}

TEST(FailureTest, JudgesAnErrorInAStreamByItsOwnStatusOrName) {
  EXPECT_EQ(Event(R"({"error":{"code":429,"message":"m"},"choices":[]})").outcome, OUTCOME_THROTTLED);
  EXPECT_EQ(Event(R"({"error":{"message":"m","http_status_code":422}})").outcome, OUTCOME_REFUSED);
  EXPECT_EQ(Event(R"({"type":"error","error":{"type":"overloaded_error","message":"m"}})").outcome, OUTCOME_THROTTLED);
  EXPECT_EQ(Event(R"({"error":{"type":"invalid_api_key","message":"m"}})").error_type, ERROR_TYPE_AUTH);
  EXPECT_EQ(Event(R"({"error":{"type":"insufficient_quota","message":"m"}})").outcome, OUTCOME_QUOTA);
  EXPECT_EQ(Event(R"({"error":"boom"})").outcome, OUTCOME_SERVER_ERROR);
  EXPECT_EQ(Event(R"({"error":"rate limit exceeded"})").outcome, OUTCOME_THROTTLED);
  EXPECT_EQ(Event(R"({"error":"Insufficient credits"})").outcome, OUTCOME_QUOTA);
  EXPECT_EQ(Event(R"({"error":{"code":"context_length_exceeded","message":"m"}})").outcome, OUTCOME_REFUSED);
  EXPECT_EQ(Event(R"({"error":{"message":"m","http_status_code":424}})").outcome, OUTCOME_SERVER_ERROR) << "TGI's own";
}

TEST(FailureTest, KeepsTimeoutNetworkAndTlsApart) {
  EXPECT_EQ(FailureOf(TransportFault::kConnectTimeout).error_type, ERROR_TYPE_TIMEOUT);
  EXPECT_EQ(FailureOf(TransportFault::kConnectRefused).error_type, ERROR_TYPE_NETWORK);
  EXPECT_EQ(FailureOf(TransportFault::kCertificate, "self-signed certificate").error_type, ERROR_TYPE_TLS);
  EXPECT_THAT(FailureOf(TransportFault::kCertificate, "self-signed certificate").sentence, HasSubstr("self-signed"));
  EXPECT_EQ(FailureOf(TransportFault::kBlockedAddress).error_type, ERROR_TYPE_BLOCKED_ADDRESS);
}

TEST(FailureTest, QuotesWhateverShapeTheWordsCameIn) {
  EXPECT_THAT(Of(422, R"({"messages":["at most 512"]})").sentence, HasSubstr("at most 512"));
  EXPECT_THAT(Of(401, R"({"message":"subscription key missing"})").sentence, HasSubstr("subscription key missing"));
  EXPECT_THAT(Of(403, "accept the licence on the model's page").sentence, HasSubstr("accept the licence"));
  EXPECT_THAT(Event(R"({"code":500,"msg":"model not deployed"})").sentence, HasSubstr("model not deployed"));
  EXPECT_THAT(Event(R"({"error":"rate limit exceeded"})").sentence, Not(HasSubstr("429"))) << "no status came";
  EXPECT_THAT(Of(400, "<html>The plain HTTP request was sent to HTTPS port</html>").sentence, HasSubstr("https://"));
}

TEST(FailureTest, KnowsOutOfCreditUnderAnyStatusAndWording) {
  const std::pair<int, std::string> spent[] = {
      {403, "Your team has used all credits"},
      {429, "Weekly/Monthly Limit Exhausted"},
      {500, "insufficient balance (1008)"},
      {401, "Your account is out of credits"},
      {400, "Budget has been exceeded! Max budget: 10"},
      {403, "Key limit exceeded (total limit). Manage it using the site"},
      {429, "You have no credits left"},
      {403, "Your free tier allowance is exhausted"},
      {400, "Your account balance is not sufficient, please recharge"},
      {429, "Your trial has ended"},
      {403, R"({"error":{"code":"insufficient_user_quota","message":"用户额度不足"}})"},
      {503, "The wallet ran out of funds"},
      {401, R"({"code":"PAYMENT_PAST_DUE","description":"Payment is past due"})"},
      {403, "Your account is in arrears"},
      {403, "Account suspended due to billing issues"},
      {403, "This account has been deactivated because of an unpaid invoice"},
      {403, "Your free credits have expired."},
      {403, "You have exceeded your monthly included credits for Inference Providers. Subscribe to PRO."},
      {403, "The free tier of the model has been exhausted."},
      {400, "ExceededBudget: User x has exceeded their budget. Current cost: 10"},
      {403, "Out of call volume quota. Quota will be replenished in 10.00:00:00."},
      {403, "Quota exceeded for this subscription. Upgrade your plan."},
      {429, "usage limit reached. Upgrade to continue."},
      {429, "Spending cap reached"},
      {429, "insufficient_quota"},
      {429, "hard limit reached"},
      {429, "0 credits remaining"},
      {402, "balance: 0.00"},
      {429, "You have used 100% of your monthly quota"},
      {429, "Your plan does not include any more requests this month"},
      {429, "Quota limit exceeded for the month"},
      {429, "Resource pack exhausted"},
      {403, "This API method requires billing to be enabled."},
      {403, "Please add a payment method to continue."},
      {403, "Prepaid credits have been consumed."},
      {429, "Your free trial has run out."},
      {429, "Your subscription is inactive"},
      {429, "Lifetime quota used up for this key"},
      {403, "Votre crédit est épuisé."},
      {403, "Недостаточно средств на балансе"},
      {403, "잔액이 부족합니다"},
      {403, "Guthaben aufgebraucht"},
      {403, "Solde insuffisant"},
      {403, "Saldo insuficiente"},
      {403, "残高不足です"},
      {429, R"({"error":{"type":"rate_limit_error","message":"m","details":{"error_code":"enforced_spend_limit"}}})"}};
  for (const auto& [status, words] : spent) EXPECT_EQ(Of(status, words).outcome, OUTCOME_QUOTA) << words;
  const std::pair<int, std::string> moments[] = {{429, "Tokens per minute limit reached"},
                                                 {429, "Rate limit exceeded: free-models-per-min. Add 10 credits"},
                                                 {503, "load balancer has run out of workers"},
                                                 {429, "Rate limit reached. Add a payment method for higher limits"},
                                                 {429, "You exceeded the requests per minute of your billing tier"}};
  for (const auto& [status, words] : moments) EXPECT_EQ(Of(status, words).outcome, OUTCOME_THROTTLED) << words;
}

TEST(FailureTest, EndsNoRunForWordsOfMoneyThatAreOfSomethingElse) {
  const std::pair<int, std::string> others[] = {{500, "payment-service-model crashed: out of memory"},
                                                {400, "The budget_tokens is not enough; must be at least 1024"},
                                                {400, "Budget 0 is invalid. This model only works in thinking mode."},
                                                {400, "The thinking budget has been exceeded"},
                                                {400, "The output budget was consumed by reasoning"},
                                                {401, "Token lifetime limit exceeded"},
                                                {403, "permission denied: billing.read is required"},
                                                {404, "The model credit-scoring-v1 does not exist"},
                                                {429, "您的账户已达到速率限制，请您控制请求频率"},
                                                {429, "Concurrency limit exceeded for your plan. Upgrade it for more."},
                                                {429, "You have exceeded the rate limit of your free tier"},
                                                {429, "Rate limit exceeded. Upgrade your plan."},
                                                {429, "Too many credits used per minute"},
                                                {400, "Streaming is not active for this subscription tier"},
                                                {503, "no capacity; credit to our engineers"}};
  for (const auto& [status, words] : others) EXPECT_NE(Of(status, words).outcome, OUTCOME_QUOTA) << words;
}

TEST(FailureTest, ReadsAWaitWithItsUnit) {
  EXPECT_EQ(Of(429, "{}", {.retry_after = "3s"}).retry_after, absl::Seconds(3));
  EXPECT_EQ(Of(429, "{}", {.retry_after = "1m30s"}).retry_after, absl::Seconds(90));
  for (const std::string three : {"3 seconds",
                                  "3000ms",
                                  "PT3S",
                                  "00:00:03",
                                  "3, 3",
                                  "3; comment",
                                  "in 3s",
                                  "3.0",
                                  "1700000003",
                                  "1700000003000",
                                  "2023-11-14T22:13:23Z",
                                  "Tuesday, 14-Nov-23 22:13:23 GMT",
                                  "\"3\"",
                                  "P0DT0H0M3S",
                                  "0:03",
                                  "about 3 seconds",
                                  "delay=3",
                                  "delay_ms=3000",
                                  "reset=1700000003",
                                  "seconds: 3",
                                  "Tue, 14 Nov 2023 22:13:23 UTC",
                                  "Tue, 14 Nov 2023 22:13:23 +0000"}) {
    EXPECT_EQ(Of(429, "{}", {.retry_after = three}).retry_after, absl::Seconds(3)) << three;
  }
  for (const auto& [name, value] :
       {std::pair("x-retry-after", "3"), std::pair("X-RateLimit-Retry-After", "3"),
        std::pair("RateLimit", "\"default\";r=0;t=3"), std::pair("RateLimit", "limit=10, remaining=0, reset=3")}) {
    EXPECT_EQ(WaitBy({{name, value}}), absl::Seconds(3)) << name << ": " << value;
  }
  EXPECT_EQ(WaitBy({{"RateLimit", "\"default\";r=5;t=3"}}), std::nullopt) << "it is not used up";
  for (const std::string words :
       {"Please wait 3 seconds and retry", "The limit resets in 3s", "Available again in 3 seconds"}) {
    EXPECT_EQ(Of(429, words).retry_after, absl::Seconds(3)) << words;
  }
  EXPECT_EQ(
      Of(429,
         R"({"error":{"message":"m","metadata":{"headers":{"X-RateLimit-Remaining":"0","X-RateLimit-Reset":"1700000003000"}}}})")
          .retry_after,
      absl::Seconds(3));
  for (const std::string body : {R"({"error":{"message":"m","retry_after":3}})",
                                 R"({"message":"m","retry_after_ms":3000})", R"({"message":"m","retryAfter":3.0})"}) {
    EXPECT_EQ(Of(429, body).retry_after, absl::Seconds(3)) << body;
  }
}

}  // namespace
}  // namespace ftl
