#include "common/endpoint/chat_call.h"

#include <algorithm>
#include <unordered_set>

#include <absl/time/clock.h>
#include <fmt/format.h>
#include <boost/system/system_error.hpp>

#include "common/endpoint/answer/chat_reading.h"
#include "common/endpoint/answer/token_estimate.h"
#include "common/endpoint/attempt_span.h"
#include "common/endpoint/http/dialer.h"
#include "common/endpoint/http/heartbeat.h"
#include "common/endpoint/http/kept_connections.h"
#include "common/error/try.h"

namespace ftl {
namespace {

using namespace endpoint_pb;

constexpr int kMostRequests = 2;
constexpr int kMostPages = 20;

// The request as it goes over the wire, key and all: to be wiped.
std::string RequestText(std::string_view method, std::string_view target, const Endpoint& endpoint,
                        const Credential& credential, const Dialect& dialect, std::string_view body) {
  const Secret& header_lines = credential.header_lines;
  std::string text;
  text.reserve(512 + target.size() + credential.key.size() + header_lines.size() + body.size());
  fmt::format_to(std::back_inserter(text),
                 "{} {} HTTP/1.1\r\nHost: {}\r\nAccept: text/event-stream, application/json\r\n"
                 "Accept-Encoding: identity\r\n",
                 method, target, endpoint.HostHeader());
  if (!credential.HasHeader("User-Agent")) text += "User-Agent: FineTuneLab/" FTL_VERSION "\r\n";
  dialect.AppendFields(endpoint, credential, text);
  text += header_lines.Reveal();
  if (!body.empty()) {
    fmt::format_to(std::back_inserter(text), "Content-Type: application/json\r\nContent-Length: {}\r\n", body.size());
  }
  text += "\r\n";
  text += body;
  return text;
}

int64_t EstimateInputTokens(const ChatRequest& request) {
  constexpr int64_t kPerMessage = 4;  // role and separators
  int64_t tokens = 0;
  for (const ChatMessage& message : request.messages) tokens += kPerMessage + EstimateTokens(message.content);
  return tokens;
}

void CountTokens(const ChatRequest& request, ChatReply& reply) {
  // Some servers give zeros in place of counts.
  const bool is_output_known = reply.usage.output_tokens && (*reply.usage.output_tokens > 0 || !reply.has_any_token());
  const bool is_input_known = reply.usage.input_tokens && *reply.usage.input_tokens > 0;
  reply.input_tokens = reply.usage.input_tokens.value_or(0);
  reply.output_tokens = reply.usage.output_tokens.value_or(0);
  if (!reply.ok() && !reply.has_any_token()) return;
  reply.tokens_estimated = !is_output_known || !is_input_known;
  if (!is_input_known) reply.input_tokens = EstimateInputTokens(request);
  if (is_output_known) return;
  reply.output_tokens = EstimateTokens(reply.text) + EstimateTokens(reply.reasoning);
  for (const ToolCall& call : reply.tool_calls) {
    reply.output_tokens += EstimateTokens(call.name) + EstimateTokens(call.arguments);
  }
}

// Where a redirect leads, if that is the endpoint's own host: to the same with a slash behind it, say, or to https.
// Empty for anywhere else, which nobody is sent to.
std::string TargetWithin(const Endpoint& endpoint, std::string_view location) {
  constexpr size_t kLongest = 512;
  const bool is_plain = std::all_of(location.begin(), location.end(), [](char c) { return c > 0x20 && c < 0x7f; });
  if (location.size() > kLongest || !is_plain) return {};
  if (location.substr(0, 1) == "/" && location.substr(0, 2) != "//") return endpoint.Origin() + std::string(location);
  for (const std::string& origin : {endpoint.Origin(), "https://" + endpoint.HostHeader()}) {
    if (location.substr(0, origin.size()) == origin && location.substr(origin.size(), 1) == "/")
      return std::string(location);
  }
  return {};
}

// How an answer to a GET failed, or no failure.
CallFailure FailureIn(const ResponseHead& head, const std::string& body, const KeyScrub& scrub) {
  if (head.status < 300) return {};
  ErrorWords words = WordsOf(body);
  ScrubWords(scrub, words);
  return FailureOfAnswer(head.status, words, head.retry, absl::Now());
}

ModelList ListFrom(const ResponseHead& head, const std::string& body, const Dialect& dialect,
                   const CallerLimits& limits, const KeyScrub& scrub) {
  ModelList list;
  if (head.status >= 300) {
    list.failure = FailureIn(head, body, scrub);
    if (head.status == 404) {
      list.failure.sentence = "The endpoint does not list its models (404). Type the model's id yourself.";
    }
  } else if (body.size() > limits.models_bytes) {
    list.failure = FailureOf(FormatFault::kBodyTooLong);
  } else {
    list = dialect.ReadModels(body, limits.models);
    for (ListedModel& model : list.models) {
      model.id = scrub.CleanAnswer(std::move(model.id));
      model.name = scrub.CleanAnswer(std::move(model.name));
      model.owned_by = scrub.CleanAnswer(std::move(model.owned_by));
    }
    list.failure.sentence = scrub.CleanError(std::move(list.failure.sentence));
  }
  list.http_status = head.status;
  return list;
}

std::string WithQuery(std::string target, std::string_view query) {
  return fmt::format("{}{}{}", target, target.find('?') == std::string::npos ? '?' : '&', query);
}

// False where the page brought nothing new, as from servers that know no pages.
bool Append(ModelList page, size_t most, ModelList& list) {
  std::unordered_set<std::string_view> known;
  for (const ListedModel& model : list.models) known.insert(model.id);
  std::vector<ListedModel> news;
  for (ListedModel& model : page.models) {
    if (!known.contains(model.id)) news.push_back(std::move(model));
  }
  if (news.empty()) return false;
  const size_t room = most - std::min(most, list.models.size());
  list.cut = page.cut || news.size() > room;
  list.next_page = list.cut ? "" : std::move(page.next_page);
  std::move(news.begin(), news.begin() + std::min(room, news.size()), std::back_inserter(list.models));
  return true;
}

absl::Status BrokenOff() { return absl::CancelledError("the call was broken off"); }

}  // namespace

struct Caller::Call {
  const Deadline deadline;
  const Endpoint& endpoint;
  const Credential& credential;
  const std::string& pool_key;
  const ChatRequest& request;
  const KeyScrub& scrub;
  const OnPiece& on_piece;
  const Dialect& dialect;
  Capabilities capabilities = {};
  ChatReply reply = {};
  bool may_try_again = false;  // the request was refused over a parameter that is left out now
};

// An answer's head has come.
struct Caller::Begun {
  std::unique_ptr<HttpConnection> connection;
  ResponseHead head;
};

// The answer to a GET, at most a little longer than CallerLimits::models_bytes.
struct Caller::Page {
  ResponseHead head;
  std::string body;
  std::optional<WireFault> cut;  // why the body is not whole
  absl::Duration latency;
};

Caller::Caller(asio::any_io_executor executor, AddressPolicy policy, CallerLimits limits)
    : Caller(executor, policy, limits, std::make_unique<SystemResolver>(executor)) {}

Caller::Caller(asio::any_io_executor executor, AddressPolicy policy, CallerLimits limits,
               std::unique_ptr<Resolver> resolver)
    : executor_(executor),
      policy_(policy),
      limits_(std::move(limits)),
      dialer_(std::make_unique<Dialer>(executor, policy, limits_, std::move(resolver))),
      pool_(std::make_shared<KeptConnections>(executor, limits_)),
      heartbeat_(std::make_shared<Heartbeat>(executor)) {}

Caller::~Caller() { Close(); }

void Caller::DropConnections(std::string_view pool_key) { pool_->Drop(pool_key); }
void Caller::Close() { pool_->Close(); }

Wire<Caller::Begun> Caller::Begin(Deadline deadline, const Endpoint& endpoint, const std::string& pool_key,
                                  std::string_view request, CallMarks& marks) {
  std::unique_ptr<HttpConnection> connection = pool_->Take({pool_key, endpoint.Origin()});
  while (true) {
    const bool is_kept = connection != nullptr;
    if (!is_kept) {
      WireResult<Dialer::Dialed> dialed = co_await dialer_->Dial(deadline, endpoint, pool_key);
      if (!dialed) co_return dialed.error();
      marks.dialed = dialed->phases;
      connection = std::make_unique<HttpConnection>(executor_, std::move(dialed->stream), limits_);
    }
    connection->EndBy(deadline);
    marks.send_start = std::chrono::steady_clock::now();
    WireResult<> sent = co_await connection->Send(request);
    marks.sent = std::chrono::steady_clock::now();
    WireResult<ResponseHead> head = WireFault(TransportFault::kCut);
    if (sent) {
      head = co_await connection->ReadHead();
    } else {
      head = sent.error();
    }
    if (head) {
      marks.head = connection->first_arrival();
      co_return Begun{std::move(connection), *std::move(head)};
    }
    // An endpoint may close a resting connection just as it is used again. Only what nobody can have read is sent
    // again.
    const bool was_stale = is_kept && head.error().is(TransportFault::kCut) && connection->was_stale();
    if (!was_stale) co_return head.error();
    connection.reset();
  }
}

asio::awaitable<bool> Caller::ChatOnce(Call& call) {
  ChatReply& reply = call.reply;
  const Heartbeat::Call beats(heartbeat_);
  std::string text = RequestText("POST", call.dialect.ChatTarget(call.endpoint, call.request), call.endpoint,
                                 call.credential, call.dialect, call.dialect.ChatBody(call.request, call.capabilities));
  CallMarks marks;
  WireResult<Begun> begun = co_await Begin(call.deadline, call.endpoint, call.pool_key, text, marks);
  Secret::Wipe(text);
  reply.opened_connection = marks.dialed.connect.has_value();
  if (!begun) {
    if (begun.error().is(TransportFault::kCancelled)) co_return false;
    reply.failure = FailureOf(begun.error());
    reply.outcome = reply.failure.outcome;
    marks.end = std::chrono::steady_clock::now();
    if (marks.send_start == Mark()) co_return true;
    reply.timing = TimingOf(marks, 0);
    reply.client_lag = heartbeat_->WorstSince(marks.send_start);
    co_return true;
  }
  ChatReading reading(*begun->connection, limits_, call.dialect, call.scrub, call.on_piece, call.deadline,
                      call.request.enough_after_token);
  const WireResult<> read = co_await reading.Read(begun->head, reply, marks);
  if (!read) co_return false;
  if (const std::string target = TargetWithin(call.endpoint, begun->head.location);
      !target.empty() && begun->head.status / 100 == 3) {
    reply.failure = RedirectWithin(begun->head.status, call.scrub.CleanError(target));
  }
  reply.client_lag = std::max(reply.client_lag, heartbeat_->WorstSince(marks.send_start));
  CountTokens(call.request, reply);
  // Who asked for a whole answer is told no times of pieces, whatever came.
  if (!call.request.stream) marks.first_token = marks.first_answer = std::nullopt;
  reply.timing = TimingOf(marks, reply.streamed_tokens());
  // Behind an answer that was none, more may come than its framing says.
  const bool is_sound = reply.ok() || reply.http_status >= 300;
  if (reading.leaves_connection_usable() && is_sound) {
    pool_->Give({call.pool_key, call.endpoint.Origin()}, std::move(begun->connection));
  }
  if (reply.ok()) {
    call.dialect.LearnFromAnswer(call.request, reading.TraitsOf(reply), call.capabilities);
  }
  const bool is_refusal = reply.http_status == 400 || reply.http_status == 422;
  call.may_try_again = is_refusal && call.dialect.LearnFromRefusal(call.request, reading.words(), call.capabilities);
  co_return true;
}

Task<ChatReply> Caller::Chat(Deadline deadline, const Endpoint& endpoint, const Credential& credential,
                             std::string pool_key, const ChatRequest& request, OnPiece on_piece,
                             const Dialect& dialect) {
  const KeyScrub scrub(credential);
  Call call{deadline, endpoint, credential, pool_key, request, scrub, on_piece, dialect};
  call.capabilities = dialect.CapabilitiesFor(endpoint, request.model, request.capabilities);
  try {
    for (int sent = 1; sent <= kMostRequests; ++sent) {
      call.reply = ChatReply();
      call.reply.requests_sent = sent;
      call.may_try_again = false;
      trace::Span span = BeginAttemptSpan(endpoint, request);
      const bool done = co_await ChatOnce(call);
      if (!done) {
        span.Fail("cancelled");
        co_return BrokenOff();
      }
      EndAttemptSpan(call.reply, span);
      if (!call.may_try_again) break;
      if (!request.may_ask_again) {
        call.reply.may_ask_again = true;
        break;
      }
    }
  } catch (const boost::system::system_error&) {
    // How Asio tells a coroutine that it was cancelled between two waits.
    co_return BrokenOff();
  }
  call.reply.learned = std::move(call.capabilities);
  co_return std::move(call.reply);
}

Wire<Caller::Page> Caller::Get(Deadline deadline, const Endpoint& endpoint, std::string target,
                               const Credential& credential, const std::string& pool_key, const Dialect& dialect) {
  std::string text = RequestText("GET", target, endpoint, credential, dialect, "");
  CallMarks marks;
  WireResult<Begun> begun = co_await Begin(deadline, endpoint, pool_key, text, marks);
  Secret::Wipe(text);
  if (!begun) co_return begun.error();
  Page page{.head = std::move(begun->head)};
  WireResult<std::string_view> piece = std::string_view();
  do {
    piece = co_await begun->connection->ReadBody();
    if (piece) page.body += *piece;
  } while (piece && !piece->empty() && page.body.size() <= limits_.models_bytes);
  page.latency = absl::FromChrono(std::chrono::steady_clock::now() - marks.send_start);
  if (!piece && piece.error().is(TransportFault::kCancelled)) co_return piece.error();
  if (!piece) page.cut = piece.error();
  if (piece && piece->empty()) pool_->Give({pool_key, endpoint.Origin()}, std::move(begun->connection));
  co_return page;
}

Task<ModelList> Caller::ListModels(Deadline deadline, const Endpoint& endpoint, const Credential& credential,
                                   std::string pool_key, const Dialect& dialect) {
  const KeyScrub scrub(credential);
  ModelList list;
  try {
    for (int page = 1; page <= kMostPages; ++page) {
      std::string target = dialect.ModelsTarget(endpoint);
      if (page > 1) target = WithQuery(std::move(target), list.next_page);
      WireResult<ModelList> more =
          co_await ListPage(deadline, endpoint, credential, scrub, pool_key, std::move(target), dialect);
      if (!more) co_return BrokenOff();
      // What was listed before is worth having without the rest.
      if (page > 1 && !more->ok()) break;
      if (page == 1)
        list = *std::move(more);
      else if (!Append(*std::move(more), limits_.models, list))
        break;
      if (list.next_page.empty()) break;
    }
  } catch (const boost::system::system_error&) {
    co_return BrokenOff();
  }
  list.cut |= !list.next_page.empty();
  co_return list;
}

Wire<ModelList> Caller::ListPage(Deadline deadline, const Endpoint& endpoint, const Credential& credential,
                                 const KeyScrub& scrub, const std::string& pool_key, std::string target,
                                 const Dialect& dialect) {
  const WireResult<Page> page = co_await Get(deadline, endpoint, std::move(target), credential, pool_key, dialect);
  ModelList list;
  if (!page) {
    if (page.error().is(TransportFault::kCancelled)) co_return page.error();
    list.failure = FailureOf(page.error());
    co_return list;
  }
  list = ListFrom(page->head, page->body, dialect, limits_, scrub);
  if (list.ok() && page->cut) list.failure = FailureOf(*page->cut);
  co_return list;
}

Task<KeyTest> Caller::TestKey(Deadline deadline, const Endpoint& endpoint, const Credential& credential,
                              std::string pool_key, const Dialect& dialect) {
  const KeyScrub scrub(credential);
  CO_TRY(const Endpoint at, Endpoint::Parse(dialect.KeyTestUrl(endpoint), policy_));
  try {
    const WireResult<Page> page = co_await Get(deadline, at, at.Target(), credential, pool_key, dialect);
    if (!page && page.error().is(TransportFault::kCancelled)) co_return BrokenOff();
    KeyTest test;
    if (!page) {
      test.failure = FailureOf(page.error());
      co_return test;
    }
    test.http_status = page->head.status;
    test.latency = page->latency;
    test.failure = FailureIn(page->head, page->body, scrub);
    if (test.ok() && page->cut) test.failure = FailureOf(*page->cut);
    if (test.http_status == 404) {
      test.failure.error_type = ERROR_TYPE_API_ERROR;
      test.failure.sentence =
          "The endpoint was reached, but it has nothing there that would show whether the key is good "
          "(404). Check the URL, which often ends in /v1.";
    }
    co_return test;
  } catch (const boost::system::system_error&) {
    co_return BrokenOff();
  }
}

}  // namespace ftl
