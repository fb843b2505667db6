#include "services/batch-runner/compare/comparisons.h"

#include <algorithm>
#include <set>
#include <utility>
#include <vector>

#include <absl/cleanup/cleanup.h>
#include <absl/time/clock.h>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "common/error/refusal.h"
#include "common/error/try.h"
#include "common/observe/log.h"
#include "common/proto/copy_fields.h"
#include "common/text/view.h"
#include "common/time/proto_time.h"
#include "services/batch-runner/chat/answer_outcome.h"
#include "services/batch-runner/chat/keeping.h"
#include "services/batch-runner/chat/news.h"
#include "services/batch-runner/compare/compare_plan.h"
#include "services/batch-runner/store/uuid.h"

namespace ftl::batch_runner {
namespace {

bool IsUnderWay(const pb::ComparedAnswer& answer) { return answer.status() == pb::MESSAGE_STATUS_GENERATING; }

}  // namespace

struct Comparisons::UnderWay {
  std::string owner;
  CallContext call;  // of whoever began it; not its deadline
  pb::Comparison comparison;
  std::vector<ChatMessage> shown;
  std::vector<asio::cancellation_signal> stops;  // by column
  std::string stopped_because;                   // empty while nobody has stopped it; kStopped where a person has
  int asking;                                    // columns that are not over
  std::set<int> changed;                         // answers that are not stored as they stand
  std::vector<bool> is_told;                     // answers whose end is stored, by slot
  bool is_over = false;                          // all of it is stored, or is given up
  News news;                                     // for listeners
  News ends;                                     // for whoever stores: an answer has ended

  explicit UnderWay(pb::Comparison asked)
      : comparison(std::move(asked)),
        stops(comparison.columns()),
        asking(comparison.columns()),
        is_told(comparison.answers_size(), false) {}

  void Stop(std::string_view because) {
    if (!stopped_because.empty() || asking == 0) return;
    stopped_because = because;
    for (asio::cancellation_signal& stop : stops) stop.emit(asio::cancellation_type::terminal);
  }
  void Add(int slot, PieceKind kind, std::string_view piece) {
    pb::ComparedAnswer& answer = *comparison.mutable_answers(slot);
    std::string& text = kind == PieceKind::kContent ? *answer.mutable_content() : *answer.mutable_reasoning();
    text.append(piece);
    changed.insert(slot);
    news.Tell();
  }
  void End(int slot) {
    changed.insert(slot);
    ends.Tell();
  }
  // What had come, and why no more.
  void BreakOff(int slot, std::string_view because) {
    pb::ComparedAnswer& answer = *comparison.mutable_answers(slot);
    answer.set_status(pb::MESSAGE_STATUS_INCOMPLETE);
    if (because == kStopped) {
      answer.set_finish_reason(std::string(kStopped));
    } else {
      answer.set_error(std::string(because));
      answer.set_error_type(endpoint_pb::ERROR_TYPE_UNKNOWN);
    }
    End(slot);
  }
  void Answered(int slot, const ModelAnswer& came) {
    pb::Message message;
    FillOutcome(came, message);
    pb::ComparedAnswer& answer = *comparison.mutable_answers(slot);
    if (!came.reply.text.empty()) answer.set_content(came.reply.text);
    if (!came.reply.reasoning.empty()) answer.set_reasoning(came.reply.reasoning);
    message.set_content(answer.content());
    CopyFields(message, answer);
    End(slot);
  }
  pb::ComparisonStatus Ending() const {
    if (stopped_because.empty()) return pb::COMPARISON_STATUS_COMPLETE;
    return stopped_because == kStopped ? pb::COMPARISON_STATUS_STOPPED : pb::COMPARISON_STATUS_INCOMPLETE;
  }
};

Comparisons::Ongoing Comparisons::Find(const std::string& owner, const std::string& id) const {
  const auto found = under_way_.find(id);
  const bool is_theirs = found != under_way_.end() && found->second->owner == owner;
  return is_theirs ? found->second : nullptr;
}

Task<std::string> Comparisons::Begin(const CallContext& call, pb::CompareRequest request, Idempotency idempotency) {
  CO_TRY(JudgeCompare(request));
  CO_TRY(std::optional<std::string> repeated, co_await parts_.store.Find(call, request.owner(), idempotency));
  if (repeated) co_return *std::move(repeated);
  ChatScene scene;
  if (request.has_template_() || request.has_conversation_id() || request.has_agent()) {
    // Named first: GCC 12 destroys an aggregate twice where it is made inside of a co_await.
    const pb::ChatRequest chat = ChatOf(request);
    const Idempotency of_no_answer;
    CO_TRY(ChatStore::Found found, co_await parts_.scenes.Find(call, chat, of_no_answer, parts_.window));
    scene = std::move(found.scene);
  }
  CO_TRY(ComparePlan plan, PlanCompare(request, scene, parts_.window));
  if (draining_) co_return Refuse(Reason::kDraining, "This server is shutting down; try again in a moment.");
  if (under_way_.size() >= kMostUnderWay) {
    co_return Refuse(Reason::kOverloaded, "Too many comparisons are under way here; try again in a moment.")
        .RetryAfter(absl::Seconds(2));
  }
  if (request.blind())
    std::shuffle(plan.comparison.mutable_models()->begin(), plan.comparison.mutable_models()->end(), random_);
  plan.comparison.set_id(NewUuid());
  *plan.comparison.mutable_created_at() = ToProto(absl::Now());
  const auto ongoing = std::make_shared<UnderWay>(std::move(plan.comparison));
  ongoing->owner = request.owner();
  ongoing->call = call;
  ongoing->shown = std::move(plan.shown);
  const std::string id = ongoing->comparison.id();
  under_way_[id] = ongoing;
  const absl::Status stored = co_await parts_.store.Begin(call, ongoing->owner, ongoing->comparison, idempotency);
  if (!stored.ok()) {
    under_way_.erase(id);
    co_return stored;
  }
  for (int index = 0; index < ongoing->comparison.columns(); ++index) {
    asio::co_spawn(parts_.executor, AskColumn(ongoing, index), asio::detached);
  }
  asio::co_spawn(parts_.executor, Keep(ongoing), asio::detached);
  co_return id;
}

asio::awaitable<void> Comparisons::AskColumn(Ongoing ongoing, int index) {
  const int repeat = ongoing->comparison.repeat();
  for (int slot = index * repeat; slot < (index + 1) * repeat; ++slot) {
    if (ongoing->stopped_because.empty()) {
      co_await AskOnce(ongoing, index, slot);
    } else {
      ongoing->BreakOff(slot, ongoing->stopped_because);
    }
  }
  --ongoing->asking;
  ongoing->ends.Tell();
}

asio::awaitable<void> Comparisons::AskOnce(Ongoing ongoing, int index, int slot) {
  CallContext call = ongoing->call;
  call.deadline = DeadlineIn(kAskLimit);
  pb::CallParameters parameters = ongoing->comparison.parameters();
  ModelCall asked{.owner = ongoing->owner,
                  .project = ongoing->comparison.project(),
                  .kind = pb::REQUEST_KIND_COMPARE,
                  .model = ongoing->comparison.models(index),
                  .messages = ongoing->shown,
                  .parameters = std::move(parameters)};
  auto on_piece = [ongoing, slot](PieceKind kind, std::string_view piece) { ongoing->Add(slot, kind, piece); };
  auto [failure, came] = co_await asio::co_spawn(
      parts_.executor, parts_.calls.Call(call, std::move(asked), std::move(on_piece)),
      asio::bind_cancellation_slot(ongoing->stops[index].slot(), asio::as_tuple(asio::use_awaitable)));
  if (failure && ongoing->stopped_because.empty()) came = absl::InternalError("the call of a model was thrown out");
  if (!ongoing->stopped_because.empty()) {
    ongoing->BreakOff(slot, ongoing->stopped_because);
  } else if (came.ok()) {
    ongoing->Answered(slot, *came);
  } else {
    ongoing->BreakOff(slot, ToStd(came.status().message()));
  }
}

// The one who stores, so that no older standing overtakes a newer one.
asio::awaitable<void> Comparisons::Keep(Ongoing ongoing) {
  const std::string& id = ongoing->comparison.id();
  News::Listener ends(parts_.executor, ongoing->ends);
  absl::Duration pause = absl::Milliseconds(100);
  Deadline give_up = DeadlineIn(kLongestOutage);
  while (true) {
    co_await ends.Wait(DeadlineIn(kKeepEvery));
    const bool is_last = ongoing->asking == 0;
    const std::set<int> changed = std::exchange(ongoing->changed, {});
    std::vector<pb::ComparedAnswer> answers;
    for (const int slot : changed) answers.push_back(ongoing->comparison.answers(slot));
    const auto standing = co_await parts_.store.Keep(DeadlineIn(kStoreLimit), ongoing->owner, id, answers,
                                                     is_last ? std::optional(ongoing->Ending()) : std::nullopt);
    if (standing.ok()) {
      pause = absl::Milliseconds(100);
      give_up = DeadlineIn(kLongestOutage);
      if (!standing->is_there || standing->is_to_stop) ongoing->Stop(kStopped);
      for (size_t i = 0; i < answers.size(); ++i) {
        if (!IsUnderWay(answers[i])) ongoing->is_told[*std::next(changed.begin(), static_cast<int>(i))] = true;
      }
      if (is_last) break;
      ongoing->news.Tell();
      continue;
    }
    if (is_last && (IsDataFault(standing.status()) || TimeLeft(give_up) <= absl::ZeroDuration())) {
      log::Error("the end of a comparison is not stored", {{"status", standing.status()}});
      break;
    }
    ongoing->changed.insert(changed.begin(), changed.end());
    co_await Pause(pause);
    pause = std::min(2 * pause, kLongestPause);
    if (is_last) ongoing->ends.Tell();
  }
  ongoing->comparison.set_status(ongoing->Ending());
  ongoing->is_told.assign(ongoing->is_told.size(), true);
  ongoing->is_over = true;
  ongoing->news.Tell();
  under_way_.erase(id);
}

Task<> Comparisons::Tell(const CallContext& call, std::string owner, std::string id, ComparePlaces places,
                         Write write) {
  ++*telling_;
  const absl::Cleanup told = [telling = telling_] { --*telling; };
  if (const Ongoing ongoing = Find(owner, id)) co_return co_await TellLive(ongoing, std::move(places), write);
  co_return co_await TellStored(call, std::move(owner), std::move(id), std::move(places), write);
}

Task<> Comparisons::TellLive(Ongoing ongoing, ComparePlaces places, const Write& write) {
  const pb::Comparison& comparison = ongoing->comparison;
  places.resize(comparison.answers_size());
  std::vector<bool> has_end(comparison.answers_size(), false);
  News::Listener news(parts_.executor, ongoing->news);
  for (const pb::CompareEvent& start : CompareStarts(comparison)) CO_TRY(co_await write(start));
  while (true) {
    const bool is_over = ongoing->is_over;
    for (int slot = 0; slot < comparison.answers_size(); ++slot) {
      const bool is_told = ongoing->is_told[slot];
      while (const auto piece = NextComparePiece(comparison, slot, places)) CO_TRY(co_await write(*piece));
      if (!is_told || has_end[slot]) continue;
      has_end[slot] = true;
      for (const pb::CompareEvent& end : CompareEnds(comparison, slot)) CO_TRY(co_await write(end));
    }
    if (is_over) co_return absl::OkStatus();
    co_await news.Wait();
  }
}

Task<> Comparisons::TellStored(const CallContext& call, std::string owner, std::string id, ComparePlaces places,
                               const Write& write) {
  std::set<int> ended;
  for (bool has_begun = false;; has_begun = true) {
    CallContext look = call;
    look.deadline = std::min(call.deadline, DeadlineIn(kStoreLimit));
    CO_TRY(const pb::Comparison comparison, co_await parts_.store.Get(look, owner, id));
    places.resize(comparison.answers_size());
    if (!has_begun) {
      for (const pb::CompareEvent& start : CompareStarts(comparison)) CO_TRY(co_await write(start));
    }
    for (int slot = 0; slot < comparison.answers_size(); ++slot) {
      while (const auto piece = NextComparePiece(comparison, slot, places)) CO_TRY(co_await write(*piece));
      if (IsUnderWay(comparison.answers(slot)) || !ended.insert(slot).second) continue;
      for (const pb::CompareEvent& end : CompareEnds(comparison, slot)) CO_TRY(co_await write(end));
    }
    if (comparison.status() != pb::COMPARISON_STATUS_RUNNING) co_return absl::OkStatus();
    co_await Pause(kLook);
  }
}

Task<pb::StopCompareResponse> Comparisons::Stop(const CallContext& call, std::string owner, std::string id) {
  pb::StopCompareResponse response;
  response.set_id(id);
  if (const Ongoing ongoing = Find(owner, id)) {
    News::Listener news(parts_.executor, ongoing->news);
    ongoing->Stop(kStopped);
    while (!ongoing->is_over) co_await news.Wait();
    response.set_status(ongoing->comparison.status());
    co_return response;
  }
  CO_TRY(const pb::Comparison comparison, co_await parts_.store.Get(call, owner, id));
  response.set_status(comparison.status());
  CO_TRY(co_await parts_.store.AskToStop(call, owner, id));
  co_return response;
}

Task<bool> Comparisons::Delete(const CallContext& call, std::string owner, std::string id) {
  if (const Ongoing ongoing = Find(owner, id)) ongoing->Stop(kStopped);
  co_return co_await parts_.store.Delete(call, std::move(owner), std::move(id));
}

Task<> Comparisons::Drain(Deadline deadline) {
  draining_ = true;
  const auto is_done = [this] { return under_way_.empty() && *telling_ == 0; };
  while (!is_done() && TimeLeft(deadline) > kLastWords) co_await Pause(absl::Milliseconds(50));
  const std::map<std::string, Ongoing> left = under_way_;
  for (const auto& [id, ongoing] : left) {
    ongoing->Stop("The program that received this answer was shut down. What had come is kept.");
  }
  while (!is_done() && TimeLeft(deadline) > absl::ZeroDuration()) co_await Pause(absl::Milliseconds(20));
  co_return absl::OkStatus();
}

}  // namespace ftl::batch_runner
