#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <vector>

#include "services/batch-runner/store/work_store.h"

namespace ftl::batch_runner {

// The prompts that this process has of a run, and how far each has come:
//
//   claimed ──the intent to call it is committed──► ready ──► called ──► finished ──stored──► gone
//      └──────────────── or is on its way ───────────────────────┘
//
// A slot is one of the calls that the run may have under way here. A prompt holds one from the intent to call it until
// its result is on its way to the store: who dies leaves no more to call again than its slots and the results of that
// one commit. Pure. One per worker, on the module's thread.
class Slots {
 public:
  // Prompts that hold a slot.
  size_t held() const { return ready_.size() + called_.size() + finished_.size(); }
  size_t claimed() const { return claimed_.size(); }
  bool is_calling() const { return !called_.empty(); }
  bool has_finished() const { return !finished_.empty(); }
  bool has_uncommitted() const { return !uncommitted_.empty(); }
  // Nothing is left that a call could begin with.
  bool has_none_to_call() const { return claimed_.empty() && ready_.empty(); }
  // Calls that may be added where there are so many slots.
  size_t Room(int slots) const;

  // The store has leased it.
  void Lease(LeasedPrompt prompt);
  // The store has committed these intents, or has given these claims back.
  void Commit(const std::vector<int32_t>& prompt_ids);
  void GiveBack(const std::vector<int32_t>& prompt_ids);
  // Intents that the next step is to commit: of calls that began ahead of a step that failed, and of at most `room`
  // that are to begin; those that were told to wait come last.
  std::vector<int32_t> NextIntents(size_t room) const;
  // All that are leased.
  std::vector<int32_t> Held() const;

  // Whether the next that is ready may be called: fewer than `slots` are called or finished.
  bool MayStart(int slots) const;
  // Its call begins. Only where it may.
  LeasedPrompt Start();
  // The same for one whose intent is on its way. None that has come back begins so: if a process dies of it, it must be
  // known to have been called.
  bool MayStartAhead(int32_t prompt_id) const;
  LeasedPrompt StartAhead(int32_t prompt_id);
  // The call has ended, without a result, with one, or with the request to call later.
  void EndCall(int32_t prompt_id);
  void Finish(FinishedPrompt finished) { finished_.push_back(std::move(finished)); }
  void CallLater(LeasedPrompt prompt) { claimed_.insert_or_assign(prompt.prompt_id, std::move(prompt)); }
  // Its endpoint has told it to wait: others are called first.
  void Refused(int32_t prompt_id) { refused_.insert(prompt_id); }

  // The oldest results of so many bytes, one at the least: on their way to the store.
  std::vector<FinishedPrompt> TakeFinished(size_t bytes);
  // They did not get there.
  void PutBack(std::vector<FinishedPrompt> finished);
  std::vector<FinishedPrompt>& finished() { return finished_; }

  // No call begins with what is ready.
  void DropReady() { ready_.clear(); }
  // The lease is gone, and so is all under it but the calls, which end by themselves.
  void Forget();

 private:
  std::map<int32_t, LeasedPrompt> claimed_;  // by prompt_id, as all of these
  std::map<int32_t, LeasedPrompt> ready_;
  std::multiset<int32_t> called_;  // one of a lost lease may be called still when it is leased again
  std::set<int32_t> uncommitted_;  // called, and the intent may not be stored
  std::vector<FinishedPrompt> finished_;
  std::set<int32_t> refused_;
};

}  // namespace ftl::batch_runner
