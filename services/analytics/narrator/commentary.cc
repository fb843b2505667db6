#include "services/analytics/narrator/commentary.h"

#include <algorithm>
#include <utility>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>

#include <absl/time/clock.h>

#include "common/error/refusal.h"
#include "common/error/try.h"
#include "common/session/session_gate.h"

namespace ftl::analytics {
namespace {

constexpr absl::Duration kLongestLoan = absl::Seconds(5);
constexpr absl::Duration kLongestRemark = absl::Seconds(30);
// How soon a call ends after its session has, where nobody tells of it.
constexpr std::chrono::seconds kLookEvery{5};
// How long a model may say nothing.
constexpr absl::Duration kLongestSilence = absl::Seconds(10);
constexpr size_t kMostPlain = 10'000;

constexpr Query kHasKey{"commentary.has_key",
                        "SELECT NOT key_forgotten AS has_key FROM demo_model_configs WHERE session_id = $1"};

}  // namespace

// One call under way: what has come and was not handed on yet, and how it ended.
struct Talk {
  Talk(const asio::any_io_executor& executor, std::string_view its_session, std::set<Talk*>& under_way)
      : session(its_session), news(executor), talks(under_way) {
    talks.insert(this);
  }
  ~Talk() { talks.erase(this); }
  Talk(const Talk&) = delete;
  Talk& operator=(const Talk&) = delete;

  const std::string session;
  asio::steady_timer news;  // cancelled when there is something to look at
  std::string waiting;
  std::optional<ChatReply> reply;
  bool ended = false;
  bool in_doubt = false;  // whether the session is still open
  std::set<Talk*>& talks;
};

Commentary::Commentary(asio::any_io_executor executor, AddressPolicy policy, const rpc::Channels& channels,
                       Database& database, int max_turns)
    : policy_(policy),
      caller_(std::move(executor), std::move(policy)),
      keys_(channels),
      database_(database),
      max_turns_(max_turns) {}

Task<KeyBorrower::Loan<vault_pb::LendKeyResponse>> Commentary::Borrow(CallContext call, std::string session) {
  call.deadline = std::min(call.deadline, DeadlineIn(kLongestLoan));
  vault_pb::LendKeyRequest wanted;
  wanted.set_demo_session_id(std::move(session));
  wanted.set_purpose(vault_pb::LEND_PURPOSE_ATLAS);
  co_return co_await keys_.Borrow(call, std::move(wanted));
}

void Commentary::LookAt(std::string_view session) {
  // It is over, or its key is gone.
  plain_.erase(std::string(session));
  turns_.erase(std::string(session));
  without_tools_.erase(std::string(session));
  for (Talk* talk : talks_) {
    if (!session.empty() && talk->session != session) continue;
    talk->in_doubt = true;
    talk->news.cancel();
  }
}

bool Commentary::IsExhausted(const std::string& session) const {
  const auto turns = turns_.find(session);
  return turns != turns_.end() && turns->second >= max_turns_;
}

void Commentary::NoteRefusedTools(const std::string& session) {
  if (without_tools_.size() >= kMostPlain) without_tools_.clear();
  without_tools_.insert(session);
}

void Commentary::NotePlainSpeech(const std::string& session) {
  if (plain_.size() >= kMostPlain) plain_.clear();
  plain_.insert(session);
}

Task<bool> Commentary::HasKey(std::string session) {
  std::vector<Statement> statements = {AskSessionState(session), {kHasKey, Params(session)}};
  CO_TRY(const std::vector<Rows> rows,
         co_await database_.RunAll(DeadlineIn(kLongestLoan), SessionScope(session), std::move(statements)));
  CO_TRY(RequireOpen(rows[0]));
  if (rows[1].empty()) co_return SessionExpired();  // between the two statements
  co_return rows[1].Only().Get<bool>("has_key");
}

asio::awaitable<bool> Commentary::MayBeAsked(std::string session) {
  if (IsExhausted(session)) co_return false;
  const absl::StatusOr<bool> has_key = co_await HasKey(std::move(session));
  co_return has_key.ok() && *has_key;
}

Task<std::optional<Remark>> Commentary::Speak(const CallContext& call, std::string session, Speech speech, Take take) {
  using namespace asio::experimental::awaitable_operators;
  const auto loan = co_await Borrow(call, session);
  if (!loan.ok()) co_return std::optional<Remark>();
  const vault_pb::LendKeyResponse& terms = loan->terms;
  ++turns_[session];
  const absl::StatusOr<Endpoint> endpoint = Endpoint::Parse(terms.endpoint_url(), policy_);
  if (!endpoint.ok()) co_return std::optional<Remark>();
  const ChatRequest request{.model = terms.model_id(),
                            .messages = std::move(speech.messages),
                            .temperature = 0.2,
                            .max_tokens = speech.max_tokens,
                            .stream = true,
                            .tools = without_tools_.count(session) > 0 ? "" : std::move(speech.tools),
                            .capabilities = terms.capabilities()};

  const asio::any_io_executor executor = co_await asio::this_coro::executor;
  Talk talk(executor, session, talks_);
  Remark remark;
  // Ends when it is cancelled, and not before what has come is handed on.
  auto ask = [&]() -> asio::awaitable<void> {
    auto hear = [&](PieceKind kind, std::string_view text) {
      if (kind != PieceKind::kContent) return;
      talk.waiting += text;
      talk.news.cancel();
    };
    auto reply = co_await caller_.Chat(std::min(call.deadline, DeadlineIn(kLongestRemark)), *endpoint, loan->credential,
                                       session, request, hear);
    if (reply.ok()) talk.reply = *std::move(reply);
    talk.ended = true;
    talk.news.cancel();
    asio::steady_timer for_ever(executor, asio::steady_timer::time_point::max());
    co_await for_ever.async_wait(asio::as_tuple(asio::use_awaitable));
  };
  absl::Time silent_since = absl::Now();
  auto hand_on = [&]() -> Task<> {
    while (true) {
      if (talk.in_doubt) {
        const absl::StatusOr<bool> has_key = co_await HasKey(session);
        const bool is_over = !has_key.ok() && ReasonOf(has_key.status()) == Reason::kSessionExpired;
        if (is_over) co_return has_key.status();
        if (has_key.ok() && !*has_key) co_return absl::OkStatus();
        talk.in_doubt = false;
      }
      if (!talk.waiting.empty()) {
        std::string text = std::exchange(talk.waiting, "");
        silent_since = absl::Now();
        CO_TRY(const bool more, co_await take(std::move(text)));
        if (!more) co_return absl::OkStatus();
      } else if (talk.ended) {
        co_return absl::OkStatus();
      } else if (absl::Now() - silent_since >= kLongestSilence) {
        remark.silent = true;
        co_return absl::OkStatus();
      } else {
        talk.news.expires_after(kLookEvery);
        const auto [error] = co_await talk.news.async_wait(asio::as_tuple(asio::use_awaitable));
        if (error) {
          const auto cancellation = co_await asio::this_coro::cancellation_state;
          if (cancellation.cancelled() != asio::cancellation_type::none)
            co_return Refuse(Reason::kCancelled, "The client has gone.");
          continue;
        }
        talk.in_doubt = true;
      }
    }
  };
  const auto ended = co_await (ask() || hand_on());
  if (ended.index() == 1) CO_TRY(std::get<1>(ended));
  if (talk.reply) {
    remark.input_tokens = static_cast<int32_t>(talk.reply->input_tokens);
    remark.output_tokens = static_cast<int32_t>(talk.reply->output_tokens);
    remark.whole = talk.reply->ok();
    remark.tool_calls = talk.reply->tool_calls;
    const auto& learned = talk.reply->learned;
    if (learned.has_tools() && !learned.tools()) NoteRefusedTools(session);
    if (talk.reply->text.empty()) {
      remark.tool_call_only = !talk.reply->tool_calls.empty();
      remark.reasoning_only = !remark.tool_call_only && !talk.reply->reasoning.empty();
    }
  }
  co_return std::optional<Remark>(std::move(remark));
}

}  // namespace ftl::analytics
