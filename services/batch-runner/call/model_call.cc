#include "services/batch-runner/call/model_call.h"

#include <utility>

#include <absl/time/clock.h>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "common/error/refusal.h"
#include "common/error/try.h"
#include "common/history/timed_id.h"
#include "common/observe/log.h"
#include "services/batch-runner/call/paced_call.h"
#include "services/batch-runner/call/retry.h"
#include "services/batch-runner/chat/chat_rules.h"
#include "services/batch-runner/history/logged_answer.h"

namespace ftl::batch_runner {
namespace {

constexpr absl::Duration kStoreLimit = absl::Seconds(5);
// How long the end of a call is tried to be stored while the database is away, and how long each time waits for the
// next.
constexpr absl::Duration kLongestOutage = absl::Minutes(10);
constexpr absl::Duration kRest = absl::Seconds(1);
// A longer wait that an endpoint asks for is told to the person instead.
constexpr absl::Duration kPatience = absl::Seconds(5);
constexpr size_t kMostLearned = 1000;

ChatRequest RequestFor(const ModelCall& asked) {
  ChatRequest request{.model = asked.model.id(), .messages = asked.messages};
  const pb::CallParameters& parameters = asked.parameters;
  if (parameters.has_temperature()) request.temperature = parameters.temperature();
  if (parameters.has_max_tokens()) request.max_tokens = parameters.max_tokens();
  if (parameters.has_top_p()) request.top_p = parameters.top_p();
  request.stream = !parameters.has_stream() || parameters.stream();
  return request;
}

absl::Status Judge(const ModelCall& asked) {
  FieldFaults faults;
  JudgeModelChoice(asked.model, faults);
  JudgeProject(asked.project, faults);
  if (asked.messages.empty()) faults.Add("messages", "must hold at least one message");
  return faults.Verdict();
}

asio::awaitable<void> Rest(absl::Duration rest) {
  asio::steady_timer timer(co_await asio::this_coro::executor, DeadlineIn(rest));
  co_await timer.async_wait(asio::as_tuple(asio::use_awaitable));
}

asio::awaitable<void> StoreLater(RequestStore& store, std::string owner, pb::LoggedRequest row) {
  absl::Status stored = absl::UnavailableError("not tried yet");
  for (const Deadline end = DeadlineIn(kLongestOutage); !stored.ok() && TimeLeft(end) > absl::ZeroDuration();) {
    co_await Rest(kRest);
    stored = co_await store.Complete(DeadlineIn(kStoreLimit), owner, row);
  }
  if (!stored.ok()) log::Error("the end of a call is not in the log", {{"id", row.id()}, {"status", stored}});
}

}  // namespace

// A call that goes on to its row's end, whoever still waits for it.
struct ModelCalls::UnderWay {
  UnderWay(asio::any_io_executor executor, ModelCall what, OnPiece hears)
      : asked(std::move(what)), on_piece(std::move(hears)), ended(executor, asio::steady_timer::time_point::max()) {}

  ModelCall asked;
  OnPiece on_piece;
  std::function<void()> on_begun;
  std::shared_ptr<CallTarget> target;
  endpoint_pb::Capabilities known;  // of the target, at the beginning
  pb::LoggedRequest row;
  ModelAnswer answer;
  // What has come, for the row of a call that is broken off.
  std::string text;
  std::string reasoning;
  bool stopped = false;
  bool has_place = false;
  asio::cancellation_signal stop;
  bool is_over = false;
  absl::Status refused;  // why it never began
  asio::steady_timer ended;
};

Task<ModelAnswer> ModelCalls::Call(const CallContext& call, ModelCall asked, OnPiece on_piece,
                                   std::function<void()> on_begun) {
  CO_TRY(Judge(asked));
  const auto under_way = std::make_shared<UnderWay>(parts_.executor, std::move(asked), std::move(on_piece));
  under_way->on_begun = std::move(on_begun);
  CO_TRY(under_way->target, co_await Borrow(call, *under_way));
  all_.insert(under_way.get());
  auto end = [this, under_way](std::exception_ptr failure) {
    if (failure) under_way->refused = absl::InternalError("a call ended by an exception");
    all_.erase(under_way.get());
    under_way->is_over = true;
    under_way->ended.cancel();
  };
  asio::co_spawn(parts_.executor, Run(under_way), std::move(end));
  if (!under_way->is_over) co_await under_way->ended.async_wait(asio::as_tuple(asio::use_awaitable));
  if (!under_way->is_over) {
    under_way->on_piece = nullptr;
    under_way->on_begun = nullptr;
    BreakOff(*under_way);
    co_return Refuse(Reason::kCancelled, "The call was broken off.");
  }
  CO_TRY(std::move(under_way->refused));
  if (under_way->stopped) co_return Refuse(Reason::kDraining, "This server is shutting down; the call was broken off.");
  co_return std::move(under_way->answer);
}

void ModelCalls::Close() {
  is_closed_ = true;
  for (UnderWay* under_way : all_) BreakOff(*under_way);
}

void ModelCalls::BreakOff(UnderWay& under_way) {
  under_way.stopped = true;
  under_way.stop.emit(asio::cancellation_type::terminal);
  if (const auto waits = line_.find(under_way.answer.id); waits != line_.end()) waits->second->cancel();
}

Task<std::shared_ptr<CallTarget>> ModelCalls::Borrow(const CallContext& call, UnderWay& under_way) {
  const ModelCall& asked = under_way.asked;
  CO_TRY(StoredKeys::Loan loan,
         co_await parts_.keys.Borrow(call, asked.owner, asked.model.service(), asked.model.name()));
  CO_TRY(Endpoint endpoint, Endpoint::Parse(loan.endpoint_url, parts_.policy));
  under_way.answer.service = loan.service_name;
  under_way.answer.key_name = loan.name;
  auto target = std::make_shared<CallTarget>(CallTarget{.endpoint = std::move(endpoint),
                                                        .credential = std::move(loan.credential),
                                                        .model_id = asked.model.id(),
                                                        .provider = endpoint_pb::PROVIDER_UNSPECIFIED,
                                                        .session = asked.owner,
                                                        .capabilities = {},
                                                        .pace_key = std::move(loan.pace_key),
                                                        .forget_key_after_run = false,
                                                        .dialect = DialectNamed(loan.dialect)});
  under_way.known = LearnedOf(*target);
  target->capabilities = under_way.known;
  co_return target;
}

asio::awaitable<void> ModelCalls::Run(std::shared_ptr<UnderWay> under_way) {
  ModelAnswer& answer = under_way->answer;
  answer.began = absl::FromUnixMillis(absl::ToUnixMillis(absl::Now()));
  answer.id = TimedId(answer.began);
  under_way->row = RowOfBegun(under_way->asked, answer, parts_.keeps_content);
  under_way->refused = co_await parts_.log.Begin(DeadlineIn(kStoreLimit), under_way->asked.owner, under_way->row);
  if (under_way->refused.ok()) {
    if (under_way->on_begun) under_way->on_begun();
    co_await TakePlace(*under_way);
    if (!under_way->stopped) co_await Ask(under_way);
    GivePlaceBack(*under_way);
    if (under_way->stopped && is_closed_) {
      FillInterrupted(under_way->row);
    } else if (under_way->stopped) {
      FillStopped(under_way->text, under_way->reasoning, parts_.keeps_content, under_way->row);
    } else {
      const auto nanos = parts_.prices.CostNanos(answer.service, under_way->asked.model.id(), answer.reply);
      if (nanos) answer.cost = static_cast<double>(*nanos) / 1e9;
      FillEnded(answer, parts_.keeps_content, under_way->row);
    }
    KeepLearned(*under_way);
    co_await Store(under_way);
  }
}

asio::awaitable<void> ModelCalls::TakePlace(UnderWay& under_way) {
  if (under_way.asked.kind == pb::REQUEST_KIND_BENCHMARK) co_return;
  const std::string& id = under_way.answer.id;
  while (!under_way.stopped && !budget_.Take(id)) {
    asio::steady_timer turn(parts_.executor, asio::steady_timer::time_point::max());
    line_[id] = &turn;
    co_await turn.async_wait(asio::as_tuple(asio::use_awaitable));
    line_.erase(id);
  }
  under_way.has_place = !under_way.stopped;
}

void ModelCalls::GivePlaceBack(const UnderWay& under_way) {
  if (under_way.asked.kind == pb::REQUEST_KIND_BENCHMARK) return;
  const auto next = under_way.has_place ? budget_.GiveBack() : budget_.Leave(under_way.answer.id);
  if (!next) return;
  if (const auto waits = line_.find(*next); waits != line_.end()) waits->second->cancel();
}

asio::awaitable<void> ModelCalls::Ask(std::shared_ptr<UnderWay> under_way) {
  const auto started = std::chrono::steady_clock::now();
  bool has_begun = false;
  CallObserver observer{.attempted = [](const ChatReply&, absl::Time) {},
                        .retries = [] {},
                        .lowered = [] {},
                        .waits_for_room = [] {},
                        .turn = nullptr,
                        .piece =
                            [under_way, &has_begun](PieceKind kind, std::string_view piece) {
                              has_begun = true;
                              (kind == PieceKind::kContent ? under_way->text : under_way->reasoning) += piece;
                              if (under_way->on_piece) under_way->on_piece(kind, piece);
                            }};
  const ChatRequest request = RequestFor(under_way->asked);
  ModelAnswer& answer = under_way->answer;
  while (!under_way->stopped) {
    auto [failure, paced] = co_await asio::co_spawn(
        parts_.executor,
        CallPaced(parts_.caller, under_way->target, request, under_way->asked.limit, random_, observer),
        asio::bind_cancellation_slot(under_way->stop.slot(), asio::as_tuple(asio::use_awaitable)));
    if (failure) paced = absl::CancelledError("broken off");
    if (!paced.ok()) {
      under_way->stopped = true;
      break;
    }
    answer.reply = std::move(paced->reply);
    answer.attempts += paced->attempts;
    const bool waits = paced->asked_to_wait && *paced->asked_to_wait <= kPatience && !has_begun;
    if (!waits || answer.attempts >= kMaxAttempts) break;
    co_await asio::co_spawn(parts_.executor, Rest(*paced->asked_to_wait),
                            asio::bind_cancellation_slot(under_way->stop.slot(), asio::as_tuple(asio::use_awaitable)));
  }
  answer.total = absl::FromChrono(std::chrono::steady_clock::now() - started);
}

asio::awaitable<void> ModelCalls::Store(std::shared_ptr<UnderWay> under_way) {
  const std::string owner = under_way->asked.owner;
  absl::Status stored = co_await parts_.log.Complete(DeadlineIn(kStoreLimit), owner, under_way->row);
  if (stored.ok()) co_return;
  log::Warn("the end of a call waits for the database", {{"status", stored}});
  // Whoever waits for the answer is not held up by that.
  asio::co_spawn(parts_.executor, StoreLater(parts_.log, owner, under_way->row), asio::detached);
}

// Calls that began before this one ended know less.
void ModelCalls::KeepLearned(const UnderWay& under_way) {
  const endpoint_pb::Capabilities& own = under_way.target->capabilities;
  const endpoint_pb::Capabilities& known = under_way.known;
  endpoint_pb::Capabilities& learned = LearnedOf(*under_way.target);
  if (own.has_system_role() && (!known.has_system_role() || own.system_role() != known.system_role())) {
    learned.set_system_role(own.system_role());
  }
  if (own.has_max_tokens() && (!known.has_max_tokens() || own.max_tokens() != known.max_tokens())) {
    learned.set_max_tokens(own.max_tokens());
  }
}

endpoint_pb::Capabilities& ModelCalls::LearnedOf(const CallTarget& target) {
  const std::string name = target.pace_key + target.model_id;
  if (learned_.size() >= kMostLearned && learned_.count(name) == 0) learned_.clear();
  return learned_[name];
}

}  // namespace ftl::batch_runner
