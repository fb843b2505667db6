#pragma once

#include <string>

#include <absl/time/time.h>

namespace ftl::batch_runner {

// A line on standard error that shows how far something has come. Only on a terminal: in a log it would be noise.
class ProgressBar {
 public:
  // `total` steps of `what`, in plain words.
  ProgressBar(std::string what, size_t total);
  // Takes the line away.
  ~ProgressBar();
  ProgressBar(const ProgressBar&) = delete;
  ProgressBar& operator=(const ProgressBar&) = delete;

  // Up to `done`; drawn twenty times a second at most.
  void Show(size_t done);
  // Writes a line that stays, above it or, where there is no terminal, by itself.
  void Say(const std::string& line);

 private:
  void Clear();

  const std::string what_;
  const size_t total_;
  const bool is_seen_;
  bool is_drawn_ = false;
  absl::Time drawn_at_ = absl::InfinitePast();
};

}  // namespace ftl::batch_runner
