#include "services/batch-runner/chat/chats.h"

#include <algorithm>
#include <utility>
#include <vector>

#include <absl/cleanup/cleanup.h>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "common/error/refusal.h"
#include "common/error/try.h"
#include "common/observe/log.h"
#include "common/text/view.h"
#include "services/batch-runner/chat/answer_outcome.h"
#include "services/batch-runner/chat/chat_rules.h"
#include "services/batch-runner/chat/keeping.h"
#include "services/batch-runner/chat/live_answer.h"
#include "services/batch-runner/store/uuid.h"

namespace ftl::batch_runner {
namespace {

// Heard of at least so often, also while nothing comes.
constexpr absl::Duration kBeat = absl::Seconds(5);

// Whether an answer's place is certainly not stored.
bool IsRefused(const absl::Status& status) { return ReasonOf(status) == Reason::kConflict || IsDataFault(status); }

}  // namespace

struct Chats::UnderWay {
  ChatStore::Beginning beginning;
  std::vector<std::string> said_ids;
  pb::Message message;  // as it is stored
  CallContext call;     // of whoever began it; not its deadline
  std::shared_ptr<LiveAnswer> live;
  asio::cancellation_signal stop;
  std::string stopped_because;  // empty while nobody has stopped it; kStopped where a person has
  absl::Status refused;         // why no model was asked
  bool is_stored = false;       // its place is, or may be where that is not known
  bool is_begun = false;        // the model may be asked
  bool is_over = false;         // its place and its call are settled both
  std::unique_ptr<asio::steady_timer> beat;

  void Stop(std::string_view because) {
    if (!stopped_because.empty() || is_over) return;
    stopped_because = because;
    stop.emit(asio::cancellation_type::terminal);
  }
  // Whoever listens is told nothing while the request may still be refused as a whole.
  void OpenWhereBoth() {
    if (is_stored && is_begun && refused.ok()) live->Open();
  }
  void FillFrom(ModelAnswer answer);
  // What had come, and why no more.
  void FillBrokenOff(std::string_view because);
};

void Chats::UnderWay::FillFrom(ModelAnswer answer) {
  // What was told stays as it was told.
  const ChatReply& reply = answer.reply;
  message.set_content(reply.text.empty() ? live->content() : beginning.plan.begins_with + reply.text);
  message.set_reasoning(reply.reasoning.empty() ? live->reasoning() : reply.reasoning);
  FillOutcome(answer, message);
}

void Chats::UnderWay::FillBrokenOff(std::string_view because) {
  message.set_content(live->content());
  message.set_reasoning(live->reasoning());
  message.set_status(pb::MESSAGE_STATUS_INCOMPLETE);
  if (because == kStopped) {
    message.set_finish_reason(std::string(kStopped));
  } else {
    message.set_error(std::string(because));
    message.set_error_type(endpoint_pb::ERROR_TYPE_UNKNOWN);
  }
}

Chats::Answer Chats::Find(const std::string& owner, const std::string& message_id) const {
  const auto found = under_way_.find(message_id);
  const bool is_theirs = found != under_way_.end() && found->second->beginning.owner == owner;
  return is_theirs ? found->second : nullptr;
}

Task<std::string> Chats::Begin(const CallContext& call, pb::ChatRequest request, Idempotency idempotency) {
  CO_TRY(JudgeChat(request));
  CO_TRY(ChatStore::Found found, co_await parts_.store.Find(call, request, idempotency, parts_.window));
  if (found.repeated) co_return *std::move(found.repeated);
  CO_TRY(ChatPlan plan, PlanChat(request, found.scene, parts_.window));
  if (draining_) co_return Refuse(Reason::kDraining, "This server is shutting down; try again in a moment.");
  if (under_way_.size() >= kMostUnderWay) {
    co_return Refuse(Reason::kOverloaded, "Too many answers are under way here; try again in a moment.")
        .RetryAfter(absl::Seconds(2));
  }
  const auto answer = std::make_shared<UnderWay>();
  answer->call = call;
  answer->beginning = {.owner = request.owner(),
                       .project = found.scene.conversation ? found.scene.conversation->project()
                                  : request.has_project()  ? request.project()
                                                           : std::string(kDefaultProject),
                       .conversation_id = found.scene.conversation ? found.scene.conversation->id() : NewUuid(),
                       .before = found.scene.conversation,
                       .answer_id = NewUuid(),
                       .plan = std::move(plan),
                       .idempotency = std::move(idempotency)};
  answer->message = ChatStore::AnswerOf(answer->beginning, answer->said_ids);
  answer->live = std::make_shared<LiveAnswer>(answer->beginning.plan.begins_with);
  answer->beat = std::make_unique<asio::steady_timer>(parts_.executor);
  under_way_[answer->message.id()] = answer;
  asio::co_spawn(parts_.executor, Receive(answer), asio::detached);
  co_return answer->message.id();
}

asio::awaitable<void> Chats::Receive(Answer answer) {
  using namespace asio::experimental::awaitable_operators;  // NOLINT(google-build-using-namespace): the operators only
  co_await (StorePlace(answer) && Ask(answer));
  answer->is_over = true;
  answer->beat->cancel();
  const absl::Status stored = answer->is_stored ? co_await StoreEnd(answer) : absl::OkStatus();
  // Whoever is refused does not wait for a database that is away.
  if (!answer->refused.ok()) answer->live->End(answer->refused);
  if (!stored.ok()) co_await StoreEndLater(answer, stored);
  if (answer->refused.ok()) answer->live->End(answer->message);
  under_way_.erase(answer->message.id());
}

// Beside the call: the model is not waited for, and nothing is told before.
asio::awaitable<void> Chats::StorePlace(Answer answer) {
  CallContext call = answer->call;
  call.deadline = DeadlineIn(kStoreLimit);
  const absl::Status stored = co_await parts_.store.Begin(call, answer->beginning, answer->message, answer->said_ids);
  if (!stored.ok()) {
    answer->refused = stored;
    answer->is_stored = !IsRefused(stored);
    answer->Stop("Its place could not be stored.");
    co_return;
  }
  answer->is_stored = true;
  answer->OpenWhereBoth();
  asio::co_spawn(parts_.executor, KeepWhatComes(answer), asio::detached);
}

asio::awaitable<void> Chats::Ask(Answer answer) {
  if (!answer->refused.ok()) co_return;
  const ChatPlan& plan = answer->beginning.plan;
  CallContext call = answer->call;
  call.deadline = DeadlineIn(kAskLimit);
  ModelCall asked{.owner = answer->beginning.owner,
                  .project = answer->beginning.project,
                  .kind = pb::REQUEST_KIND_CHAT,
                  .model = plan.model,
                  .messages = plan.shown,
                  .parameters = plan.parameters};
  auto on_piece = [live = answer->live](PieceKind kind, std::string_view piece) {
    kind == PieceKind::kContent ? live->AddContent(piece) : live->AddReasoning(piece);
  };
  auto on_begun = [answer] {
    answer->is_begun = true;
    answer->OpenWhereBoth();
  };
  auto [failure, came] = co_await asio::co_spawn(
      parts_.executor, parts_.calls.Call(call, std::move(asked), std::move(on_piece), std::move(on_begun)),
      asio::bind_cancellation_slot(answer->stop.slot(), asio::as_tuple(asio::use_awaitable)));
  if (!answer->stopped_because.empty()) {
    answer->FillBrokenOff(answer->stopped_because);
    co_return;
  }
  if (failure) came = absl::InternalError("the call of a model was thrown out");
  if (came.ok()) {
    answer->FillFrom(*std::move(came));
  } else if (answer->is_begun) {
    answer->FillBrokenOff(ToStd(came.status().message()));
  } else {
    answer->refused = came.status();
  }
}

asio::awaitable<void> Chats::KeepWhatComes(Answer answer) {
  size_t kept_bytes = answer->live->content().size();
  Deadline beat_due = DeadlineIn(kBeat);
  while (true) {
    answer->beat->expires_at(DeadlineIn(kKeepEvery));
    co_await answer->beat->async_wait(asio::as_tuple(asio::use_awaitable));
    if (answer->is_over) co_return;
    const size_t bytes = answer->live->content().size() + answer->live->reasoning().size();
    if (bytes == kept_bytes && TimeLeft(beat_due) > absl::ZeroDuration()) continue;
    const auto standing =
        co_await parts_.store.Keep(DeadlineIn(kStoreLimit), answer->beginning.owner, answer->message.id(),
                                   answer->live->content(), answer->live->reasoning());
    // While the database is away, what has come is stored when it is back.
    if (!standing.ok()) continue;
    if (!standing->is_there) co_return;
    if (standing->is_to_stop) answer->Stop(kStopped);
    kept_bytes = bytes;
    beat_due = DeadlineIn(kBeat);
  }
}

Task<> Chats::StoreEnd(Answer answer) {
  if (!answer->refused.ok()) {
    CO_TRY(const bool is_taken_back,
           co_await parts_.store.TakeBack(DeadlineIn(kStoreLimit), answer->beginning, answer->said_ids));
    if (is_taken_back) co_return absl::OkStatus();
    answer->message.set_status(pb::MESSAGE_STATUS_INCOMPLETE);
    answer->message.set_error(std::string(answer->refused.message()));
    answer->message.set_error_type(endpoint_pb::ERROR_TYPE_UNKNOWN);
  }
  co_return co_await parts_.store.Finish(DeadlineIn(kStoreLimit), answer->beginning.owner, answer->message);
}

asio::awaitable<void> Chats::StoreEndLater(Answer answer, absl::Status stored) {
  absl::Duration pause = absl::Milliseconds(100);
  for (const Deadline end = DeadlineIn(kLongestOutage); !stored.ok();) {
    if (IsDataFault(stored) || TimeLeft(end) <= absl::ZeroDuration()) {
      log::Error("the end of an answer is not stored", {{"status", stored}});
      co_return;
    }
    co_await Pause(pause);
    pause = std::min(2 * pause, kLongestPause);
    stored = co_await StoreEnd(answer);
  }
}

Task<> Chats::Tell(const CallContext& call, std::string owner, std::string message_id, AnswerPlace place, Write write) {
  if (const Answer answer = Find(owner, message_id)) co_return co_await TellLive(answer, place, write);
  co_return co_await TellStored(call, std::move(owner), std::move(message_id), place, write);
}

Task<> Chats::TellLive(Answer answer, AnswerPlace place, const Write& write) {
  const std::shared_ptr<LiveAnswer> live = answer->live;
  const std::string& conversation = answer->beginning.conversation_id;
  const bool goes_on = parts_.goes_on;
  const std::shared_ptr<int> telling = telling_;
  ++*telling;
  const absl::Cleanup leave = [&] {
    --*telling;
    if (!goes_on && live->listeners() == 0) answer->Stop("Nobody listened any more.");
  };
  LiveAnswer::Listener listener(parts_.executor, live);
  bool has_begun = false;
  while (true) {
    const bool is_over = live->ended().has_value();
    if (is_over && !live->ended()->ok()) co_return live->ended()->status();
    if ((live->is_open() || is_over) && !has_begun) {
      has_begun = true;
      CO_TRY(co_await write(StartEvent(conversation, answer->message)));
    }
    while (has_begun) {
      const auto piece = NextPiece(answer->message.id(), live->reasoning(), live->content(), place);
      if (!piece) break;
      CO_TRY(co_await write(*piece));
    }
    if (is_over) break;
    co_await listener.Wait();
  }
  for (const pb::ChatEvent& event : EndEvents(conversation, **live->ended())) CO_TRY(co_await write(event));
  co_return absl::OkStatus();
}

Task<> Chats::TellStored(const CallContext& call, std::string owner, std::string message_id, AnswerPlace place,
                         const Write& write) {
  for (bool has_begun = false;; has_begun = true) {
    CallContext look = call;
    look.deadline = std::min(call.deadline, DeadlineIn(kStoreLimit));
    CO_TRY(const ChatStore::Stored stored, co_await parts_.store.Get(look, owner, message_id));
    if (!has_begun) CO_TRY(co_await write(StartEvent(stored.conversation_id, stored.message)));
    while (const auto piece = NextPiece(message_id, stored.message.reasoning(), stored.message.content(), place)) {
      CO_TRY(co_await write(*piece));
    }
    if (stored.message.status() != pb::MESSAGE_STATUS_GENERATING) {
      for (const pb::ChatEvent& event : EndEvents(stored.conversation_id, stored.message)) {
        CO_TRY(co_await write(event));
      }
      co_return absl::OkStatus();
    }
    co_await Pause(kLook);
  }
}

Task<pb::StopChatResponse> Chats::Stop(const CallContext& call, std::string owner, std::string message_id) {
  pb::StopChatResponse response;
  response.set_message_id(message_id);
  if (const Answer answer = Find(owner, message_id)) {
    LiveAnswer::Listener listener(parts_.executor, answer->live);
    answer->Stop(kStopped);
    while (!answer->live->ended()) co_await listener.Wait();
    if (!answer->live->ended()->ok()) co_return answer->live->ended()->status();
    response.set_status((*answer->live->ended())->status());
    co_return response;
  }
  CO_TRY(const ChatStore::Stored stored, co_await parts_.store.Get(call, owner, message_id));
  response.set_status(stored.message.status());
  if (stored.message.status() == pb::MESSAGE_STATUS_GENERATING) {
    CO_TRY(co_await parts_.store.AskToStop(call, owner, message_id));
  }
  co_return response;
}

Task<> Chats::Drain(Deadline deadline) {
  draining_ = true;
  const auto is_done = [this] { return under_way_.empty() && *telling_ == 0; };
  while (!is_done() && TimeLeft(deadline) > kLastWords) co_await Pause(absl::Milliseconds(50));
  const std::vector<std::pair<std::string, Answer>> left(under_way_.begin(), under_way_.end());
  for (const auto& [id, answer] : left) {
    answer->Stop("The program that received this answer was shut down. What had come is kept; it can be continued.");
  }
  while (!is_done() && TimeLeft(deadline) > absl::ZeroDuration()) co_await Pause(absl::Milliseconds(20));
  co_return absl::OkStatus();
}

}  // namespace ftl::batch_runner
