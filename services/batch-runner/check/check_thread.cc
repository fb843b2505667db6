#include "services/batch-runner/check/check_thread.h"

#include <sys/resource.h>

#include <algorithm>

namespace ftl::batch_runner {
namespace {

// A third of what another thread gets that wants all of the same processor.
constexpr int kNiceness = 5;

}  // namespace

CheckThread::CheckThread() : thread_([this] { DoAll(); }) {}

CheckThread::~CheckThread() {
  {
    const std::lock_guard lock(mutex_);
    is_over_ = true;
  }
  news_.notify_one();
  thread_.join();
}

void CheckThread::Add(const std::atomic<int64_t>& cost, std::function<void()> work) {
  {
    const std::lock_guard lock(mutex_);
    waiting_.push_back({&cost, std::move(work)});
  }
  news_.notify_one();
}

void CheckThread::DoAll() {
  setpriority(PRIO_PROCESS, 0, kNiceness);  // on Linux of the thread alone
  std::unique_lock lock(mutex_);
  while (true) {
    news_.wait(lock, [this] { return is_over_ || !waiting_.empty(); });
    if (is_over_) return;
    const auto next = std::min_element(waiting_.begin(), waiting_.end(),
                                       [](const Job& a, const Job& b) { return *a.cost < *b.cost; });
    std::function<void()> work = std::move(next->work);
    waiting_.erase(next);
    lock.unlock();
    work();
    work = nullptr;
    lock.lock();
  }
}

}  // namespace ftl::batch_runner
