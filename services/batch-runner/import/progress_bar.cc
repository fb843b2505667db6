#include "services/batch-runner/import/progress_bar.h"

#include <algorithm>
#include <iostream>
#include <utility>

#include <absl/time/clock.h>
#include <fmt/format.h>
#include <unistd.h>

namespace ftl::batch_runner {
namespace {

constexpr size_t kWidth = 32;
constexpr absl::Duration kBetween = absl::Milliseconds(50);

}  // namespace

ProgressBar::ProgressBar(std::string what, size_t total)
    : what_(std::move(what)), total_(total), is_seen_(isatty(STDERR_FILENO) == 1 && total > 0) {}

ProgressBar::~ProgressBar() { Clear(); }

void ProgressBar::Show(size_t done) {
  const absl::Time now = absl::Now();
  if (!is_seen_ || (now - drawn_at_ < kBetween && done < total_)) return;
  drawn_at_ = now;
  is_drawn_ = true;
  const size_t filled = std::min(done, total_) * kWidth / total_;
  std::cerr << fmt::format("\r\x1b[K{} [{:#<{}}{:.<{}}] {} of {}", what_, "", filled, "", kWidth - filled, done, total_)
            << std::flush;
}

void ProgressBar::Say(const std::string& line) {
  Clear();
  std::cerr << line << '\n';
}

void ProgressBar::Clear() {
  if (is_drawn_) std::cerr << "\r\x1b[K" << std::flush;
  is_drawn_ = false;
}

}  // namespace ftl::batch_runner
